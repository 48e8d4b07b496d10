update public.enrollments set cohort_id = %(spring)s where id = %(enrollment)s;
update public.enrollments set cohort_start_date = '2026-01-01' where id = %(enrollment)s;

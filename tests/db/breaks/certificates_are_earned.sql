update public.enrollments set status = 'in_progress' where id = %(short_enrollment)s;

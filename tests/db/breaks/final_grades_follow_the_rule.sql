delete from private.gradebook_work;
update public.enrollments set final_grade = 1 where id = %(enrollment)s;

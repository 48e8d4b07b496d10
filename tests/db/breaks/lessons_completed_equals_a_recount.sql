update public.enrollments set lessons_completed = 5 where id = %(enrollment)s;

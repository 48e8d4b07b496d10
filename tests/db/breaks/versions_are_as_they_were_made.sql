update public.course_versions set title = 'Changed' where course_id = %(course)s;

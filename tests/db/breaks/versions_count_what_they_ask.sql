update public.course_versions set required_lessons = 0 where course_id = %(short)s;

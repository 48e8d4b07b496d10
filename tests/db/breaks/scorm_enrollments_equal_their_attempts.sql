update public.scorm_enrollments set score = 100 where id = %(scorm_enrollment)s;

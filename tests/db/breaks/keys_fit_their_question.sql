update public.question_keys set course_id = null where question_version_id = %(question_version)s;

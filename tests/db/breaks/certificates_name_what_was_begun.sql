update public.certificates set course_version_id = null where id = %(certificate)s;

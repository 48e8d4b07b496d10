update public.scorm_attempts set completion_status = 'completed' where id = %(scorm_attempt)s;

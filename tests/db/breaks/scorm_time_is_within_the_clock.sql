update public.scorm_attempts set total_time_seconds = 90000 where id = %(scorm_attempt)s;

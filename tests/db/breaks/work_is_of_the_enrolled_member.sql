update public.quiz_attempts set member_id = %(stranger)s where id = %(attempt)s;

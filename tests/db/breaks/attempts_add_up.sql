update public.quiz_attempts set total_points = 2 where id = %(attempt)s;

update public.quiz_attempts set answers_sha256 = sha256('other answers') where id = %(attempt)s;

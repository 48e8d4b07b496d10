update public.quizzes set total_points = 99 where id = %(quiz)s;

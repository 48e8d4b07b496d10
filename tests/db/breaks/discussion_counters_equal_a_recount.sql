update public.discussions set posts_count = 9 where id = %(discussion)s;

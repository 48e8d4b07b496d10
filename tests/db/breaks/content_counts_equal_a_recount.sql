update public.content_counts set completed = completed + 1 where lesson_id = %(reading)s;

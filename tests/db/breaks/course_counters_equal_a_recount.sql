update public.courses set completion_count = 1 where id = %(course)s;

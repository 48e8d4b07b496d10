update public.courses set rating_total = 5 where id = %(short)s;

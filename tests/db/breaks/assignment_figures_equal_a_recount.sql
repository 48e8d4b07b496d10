update public.assignments set submissions_count = 7 where id = %(assignment)s;

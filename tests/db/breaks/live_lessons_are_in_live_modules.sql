update public.course_modules set state = 'draft' where id = %(paid_module)s;

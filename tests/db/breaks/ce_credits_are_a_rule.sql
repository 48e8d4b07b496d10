update public.credit_rules set valid_until = now() where course_id = %(paid)s and source = 'course_default';

update public.assignment_reviews set reviewer_id = %(owner)s where id = %(review)s;

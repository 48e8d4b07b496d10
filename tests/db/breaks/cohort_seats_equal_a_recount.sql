update public.course_cohorts set seats_taken = seats_taken + 1 where id = %(spring)s;

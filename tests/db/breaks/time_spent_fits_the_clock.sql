update public.learning_progress set time_spent = 1000000 where id = %(reading_progress)s;

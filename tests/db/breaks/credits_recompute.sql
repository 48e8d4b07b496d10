update public.credit_awards set amount = amount + 1 where id = %(credit)s;

update public.credit_awards set member_id = %(learner)s where id = %(credit)s;

delete from public.credit_awards where id = %(credit)s;

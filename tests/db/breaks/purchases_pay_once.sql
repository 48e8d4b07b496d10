update public.enrollments set transaction_id = %(transaction)s where id = %(enrollment)s;

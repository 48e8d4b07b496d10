drop trigger keep_order on public.transactions;
update public.transactions set price = 81 where id = %(transaction)s;
update public.enrollments set transaction_id = %(transaction)s where id = %(enrollment)s;

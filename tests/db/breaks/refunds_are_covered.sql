drop trigger check_refund on public.transactions;
insert into public.transactions (member_id, transaction_type, amount, refund_of)
values (%(owner)s, 'refund', 80.01, %(transaction)s);

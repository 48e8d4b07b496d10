-- Who enrolled himself by a purchase paid exactly the price that was fixed when he ordered.
select e.id, t.id as transaction_id, t.amount, t.price
from public.enrollments e
join public.transactions t on t.id = e.transaction_id
where e.enrollment_source = 'self_enrollment' and t.amount is distinct from t.price

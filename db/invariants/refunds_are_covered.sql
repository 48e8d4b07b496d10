-- Refunds go back to the person who paid, in the currency of the purchase, and never add up to more than was paid.
select t.id, t.amount, sum(r.amount) as given_back
from public.transactions t
join public.transactions r on r.refund_of = t.id and r.status in ('pending', 'completed')
group by t.id
having sum(r.amount) > t.amount or bool_or(r.member_id <> t.member_id) or bool_or(r.currency <> t.currency) or t.status <> 'completed'
    or t.transaction_type <> 'course_purchase'

-- Every award of credits is what its figures come to by its rule, and what takes one back takes back exactly that.
select a.id, a.amount, a.arithmetic
from public.credit_awards a
join public.credit_rules r on r.id = a.rule_id
left join public.credit_awards o on o.id = a.reverses
where (a.reverses is null and a.amount is distinct from private.credit_of(a.figures, r))
   or a.amount <> -o.amount
   or a.credit_type_id is distinct from coalesce(o.credit_type_id, r.credit_type_id)
   or (a.reverses is not null and (a.earned_on, a.enrollment_id, a.attendance_id) is distinct from (o.earned_on, o.enrollment_id, o.attendance_id))

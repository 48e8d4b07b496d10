-- The ce_credits of every course are what its open rule of source course_default gives, and there is none where they are 0.
select c.id, c.ce_credits, r.amount
from public.courses c
left join public.credit_rules r on r.course_id = c.id and r.source = 'course_default' and r.valid_until is null
where c.ce_credits <> coalesce(r.amount, 0)

-- The purchase of an enrollment is of the same person and course, and completed.
select e.id, e.transaction_id
from public.enrollments e
join public.transactions t on t.id = e.transaction_id
where (t.member_id, t.course_id) is distinct from (e.member_id, e.course_id)
   or t.transaction_type <> 'course_purchase' or t.status <> 'completed'

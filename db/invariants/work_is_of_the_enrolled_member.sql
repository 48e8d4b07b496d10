-- An attempt and a submission are of the member whose enrollment they name.
select t.id, t.member_id, e.member_id as enrolled
from public.quiz_attempts t join public.enrollments e on e.id = t.enrollment_id
where t.member_id <> e.member_id
union all
select s.id, s.member_id, e.member_id
from public.assignment_submissions s join public.enrollments e on e.id = s.enrollment_id
where s.member_id <> e.member_id

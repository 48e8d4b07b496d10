-- Every attendance is of the person whose enrollment it names.
select a.id, a.member_id, e.member_id as enrolled
from public.session_attendance a
join public.enrollments e on e.id = a.enrollment_id
where a.member_id <> e.member_id

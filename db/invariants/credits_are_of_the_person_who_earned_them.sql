-- Every award is of the person whose enrollment or attendance it names, and of the course that it belongs to.
select a.id, a.member_id, a.course_id
from public.credit_awards a
left join public.enrollments e on e.id = a.enrollment_id
left join public.session_attendance s on s.id = a.attendance_id
where (a.member_id, a.course_id) is distinct from (coalesce(e.member_id, s.member_id), coalesce(e.course_id, s.course_id))

-- Every certificate names the version that its enrollment began.
select k.id, k.number
from public.certificates k
join public.enrollments e on e.id = k.enrollment_id
where k.course_version_id is distinct from e.course_version_id

-- Every valid certificate belongs to an enrollment that was completed, of the same person and course.
select k.id, k.number, e.status
from public.certificates k
join public.enrollments e on e.id = k.enrollment_id
where k.revoked_at is null
  and (e.completed_at is null or e.status not in ('completed', 'archived') or (e.member_id, e.course_id) <> (k.member_id, k.course_id))

-- Every completed enrollment of a course that gives certificates has one, valid or revoked.
select e.id, e.course_id, e.completed_at
from public.enrollments e
join public.courses c on c.id = e.course_id
where e.status = 'completed' and c.completion_certificate
  and not exists (select 1 from public.certificates k where k.enrollment_id = e.id)

-- Nobody who has met every requirement of a course is left uncompleted.
select e.id, e.course_id, e.status
from public.enrollments e
join public.courses c on c.id = e.course_id
left join public.course_versions v on v.id = e.course_version_id
where e.status in ('enrolled', 'in_progress') and e.lessons_completed > 0
  and e.lessons_completed >= coalesce(v.required_lessons, c.required_lessons)
  and (select bool_and(r.met) and bool_or(r.requirement = 'lesson') from private.completion_requirements(e.id) r)

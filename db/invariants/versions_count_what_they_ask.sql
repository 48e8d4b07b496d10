-- The required_lessons of every version equals a recount of its lessons that the course still asks for.
select v.id, v.required_lessons, count(l.id) as recounted
from public.course_versions v
left join public.lessons l on l.course_id = v.course_id and l.require_completion and l.id = any (v.required_lesson_ids)
group by v.id
having v.required_lessons <> count(l.id)

-- The required_lessons of every version is the number of its lessons that nobody was let off, and only its own are let off.
select v.id, v.required_lessons, v.released_lesson_ids
from public.course_versions v
where v.required_lessons <> cardinality(v.required_lesson_ids) - cardinality(v.released_lesson_ids)
   or not v.released_lesson_ids <@ v.required_lesson_ids

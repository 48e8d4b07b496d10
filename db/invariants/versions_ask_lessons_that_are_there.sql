-- Every lesson that somebody's version asks for is there: live, or kept for those who began with it.
select v.id, r.id as lesson
from public.course_versions v cross join unnest(v.required_lesson_ids) as r (id)
where r.id <> all (v.released_lesson_ids)
  and not exists (select 1 from public.lessons l where l.id = r.id and l.course_id = v.course_id)

-- The digest of every version is that of what it holds, and its numbers are whole.
select v.id, v.course_id, v.number
from public.course_versions v
where v.digest <> private.digest_version(v.title, v.ce_credits, v.outline, v.requirements)
   or v.required_lesson_ids <> (
       select array_agg((r.value ->> 'lesson_id')::uuid order by r.ordinality)
       from jsonb_array_elements(v.requirements) with ordinality r
   )
   or v.number > (select count(*) from public.course_versions o where o.course_id = v.course_id)

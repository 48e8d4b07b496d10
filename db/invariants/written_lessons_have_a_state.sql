-- Each lesson with content has a state that whoever saves it names, and no state in its history is newer than that.
select b.lesson_id as id, 'no state' as why from public.content_blocks b
where not exists (select 1 from public.lesson_contents c where c.lesson_id = b.lesson_id)
union all
select r.id, 'newer than the lesson' from public.lesson_revisions r
where not exists (select 1 from public.lesson_contents c where c.lesson_id = r.lesson_id and c.revision >= r.revision)

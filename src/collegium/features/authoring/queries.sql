-- name: lesson_content
-- A lesson as who teaches its course writes it, with the state of its parts.
select
    l.id, l.course_id, l.title, l.lesson_type, m.title as module_title, c.slug, coalesce(s.revision, 1) as revision, s.saved_at,
    coalesce(i.display_name, nullif(btrim(concat_ws(' ', p.first_name, p.last_name)), '')) as saved_by, k.content_url
from public.lessons l
join public.course_modules m on m.id = l.module_id
join public.courses c on c.id = l.course_id
left join public.lesson_contents s on s.lesson_id = l.id
left join public.instructor_profiles i on i.profile_id = s.saved_by
left join public.profiles p on p.id = s.saved_by
left join public.lesson_links k on k.lesson_id = l.id
where l.id = $1 and l.course_id = $2
    and (l.course_id = any (array(select private.my_taught_course_ids())) or private.is_admin())

-- name: blocks
-- The parts of a lesson in their order.
select id, type::text as type, content, metadata from public.content_blocks where lesson_id = $1 order by order_index

-- name: save
-- Makes the parts of a lesson be these, unless somebody else has saved since the state that they were made from.
select public.save_lesson_content($1::uuid, $2::integer, $3::jsonb, $4::uuid, $5::text)

-- name: keep_conflict
-- Keeps in the history what met a newer state of the lesson.
select public.keep_lesson_conflict($1::uuid, $2::integer, $3::jsonb)

-- name: note_editing
-- Says that the person who asks has a lesson open, and who else has.
select user_id, name, seen_at from public.note_editing($1::uuid, $2::boolean)

-- name: revisions
-- A page of a lesson's history, the newest first.
select
    r.id, r.revision, r.reason, r.created_at, r.updated_at, jsonb_array_length(r.blocks) as parts,
    coalesce(i.display_name, nullif(btrim(concat_ws(' ', p.first_name, p.last_name)), ''), 'Somebody') as author
from public.lesson_revisions r
left join public.instructor_profiles i on i.profile_id = r.author_id
left join public.profiles p on p.id = r.author_id
where r.lesson_id = $1 and ($2::uuid is null or r.id < $2)
order by r.id desc
limit $3

-- name: revision
-- One state of a lesson with its parts.
select
    r.id, r.revision, r.reason, r.updated_at, r.blocks,
    coalesce(i.display_name, nullif(btrim(concat_ws(' ', p.first_name, p.last_name)), ''), 'Somebody') as author
from public.lesson_revisions r
left join public.instructor_profiles i on i.profile_id = r.author_id
left join public.profiles p on p.id = r.author_id
where r.id = $1 and r.lesson_id = $2

-- name: save_address
-- Keeps where the content of a lesson elsewhere is.
insert into public.lesson_links (lesson_id, course_id, content_url) values ($1, $2, $3)
on conflict (lesson_id) do update set content_url = excluded.content_url

-- name: thin_revisions as service_role
-- Removes old states of lessons, some at a time; answers how many went.
select private.thin_lesson_revisions($1::integer)

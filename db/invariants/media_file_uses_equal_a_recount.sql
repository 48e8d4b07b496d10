-- Where each file is used is what the tables that name files say.
with named (file_id, place, ref_id, course_id, lesson_id) as (
    select f.id, 'block', b.id, b.course_id, b.lesson_id
    from public.content_blocks b cross join lateral unnest(private.files_in(b.content::text)) n (id) join public.media_files f on f.id = n.id
    union
    select f.id, 'course', c.id, c.id, null
    from public.courses c
    cross join lateral unnest(private.files_in(concat_ws(' ', c.thumbnail_url, c.promo_video_url, c.syllabus_url))) n (id)
    join public.media_files f on f.id = n.id
    union
    select f.id, 'video', v.id, v.course_id, v.lesson_id from public.lesson_videos v join public.media_files f on f.storage_key = v.source_key
    union
    select f.id, 'video', r.id, r.course_id, null from public.video_runs r join public.media_files f on f.storage_key = r.source_key
    union
    select f.id, 'attachment', a.id, a.course_id, a.lesson_id
    from public.lesson_attachments a join public.media_files f on f.storage_key = a.file_url
    union
    select f.id, 'document', d.id, d.course_id, d.lesson_id
    from public.lesson_documents d join public.media_files f on f.storage_key = d.file_key
    union
    select f.id, 'assignment', a.id, a.course_id, null
    from public.assignments a cross join lateral unnest(private.files_in(coalesce(a.instructions_html, ''))) n (id)
    join public.media_files f on f.id = n.id
    union
    select f.id, 'submission', s.id, s.course_id, null
    from public.assignment_submissions s cross join lateral jsonb_array_elements(s.file_attachments) a (file)
    join public.media_files f on f.storage_key = a.file ->> 'file_key'
    union
    select f.id, 'collection', v.id, null, null from public.videos v join public.media_files f on f.storage_key = v.file_url
)
(select 'named' as only, n.* from named n except select 'named', u.file_id, u.place, u.ref_id, u.course_id, u.lesson_id from public.media_file_uses u)
union all
(select 'noted', u.file_id, u.place, u.ref_id, u.course_id, u.lesson_id from public.media_file_uses u except select 'noted', n.* from named n)

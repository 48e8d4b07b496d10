-- name: attachments
-- Files of a lesson that the person who asks may download, in their order.
select id, file_name, file_type, file_size_bytes, description, requires_enrollment, download_count, removed_at
from public.lesson_attachments where lesson_id = $1 and removed_at is null
order by attachment_order, created_at, id

-- name: attachments_for_guest as anon
-- Files of a lesson that anybody may download, in their order.
select id, file_name, file_type, file_size_bytes, description, requires_enrollment, download_count, removed_at
from public.lesson_attachments where lesson_id = $1
order by attachment_order, created_at, id

-- name: attachment
-- One attachment of a lesson, also one that was removed.
select id, file_name, file_type, file_size_bytes, description, requires_enrollment, download_count, removed_at
from public.lesson_attachments where id = $1 and lesson_id = $2

-- name: attached_file
-- Where an attachment lies and what it is called, for those who may have it.
select file_url as key, file_name as name, file_type as mime_type from public.lesson_attachments where id = $1

-- name: attached_file_for_guest as anon
-- Where an attachment that anybody may have lies, and what it is called.
select file_url as key, file_name as name, file_type as mime_type from public.lesson_attachments where id = $1

-- name: note_download
-- Counts a download.
select public.note_download($1::uuid)

-- name: note_download_of_guest as anon
-- Counts a download by somebody who is not signed in.
select public.note_download($1::uuid)

-- name: attach_file
-- Puts a file of the library with a lesson.
select public.attach_file($1::uuid, $2::uuid, $3::text, $4::boolean)

-- name: describe_attachment
-- Changes what is said of an attachment and who may have it.
update public.lesson_attachments set description = $3, requires_enrollment = $4
where id = $1 and lesson_id = $2 and removed_at is null returning file_name

-- name: order_attachments
-- Puts the attachments of a lesson into a new order, all at once.
update public.lesson_attachments a set attachment_order = o.place
from unnest($2::uuid[]) with ordinality as o (id, place)
where a.id = o.id and a.lesson_id = $1

-- name: remove_attachment
-- Puts an attachment away; a day later it is forgotten.
update public.lesson_attachments set removed_at = coalesce(removed_at, now()) where id = $1 and lesson_id = $2 returning file_name

-- name: restore_attachment
-- Brings an attachment back that was put away.
update public.lesson_attachments set removed_at = null where id = $1 and lesson_id = $2 returning file_name

-- name: forget_removed_attachments as service_role
-- Forgets attachments that were put away more than a day ago.
select private.forget_removed_attachments()

-- name: studio_lesson
-- A lesson of a course that the person who asks teaches.
select l.id, l.course_id, l.title, l.lesson_type, c.title as course_title, c.slug as course_slug, c.status as course_status
from public.lessons l join public.courses c on c.id = l.course_id
where l.id = $1 and l.course_id = $2 and (c.id = any (array(select private.my_taught_course_ids())) or private.is_admin())

-- name: document
-- A lesson's document, as far as it is open to the reader, with his place in it.
select
    d.id, d.lesson_id, d.file_key, d.file_name, d.file_size_bytes, d.page_count, d.page_sizes, d.allow_download,
    left(md5(d.file_key), 12) as version,
    least(coalesce(r.last_page, 1), d.page_count) as page, coalesce(r.last_offset, 0)::double precision as offset,
    coalesce((r.pages_seen * int4multirange(int4range(1, d.page_count + 1)))::text, '{}') as seen,
    coalesce(private.covered_seconds(r.pages_seen * int4multirange(int4range(1, d.page_count + 1))), 0) as seen_count
from public.lesson_documents d
left join public.document_reading r on r.lesson_id = d.lesson_id and r.user_id = auth.uid()
where d.lesson_id = $1

-- name: document_for_guest as anon
-- The document of a preview lesson.
select
    d.id, d.lesson_id, d.file_key, d.file_name, d.file_size_bytes, d.page_count, d.page_sizes, d.allow_download,
    left(md5(d.file_key), 12) as version, 1 as page, 0::double precision as offset, '{}' as seen, 0 as seen_count
from public.lesson_documents d where d.lesson_id = $1

-- name: library_file
-- A file of the library that the person who asks may use, checked and ready.
select f.storage_key as key, f.filename as name, f.mime_type from public.media_files f where f.id = $1 and f.state = 'ready'

-- name: place_document
-- Puts a PDF of the library into a lesson, with its pages as the server counted them.
select public.place_document($1::uuid, $2::uuid, $3::integer, $4::jsonb)

-- name: allow_download
-- Says whether readers of a document are offered the file.
update public.lesson_documents set allow_download = $2 where lesson_id = $1 returning lesson_id

-- name: remove_document
-- Takes the document out of a lesson; the file stays in the library.
delete from public.lesson_documents where lesson_id = $1 returning file_name

-- name: readers
-- How many have opened a lesson's document, and how many have seen all of its pages.
select count(*)::integer as opened, count(*) filter (where pages_seen_count >= page_count)::integer as seen_whole
from public.document_reading where lesson_id = $1

-- name: open_document
-- Notes that the reader opened the document, and answers where he was.
select public.open_document($1::uuid)

-- name: note_reading
-- Keeps where the reader is and which pages he has seen.
select public.note_reading($1::uuid, $2::integer, $3::numeric, $4::integer[])

-- name: read_of_enrollment
-- Pages seen in each document of an enrollment's course.
select d.lesson_id,
    coalesce(private.covered_seconds(r.pages_seen * int4multirange(int4range(1, d.page_count + 1))), 0) as seen_count, d.page_count
from public.enrollments e
join public.lesson_documents d on d.course_id = e.course_id
left join public.document_reading r on r.lesson_id = d.lesson_id and r.user_id = e.member_id
where e.id = $1

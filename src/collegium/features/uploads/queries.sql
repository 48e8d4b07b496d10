-- name: teaches
-- Whether the person who asks may put files into a course.
select coalesce($1::uuid = any (array(select private.my_taught_course_ids())), false) or private.is_admin()

-- name: used_by_person as service_role
-- Bytes that count against a person's quota: what is stored, and what is on its way.
select coalesce(sum(byte_size), 0)::bigint from public.media_files where owner_id = $1 and state <> 'refused'

-- name: used_by_site as service_role
-- Bytes that count against the site's quota.
select coalesce(sum(byte_size), 0)::bigint from public.media_files where state <> 'refused'

-- name: one_at_a_time as service_role
-- Two uploads that begin at once must not both fit into the last of a quota.
select pg_advisory_xact_lock(hashtextextended('collegium uploads begin', 0))

-- name: add_file as service_role
-- A file that is on its way.
insert into public.media_files (owner_id, course_id, purpose, filename, kind, byte_size) values ($1, $2, $3, $4, $5, $6)
returning id

-- name: add_upload as service_role
-- Its way, which has just begun.
insert into public.uploads (file_id, owner_id, length, expires_at) values ($1, $2, $3, now() + interval '7 days')

-- name: own_upload
-- An upload of the person who asks.
select u.file_id, u.length, u.received, u.expires_at, u.expires_at <= now() as expired, f.state, f.refusal, f.purpose, f.filename
from public.uploads u join public.media_files f on f.id = u.file_id
where u.file_id = $1

-- name: note_received as service_role
-- How far an upload has come, and that it may rest for seven days from now on.
update public.uploads set received = $2, expires_at = now() + interval '7 days' where file_id = $1
returning expires_at

-- name: note_arrived as service_role
-- A file has arrived whole and waits for its check.
update public.media_files set state = 'checking' where id = $1 and state = 'uploading'

-- name: end_upload
-- The person who asks gives an upload up.
delete from public.media_files where id = $1 and state = 'uploading' and id in (select file_id from public.uploads)
returning id

-- name: result
-- What became of an upload, for somebody who may see the file.
select id, '/files/' || id::text as url, filename, kind, mime_type as mime, byte_size as bytes, state, refusal
from public.media_files where id = $1

-- name: ready_file
-- A file of the library, for somebody who may see it.
select id, owner_id, course_id, filename, kind, mime_type, byte_size, coalesce(storage_key, '') as storage_key, state
from public.media_files where id = $1

-- name: stored_file as anon
-- A file that may be fetched by whoever asks.
select id, filename, kind, mime_type, byte_size, sha256, storage_key, thumbnail_key
from public.media_files where id = $1 and state = 'ready'

-- name: to_check as service_role
-- A file that waits for its check.
select id, owner_id, purpose, filename, byte_size from public.media_files where id = $1 and state = 'checking'

-- name: put_ready as service_role
-- A file passed its check and lies in the store.
update public.media_files set state = 'ready', filename = $2, kind = $3, mime_type = $4, byte_size = $5, sha256 = $6,
    storage_key = $7, thumbnail_key = $8, width = $9, height = $10, duration = $11
where id = $1 and state = 'checking'
returning id

-- name: put_refused as service_role
-- A file did not pass its check.
update public.media_files set state = 'refused', refusal = $2 where id = $1 and state in ('uploading', 'checking')

-- name: add_registered as service_role
-- A file that the server itself held and checked.
insert into public.media_files (id, owner_id, course_id, purpose, filename, kind, mime_type, byte_size, sha256, storage_key,
    thumbnail_key, width, height, duration, state)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'ready')

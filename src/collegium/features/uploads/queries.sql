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
insert into public.media_files (owner_id, course_id, purpose, filename, kind, byte_size, assignment_id)
values ($1, $2, $3, $4, $5, $6, $7)
returning id

-- name: may_hand_in
-- Refuses a file that the person who asks could not hand in: $1 the assignment, $2 bytes.
select public.begin_submission_file($1::uuid, $2::bigint)

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
select f.id, f.owner_id, f.purpose, f.filename, f.byte_size, a.allowed_file_types
from public.media_files f left join public.assignments a on a.id = f.assignment_id
where f.id = $1 and f.state = 'checking'

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

-- name: library
-- The files that the person who asks may work with, page by page: his own, those of his courses, all for an administrator.
select f.id, f.filename, f.kind, f.mime_type, f.byte_size, f.state, f.refusal, f.width, f.height, f.duration, f.created_at,
    f.course_id, c.title as course_title, f.owner_id = (select auth.uid()) as own, p.display_name as owner_name,
    f.thumbnail_key is not null as has_thumbnail, coalesce(u.received, 0) as received
from public.media_files f
left join public.courses c on c.id = f.course_id
left join public.instructor_profiles p on p.profile_id = f.owner_id
left join public.uploads u on u.file_id = f.id
where (f.owner_id = (select auth.uid()) or f.course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
  and ($1::text = '' or f.filename ilike '%' || $1 || '%')
  and ($2::text = '' or f.kind = $2)
  and ($3::uuid is null or f.course_id = $3)
  and (not $4::boolean or f.state = 'ready')
  and ($6::uuid is null or case $5::text
      when 'name' then (lower(f.filename), f.id) > (select lower(a.filename), a.id from public.media_files a where a.id = $6)
      when 'size' then (f.byte_size, f.id) < (select a.byte_size, a.id from public.media_files a where a.id = $6)
      else (f.created_at, f.id) < (select a.created_at, a.id from public.media_files a where a.id = $6)
  end)
order by case when $5 = 'name' then lower(f.filename) end, case when $5 = 'name' then f.id end,
    case when $5 = 'size' then f.byte_size end desc, case when $5 = 'new' then f.created_at end desc, f.id desc
limit $7

-- name: one_of_library
-- One of them.
select f.id, f.filename, f.kind, f.mime_type, f.byte_size, f.state, f.refusal, f.width, f.height, f.duration, f.created_at,
    f.course_id, c.title as course_title, f.owner_id = (select auth.uid()) as own, p.display_name as owner_name,
    f.thumbnail_key is not null as has_thumbnail, coalesce(u.received, 0) as received
from public.media_files f
left join public.courses c on c.id = f.course_id
left join public.instructor_profiles p on p.profile_id = f.owner_id
left join public.uploads u on u.file_id = f.id
where f.id = $1
  and (f.owner_id = (select auth.uid()) or f.course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))

-- name: uses
-- Where files of the library are used.
select u.file_id, u.place, coalesce(l.title, c.title) as title, u.course_id, u.lesson_id
from public.media_file_uses u
left join public.courses c on c.id = u.course_id
left join public.lessons l on l.id = u.lesson_id
where u.file_id = any ($1)
order by u.file_id, title nulls last, u.ref_id

-- name: my_courses
-- Courses whose files the person who asks shares.
select id, title from public.courses where id = any (array(select private.my_taught_course_ids())) order by title, id

-- name: rename
-- Gives a file another name.
update public.media_files set filename = $2 where id = $1 returning id

-- name: delete_file
-- Deletes a file that nothing uses.
delete from public.media_files where id = $1 returning filename

-- name: expired as service_role
-- Uploads that rested for too long, and refused files whose owner has had a month to read why.
select f.id from public.media_files f left join public.uploads u on u.file_id = f.id
where (f.state = 'uploading' and (u.file_id is null or u.expires_at < now() - interval '1 day'))
   or (f.state = 'refused' and f.updated_at < now() - interval '30 days')
order by f.id limit $1

-- name: unused_work as service_role
-- Files for an assignment that nobody handed in for 90 days, unless its deadline, or a later one of their owner, was less than 30 days ago.
select f.id from public.media_files f left join public.assignments a on a.id = f.assignment_id
where f.purpose = 'submission' and f.state = 'ready' and f.updated_at < now() - interval '90 days'
  and (a.due_date is null or a.due_date < now() - interval '30 days')
  and not exists (
      select 1 from public.assignment_extensions x join public.enrollments e on e.id = x.enrollment_id
      where x.assignment_id = f.assignment_id and e.member_id = f.owner_id and x.due_date >= now() - interval '30 days'
  )
  and not exists (select 1 from public.media_file_uses u where u.file_id = f.id)
order by f.updated_at limit $1

-- name: remove_unused as service_role
-- Removes files that nothing names.
delete from public.media_files f where f.id = any ($1) and not exists (select 1 from public.media_file_uses u where u.file_id = f.id)

-- name: remove_expired as service_role
-- Removes them.
delete from public.media_files where id = any ($1)

-- name: forget_finished as service_role
-- Forgets the ways of files that arrived long ago.
delete from public.uploads u using public.media_files f
where f.id = u.file_id and f.state <> 'uploading' and u.expires_at < now()

-- name: stuck as service_role
-- Files that have waited for their check for an hour: a job was lost, or a scanner was away for long.
select id from public.media_files where state = 'checking' and updated_at < now() - interval '1 hour' order by id limit 200

-- name: under_way as service_role
-- Files whose bytes lie in the folder of files under way.
select id from public.media_files where state in ('uploading', 'checking')

-- name: list_mail
-- Messages of the outbox from the newest on, or from one on: older than $3, or newer than $4 in rising order.
select m.id, m.created_at, m.recipient::text as recipient, m.kind, m.subject,
    case when m.sent_at is not null then 'sent' when m.failed_at is not null then 'failed' else 'waiting' end as state,
    m.sent_at, m.attempts, m.last_error
from public.mail_outbox m
where ($1::text is null or m.recipient::text ilike $1 or m.subject ilike $1 or m.kind ilike $1)
    and case $2::text
        when 'sent' then m.sent_at is not null
        when 'failed' then m.failed_at is not null
        when 'waiting' then m.sent_at is null and m.failed_at is null
        else true
    end
    and ($3::uuid is null or m.id < $3)
    and ($4::uuid is null or m.id > $4)
order by case when $4::uuid is not null then m.id end, m.id desc
limit $5;

-- name: get_mail
-- One message with its text.
select m.id, m.created_at, m.recipient::text as recipient, m.kind, m.subject,
    case when m.sent_at is not null then 'sent' when m.failed_at is not null then 'failed' else 'waiting' end as state,
    m.sent_at, m.attempts, m.last_error, m.text_body, m.failed_at
from public.mail_outbox m
where m.id = $1;

-- name: count_mail
-- How many messages have not gone out, and of how many that was given up.
select count(*) filter (where m.failed_at is null)::integer as waiting,
    count(*) filter (where m.failed_at is not null)::integer as failed
from public.mail_outbox m
where m.sent_at is null;

-- name: send_mail_again
-- Puts a message back into the queue; the database refuses whoever may not.
select public.send_mail_again($1);

-- name: last_runs
-- The last run of each maintenance job.
select r.id, r.job, r.started_at, r.finished_at, r.result, r.words, r.figures,
    nullif(concat_ws(' ', p.first_name, p.last_name), '') as requested_by
from unnest($1::text[]) as wanted (job)
cross join lateral (
    select * from public.maintenance_runs m where m.job = wanted.job order by m.started_at desc, m.id desc limit 1
) r
left join public.profiles p on p.id = r.requested_by;

-- name: runs_of_job
-- The last runs of one maintenance job, the newest first.
select r.id, r.job, r.started_at, r.finished_at, r.result, r.words, r.figures,
    nullif(concat_ws(' ', p.first_name, p.last_name), '') as requested_by
from public.maintenance_runs r
left join public.profiles p on p.id = r.requested_by
where r.job = $1
order by r.started_at desc, r.id desc
limit $2;

-- name: run_maintenance
-- Queues a maintenance job for now; the database refuses whoever may not.
select public.run_maintenance($1);

-- name: last_starts as service_role
-- When each maintenance job last began, and how its last run ended.
select r.job, r.started_at, r.result, r.words
from unnest($1::text[]) as wanted (job)
cross join lateral (
    select * from public.maintenance_runs m where m.job = wanted.job order by m.started_at desc, m.id desc limit 1
) r;

-- name: maintained_since as service_role
-- Since when this site knows of maintenance.
select applied_at from collegium_schema.migrations where name = 'maintenance';

-- name: expire_enrollments as service_role
-- Ends enrollments whose time has passed, some at a time.
select private.expire_enrollments($1);

-- name: expire_attempts as service_role
-- Hands in attempts whose deadline has passed, some at a time.
select private.expire_attempts($1);

-- name: archive_attempts as service_role
-- Archives attempts graded long ago, some at a time.
select private.archive_attempts($1);

-- name: rows_with_files as service_role
-- Whose files lie in storage: what a file's path names as its owner. A copied lesson plays what was made for the original.
select 'videos' as kind, id from public.lesson_videos
union all select 'videos', split_part(playlist_key, '/', 2)::uuid from public.lesson_videos where playlist_key ~ '^videos/[0-9a-f-]{36}/'
union all select 'certificates', id from public.certificates
union all select 'files', id from public.media_files
union all select 'scorm', split_part(storage_prefix, '/', 2)::uuid from public.scorm_packages where storage_prefix ~ '^scorm/[0-9a-f-]{36}/';

-- name: analyze_changed as service_role
-- Gathers statistics of tables that changed much.
select private.analyze_changed();

-- name: forget_old_runs as service_role
-- Runs of maintenance of more than a year ago.
delete from public.maintenance_runs where started_at < now() - interval '1 year';

-- name: forget_finished_jobs as service_role
-- Jobs of the queue that were given up long ago.
select private.forget_finished_jobs();

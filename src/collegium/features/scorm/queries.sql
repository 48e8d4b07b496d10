-- name: open_scorm
-- Opens the player on a lesson's package for the person who asks.
select public.open_scorm($1::uuid, $2::text, $3::boolean)

-- name: renew_scorm_player
-- Whether a player of the person who asks is still the current one; from now on it belongs to this browser session.
select public.renew_scorm_player($1::uuid, $2::uuid)

-- name: player as service_role
-- Whether a player may still be shown its package, and where that lies.
select
    coalesce(e.session_id = $2, false) as current,
    coalesce(e.session_opened_at > now() - interval '24 hours', false) as fresh,
    e.session_web_id is null
        or exists (select 1 from public.web_sessions w where w.id = e.session_web_id and w.revoked_at is null) as signed_in,
    e.enrollment_id is null or exists (
        select 1 from public.enrollments n
        where n.id = e.enrollment_id and n.status in ('enrolled', 'in_progress', 'completed')
          and (n.expires_at is null or n.expires_at > now())
    ) as enrolled,
    e.scorm_package_id as package_id, e.dispatch_registration_id is not null as dispatched
from public.scorm_enrollments e
where e.id = $1

-- name: position as service_role
-- Where the learner of a current player stands.
select
    e.scorm_package_id, e.organization, a.id as attempt_id, a.attempt_number, coalesce(e.member_id, e.dispatch_registration_id) as learner_id,
    concat_ws(', ', nullif(f.last_name, ''), nullif(f.first_name, '')) as learner_name,
    a.mode, case when a.credit then 'credit' else 'no-credit' end as credit,
    case when a.mode = 'browse' or e.cmi_data = '{}' then 'ab-initio' else 'resume' end as entry,
    e.commit_seq as seq,
    case when a.mode = 'browse' then '{}'::jsonb else e.cmi_data end as saved,
    (select coalesce(jsonb_object_agg(r.sco, r.total_time_seconds), '{}') from public.scorm_sco_results r where r.attempt_id = a.id)
        as total_seconds,
    p.standard, p.lenient_limits, e.status, e.score::float8 as score, e.progress::float8 as progress, coalesce(l.title, p.title) as title, p.max_attempts, e.attempts,
    s.state
from public.scorm_enrollments e
join public.scorm_attempts a on a.id = e.session_attempt_id
join public.scorm_packages p on p.id = e.scorm_package_id
left join public.profiles f on f.id = e.member_id
left join public.lessons l on l.id = e.lesson_id
left join public.scorm_states s on s.attempt_id = a.id
where e.id = $1 and e.session_id = $2

-- name: save_state as service_role
-- Keeps what a current player's sequencer remembers; no row when the player is not the current one.
insert into public.scorm_states (attempt_id, scorm_enrollment_id, state)
select e.session_attempt_id, e.id, $3::jsonb from public.scorm_enrollments e
where e.id = $1 and e.session_id = $2 and e.session_opened_at > now() - interval '24 hours'
on conflict (attempt_id) do update set state = excluded.state
returning attempt_id

-- name: record_commits as service_role
-- Stores a batch of commits of different players; one row back for each.
select n, outcome, words, seq, completion_status, success_status, score, progress, total_time_seconds, criterion_met
from private.record_scorm_commits($1::uuid[], $2::integer[], $3::text[], $4::jsonb[], $5::boolean[], $6::jsonb[], $7::jsonb[], $8::jsonb[])
order by n

-- name: shared_state as service_role
-- What the packages of a learner share, as far as that of a registration names it.
select private.scorm_shared_state($1::uuid)

-- name: share_state as service_role
-- Keeps what commits that were stored brought for the other packages of their learners.
select private.share_scorm_state($1::uuid[], $2::jsonb[], $3::jsonb[])

-- name: package_file as service_role
-- A file of a package by its path; where that is not there, one that differs in case alone, as Windows let authors write it.
select path, storage_key, media_type from public.scorm_package_files
where scorm_package_id = $1 and lower(path) = lower($2) order by path = $2 desc limit 1

-- name: lesson_card
-- The package of a lesson with the registration of one enrollment: the newest one, for who began a package finishes it.
select
    p.id as scorm_package_id, p.title, p.standard, p.edition, p.import_state, p.completion_rule, p.passing_score::float8, p.max_attempts,
    e.id as registration_id, e.completion_status, e.success_status, e.score::float8, coalesce(e.progress, 0)::float8 as progress,
    coalesce(e.attempts, 0) as attempts, coalesce(e.total_time_seconds, 0)::float8 as total_time_seconds, e.criterion_met_at,
    e.last_accessed_at
from public.lesson_scorm_packages l
left join lateral (
    select r.* from (
        select id, scorm_package_id, completion_status, success_status, score, progress, attempts, total_time_seconds, criterion_met_at,
            last_accessed_at, created_at
        from public.scorm_enrollments where enrollment_id = $2 and lesson_id = $1
    ) r order by r.created_at desc, r.id desc limit 1
) e on true
join public.scorm_packages p on p.id = coalesce(e.scorm_package_id, l.scorm_package_id)
where l.lesson_id = $1

-- name: lesson_attempts
-- The attempts of a registration that count, the newest first.
select attempt_number, completion_status, success_status, score::float8, total_time_seconds::float8, opened_at, ended_at
from public.scorm_attempts where scorm_enrollment_id = $1 and mode = 'normal' order by attempt_number desc limit $2

-- name: parts
-- How each SCO of a registration stands in the current attempt.
select sco, title, place, opened, completion_status, success_status, score::float8, progress::float8, said_completion, said_success, said_score
from public.scorm_parts($1::uuid)

-- name: preview_package
-- Opens a package, or one of its organisations, in the mode browse for who may attach it.
select public.preview_scorm_package($1::uuid, $2::text)

-- name: package_title
-- The title of a package that the person may see, and that of one of its organisations.
select p.title, (
    select i.title from public.scorm_items i where i.scorm_package_id = p.id and i.identifier = $2 and i.kind = 'organization'
) as organization
from public.scorm_packages p where p.id = $1

-- name: enrollment_of_lesson
-- The person's own enrollment in the course of a lesson, as the lesson's page takes it.
select e.id from public.enrollments e join public.lessons l on l.course_id = e.course_id
where l.id = $1 and e.member_id = auth.uid() and e.status in ('enrolled', 'in_progress', 'completed')
order by coalesce(e.cohort_start_date <= now(), true) desc, e.completed_at desc nulls first, e.enrolled_at desc limit 1

-- name: open_hacp as service_role
-- Begins, goes on with or ends the session of an AICC unit, holding its registration; where it stands, or what is wrong.
select private.open_hacp($1::uuid, $2::uuid, $3::text, $4::text, $5::text)

-- name: record_hacp as service_role
-- Stores what an AICC unit said.
select outcome, words from private.record_hacp($1::uuid, $2::text, $3::jsonb, $4::boolean, $5::jsonb)

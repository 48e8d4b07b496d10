-- name: package
-- A package of the person who asks: its title, whether it can be played, and whether he may give it to partners.
select p.id, p.title, p.import_state, p.is_active,
    p.id in (select private.my_own_scorm_package_ids()) or (select private.is_admin()) as may_give
from public.scorm_packages p where p.id = $1

-- name: of_package
-- To whom a package was given, the newest first.
select d.id, d.scorm_package_id, d.partner, d.note, d.max_registrations, d.max_launches, d.expires_at, d.revoked_at,
    d.registrations, d.launches, d.created_at, coalesce(d.expires_at <= now(), false) as is_over
from public.scorm_dispatches d where d.scorm_package_id = $1
order by d.created_at desc, d.id limit 200

-- name: dispatch
-- One dispatch of a package.
select d.id, d.scorm_package_id, d.partner, d.note, d.max_registrations, d.max_launches, d.expires_at, d.revoked_at,
    d.registrations, d.launches, d.created_at, coalesce(d.expires_at <= now(), false) as is_over
from public.scorm_dispatches d where d.id = $1 and d.scorm_package_id = $2

-- name: give
-- Gives a package to a partner.
insert into public.scorm_dispatches (scorm_package_id, partner, note, max_registrations, max_launches, expires_at)
values ($1, $2, $3, $4, $5, $6)
returning id

-- name: change
-- Changes what was agreed with a partner.
select public.change_scorm_dispatch($1::uuid, $2::text, $3::text, $4::integer, $5::integer, $6::timestamptz)

-- name: revoke
-- Ends a dispatch for good.
select public.revoke_scorm_dispatch($1::uuid)

-- name: learners
-- How the learners of a partner stand, the last who came first, from a place on.
select r.id, r.student, r.number, r.launches, r.created_at, r.last_launched_at,
    e.completion_status, e.success_status, e.score::float8 as score, e.total_time_seconds::float8 as seconds,
    r.released_at is not null as released
from public.scorm_dispatch_registrations r join public.scorm_enrollments e on e.dispatch_registration_id = r.id
where r.scorm_dispatch_id = $1
  and ($2::timestamptz is null or (r.last_launched_at, r.id) < ($2::timestamptz, $3::uuid))
order by r.last_launched_at desc, r.id desc limit $4

-- name: totals
-- What a dispatch has come to: learners who are complete, passed, failed; the mean score; seconds altogether.
select count(*) filter (where e.completion_status = 'completed') as completed,
    count(*) filter (where e.success_status = 'passed') as passed,
    count(*) filter (where e.success_status = 'failed') as failed,
    round(avg(e.score), 1)::float8 as score, coalesce(sum(e.total_time_seconds), 0)::float8 as seconds
from public.scorm_dispatch_registrations r join public.scorm_enrollments e on e.dispatch_registration_id = r.id
where r.scorm_dispatch_id = $1

-- name: offered as service_role
-- What somebody sees who opens the address of a dispatch: the package's title, and whether it is offered still.
select p.title, d.revoked_at is null and coalesce(d.expires_at > now(), true) as is_open
from public.scorm_dispatches d join public.scorm_packages p on p.id = d.scorm_package_id where d.id = $1

-- name: open as service_role
-- Opens the player for a learner of a partner.
select private.open_scorm_dispatch($1::uuid, $2::bytea, $3::uuid)

-- name: standing as service_role
-- How a learner of a partner stands, and the registration that his player speaks for.
select e.id, e.completion_status, e.success_status, e.score::float8 as score, e.total_time_seconds::float8 as seconds
from public.scorm_enrollments e join public.scorm_dispatch_registrations r on r.id = e.dispatch_registration_id
where r.id = $1 and r.scorm_dispatch_id = $2

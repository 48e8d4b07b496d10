-- name: viewer_by_token as service_role
-- Who is signed in with this session token, unless unused for 14 days; moves last_seen_at at most once a minute.
with session as (
    select s.id, s.user_id, s.last_seen_at from public.web_sessions s
    where s.token_hash = $1 and s.revoked_at is null and s.expires_at > now()
        and s.last_seen_at > now() - interval '14 days'
), seen as (
    update public.web_sessions s set last_seen_at = now()
    from session where s.id = session.id and session.last_seen_at < now() - interval '1 minute'
)
select p.id, session.id as session_id, p.email::text as email, p.first_name, p.last_name, p.role::text as role, p.time_zone, p.locale
from session join public.profiles p on p.id = session.user_id;

-- name: account_by_email as service_role
-- The account of an address, for the check of its password.
select u.id, u.email::text as email, u.encrypted_password::text as encrypted_password,
    u.email_confirmed_at is not null as confirmed,
    coalesce(u.banned_until > now(), false) or u.deleted_at is not null as closed
from auth.users u
where lower(u.email) = lower($1);

-- name: lock_attempts as service_role
-- Lets one attempt on an account from one origin go on at a time, so that none slips past the count.
select pg_advisory_xact_lock(hashtextextended('collegium sign-in ' || lower($1) || ' ' || $2, 0));

-- name: failures_of_origin as service_role
-- Failed attempts on an account from one origin since the last success, within a day, and the age of the latest.
with since as (
    select greatest(
        clock_timestamp() - interval '1 day',
        (select max(s.attempted_at) from public.login_attempts s where s.email = $1 and s.origin = $2 and s.succeeded)
    ) as instant
)
select count(*)::integer as count,
    extract(epoch from clock_timestamp() - max(a.attempted_at))::float8 as seconds_ago
from since
join public.login_attempts a on a.email = $1 and a.origin = $2 and a.attempted_at > since.instant
where a.reason in ('wrong_password', 'unknown_person');

-- name: network_failure as service_role
-- How long ago, in seconds, the nth-last failure from a network was, over all accounts, within the last hour; else null.
select extract(epoch from clock_timestamp() - a.attempted_at)::float8
from public.login_attempts a
where a.ip between $1 and $2 and a.attempted_at > clock_timestamp() - interval '1 hour'
    and a.origin not like 'device:%' and a.reason in ('wrong_password', 'unknown_person')
order by a.attempted_at desc
offset $3 limit 1;

-- name: add_attempt as service_role
-- Records an attempt to sign in as failed, before it is known how it ends.
insert into public.login_attempts (attempted_at, email, user_id, origin, ip, user_agent, succeeded, reason)
values (clock_timestamp(), $1, $2, $3, $4, $5, false, $6)
returning id;

-- name: settle_attempt as service_role
-- Corrects a recorded attempt once it is known that the password was right.
update public.login_attempts set succeeded = $2 = 'ok', reason = $2 where id = $1;

-- name: open_session as service_role
-- Begins a browser session and ends the one that the same browser had.
with ended as (
    update public.web_sessions set revoked_at = now() where token_hash = $6 and revoked_at is null
), signed_in as (
    update auth.users set last_sign_in_at = now() where id = $1
)
insert into public.web_sessions (user_id, token_hash, expires_at, ip, user_agent)
values ($1, $2, now() + $3::interval, $4, $5)
returning id;

-- name: keep_password as service_role
-- Keeps a new hash; answers the address.
update auth.users set encrypted_password = $2, updated_at = now() where id = $1 returning email::text;

-- name: keep_password_and_confirm as service_role
-- The same for a link that came by mail, which proves the address too.
update auth.users
set encrypted_password = $2, updated_at = now(), email_confirmed_at = coalesce(email_confirmed_at, now())
where id = $1 returning email::text;

-- name: end_sessions as service_role
-- Signs a person's browsers out, all but one; answers how many.
with ended as (
    update public.web_sessions set revoked_at = now()
    where user_id = $1 and revoked_at is null and expires_at > now() and id is distinct from $2
    returning 1
)
select count(*)::integer from ended;

-- name: add_user as service_role
-- Makes an account; its profile follows by trigger. Nothing when the address has one.
insert into auth.users (email, encrypted_password, email_confirmed_at, raw_user_meta_data)
values (
    $1, $2, case when $6 then now() end,
    jsonb_build_object('first_name', $3::text, 'last_name', $4::text, 'time_zone', $5::text)
)
on conflict do nothing
returning id;

-- name: confirm_user as service_role
-- Notes that an address belongs to its person.
update auth.users set email_confirmed_at = coalesce(email_confirmed_at, now()), updated_at = now() where id = $1;

-- name: add_token as service_role
-- Keeps the hash of a one-time link.
insert into public.auth_tokens (user_id, purpose, token_hash, expires_at) values ($1, $2, $3, now() + $4::interval);

-- name: link_by_token as service_role
-- What stands behind a one-time link, also when it was used or is too old.
select t.user_id, u.email::text as email, u.email_confirmed_at is not null as confirmed,
    case when t.used_at is not null then 'used' when t.expires_at <= now() then 'expired' else 'good' end as state
from public.auth_tokens t join auth.users u on u.id = t.user_id
where t.token_hash = $1 and t.purpose = $2;

-- name: use_token as service_role
-- Takes a one-time link; only the first of two at once succeeds. Answers whose it is.
update public.auth_tokens set used_at = now()
where token_hash = $1 and purpose = $2 and used_at is null and expires_at > now()
returning user_id;

-- name: use_all_tokens as service_role
-- Ends a person's other links of one purpose.
update public.auth_tokens set used_at = now() where user_id = $1 and purpose = $2 and used_at is null;

-- name: recent_mail as service_role
-- How many messages of a kind went to a person within the last hour.
select count(*)::integer from public.mail_outbox
where user_id = $1 and kind = any ($2::text[]) and created_at > now() - interval '1 hour';

-- name: my_sessions
-- The browsers in which the person who asks is signed in, the latest first.
select id, created_at, last_seen_at, host(ip) as ip, user_agent from public.web_sessions
where user_id = auth.uid() and revoked_at is null and expires_at > now() and last_seen_at > now() - interval '14 days'
order by last_seen_at desc, id desc;

-- name: my_attempts
-- Recent attempts to sign in as the person who asks, the latest first.
select attempted_at, succeeded, reason, origin, host(ip) as ip, user_agent from public.login_attempts
where user_id = auth.uid()
order by attempted_at desc
limit 20;

-- name: end_my_session
-- Signs one of the caller's browsers out.
select public.revoke_web_session($1);

-- name: end_my_other_sessions
-- Signs all of the caller's browsers out but this one; answers how many.
select count(*)::integer from (
    select id from public.web_sessions
    where user_id = auth.uid() and revoked_at is null and expires_at > now() and id <> $1
) s
cross join lateral public.revoke_web_session(s.id);

-- name: my_profile
-- What the person who asks may change of himself or herself.
select first_name, last_name, time_zone, locale from public.profiles where id = auth.uid();

-- name: keep_my_profile
-- Keeps it.
update public.profiles set first_name = $1, last_name = $2, time_zone = $3, locale = $4 where id = auth.uid();

-- name: set_role as service_role
-- Gives a role, for the command line; answers whether there is such a person.
update public.profiles set role = $2::text::public.user_role where email = $1 returning id;

-- name: list_people as service_role
-- Everybody of a role or all, for the command line.
select p.id, p.email::text as email, p.first_name, p.last_name, p.role::text as role,
    u.email_confirmed_at is not null as confirmed, u.last_sign_in_at
from public.profiles p join auth.users u on u.id = p.id
where $1::text is null or p.role = $1::text::public.user_role
order by p.role desc, p.last_name, p.first_name, p.id
limit $2;

-- name: sessions_of as service_role
-- A person's signed-in browsers, for the command line.
select id, created_at, last_seen_at, host(ip) as ip, user_agent from public.web_sessions
where user_id = $1 and revoked_at is null and expires_at > now() and last_seen_at > now() - interval '14 days'
order by last_seen_at desc, id desc;

-- name: forget_old_links as service_role
-- Links that nobody can use any more.
delete from public.auth_tokens where expires_at < now() - interval '30 days';

-- name: forget_old_sessions as service_role
-- Sessions that ended a while ago.
delete from public.web_sessions where least(expires_at, revoked_at) < now() - interval '30 days';

-- name: forget_old_attempts as service_role
-- Attempts to sign in that nobody will ask about any more.
delete from public.login_attempts where attempted_at < now() - interval '180 days';

-- name: forget_old_mail as service_role
-- Mail that was sent, or that waits for nothing.
delete from public.mail_outbox where created_at < now() - interval '180 days';

-- name: viewer_by_token as service_role
-- Who is signed in with this session token; moves last_seen_at at most once a minute.
with session as (
    select s.id, s.user_id, s.last_seen_at from public.web_sessions s
    where s.token_hash = $1 and s.revoked_at is null and s.expires_at > now()
), seen as (
    update public.web_sessions s set last_seen_at = now()
    from session where s.id = session.id and session.last_seen_at < now() - interval '1 minute'
)
select p.id, session.id as session_id, p.email::text as email, p.first_name, p.last_name, p.role::text as role, p.time_zone, p.locale
from session join public.profiles p on p.id = session.user_id

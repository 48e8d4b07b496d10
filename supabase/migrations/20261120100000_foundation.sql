-- Foundation: extensions, the private schema of policy helpers, and functions that every table uses.
--
-- Conventions of every migration here
--   * A table arrives with its comments, constraints, indexes, row-level security, policies and grants.
--   * Grants are revoked first: Supabase gives new tables to anon and authenticated by default.
--   * Helpers live in schema "private", are SECURITY DEFINER and belong to the owner of the tables, who is not a
--     superuser: an owner passes row-level security without BYPASSRLS.
--   * Every function sets search_path = pg_catalog, pg_temp. An empty one would not do: temporary types come before
--     pg_catalog unless pg_temp is named last, so whoever may make one would put his own "text" into our functions.
--   * A rule that refuses raises one of the SQLSTATEs CG403, CG404, CG409, CG422 with words for the person
--     in MESSAGE and a stable code in DETAIL; the web layer answers with the status in the last three digits.
-- Rollback: drop schema private cascade; the extensions may stay.

create schema if not exists extensions;
create extension if not exists pg_trgm with schema extensions;
create extension if not exists unaccent with schema extensions;
create extension if not exists citext with schema extensions;

create schema private;
comment on schema private is 'Policy helpers and system functions. Never exposed through an API.';
revoke all on schema private from public;
grant usage on schema private to anon, authenticated, service_role;
grant usage on schema extensions to anon, authenticated, service_role;
grant usage on schema public to anon, authenticated, service_role;

-- What is new must be granted by name. PostgreSQL would give EXECUTE to everyone, Supabase all rights to its three roles.
alter default privileges revoke execute on functions from public;
alter default privileges in schema public revoke all on functions from anon, authenticated, service_role;
alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;

create function private.uuid_v7() returns uuid
language sql volatile parallel safe set search_path = pg_catalog, pg_temp
as $$
    -- RFC 9562 section 5.7: 48 bits of milliseconds, version 7, 12 bits of the fraction of the millisecond (section 6.2,
    -- method 3), then randomness with the variant that a version 4 value already carries in the same place.
    select (
        lpad(to_hex(floor(t.ms)::bigint), 12, '0')
        || '7' || lpad(to_hex(floor((t.ms - floor(t.ms)) * 4096)::integer), 3, '0')
        || substr(replace(gen_random_uuid()::text, '-', ''), 17)
    )::uuid
    from (select extract(epoch from clock_timestamp()) * 1000 as ms) t
$$;
comment on function private.uuid_v7() is 'A time-ordered UUID (RFC 9562, version 7); PostgreSQL 18 has uuidv7(), older servers do not.';
grant execute on function private.uuid_v7() to anon, authenticated, service_role;

create function public.update_updated_at_column() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    new.updated_at := now();
    return new;
end
$$;
comment on function public.update_updated_at_column() is 'Trigger: stamps updated_at with the time of the transaction.';

create function private.refuse(p_sqlstate text, p_code text, p_message text) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception '%', p_message using errcode = p_sqlstate, detail = p_code;
end
$$;
comment on function private.refuse(text, text, text) is 'Raises a refusal: SQLSTATE CGnnn (nnn = HTTP status), a stable code, and words for the person.';
grant execute on function private.refuse(text, text, text) to anon, authenticated, service_role;

create function private.today() returns date
language sql stable parallel safe set search_path = pg_catalog, pg_temp
as $$ select (now() at time zone 'UTC')::date $$;
comment on function private.today() is 'The day in UTC. Not current_date, which moves with the time zone that a client may choose.';
grant execute on function private.today() to anon, authenticated, service_role;

create function private.fold(p_text text) returns text
language sql immutable parallel safe strict set search_path = pg_catalog, pg_temp
as $$ select lower(extensions.unaccent('extensions.unaccent'::regdictionary, p_text)) $$;
comment on function private.fold(text) is 'Text as it is compared in searches: lower case, without accents. Immutable so that it can be indexed.';
grant execute on function private.fold(text) to anon, authenticated, service_role;

create function private.defer_job(
    p_task text,
    p_args jsonb default '{}',
    p_queue text default 'default',
    p_queueing_lock text default null,
    p_scheduled_at timestamptz default null
) returns bigint
-- The queue's own functions name their tables without a schema, so they need it on the path.
language plpgsql security definer set search_path = procrastinate, pg_temp
as $$
declare
    v_ids bigint[];
begin
    v_ids := procrastinate.procrastinate_defer_jobs_v1(
        array[row(p_queue, p_task, 0, null, p_queueing_lock, p_args, p_scheduled_at)::procrastinate.procrastinate_job_to_defer_v1]
    );
    return v_ids[1];
exception
    -- The same work is waiting already: one run will do for both.
    when unique_violation then return null;
end
$$;
comment on function private.defer_job(text, jsonb, text, text, timestamptz) is
    'Queues a job in the caller''s transaction: it exists exactly when its cause commits. Null when an equal queueing lock waits already.';
grant execute on function private.defer_job(text, jsonb, text, text, timestamptz) to service_role;

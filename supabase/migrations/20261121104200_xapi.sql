-- xAPI (1.0.3 and 2.0, IEEE 9274.1.1): statements, documents and the keys of the systems that send them. Everything is written
-- by the service, which has checked a key; a learner reads what is said of himself.
-- Rollback: drop the tables and functions below.

-- xapi_credentials -----------------------------------------------------------------------------------------

create table public.xapi_credentials (
    id uuid primary key default gen_random_uuid(),
    name text not null check (length(name) between 1 and 200),
    key_id text not null unique check (key_id ~ '^[A-Za-z0-9_-]{8,64}$'),
    secret_sha256 bytea not null check (length(secret_sha256) = 32),
    scopes text[] not null default '{statements/write,statements/read/mine}' check (
        cardinality(scopes) > 0 and scopes <@ array[
            'statements/write', 'statements/read/mine', 'statements/read', 'state', 'define', 'profile', 'all/read', 'all'
        ]
    ),
    created_by uuid references public.profiles (id) on delete set null,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
);
comment on table public.xapi_credentials is 'Keys of systems that send or read statements. Nobody who signs in can read them.';
comment on column public.xapi_credentials.secret_sha256 is 'Digest of a secret of 256 random bits that we made; a person''s password would need a slow hash.';
comment on column public.xapi_credentials.scopes is 'The scopes of xAPI 1.0.3 part 3, 4.2.';
create index idx_xapi_credentials_created_by on public.xapi_credentials (created_by);

-- xapi_statements ------------------------------------------------------------------------------------------

create table public.xapi_statements (
    id uuid primary key,
    stored timestamptz not null default clock_timestamp(),
    "timestamp" timestamptz not null,
    member_id uuid references public.profiles (id) on delete restrict,
    agent_key text not null check (octet_length(agent_key) between 1 and 1100),
    verb_id text not null check (octet_length(verb_id) between 1 and 1000),
    object_type text not null check (object_type in ('Activity', 'Agent', 'Group', 'StatementRef', 'SubStatement')),
    object_id text check (octet_length(object_id) <= 1100),
    registration uuid,
    voids uuid,
    voided boolean not null default false,
    credential_id uuid references public.xapi_credentials (id) on delete restrict,
    authority jsonb not null check (jsonb_typeof(authority) = 'object'),
    statement jsonb not null check (jsonb_typeof(statement) = 'object'),
    constraint voiding_statements_are_not_voided check (voids is null or not voided)
);
comment on table public.xapi_statements is
    'Statements as received; only voided is ever changed, by private.record_xapi_statement. They say what a client claims, by the key under authority.';
comment on column public.xapi_statements.member_id is 'The person whom the actor is, when we know him.';
comment on column public.xapi_statements.agent_key is 'The inverse functional identifier of the actor in one form: mbox:…, mbox_sha1sum:…, openid:…, account:name@homePage; anonymous groups by their members.';
comment on column public.xapi_statements.voids is 'The statement that this one voids, which may arrive later.';
comment on column public.xapi_statements.statement is 'As received: stored, authority, id and a missing timestamp are added when it is read.';
create index idx_xapi_statements_member on public.xapi_statements (member_id, stored desc);
create index idx_xapi_statements_agent on public.xapi_statements (agent_key, stored desc);
create index idx_xapi_statements_stored on public.xapi_statements (stored desc, id);
create index idx_xapi_statements_verb on public.xapi_statements (verb_id, stored desc);
create index idx_xapi_statements_object on public.xapi_statements (object_id, stored desc);
create index idx_xapi_statements_registration on public.xapi_statements (registration) where registration is not null;
create index idx_xapi_statements_voids on public.xapi_statements (voids) where voids is not null;
create index idx_xapi_statements_credential on public.xapi_statements (credential_id);

create function private.xapi_agent_key(p_agent jsonb) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    -- xAPI 1.0.3 part 2, 2.4.2.3: exactly one identifier; a group without one is identified by its members.
    select case
        when coalesce(jsonb_typeof(p_agent), '') <> 'object' then null
        when (select count(*) from jsonb_object_keys(p_agent) k where k in ('mbox', 'mbox_sha1sum', 'openid', 'account')) > 1 then null
        when p_agent ->> 'mbox' ~ '^mailto:[^@\s]+@[^@\s]+$' then 'mbox:' || lower(p_agent ->> 'mbox')
        when p_agent ->> 'mbox_sha1sum' ~ '^[0-9a-fA-F]{40}$' then 'mbox_sha1sum:' || lower(p_agent ->> 'mbox_sha1sum')
        when p_agent ->> 'openid' ~ '^https?://\S+$' then 'openid:' || (p_agent ->> 'openid')
        when jsonb_typeof(p_agent #> '{account,name}') = 'string' and p_agent #>> '{account,homePage}' ~ '^[a-z][a-z0-9+.-]*:\S+$'
            then 'account:' || (p_agent #>> '{account,name}') || '@' || (p_agent #>> '{account,homePage}')
        when p_agent ->> 'objectType' = 'Group' and jsonb_typeof(p_agent -> 'member') = 'array' and p_agent -> 'member' <> '[]'
            then 'members:' || encode(sha256(convert_to((p_agent -> 'member')::text, 'UTF8')), 'hex')
    end
$$;
comment on function private.xapi_agent_key(jsonb) is 'The one identifier of an agent or group in one form; null when it has none or several.';

create function private.record_xapi_statement(p_statement jsonb, p_credential uuid, p_authority jsonb, p_member uuid default null) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_new public.xapi_statements;
    v_old public.xapi_statements;
    v_object jsonb := p_statement -> 'object';
    v_set_aside text[] := array['id', 'stored', 'authority', 'version', 'timestamp'];
begin
    if coalesce(jsonb_typeof(p_statement), '') <> 'object' or octet_length(p_statement::text) > 262144 then
        perform private.refuse('CG422', 'not_a_statement', 'A statement is an object of at most 262144 bytes.');
    elsif p_statement ? 'id' and coalesce(p_statement ->> 'id', '') !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
        perform private.refuse('CG422', 'bad_id', 'The id of a statement is a UUID.');
    elsif coalesce(p_statement #>> '{context,registration}', '00000000-0000-4000-8000-000000000000')
        !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
        perform private.refuse('CG422', 'bad_registration', 'The registration of a statement is a UUID.');
    elsif p_statement ? 'timestamp' and not coalesce(private.is_instant(p_statement ->> 'timestamp'), false) then
        perform private.refuse('CG422', 'bad_timestamp', 'The timestamp of a statement is a date and time of RFC 3339.');
    end if;
    v_new.id := coalesce((p_statement ->> 'id')::uuid, private.uuid_v7());
    v_new.stored := clock_timestamp();
    v_new."timestamp" := coalesce((p_statement ->> 'timestamp')::timestamptz, v_new.stored);
    v_new.agent_key := private.xapi_agent_key(p_statement -> 'actor');
    v_new.verb_id := p_statement #>> '{verb,id}';
    v_new.object_type := coalesce(v_object ->> 'objectType', 'Activity');
    v_new.object_id := case when v_new.object_type in ('Agent', 'Group') then private.xapi_agent_key(v_object)
        when v_new.object_type = 'SubStatement' then null else v_object ->> 'id' end;
    v_new.registration := (p_statement #>> '{context,registration}')::uuid;
    if v_new.agent_key is null or octet_length(v_new.agent_key) > 1100 then
        perform private.refuse('CG422', 'bad_actor', 'The actor of a statement needs exactly one identifier.');
    elsif coalesce(v_new.verb_id !~ '^[a-z][a-z0-9+.-]*:\S+$' or octet_length(v_new.verb_id) > 1000, true) then
        perform private.refuse('CG422', 'bad_verb', 'The verb of a statement needs an id that is an IRI.');
    elsif v_new.object_type not in ('Activity', 'Agent', 'Group', 'StatementRef', 'SubStatement')
        or (v_new.object_type <> 'SubStatement' and v_new.object_id is null) or octet_length(v_new.object_id) > 1100
    then
        perform private.refuse('CG422', 'bad_object', 'The object of a statement needs an id.');
    elsif v_new.object_type = 'StatementRef' and v_new.object_id !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
        perform private.refuse('CG422', 'bad_object', 'A statement refers to another one by its UUID.');
    end if;
    if v_new.verb_id = 'http://adlnet.gov/expapi/verbs/voided' then
        if v_new.object_type <> 'StatementRef' then
            perform private.refuse('CG422', 'bad_voiding', 'A voiding statement names the statement that it voids.');
        end if;
        v_new.voids := v_new.object_id::uuid;
    end if;
    v_new.member_id := coalesce(p_member, (
        select id from public.profiles where 'mbox:mailto:' || lower(email::text) = v_new.agent_key
    ));
    -- A statement and the one that voids it take turns, whichever comes first.
    perform pg_advisory_xact_lock(hashtextextended('xapi:' || coalesce(v_new.voids, v_new.id)::text, 0));
    select * into v_old from public.xapi_statements where id = coalesce(v_new.voids, v_new.id);
    if v_new.voids is not null and v_old.id is not null then
        if v_old.voids is not null then
            perform private.refuse('CG409', 'voiding_stays', 'A voiding statement cannot be voided.');
        elsif v_old.credential_id is distinct from p_credential and not exists (
            select 1 from public.xapi_credentials where id = p_credential and 'all' = any (scopes)
        ) then
            perform private.refuse('CG403', 'not_your_statement', 'You may void only statements that you sent.');
        end if;
    end if;
    v_new.voided := v_new.voids is null and exists (
        select 1 from public.xapi_statements v
        where v.voids = v_new.id and (v.credential_id is not distinct from p_credential or exists (
            select 1 from public.xapi_credentials c where c.id = v.credential_id and 'all' = any (c.scopes)
        ))
    );
    insert into public.xapi_statements (id, stored, "timestamp", member_id, agent_key, verb_id, object_type, object_id, registration,
        voids, voided, credential_id, authority, statement)
    values (v_new.id, v_new.stored, v_new."timestamp", v_new.member_id, v_new.agent_key, v_new.verb_id, v_new.object_type, v_new.object_id,
        v_new.registration, v_new.voids, v_new.voided, p_credential, p_authority, p_statement)
    on conflict (id) do nothing;
    if not found then
        select * into v_old from public.xapi_statements where id = v_new.id;
        if v_old.statement - v_set_aside <> p_statement - v_set_aside
            or (p_statement ? 'timestamp' and v_old.statement ? 'timestamp' and v_old."timestamp" <> v_new."timestamp")
        then
            perform private.refuse('CG409', 'statement_exists', 'There is another statement with this id.');
        end if;
        return jsonb_build_object('id', v_old.id, 'stored', v_old.stored, 'outcome', 'repeated');
    end if;
    if v_new.voids is not null then
        update public.xapi_statements set voided = true where id = v_new.voids and voids is null;
    end if;
    return jsonb_build_object('id', v_new.id, 'stored', v_new.stored, 'outcome', 'stored');
end
$$;
comment on function private.record_xapi_statement(jsonb, uuid, jsonb, uuid) is
    'Stores a statement under its id or a new one. The same again is answered again; another one under the same id is CG409 statement_exists.';

create function private.is_instant(p_text text) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    return p_text ~ '^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?([Zz]|[+-]\d\d(:?\d\d)?)?$'
        and p_text !~ '-00:?00$' and p_text::timestamptz is not null;
exception
    when datetime_field_overflow or invalid_datetime_format then return false;
end
$$;
comment on function private.is_instant(text) is 'Whether a text is a date and time as xAPI writes it (RFC 3339; -00:00 is not allowed).';

-- Documents ------------------------------------------------------------------------------------------------

create table public.xapi_activity_state (
    id uuid primary key default private.uuid_v7(),
    activity_id text not null check (octet_length(activity_id) between 1 and 1000),
    agent_key text not null check (octet_length(agent_key) between 1 and 1100),
    member_id uuid references public.profiles (id) on delete cascade,
    registration uuid,
    state_id text not null check (octet_length(state_id) between 1 and 500),
    content_type text not null default 'application/octet-stream' check (length(content_type) between 3 and 200),
    content bytea not null check (length(content) <= 1048576),
    etag text not null generated always as (encode(sha256(content), 'hex')) stored,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint keys_fit_an_index check (octet_length(activity_id) + octet_length(agent_key) + octet_length(state_id) <= 2400),
    constraint one_state unique nulls not distinct (activity_id, agent_key, registration, state_id)
);
comment on table public.xapi_activity_state is 'Documents that a content keeps for a person in an activity, such as where to resume.';
comment on column public.xapi_activity_state.etag is 'SHA-256 of the content, which whoever replaces it must know.';
create index idx_xapi_activity_state_member on public.xapi_activity_state (member_id);
create trigger update_xapi_activity_state_updated_at before update on public.xapi_activity_state
    for each row execute function public.update_updated_at_column();

create table public.xapi_agent_profile (
    id uuid primary key default private.uuid_v7(),
    agent_key text not null check (octet_length(agent_key) between 1 and 1100),
    member_id uuid references public.profiles (id) on delete cascade,
    profile_id text not null check (octet_length(profile_id) between 1 and 500),
    content_type text not null default 'application/octet-stream' check (length(content_type) between 3 and 200),
    content bytea not null check (length(content) <= 1048576),
    etag text not null generated always as (encode(sha256(content), 'hex')) stored,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint one_agent_profile unique (agent_key, profile_id)
);
comment on table public.xapi_agent_profile is 'Documents about a person, whatever the activity.';
create index idx_xapi_agent_profile_member on public.xapi_agent_profile (member_id);
create trigger update_xapi_agent_profile_updated_at before update on public.xapi_agent_profile
    for each row execute function public.update_updated_at_column();

create table public.xapi_activity_profile (
    id uuid primary key default private.uuid_v7(),
    activity_id text not null check (octet_length(activity_id) between 1 and 1000),
    profile_id text not null check (octet_length(profile_id) between 1 and 500),
    content_type text not null default 'application/octet-stream' check (length(content_type) between 3 and 200),
    content bytea not null check (length(content) <= 1048576),
    etag text not null generated always as (encode(sha256(content), 'hex')) stored,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint one_activity_profile unique (activity_id, profile_id)
);
comment on table public.xapi_activity_profile is 'Documents about an activity, whoever the person.';
create trigger update_xapi_activity_profile_updated_at before update on public.xapi_activity_profile
    for each row execute function public.update_updated_at_column();

create function private.check_xapi_match(p_etag text, p_if_match text, p_if_none_match text, p_required boolean) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    -- xAPI 1.0.3 part 3, 3.1: who replaces a document shows that he knows what he replaces.
    if (p_if_match is not null and p_etag is distinct from p_if_match and (p_if_match <> '*' or p_etag is null))
        or (p_if_none_match is not null and p_etag is not null and p_if_none_match in ('*', p_etag))
    then
        perform private.refuse('CG409', 'precondition_failed', 'The document has changed meanwhile. Read it again.');
    elsif p_required and p_etag is not null and p_if_match is null and p_if_none_match is null then
        perform private.refuse('CG409', 'etag_needed', 'There is a document already. Read it, and name its etag when you replace it.');
    end if;
end
$$;
comment on function private.check_xapi_match(text, text, text, boolean) is
    'Raises CG409 unless If-Match and If-None-Match allow a document with this etag (null: none) to be written.';

create function private.put_xapi_state(
    p_activity text, p_agent jsonb, p_registration uuid, p_state text, p_type text, p_content bytea,
    p_if_match text default null, p_if_none_match text default null, p_member uuid default null
) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_agent text := private.xapi_agent_key(p_agent);
    v_etag text;
begin
    if v_agent is null then
        perform private.refuse('CG422', 'bad_actor', 'The agent of a document needs exactly one identifier.');
    end if;
    perform pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'xapi state', p_activity, v_agent, p_registration, p_state), 0));
    select etag into v_etag from public.xapi_activity_state
    where activity_id = p_activity and agent_key = v_agent and registration is not distinct from p_registration and state_id = p_state;
    perform private.check_xapi_match(v_etag, p_if_match, p_if_none_match, false);
    insert into public.xapi_activity_state as d (activity_id, agent_key, member_id, registration, state_id, content_type, content)
    values (p_activity, v_agent, p_member, p_registration, p_state, p_type, p_content)
    on conflict on constraint one_state do update set content = excluded.content, content_type = excluded.content_type
    returning d.etag into v_etag;
    return v_etag;
end
$$;
comment on function private.put_xapi_state(text, jsonb, uuid, text, text, bytea, text, text, uuid) is
    'Writes a state document and answers its etag. Of two writers who name the same etag the second is refused.';

create function private.put_xapi_agent_profile(
    p_agent jsonb, p_profile text, p_type text, p_content bytea,
    p_if_match text default null, p_if_none_match text default null, p_member uuid default null
) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_agent text := private.xapi_agent_key(p_agent);
    v_etag text;
begin
    if v_agent is null then
        perform private.refuse('CG422', 'bad_actor', 'The agent of a document needs exactly one identifier.');
    end if;
    perform pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'xapi agent', v_agent, p_profile), 0));
    select etag into v_etag from public.xapi_agent_profile where agent_key = v_agent and profile_id = p_profile;
    perform private.check_xapi_match(v_etag, p_if_match, p_if_none_match, true);
    insert into public.xapi_agent_profile as d (agent_key, member_id, profile_id, content_type, content)
    values (v_agent, p_member, p_profile, p_type, p_content)
    on conflict on constraint one_agent_profile do update set content = excluded.content, content_type = excluded.content_type
    returning d.etag into v_etag;
    return v_etag;
end
$$;
comment on function private.put_xapi_agent_profile(jsonb, text, text, bytea, text, text, uuid) is
    'Writes an agent profile and answers its etag. What is there already is replaced only by who names its etag.';

create function private.put_xapi_activity_profile(
    p_activity text, p_profile text, p_type text, p_content bytea, p_if_match text default null, p_if_none_match text default null
) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_etag text;
begin
    perform pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'xapi activity', p_activity, p_profile), 0));
    select etag into v_etag from public.xapi_activity_profile where activity_id = p_activity and profile_id = p_profile;
    perform private.check_xapi_match(v_etag, p_if_match, p_if_none_match, true);
    insert into public.xapi_activity_profile as d (activity_id, profile_id, content_type, content)
    values (p_activity, p_profile, p_type, p_content)
    on conflict on constraint one_activity_profile do update set content = excluded.content, content_type = excluded.content_type
    returning d.etag into v_etag;
    return v_etag;
end
$$;
comment on function private.put_xapi_activity_profile(text, text, text, bytea, text, text) is
    'Writes an activity profile and answers its etag. What is there already is replaced only by who names its etag.';

grant execute on function private.record_xapi_statement(jsonb, uuid, jsonb, uuid), private.xapi_agent_key(jsonb),
    private.put_xapi_state(text, jsonb, uuid, text, text, bytea, text, text, uuid),
    private.put_xapi_agent_profile(jsonb, text, text, bytea, text, text, uuid),
    private.put_xapi_activity_profile(text, text, text, bytea, text, text) to service_role;

-- Row-level security ---------------------------------------------------------------------------------------

alter table public.xapi_credentials enable row level security;
alter table public.xapi_statements enable row level security;
alter table public.xapi_activity_state enable row level security;
alter table public.xapi_agent_profile enable row level security;
alter table public.xapi_activity_profile enable row level security;
revoke all on public.xapi_credentials, public.xapi_statements, public.xapi_activity_state, public.xapi_agent_profile,
    public.xapi_activity_profile from anon, authenticated, service_role;
-- A key is revoked, never removed: what came by it names it.
grant select, insert, update on public.xapi_credentials to service_role;
-- Statements come in by private.record_xapi_statement alone.
grant select on public.xapi_statements to service_role;
grant select, insert, update, delete on public.xapi_activity_state, public.xapi_agent_profile, public.xapi_activity_profile to service_role;
grant select on public.xapi_statements, public.xapi_activity_state, public.xapi_agent_profile, public.xapi_activity_profile to authenticated;

create policy "Students view own statements" on public.xapi_statements for select to authenticated
    using (
        member_id = (select auth.uid())
        or member_id = any (array(select private.my_managed_member_ids()))
        or (select private.is_admin())
    );
create policy "Students view own state documents" on public.xapi_activity_state for select to authenticated
    using (member_id = (select auth.uid()) or (select private.is_admin()));
create policy "Students view own agent profiles" on public.xapi_agent_profile for select to authenticated
    using (member_id = (select auth.uid()) or (select private.is_admin()));
create policy "Admins view activity profiles" on public.xapi_activity_profile for select to authenticated
    using ((select private.is_admin()));

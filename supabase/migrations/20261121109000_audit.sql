-- Audit: who changed what, when, from what to what; chained so that what was altered, removed or slipped in shows.
--
-- A change and its row commit together. The chain is taken a moment later by private.seal_audit_logs, one runner at a
-- time: a chain taken inside each transaction would make all commits wait for each other.
--   hash = sha256(previous_hash || text), text = the row's columns in a form that no two different rows share.
-- Personal values stand in audit_personal_values; the chained row holds their salted digests only, so that erasing a
-- person leaves every hash as it is. What is audited stands in private.audit_tables, what is not in private.audit_exempt.
-- Rollback: drop the triggers log_…_changes, then the functions and tables below.

create function private.is_text_list(p_list text[]) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$ select array_position(p_list, null) is null and cardinality(p_list) <= 200 $$;
comment on function private.is_text_list(text[]) is 'Whether a list of names has no gaps and a bearable length.';

-- The log --------------------------------------------------------------------------------------------------

create table public.audit_logs (
    id bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    txid bigint not null,
    actor uuid,
    actor_role text not null check (length(actor_role) between 1 and 64),
    request_id text check (length(request_id) between 1 and 64),
    table_name text not null check (length(table_name) between 1 and 64),
    record_id text not null check (length(record_id) <= 400),
    operation text not null check (operation in ('INSERT', 'UPDATE', 'DELETE', 'ERASE')),
    subject uuid,
    changed text[] check (private.is_text_list(changed)),
    personal text[] check (private.is_text_list(personal)),
    before jsonb check (jsonb_typeof(before) = 'object'),
    after jsonb check (jsonb_typeof(after) = 'object'),
    position bigint check (position > 0),
    previous_hash bytea check (length(previous_hash) = 32),
    hash bytea check (length(hash) = 32),
    constraint sealed_rows_have_hashes check (num_nonnulls(position, previous_hash, hash) in (0, 3))
);
comment on table public.audit_logs is
    'Every change to a record that matters. Written by the trigger log_audit_trail and nobody else; sealed into a chain of hashes within a minute.';
comment on column public.audit_logs.txid is 'The transaction: rows with the same number became true together.';
comment on column public.audit_logs.actor is 'Who was signed in; null for the site''s own work. No foreign key: the log outlives people.';
comment on column public.audit_logs.actor_role is
    'The person''s role at that moment; else the database role: anon, service_role, or who was logged in without claims.';
comment on column public.audit_logs.request_id is 'The request or job of the change, as in the site''s log and in the answer''s header X-Request-Id.';
comment on column public.audit_logs.record_id is 'The row''s key; several columns with a space between.';
comment on column public.audit_logs.operation is 'ERASE: the personal values of a person were removed from the log; record_id is the person.';
comment on column public.audit_logs.subject is 'The person whom the record is about.';
comment on column public.audit_logs.changed is 'Columns that an update changed, secret ones too, of which no value is kept.';
comment on column public.audit_logs.personal is 'Columns whose values stand in audit_personal_values; before and after hold their digests.';
comment on column public.audit_logs.before is 'The row as it was; of an update only what changed.';
comment on column public.audit_logs.after is 'The row as it is; of an update only what changed.';
comment on column public.audit_logs.position is 'Place in the chain, from 1; null until sealed. Not the order of id: who commits late is sealed late.';
create unique index idx_audit_logs_position on public.audit_logs (position) where position is not null;
create index idx_audit_logs_unsealed on public.audit_logs (id) where position is null;
create index idx_audit_logs_record on public.audit_logs (table_name, record_id, id desc);
create index idx_audit_logs_subject on public.audit_logs (subject, id desc) where subject is not null;
create index idx_audit_logs_actor on public.audit_logs (actor, id desc) where actor is not null;
create index idx_audit_logs_at on public.audit_logs (at);
create index idx_audit_logs_erased on public.audit_logs (record_id) where operation = 'ERASE';

create table public.audit_personal_values (
    audit_id bigint primary key references public.audit_logs (id) on delete cascade,
    subject uuid not null,
    salt bytea not null check (length(salt) = 32),
    before jsonb check (jsonb_typeof(before) = 'object'),
    after jsonb check (jsonb_typeof(after) = 'object')
);
comment on table public.audit_personal_values is
    'Personal values of logged changes, with the salt of their digests. Erasing a person removes his rows here and nothing else.';
create index idx_audit_personal_values_subject on public.audit_personal_values (subject);

create table public.audit_roots (
    day date primary key,
    position bigint not null check (position >= 0),
    rows bigint not null check (rows between 0 and position),
    hash bytea not null check (length(hash) = 32),
    signed_at timestamptz not null,
    key_id text not null check (key_id ~ '^[0-9a-f]{64}$'),
    signature bytea not null check (length(signature) between 32 and 2048),
    exported_key text check (length(exported_key) between 1 and 900)
);
comment on table public.audit_roots is 'Where the chain stood when a day had ended (UTC), signed with the site''s key and kept as a file too.';
comment on column public.audit_roots.rows is 'Rows sealed since the root before.';
comment on column public.audit_roots.key_id is 'SHA-256 of the signing certificate.';
comment on column public.audit_roots.exported_key is 'The file in storage that says the same; null until it is written.';

create table private.audit_head (
    one boolean primary key default true check (one),
    position bigint not null default 0 check (position >= 0),
    hash bytea not null default '\x0000000000000000000000000000000000000000000000000000000000000000' check (length(hash) = 32)
);
comment on table private.audit_head is 'The end of the chain: the next row is sealed onto it, also when rows before it were removed.';
insert into private.audit_head default values;

create table private.audit_tables (
    table_name text primary key check (length(table_name) <= 64),
    key_columns text[] not null default '{id}' check (private.is_text_list(key_columns) and cardinality(key_columns) > 0),
    subject_column text,
    subject_table text,
    subject_table_column text,
    personal_columns text[] not null default '{}' check (private.is_text_list(personal_columns)),
    secret_columns text[] not null default '{}' check (private.is_text_list(secret_columns)),
    ignored_columns text[] not null default '{updated_at}' check (private.is_text_list(ignored_columns)),
    constraint subjects_are_found_by_a_column check (
        num_nonnulls(subject_table, subject_table_column) in (0, 2) and (subject_table is null or subject_column is not null)
    )
);
comment on table private.audit_tables is 'What is audited, and what of it is personal, secret or of no matter.';
comment on column private.audit_tables.subject_column is 'The column that names the person, or the row of subject_table whose subject_table_column does.';
comment on column private.audit_tables.secret_columns is 'Their change is noted, a value never.';
comment on column private.audit_tables.ignored_columns is 'Counters and the like: a change of these alone writes nothing.';

create table private.audit_exempt (
    table_name text primary key check (length(table_name) <= 64),
    reason text not null check (length(reason) between 10 and 300)
);
comment on table private.audit_exempt is 'Tables of public that are not audited, and why.';

alter table public.audit_logs enable row level security;
alter table public.audit_personal_values enable row level security;
alter table public.audit_roots enable row level security;
alter table private.audit_head enable row level security;
alter table private.audit_tables enable row level security;
alter table private.audit_exempt enable row level security;
revoke all on public.audit_logs, public.audit_personal_values, public.audit_roots from anon, authenticated, service_role;
revoke all on private.audit_head, private.audit_tables, private.audit_exempt from anon, authenticated, service_role;
-- Nobody but the owner, in whose name the trigger runs, adds, changes or removes a row.
grant select on public.audit_logs, public.audit_personal_values, public.audit_roots to authenticated, service_role;
grant select on private.audit_head, private.audit_tables, private.audit_exempt to service_role;
grant insert on public.audit_roots to service_role;
grant update (exported_key) on public.audit_roots to service_role;

create policy "Admins view the audit log" on public.audit_logs for select to authenticated
    using ((select private.is_admin()));
create policy "Admins view personal values of the audit log" on public.audit_personal_values for select to authenticated
    using ((select private.is_admin()));
create policy "Admins view the audit log's roots" on public.audit_roots for select to authenticated
    using ((select private.is_admin()));

-- The form that is hashed ------------------------------------------------------------------------------------

create function private.audit_text(p_row public.audit_logs, p_position bigint) returns text
language sql stable parallel safe set search_path = pg_catalog, pg_temp
as $$
    -- Each value with its length in bytes in front, so that none can pass for two; "-" for null. The same stands in
    -- features/audit/chain.py, which checks without asking the database how.
    select 'collegium-audit-1,' || string_agg(coalesce(octet_length(convert_to(f.value, 'UTF8')) || ':' || f.value, '-') || ',', '' order by f.n)
    from unnest(array[
        p_position::text, p_row.id::text, (extract(epoch from p_row.at) * 1000000)::bigint::text, p_row.txid::text,
        p_row.actor::text, p_row.actor_role, p_row.request_id, p_row.table_name, p_row.record_id, p_row.operation,
        p_row.subject::text, to_jsonb(p_row.changed)::text, to_jsonb(p_row.personal)::text, p_row.before::text, p_row.after::text
    ]) with ordinality f (value, n)
$$;
comment on function private.audit_text(public.audit_logs, bigint) is 'A row of the log at a place in the chain as the text that is hashed; two different rows never give the same.';

-- Writing --------------------------------------------------------------------------------------------------

create function private.audit_actor_role(p_actor uuid) returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_role text;
begin
    if p_actor is not null then
        select role::text into v_role from public.profiles where id = p_actor;
    end if;
    -- The claim of somebody who has no profile (any more), or of no person.
    return coalesce(v_role, nullif(auth.role(), ''), session_user::text);
end
$$;
comment on function private.audit_actor_role(uuid) is 'As what somebody acts: his role on the site, else the database role.';

create function private.audit_subject(p_rule private.audit_tables, p_row jsonb, p_record text) returns uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_key uuid := (p_row ->> p_rule.subject_column)::uuid;
    v_subject uuid;
begin
    if v_key is null then
        return null;
    end if;
    execute format('select %I from public.%I where id = $1', p_rule.subject_table_column, p_rule.subject_table)
    into v_subject using v_key;
    if v_subject is null then
        -- Removed together with the row that named the person, whom the log knows from before.
        select l.subject into v_subject from public.audit_logs l
        where l.table_name = p_rule.table_name and l.record_id = p_record and l.subject is not null
        order by l.id desc limit 1;
    end if;
    return v_subject;
end
$$;
comment on function private.audit_subject(private.audit_tables, jsonb, text) is 'The person whom a row is about, where another table names him.';

create function public.log_audit_trail() returns trigger
-- The time zone is set because instants stand in the log as text.
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
declare
    v_rule private.audit_tables;
    v_row jsonb := case when tg_op = 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
    v_before jsonb;
    v_after jsonb;
    v_changed text[];
    v_personal text[];
    v_personal_before jsonb;
    v_personal_after jsonb;
    v_digests_before jsonb;
    v_digests_after jsonb;
    v_record text;
    v_subject uuid;
    v_salt bytea;
    v_id bigint;
    v_actor uuid := auth.uid();
begin
    select * into strict v_rule from private.audit_tables where table_name = tg_argv[0];
    if tg_op = 'UPDATE' then
        v_before := to_jsonb(old);
        -- Cheap, because most updates of busy tables move a counter only.
        if v_row - v_rule.ignored_columns = v_before - v_rule.ignored_columns then
            return null;
        end if;
        select jsonb_object_agg(n.key, o.value), jsonb_object_agg(n.key, n.value), array_agg(n.key order by n.key)
        into v_before, v_after, v_changed
        from jsonb_each(v_row) n join jsonb_each(v_before) o on o.key = n.key
        where n.value <> o.value and n.key <> all (v_rule.ignored_columns);
        if tg_nargs > 1 then
            v_before := to_jsonb(old) - v_rule.ignored_columns;
            v_after := v_row - v_rule.ignored_columns;
        end if;
    elsif tg_op = 'INSERT' then
        v_after := v_row - v_rule.ignored_columns;
    else
        v_before := v_row - v_rule.ignored_columns;
    end if;
    v_before := v_before - v_rule.secret_columns;
    v_after := v_after - v_rule.secret_columns;
    if cardinality(v_rule.key_columns) = 1 then
        v_record := v_row ->> v_rule.key_columns[1];
    else
        select string_agg(v_row ->> k.name, ' ' order by k.n) into v_record
        from unnest(v_rule.key_columns) with ordinality k (name, n);
    end if;
    if v_rule.subject_table is null then
        v_subject := (v_row ->> v_rule.subject_column)::uuid;
    else
        v_subject := private.audit_subject(v_rule, v_row, v_record);
    end if;
    if v_rule.personal_columns && v_changed or (v_changed is null or tg_nargs > 1) and v_rule.personal_columns <> '{}' then
        v_salt := uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
        -- What stands in the chained row: a digest of each value with the salt, its side and its column.
        select array_agg(distinct p.key order by p.key),
            jsonb_object_agg(p.key, p.value) filter (where p.side = 'before'),
            jsonb_object_agg(p.key, p.value) filter (where p.side = 'after'),
            v_before || jsonb_object_agg(p.key, p.digest) filter (where p.side = 'before'),
            v_after || jsonb_object_agg(p.key, p.digest) filter (where p.side = 'after')
        into v_personal, v_personal_before, v_personal_after, v_digests_before, v_digests_after
        from (
            select s.side, v.key, v.value, 'sha256:' || encode(sha256(v_salt || convert_to(
                length(s.side) || ':' || s.side || ',' || octet_length(convert_to(v.key, 'UTF8')) || ':' || v.key || ','
                || octet_length(convert_to(v.value::text, 'UTF8')) || ':' || v.value::text || ',', 'UTF8'
            )), 'hex') as digest
            from (values ('before', v_before), ('after', v_after)) s (side, columns) cross join jsonb_each(s.columns) v
            where v.key = any (v_rule.personal_columns) and v.value <> 'null'
        ) p;
        v_before := coalesce(v_digests_before, v_before);
        v_after := coalesce(v_digests_after, v_after);
    end if;
    insert into public.audit_logs
        (txid, actor, actor_role, request_id, table_name, record_id, operation, subject, changed, personal, before, after)
    values (
        pg_current_xact_id()::text::bigint, v_actor, private.audit_actor_role(v_actor), left(auth.jwt() ->> 'request_id', 64),
        tg_argv[0], left(v_record, 400), tg_op, v_subject, v_changed, v_personal, v_before, v_after
    )
    returning id into v_id;
    -- Of a row that is about nobody no personal value is kept, because nobody could ask for its removal.
    if v_personal is not null and v_subject is not null then
        insert into public.audit_personal_values (audit_id, subject, salt, before, after)
        values (v_id, v_subject, v_salt, v_personal_before, v_personal_after);
    end if;
    return null;
end
$$;
comment on function public.log_audit_trail() is
    'Trigger: writes a change into the log, in its transaction. Its argument is the table''s name in private.audit_tables; a second one, "whole", has updates written with all columns.';

-- Sealing --------------------------------------------------------------------------------------------------

create function private.seal_audit_logs(p_most integer default 20000) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_row public.audit_logs;
    v_position bigint;
    v_hash bytea;
    v_before bytea;
    v_sealed integer := 0;
begin
    -- One at a time. Each statement below sees what committed until then; what commits later is sealed later.
    perform pg_advisory_xact_lock(hashtextextended('audit_logs seal', 0));
    select h.position, h.hash into strict v_position, v_hash from private.audit_head h;
    for v_row in select * from public.audit_logs l where l.position is null order by l.id limit p_most loop
        v_position := v_position + 1;
        v_before := v_hash;
        v_hash := sha256(v_before || convert_to(private.audit_text(v_row, v_position), 'UTF8'));
        update public.audit_logs l set position = v_position, previous_hash = v_before, hash = v_hash where l.id = v_row.id;
        v_sealed := v_sealed + 1;
    end loop;
    if v_sealed > 0 then
        update private.audit_head set position = v_position, hash = v_hash;
    end if;
    return v_sealed;
end
$$;
comment on function private.seal_audit_logs(integer) is 'Takes rows that are not yet in the chain into it, in the order of their numbers; answers how many. At most so many at once.';
grant execute on function private.seal_audit_logs(integer) to service_role;

create function private.erase_audit_person(p_person uuid) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_erased integer;
    v_actor uuid := auth.uid();
begin
    delete from public.audit_personal_values where subject = p_person;
    get diagnostics v_erased = row_count;
    insert into public.audit_logs (txid, actor, actor_role, request_id, table_name, record_id, operation, subject, after)
    values (
        pg_current_xact_id()::text::bigint, v_actor, private.audit_actor_role(v_actor), left(auth.jwt() ->> 'request_id', 64),
        'audit_personal_values', p_person::text, 'ERASE', p_person, jsonb_build_object('erased', v_erased)
    );
    return v_erased;
end
$$;
comment on function private.erase_audit_person(uuid) is
    'Removes a person''s values from the log and notes that it did; the chain stays as it is. To be called after the person''s rows are gone, whose removal is logged too.';
grant execute on function private.erase_audit_person(uuid) to service_role;

-- Declaring what is audited ----------------------------------------------------------------------------------

create function private.audit_table(
    p_table text,
    p_trigger text,
    p_subject text default null,
    p_personal text[] default '{}',
    p_ignored text[] default '{}',
    p_secret text[] default '{}',
    p_events text default 'insert or update or delete'
) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    v_table regclass := ('public.' || quote_ident(p_table))::regclass;
    v_keys text[];
    v_missing text;
    v_subject text[] := regexp_match(p_subject, '^(\w+)(?: > (\w+)\.(\w+))?$');
begin
    select array_agg(a.attname::text order by array_position(i.indkey::smallint[], a.attnum)) into v_keys
    from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey::smallint[])
    where i.indrelid = v_table and i.indisprimary;
    select string_agg(c.name, ', ') into v_missing
    from unnest(array_remove(array_append(p_personal || p_ignored || p_secret, v_subject[1]), null)) c (name)
    where not exists (
        select 1 from pg_attribute a where a.attrelid = v_table and a.attname = c.name and a.attnum > 0 and not a.attisdropped
    );
    if v_missing is not null or (p_subject is not null and v_subject is null) then
        raise exception '% has no column %', v_table, coalesce(v_missing, p_subject);
    end if;
    insert into private.audit_tables
        (table_name, key_columns, subject_column, subject_table, subject_table_column, personal_columns, secret_columns, ignored_columns)
    values (
        p_table, v_keys, v_subject[1], v_subject[2], v_subject[3], p_personal, p_secret, p_ignored || '{updated_at,search_text}'::text[]
    );
    execute format(
        'create trigger %I after %s on public.%I for each row execute function public.log_audit_trail(%L)',
        p_trigger, p_events, p_table, p_table
    );
end
$$;
comment on function private.audit_table(text, text, text, text[], text[], text[], text) is
    'Has a table audited from now on: its trigger''s name, the column of the person (or "column > table.column"), what is personal, ignored, secret. For migrations.';

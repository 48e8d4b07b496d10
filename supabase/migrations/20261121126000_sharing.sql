-- Collections in order and shared: videos have a place in their part, one call moves parts and videos together, and an owner
-- may let others look by a link that he can take back.
-- Rollback: drop the table and the functions below, drop videos.order_index, grant update (module_id) on videos again.

-- Order ----------------------------------------------------------------------------------------------------

-- Until now nothing wrote into this table but programs of people's own, so that it is small.
alter table public.videos add column order_index integer not null default 0;
update public.videos v set order_index = p.place
from (
    select id, row_number() over (partition by module_id order by created_at, id) as place from public.videos
) p
where p.id = v.id;
alter table public.videos
    alter column order_index drop default,
    add constraint videos_order_is_a_place check (order_index between 1 and 9999) not valid,
    add constraint idx_videos_order unique (module_id, order_index) deferrable initially immediate;
alter table public.videos validate constraint videos_order_is_a_place;
comment on column public.videos.order_index is 'Its place in the module, counted from 1; the last when none is given. Moved by public.order_session().';

-- A video changes its module together with its place, and so by the call that knows both.
revoke update (module_id) on public.videos from authenticated;

create function private.place_collected_video() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_last integer;
begin
    -- An order names every video, so it and a new video wait for each other.
    perform 1 from public.modules m join public.sessions s on s.id = m.session_id where m.id = new.module_id for no key update of s;
    select coalesce(max(v.order_index), 0) into v_last from public.videos v where v.module_id = new.module_id;
    if v_last >= 500 then
        perform private.refuse('CG409', 'part_full', 'This part holds 500 videos, which is the most. Add another part.');
    end if;
    new.order_index := coalesce(new.order_index, v_last + 1);
    return new;
end
$$;
comment on function private.place_collected_video() is 'Trigger: a new video stands last in its module, unless a place is given.';
create trigger place_collected_video before insert on public.videos
    for each row execute function private.place_collected_video();

create function private.hold_my_session(p_session uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform 1 from public.sessions where id = p_session and user_id = auth.uid() for no key update;
    if not found then
        perform private.refuse('CG404', 'no_such_session', 'This collection is not there any more, or is not yours.');
    end if;
end
$$;
comment on function private.hold_my_session(uuid) is 'Holds a collection of the caller until the commit. Raises CG404.';

create function public.add_session_module(p_session uuid, p_name text) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_name text := btrim(p_name, E' \n\r\t');
    v_last integer;
    v_module uuid;
begin
    perform private.hold_my_session(p_session);
    if coalesce(length(v_name), 0) not between 1 and 255 then
        perform private.refuse('CG422', 'name_length', 'Give the part a name of at most 255 characters.');
    end if;
    select coalesce(max(m.order_index), 0) into v_last from public.modules m where m.session_id = p_session;
    if (select count(*) from public.modules m where m.session_id = p_session) >= 200 or v_last >= 9999 then
        perform private.refuse('CG409', 'collection_full', 'This collection has 200 parts, which is the most. Begin another collection.');
    end if;
    insert into public.modules (session_id, name, order_index) values (p_session, v_name, v_last + 1) returning id into v_module;
    return v_module;
end
$$;
comment on function public.add_session_module(uuid, text) is 'Adds a part at the end of the caller''s collection. Raises CG404, CG409, CG422.';

create function public.order_session(p_session uuid, p_order jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_modules uuid[];
    v_videos uuid[];
begin
    perform private.hold_my_session(p_session);
    if length(p_order::text) > 1000000 then
        perform private.refuse('CG422', 'not_an_order', 'This is not an order of parts and videos. Load the page again and try once more.');
    end if;
    begin
        select array_agg(o.module) into v_modules from jsonb_to_recordset(p_order) as o (module uuid, videos uuid[]);
        select array_agg(w.id) into v_videos
        from jsonb_to_recordset(p_order) as o (module uuid, videos uuid[]) cross join unnest(o.videos) as w (id);
    exception
        when data_exception then
            perform private.refuse('CG422', 'not_an_order', 'This is not an order of parts and videos. Load the page again and try once more.');
    end;
    if (select array_agg(m.id order by m.id) from public.modules m where m.session_id = p_session)
            is distinct from (select array_agg(g.id order by g.id) from unnest(v_modules) as g (id))
        or (
            select array_agg(v.id order by v.id) from public.videos v join public.modules m on m.id = v.module_id
            where m.session_id = p_session
        ) is distinct from (select array_agg(g.id order by g.id) from unnest(v_videos) as g (id))
    then
        perform private.refuse('CG422', 'not_all_named',
            'The collection has changed since this page was opened. Load the page again; nothing was moved.');
    end if;
    update public.modules m set order_index = o.place
    from rows from (jsonb_to_recordset(p_order) as (module uuid, videos uuid[])) with ordinality as o (module, videos, place)
    where m.id = o.module and m.session_id = p_session and m.order_index <> o.place;
    update public.videos v set module_id = o.module, order_index = w.place
    from jsonb_to_recordset(p_order) as o (module uuid, videos uuid[])
    cross join unnest(o.videos) with ordinality as w (id, place)
    where v.id = w.id and (v.module_id, v.order_index) is distinct from (o.module, w.place::integer);
end
$$;
comment on function public.order_session(uuid, jsonb) is
    'Puts the parts and videos of the caller''s collection into the order given, [{"module": id, "videos": [id, …]}, …], which names each once; '
    'videos may change their part. All of it or nothing. Raises CG404, CG422.';

grant execute on function public.add_session_module(uuid, text), public.order_session(uuid, jsonb) to authenticated;

-- Sharing --------------------------------------------------------------------------------------------------

create table public.session_shares (
    id uuid primary key default gen_random_uuid(),
    session_id uuid not null references public.sessions (id) on delete cascade,
    token_hash bytea not null check (length(token_hash) = 32),
    expires_at timestamptz,
    created_at timestamptz not null default now(),
    constraint session_shares_session unique (session_id),
    constraint session_shares_token unique (token_hash),
    constraint shares_expire_later check (expires_at > created_at)
);
comment on table public.session_shares is 'The link by which anybody who has it may look at a collection. To remove the row is to withdraw the link.';
comment on column public.session_shares.token_hash is 'SHA-256 of the token in the link, which is kept nowhere.';
comment on column public.session_shares.expires_at is 'From then on the link leads nowhere; null: until it is withdrawn.';

alter table public.session_shares enable row level security;
revoke all on public.session_shares from anon, authenticated, service_role;
grant select, insert, update, delete on public.session_shares to service_role;
grant select (id, session_id, expires_at, created_at), insert (id, session_id, token_hash, expires_at), delete on public.session_shares to authenticated;
create policy "Owners view the links to their sessions" on public.session_shares for select to authenticated
    using (session_id = any (array(select private.my_session_ids())) or (select private.is_admin()));
create policy "Owners share their sessions" on public.session_shares for insert to authenticated
    with check (session_id = any (array(select private.my_session_ids())));
create policy "Owners withdraw the links to their sessions" on public.session_shares for delete to authenticated
    using (session_id = any (array(select private.my_session_ids())));

create function private.shared_session_id(p_token text) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select s.session_id from public.session_shares s
    where s.token_hash = sha256(convert_to(p_token, 'UTF8')) and (s.expires_at is null or s.expires_at > now())
$$;
comment on function private.shared_session_id(text) is 'The collection that a link leads to now; null for none.';

create function public.read_shared_session(p_token text)
returns table (name text, session_type text, shared_by text, expires_at timestamptz, parts jsonb)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select s.name, s.session_type, private.public_name(s.user_id), h.expires_at, coalesce((
        select jsonb_agg(jsonb_build_object('name', m.name, 'videos', coalesce((
            select jsonb_agg(jsonb_build_object(
                'id', v.id, 'file_name', v.file_name, 'file_size', v.file_size, 'mime_type', v.mime_type, 'duration', v.duration,
                -- A key of the store would tell who the owner is.
                'address', case when v.file_url like 'https://%' then v.file_url end
            ) order by v.order_index)
            from public.videos v where v.module_id = m.id
        ), '[]')) order by m.order_index)
        from public.modules m where m.session_id = s.id
    ), '[]')
    from public.sessions s join public.session_shares h on h.session_id = s.id
    where s.id = private.shared_session_id(p_token)
$$;
comment on function public.read_shared_session(text) is
    'What whoever holds a link may see of a collection: names, sizes and lengths, and the owner''s first name. No row for a link that leads nowhere.';

create function private.shared_video_file(p_token text, p_video uuid) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select v.file_url from public.videos v join public.modules m on m.id = v.module_id
    where v.id = p_video and m.session_id = private.shared_session_id(p_token) and v.file_url not like 'https://%'
$$;
comment on function private.shared_video_file(text, uuid) is 'The key of a video''s file for the site, which sends it to whoever holds the link.';

grant execute on function public.read_shared_session(text) to anon, authenticated;
grant execute on function private.shared_video_file(text, uuid) to service_role;

select private.audit_table('session_shares', 'log_session_share_changes', p_secret => '{token_hash}');

-- Collections: a person's own ordered sets of videos. A session has modules, a module has videos; a teacher can publish a
-- session as a draft course.
-- Rollback: drop the tables and functions below.

create table public.sessions (
    id uuid primary key default gen_random_uuid(),
    name text not null check (length(name) between 1 and 255),
    session_type text not null default 'Linear Flow' check (length(session_type) between 1 and 50),
    user_id uuid not null references public.profiles (id) on delete cascade,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table public.sessions is 'A person''s own ordered collection of videos. Not a browser''s session, which is web_sessions, nor a class, which is live_sessions.';
create index idx_sessions_user_id on public.sessions (user_id, created_at desc);
create trigger update_sessions_updated_at before update on public.sessions
    for each row execute function public.update_updated_at_column();

create table public.modules (
    id uuid primary key default gen_random_uuid(),
    session_id uuid not null references public.sessions (id) on delete cascade,
    name text not null check (length(name) between 1 and 255),
    order_index integer not null check (order_index between 0 and 9999),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- Two places can change hands in one statement, and more in one transaction.
    constraint idx_modules_order unique (session_id, order_index) deferrable initially immediate
);
comment on table public.modules is 'The parts of a session, in order.';
create index idx_modules_session_id on public.modules (session_id);
create trigger update_modules_updated_at before update on public.modules
    for each row execute function public.update_updated_at_column();

create table public.videos (
    id uuid primary key default gen_random_uuid(),
    module_id uuid not null references public.modules (id) on delete cascade,
    file_name text not null check (length(file_name) between 1 and 255 and file_name !~ '[[:cntrl:]/\\]'),
    file_url text not null check (length(file_url) between 1 and 1024),
    file_size bigint not null check (file_size between 1 and 10737418240),
    mime_type text not null check (mime_type ~ '^video/[A-Za-z0-9.+-]+$' and length(mime_type) <= 100),
    duration integer check (duration between 1 and 43200),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table public.videos is 'The videos of a module, at most 10 GiB each.';
comment on column public.videos.file_url is
    'An https address, or the key of a file of the collection''s own person: sessions/<user_id>/…. Any other key could be somebody else''s file.';
comment on column public.videos.duration is 'Whole seconds, measured by the service; null until then.';
create index idx_videos_module_id on public.videos (module_id);
create trigger update_videos_updated_at before update on public.videos
    for each row execute function public.update_updated_at_column();

create function private.check_collected_file() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_person uuid;
begin
    select s.user_id into v_person from public.modules m join public.sessions s on s.id = m.session_id where m.id = new.module_id;
    -- A module that is not there, or not his, is refused by the foreign key or by the policy.
    if v_person is not null
        and new.file_url !~ '^https://[^[:space:][:cntrl:]/?#@]+([/?#][^[:space:][:cntrl:]]*)?$'
        and new.file_url !~ ('^sessions/' || v_person::text || '(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$')
    then
        perform private.refuse('CG422', 'no_such_file', 'Upload the video first, or give an address that begins with https://.');
    end if;
    return new;
end
$$;
comment on function private.check_collected_file() is 'Trigger: a video is at an https address or among the files of its collection''s person.';
create trigger check_collected_file before insert or update of file_url, module_id on public.videos
    for each row execute function private.check_collected_file();

-- Access ---------------------------------------------------------------------------------------------------

create function private.my_session_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select id from public.sessions where user_id = auth.uid() $$;
comment on function private.my_session_ids() is 'Collections of the person who asks.';

create function private.my_module_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select m.id from public.modules m join public.sessions s on s.id = m.session_id where s.user_id = auth.uid() $$;
comment on function private.my_module_ids() is 'Parts of the collections of the person who asks.';
grant execute on function private.my_session_ids(), private.my_module_ids() to authenticated, service_role;

alter table public.sessions enable row level security;
alter table public.modules enable row level security;
alter table public.videos enable row level security;
revoke all on public.sessions, public.modules, public.videos from anon, authenticated, service_role;
grant select, insert, update, delete on public.sessions, public.modules, public.videos to service_role;
grant select, delete on public.sessions, public.modules, public.videos to authenticated;
grant insert (id, name, session_type, user_id), update (name, session_type) on public.sessions to authenticated;
grant insert (id, session_id, name, order_index), update (session_id, name, order_index) on public.modules to authenticated;
grant insert (id, module_id, file_name, file_url, file_size, mime_type), update (module_id, file_name) on public.videos to authenticated;

-- Administrators answer for what is stored on the site, so they may look; they change nothing.
create policy "Users can view their own sessions" on public.sessions for select to authenticated
    using (user_id = (select auth.uid()) or (select private.is_admin()));
create policy "Users can create their own sessions" on public.sessions for insert to authenticated
    with check (user_id = (select auth.uid()));
create policy "Users can update their own sessions" on public.sessions for update to authenticated
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "Users can delete their own sessions" on public.sessions for delete to authenticated
    using (user_id = (select auth.uid()));

create policy "Users can view modules of their sessions" on public.modules for select to authenticated
    using (session_id = any (array(select private.my_session_ids())) or (select private.is_admin()));
create policy "Users can manage modules of their sessions: insert" on public.modules for insert to authenticated
    with check (session_id = any (array(select private.my_session_ids())));
create policy "Users can manage modules of their sessions: update" on public.modules for update to authenticated
    using (session_id = any (array(select private.my_session_ids())))
    with check (session_id = any (array(select private.my_session_ids())));
create policy "Users can manage modules of their sessions: delete" on public.modules for delete to authenticated
    using (session_id = any (array(select private.my_session_ids())));

create policy "Users can view videos of their modules" on public.videos for select to authenticated
    using (module_id = any (array(select private.my_module_ids())) or (select private.is_admin()));
create policy "Users can manage videos of their modules: insert" on public.videos for insert to authenticated
    with check (module_id = any (array(select private.my_module_ids())));
create policy "Users can manage videos of their modules: update" on public.videos for update to authenticated
    using (module_id = any (array(select private.my_module_ids())))
    with check (module_id = any (array(select private.my_module_ids())));
create policy "Users can manage videos of their modules: delete" on public.videos for delete to authenticated
    using (module_id = any (array(select private.my_module_ids())));

-- Order ----------------------------------------------------------------------------------------------------

create function public.reorder_modules(p_session uuid, p_modules uuid[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- One order at a time: two that took the rows in different orders would wait for each other.
    perform 1 from public.sessions where id = p_session and user_id = auth.uid() for no key update;
    if not found then
        perform private.refuse('CG404', 'no_such_session', 'This collection is not there any more, or is not yours.');
    elsif (select array_agg(m.id order by m.id) from public.modules m where m.session_id = p_session)
        is distinct from (select array_agg(g.id order by g.id) from unnest(p_modules) as g (id))
    then
        perform private.refuse('CG422', 'not_all_modules', 'Name every part of the collection once. Load the page again and try once more.');
    end if;
    update public.modules m set order_index = g.place
    from unnest(p_modules) with ordinality as g (id, place)
    where m.id = g.id and m.session_id = p_session and m.order_index <> g.place;
end
$$;
comment on function public.reorder_modules(uuid, uuid[]) is
    'Puts the parts of the caller''s collection into the order given, counted from 1. Raises CG404, CG422.';
grant execute on function public.reorder_modules(uuid, uuid[]) to authenticated;

-- Publishing -----------------------------------------------------------------------------------------------

create function private.add_video_lesson(p_module uuid, p_course uuid, p_video public.videos, p_order integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_lesson uuid;
    v_elsewhere boolean := p_video.file_url like 'https://%';
begin
    insert into public.lessons (module_id, course_id, title, lesson_type, lesson_order, completion_criteria)
    values (
        p_module, p_course, left(coalesce(nullif(regexp_replace(p_video.file_name, '\.[A-Za-z0-9]{1,5}$', ''), ''), p_video.file_name), 200),
        case when v_elsewhere then 'external_link' else 'video' end, p_order,
        case when v_elsewhere then 'marked_complete' else 'video_watched' end
    )
    returning id into v_lesson;
    if v_elsewhere then
        insert into public.lesson_links (lesson_id, course_id, content_url) values (v_lesson, p_course, p_video.file_url);
    else
        insert into public.lesson_videos (lesson_id, course_id, hosting_provider, source_key, duration, processing_state)
        values (v_lesson, p_course, 'upload', p_video.file_url, p_video.duration, 'waiting');
    end if;
end
$$;
comment on function private.add_video_lesson(uuid, uuid, public.videos, integer) is
    'Makes a lesson of a collected video: a link when it is elsewhere, else a video that waits to be processed.';

create function public.publish_session(p_session uuid) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_session public.sessions;
    v_course uuid;
    v_part record;
    v_unready text;
begin
    if not coalesce(private.is_teacher(), false) then
        perform private.refuse('CG403', 'teachers_only', 'Only instructors can make a course. Ask the association''s office to become one.');
    end if;
    select * into v_session from public.sessions where id = p_session and user_id = auth.uid() for no key update;
    if v_session.id is null then
        perform private.refuse('CG404', 'no_such_session', 'This collection is not there any more, or is not yours.');
    elsif not exists (select 1 from public.modules m join public.videos v on v.module_id = m.id where m.session_id = p_session) then
        perform private.refuse('CG409', 'session_empty', 'This collection has no video yet.');
    end if;
    select string_agg('"' || v.file_name || '"', ', ' order by v.file_name) into v_unready
    from public.modules m join public.videos v on v.module_id = m.id
    where m.session_id = p_session and v.duration is null and v.file_url not like 'https://%';
    if v_unready is not null then
        perform private.refuse('CG409', 'videos_not_ready', 'These videos are still being processed: ' || left(v_unready, 500) || '.');
    end if;
    insert into public.courses (title, slug, description, category, status, instructor_id, created_by)
    values (
        left(v_session.name, 200),
        -- The name as far as it can stand in an address, and something that nobody else has.
        btrim(regexp_replace(left(private.fold(v_session.name), 80), '[^a-z0-9]+', '-', 'g') || '-' || left(gen_random_uuid()::text, 8), '-'),
        '', 'continuing_education', 'draft', auth.uid(), auth.uid()
    )
    returning id into v_course;
    for v_part in
        insert into public.course_modules (course_id, title, module_order)
        select v_course, left(m.name, 200), row_number() over (order by m.order_index)
        from public.modules m where m.session_id = p_session
        returning id, module_order
    loop
        perform private.add_video_lesson(v_part.id, v_course, v, n.place)
        from (
            select m.id, row_number() over (order by m.order_index) as module_order
            from public.modules m where m.session_id = p_session
        ) o
        join public.videos v on v.module_id = o.id
        cross join lateral (
            select count(*)::integer as place from public.videos b
            where b.module_id = v.module_id and (b.created_at, b.id) <= (v.created_at, v.id)
        ) n
        where o.module_order = v_part.module_order;
    end loop;
    return v_course;
end
$$;
comment on function public.publish_session(uuid) is
    'Makes a draft course of the caller''s collection: its parts become modules, its videos lessons in the order they were added. '
    'Instructors only. Raises CG403, CG404, CG409.';
grant execute on function public.publish_session(uuid) to authenticated;

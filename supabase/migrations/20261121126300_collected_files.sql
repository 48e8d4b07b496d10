-- Collected files: what members upload becomes a video of their collection, goes when it is removed, and becomes a lesson's
-- video when a course is made.
-- Rollback: drop the functions add_collected_video and remove_collected_file with its trigger; make publish_session again as
-- 20261121101200_collections.sql has it.

create function public.add_collected_video(p_module uuid, p_file uuid) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_session uuid;
    v_file public.media_files;
    v_video uuid;
begin
    select m.session_id into v_session from public.modules m where m.id = p_module;
    perform private.hold_my_session(v_session);
    select * into v_file from public.media_files f where f.id = p_file and f.owner_id = auth.uid() and f.purpose = 'collection' for key share;
    if v_file.id is null then
        perform private.refuse('CG404', 'no_such_file', 'This file is not there any more. Upload it again.');
    elsif v_file.state = 'refused' then
        perform private.refuse('CG422', 'file_refused', v_file.refusal);
    elsif v_file.state <> 'ready' then
        perform private.refuse('CG409', 'file_not_ready', 'This file is still being checked. Try again in a moment.');
    elsif v_file.kind <> 'video' then
        perform private.refuse('CG422', 'no_video_file', 'This file is no video.');
    end if;
    -- Whoever sends the same again, because the answer was lost, adds nothing twice.
    select v.id into v_video from public.videos v where v.module_id = p_module and v.file_url = v_file.storage_key;
    if v_video is null then
        insert into public.videos (module_id, file_name, file_url, file_size, mime_type, duration)
        values (
            p_module, left(v_file.filename, 255), v_file.storage_key, v_file.byte_size, v_file.mime_type,
            case when v_file.duration <= 43200 then greatest(1, floor(v_file.duration)::integer) end
        )
        returning id into v_video;
    end if;
    return v_video;
end
$$;
comment on function public.add_collected_video(uuid, uuid) is
    'Puts a file that the caller uploaded for a collection at the end of a part of his own. Name, size, type and length are the file''s. Raises CG404, CG409, CG422.';
grant execute on function public.add_collected_video(uuid, uuid) to authenticated;

create function private.remove_collected_file() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    delete from public.media_files f
    where f.storage_key = old.file_url and f.purpose = 'collection'
      and not exists (select 1 from public.media_file_uses u where u.file_id = f.id);
    return null;
end
$$;
comment on function private.remove_collected_file() is
    'Trigger: the file of a video that is removed goes with it, unless a lesson that was made of it, or another collection, still uses it.';
-- Its name has it run after note_collected_file, which says that the file is no longer used here.
create trigger remove_collected_file after delete on public.videos
    for each row execute function private.remove_collected_file();

create or replace function public.publish_session(p_session uuid) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_session public.sessions;
    v_course uuid;
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
    where m.session_id = p_session and v.duration is null and v.file_url not like 'https://%'
      and not exists (select 1 from public.media_files f where f.storage_key = v.file_url and f.state = 'ready');
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
    insert into public.course_modules (course_id, title, module_order)
    select v_course, left(m.name, 200), row_number() over (order by m.order_index)
    from public.modules m where m.session_id = p_session;
    perform private.add_video_lesson(c.id, v_course, v, o.lesson_order::integer)
    from (
        select m.id, row_number() over (order by m.order_index) as module_order from public.modules m where m.session_id = p_session
    ) p
    join public.course_modules c on c.course_id = v_course and c.module_order = p.module_order
    join (
        select b.id, row_number() over (partition by b.module_id order by b.order_index) as lesson_order from public.videos b
        where b.module_id in (select m.id from public.modules m where m.session_id = p_session)
    ) o on true
    join public.videos v on v.id = o.id and v.module_id = p.id;
    return v_course;
end
$$;
comment on function public.publish_session(uuid) is
    'Makes a draft course of the caller''s collection: its parts become modules, its videos lessons, in their order. '
    'Instructors only. Raises CG403, CG404, CG409.';

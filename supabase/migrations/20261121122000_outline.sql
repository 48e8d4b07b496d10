-- The outline of a course as its team arranges it: everything put in order in one call, and copies of lessons and modules.
-- Rollback: drop the functions below.

create function private.current_outline(p_course uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'lessons', coalesce((
        select jsonb_agg(l.id order by l.lesson_order) from public.lessons l where l.module_id = m.id and l.state <> 'retired'
    ), '[]')) order by m.module_order), '[]')
    from public.course_modules m where m.course_id = p_course and m.state <> 'retired'
$$;
comment on function private.current_outline(uuid) is 'Modules in order, each {id, lessons: [id]}; without what was removed.';

create function private.parts_of_outline(p_outline jsonb) returns text[]
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
    if coalesce(jsonb_typeof(p_outline), '') <> 'array' or length(p_outline::text) > 500000 then
        return null;
    elsif exists (
        select 1 from jsonb_array_elements(p_outline) m where coalesce(jsonb_typeof(m.value -> 'lessons'), '') <> 'array'
    ) then
        return null;
    end if;
    return array(
        select p.part from (
            select 'module ' || coalesce(m.value ->> 'id', '') as part from jsonb_array_elements(p_outline) m
            union all
            select 'lesson ' || coalesce(l.value, '')
            from jsonb_array_elements(p_outline) m cross join lateral jsonb_array_elements_text(m.value -> 'lessons') l
        ) p order by p.part
    );
end
$$;
comment on function private.parts_of_outline(jsonb) is 'Every part that an outline names, in the order of their names; null for what is no outline.';

create function public.order_outline(p_course uuid, p_outline jsonb, p_base jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_now jsonb;
begin
    perform private.require_taught(p_course);
    -- Whoever adds or copies takes it too, so what is seen under it stays until the commit.
    perform pg_advisory_xact_lock(hashtextextended('outline:' || p_course::text, 0));
    v_now := private.current_outline(p_course);
    if p_base is distinct from v_now then
        perform private.refuse('CG409', 'outline_changed',
            'Somebody else changed this outline meanwhile. Nothing of yours was saved over it: look at what changed, then apply your order again.');
    elsif private.parts_of_outline(p_outline) is distinct from private.parts_of_outline(v_now) then
        perform private.refuse('CG422', 'outline_incomplete',
            'This order leaves out or repeats a part of the course. Reload the page and try again.');
    end if;
    set constraints public.unique_course_module_order, public.unique_module_lesson_order deferred;
    update public.course_modules m set module_order = w.place
    from jsonb_array_elements(p_outline) with ordinality w (part, place)
    where m.id = (w.part ->> 'id')::uuid and m.module_order <> w.place;
    -- Apart, because who comes into another module is looked at for circles.
    update public.lessons l set module_id = (w.part ->> 'id')::uuid, lesson_order = o.place
    from jsonb_array_elements(p_outline) w (part)
    cross join lateral jsonb_array_elements_text(w.part -> 'lessons') with ordinality o (lesson, place)
    where l.id = o.lesson::uuid and l.module_id <> (w.part ->> 'id')::uuid;
    update public.lessons l set lesson_order = o.place
    from jsonb_array_elements(p_outline) w (part)
    cross join lateral jsonb_array_elements_text(w.part -> 'lessons') with ordinality o (lesson, place)
    where l.id = o.lesson::uuid and l.lesson_order <> o.place;
    set constraints public.unique_course_module_order, public.unique_module_lesson_order immediate;
end
$$;
comment on function public.order_outline(uuid, jsonb, jsonb) is
    'Puts all modules and lessons of a course in order at once; both outlines are [{id, lessons: [id]}]. p_base is what the caller had seen. Raises CG404, CG409 outline_changed when it is not what is there, CG422.';
grant execute on function public.order_outline(uuid, jsonb, jsonb) to authenticated;

-- Copies -------------------------------------------------------------------------------------------------------

create function private.copy_lesson_content(p_from uuid, p_to uuid, p_course uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_table text;
begin
    -- Whatever columns they have. Files are named, not copied. A video that is not ready stays behind: the work on it belongs
    -- to the lesson that it was uploaded to. So does what was put away.
    foreach v_table in array array['content_blocks', 'lesson_videos', 'lesson_documents', 'lesson_attachments', 'lesson_links'] loop
        if to_regclass('public.' || v_table) is not null then
            execute format(
                'insert into public.%1$I select (jsonb_populate_record(t, jsonb_build_object('
                '''id'', gen_random_uuid(), ''lesson_id'', $2, ''course_id'', $3, ''download_count'', 0, '
                '''created_at'', clock_timestamp(), ''updated_at'', clock_timestamp()))).* '
                'from public.%1$I t where t.lesson_id = $1 '
                'and coalesce(to_jsonb(t) ->> ''processing_state'', ''ready'') = ''ready'' and to_jsonb(t) ->> ''removed_at'' is null',
                v_table
            ) using p_from, p_to, p_course;
        end if;
    end loop;
end
$$;
comment on function private.copy_lesson_content(uuid, uuid, uuid) is 'Gives a lesson the pieces, video, document, files and link of another one.';

create function private.copy_lesson_row(p_from public.lessons, p_module uuid, p_course uuid, p_order integer, p_title text) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_new uuid;
begin
    insert into public.lessons (
        module_id, course_id, title, description, lesson_type, lesson_order, is_preview, unlock_date, require_completion,
        completion_criteria, min_time_seconds, watched_percentage_required, estimated_duration_minutes, learning_objectives,
        enable_video_controls, allow_download
    )
    values (
        p_module, p_course, p_title, p_from.description, p_from.lesson_type, p_order, p_from.is_preview, p_from.unlock_date,
        p_from.require_completion, p_from.completion_criteria, p_from.min_time_seconds, p_from.watched_percentage_required,
        p_from.estimated_duration_minutes, p_from.learning_objectives, p_from.enable_video_controls, p_from.allow_download
    )
    returning id into v_new;
    perform private.copy_lesson_content(p_from.id, v_new, p_course);
    return v_new;
end
$$;
comment on function private.copy_lesson_row(public.lessons, uuid, uuid, integer, text) is
    'A lesson with the settings and the content of another one; it waits for nothing and nobody has been in it.';

create function public.copy_lesson(p_lesson uuid, p_module uuid) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_from public.lessons;
    v_course uuid;
    v_place integer;
    v_new uuid;
begin
    select * into v_from from public.lessons where id = p_lesson;
    select m.course_id into v_course from public.course_modules m where m.id = p_module and m.state <> 'retired';
    perform private.require_taught(v_from.course_id);
    perform private.require_taught(v_course);
    perform pg_advisory_xact_lock(hashtextextended('outline:' || v_course::text, 0));
    select case when p_module = v_from.module_id and v_from.state <> 'retired' then v_from.lesson_order
        else coalesce(max(l.lesson_order), 0) end + 1 into v_place
    from public.lessons l where l.module_id = p_module and l.state <> 'retired';
    update public.lessons set lesson_order = lesson_order + 1
    where module_id = p_module and state <> 'retired' and lesson_order >= v_place;
    v_new := private.copy_lesson_row(v_from, p_module, v_course, v_place,
        case when v_course = v_from.course_id then left(v_from.title, 193) || ' (copy)' else v_from.title end);
    if v_course = v_from.course_id then
        update public.lessons set unlock_after_lesson_id = v_from.unlock_after_lesson_id
        where id = v_new and v_from.unlock_after_lesson_id is not null;
        insert into public.lesson_prerequisites (lesson_id, requires_lesson_id, course_id)
        select v_new, p.requires_lesson_id, v_course from public.lesson_prerequisites p where p.lesson_id = p_lesson;
    end if;
    return v_new;
end
$$;
comment on function public.copy_lesson(uuid, uuid) is
    'Copies a lesson with its content into a module, also of another course; beside the original it stands right after it. Progress is never copied. Raises CG404.';
grant execute on function public.copy_lesson(uuid, uuid) to authenticated;

create function public.copy_module(p_module uuid, p_course uuid) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_from public.course_modules;
    v_lesson public.lessons;
    v_same boolean;
    v_place integer;
    v_new uuid;
    v_copies jsonb := '{}';
begin
    select * into v_from from public.course_modules where id = p_module and state <> 'retired';
    perform private.require_taught(v_from.course_id);
    perform private.require_taught(p_course);
    perform pg_advisory_xact_lock(hashtextextended('outline:' || p_course::text, 0));
    v_same := p_course = v_from.course_id;
    select case when v_same then v_from.module_order else coalesce(max(m.module_order), 0) end + 1 into v_place
    from public.course_modules m where m.course_id = p_course and m.state <> 'retired';
    update public.course_modules set module_order = module_order + 1
    where course_id = p_course and state <> 'retired' and module_order >= v_place;
    insert into public.course_modules (
        course_id, title, description, module_order, learning_objectives, is_preview, unlock_after_module_id, unlock_date,
        estimated_duration_minutes
    )
    values (
        p_course, case when v_same then left(v_from.title, 193) || ' (copy)' else v_from.title end, v_from.description, v_place,
        v_from.learning_objectives, v_from.is_preview, case when v_same then v_from.unlock_after_module_id end,
        v_from.unlock_date, v_from.estimated_duration_minutes
    )
    returning id into v_new;
    for v_lesson in select * from public.lessons where module_id = p_module and state <> 'retired' order by lesson_order loop
        v_copies := v_copies || jsonb_build_object(v_lesson.id::text,
            private.copy_lesson_row(v_lesson, v_new, p_course, v_lesson.lesson_order, v_lesson.title));
    end loop;
    -- Within the module copies wait for copies; for what stands elsewhere only where that is.
    update public.lessons l set unlock_after_lesson_id = w.waits
    from (
        select (v_copies ->> o.id::text)::uuid as id,
            coalesce((v_copies ->> o.unlock_after_lesson_id::text)::uuid, case when v_same then o.unlock_after_lesson_id end) as waits
        from public.lessons o where v_copies ? o.id::text and o.unlock_after_lesson_id is not null
    ) w
    where l.id = w.id and w.waits is not null;
    insert into public.lesson_prerequisites (lesson_id, requires_lesson_id, course_id)
    select (v_copies ->> p.lesson_id::text)::uuid, coalesce((v_copies ->> p.requires_lesson_id::text)::uuid, p.requires_lesson_id), p_course
    from public.lesson_prerequisites p
    where v_copies ? p.lesson_id::text and (v_same or v_copies ? p.requires_lesson_id::text);
    return v_new;
end
$$;
comment on function public.copy_module(uuid, uuid) is
    'Copies a module with its lessons into a course, right after the original or at the end of another course. Progress is never copied. Raises CG404.';
grant execute on function public.copy_module(uuid, uuid) to authenticated;

-- States of lessons and modules: live, draft (waits for publication) and retired (removed, but kept by those who began it).
-- Learners, guests, counters and versions know what is live, and a learner what the version he began holds.
-- The constraints on order are built anew under a short lock: both tables are small (the outlines of the courses).
-- Rollback: restore the policies, functions and triggers of the earlier migrations; drop the columns and functions below;
-- give back insert and update on lessons and course_modules as a whole.

alter table public.lessons
    add column state text not null default 'live' check (state in ('live', 'draft', 'retired')),
    add column retired_at timestamptz,
    add column returns_as text check (returns_as in ('live', 'draft')),
    add constraint retired_lessons_know_their_way_back check (
        (state = 'retired') = (retired_at is not null) and (state = 'retired') = (returns_as is not null)
    );
alter table public.course_modules
    add column state text not null default 'live' check (state in ('live', 'draft', 'retired')),
    add column retired_at timestamptz,
    add column returns_as text check (returns_as in ('live', 'draft')),
    add constraint retired_modules_know_their_way_back check (
        (state = 'retired') = (retired_at is not null) and (state = 'retired') = (returns_as is not null)
    );
comment on column public.lessons.state is
    'live: part of the course. draft: added to a course that was published, waits for public.publish_course_changes(). retired: removed; open to those whose version holds it.';
comment on column public.lessons.retired_at is 'When it was removed. A module and the lessons removed with it have the same instant.';
comment on column public.lessons.returns_as is 'What public.restore_lesson() makes of it: live until changes are published, draft afterwards.';
comment on column public.course_modules.state is 'As lessons.state. A live lesson is in a live module.';
comment on column public.course_modules.retired_at is 'When it was removed. The lessons removed with it have the same instant.';
comment on column public.course_modules.returns_as is 'What public.restore_module() makes of it: live until changes are published, draft afterwards.';

-- What is removed is not in the way of the order of the others.
alter table public.lessons drop constraint unique_module_lesson_order;
alter table public.lessons add constraint unique_module_lesson_order
    unique nulls not distinct (module_id, lesson_order, retired_at) deferrable initially immediate;
alter table public.course_modules drop constraint unique_course_module_order;
alter table public.course_modules add constraint unique_course_module_order
    unique nulls not distinct (course_id, module_order, retired_at) deferrable initially immediate;
create index idx_lessons_not_live on public.lessons (course_id) where state <> 'live';
create index idx_course_modules_not_live on public.course_modules (course_id) where state <> 'live';

alter table public.course_versions
    add column released_lesson_ids uuid[] not null default '{}',
    add column lesson_ids jsonb generated always as (jsonb_path_query_array(outline, '$[*].lessons[*].id')) stored,
    add column module_ids jsonb generated always as (jsonb_path_query_array(outline, '$[*].id')) stored;
comment on column public.course_versions.released_lesson_ids is 'Required lessons that the team let off those who hold the version: public.release_lesson().';
comment on column public.course_versions.lesson_ids is 'Every lesson of the outline: what those who began it may open, whatever becomes of the course.';
comment on column public.course_versions.module_ids is 'Every module of the outline.';

-- State is written by functions alone; what else a team writes stays a team's.
revoke insert, update on public.lessons, public.course_modules from authenticated;
grant insert (id, module_id, course_id, title, description, lesson_type, lesson_order, is_preview, unlock_after_lesson_id,
    unlock_date, require_completion, completion_criteria, min_time_seconds, watched_percentage_required,
    estimated_duration_minutes, learning_objectives, enable_video_controls, allow_download) on public.lessons to authenticated;
grant update (module_id, course_id, title, description, lesson_type, lesson_order, is_preview, unlock_after_lesson_id,
    unlock_date, require_completion, completion_criteria, min_time_seconds, watched_percentage_required,
    estimated_duration_minutes, learning_objectives, enable_video_controls, allow_download) on public.lessons to authenticated;
grant insert (id, course_id, title, description, module_order, learning_objectives, is_preview, unlock_after_module_id,
    unlock_date, estimated_duration_minutes) on public.course_modules to authenticated;
grant update (course_id, title, description, module_order, learning_objectives, is_preview, unlock_after_module_id,
    unlock_date, estimated_duration_minutes) on public.course_modules to authenticated;

-- Additions ------------------------------------------------------------------------------------------------

create function private.begin_part_state() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- Who adds as himself, to a course that learners have seen. An import of the association says itself what is live.
    if new.state = 'live' and auth.uid() is not null
        and exists (select 1 from public.courses c where c.id = new.course_id and c.published_at is not null)
    then
        new.state := 'draft';
    end if;
    return new;
end
$$;
comment on function private.begin_part_state() is 'Trigger: what is added to a course that was published waits as a draft.';
create trigger begin_part_state before insert on public.lessons
    for each row execute function private.begin_part_state();
create trigger begin_part_state before insert on public.course_modules
    for each row execute function private.begin_part_state();

create function private.keep_module_of_lesson() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if new.state <> 'retired' and exists (select 1 from public.course_modules m where m.id = new.module_id and m.state = 'retired') then
        perform private.refuse('CG409', 'module_removed', 'This module was removed. Bring it back first.');
    elsif new.state = 'live' then
        update public.course_modules set state = 'live' where id = new.module_id and state = 'draft';
    end if;
    return null;
end
$$;
comment on function private.keep_module_of_lesson() is
    'Trigger: a live lesson is in a live module, and none that is not removed in a removed one.';
create trigger trigger_keep_module_of_lesson after insert or update of module_id, state on public.lessons
    for each row execute function private.keep_module_of_lesson();

-- Who sees what --------------------------------------------------------------------------------------------

create function private.my_held_lesson_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select l.id from public.enrollments e
    join public.course_versions v on v.id = e.course_version_id
    join public.lessons l on l.course_id = e.course_id and l.state <> 'live' and v.lesson_ids ? l.id::text
    where e.member_id = auth.uid()
$$;
comment on function private.my_held_lesson_ids() is 'Lessons that are not live, but in a version that the person who asks began.';

create function private.my_held_module_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select m.id from public.enrollments e
    join public.course_versions v on v.id = e.course_version_id
    join public.course_modules m on m.course_id = e.course_id and m.state <> 'live' and v.module_ids ? m.id::text
    where e.member_id = auth.uid()
$$;
comment on function private.my_held_module_ids() is 'Modules that are not live, but in a version that the person who asks began.';
grant execute on function private.my_held_lesson_ids(), private.my_held_module_ids() to authenticated, service_role;

alter policy "Public can view outlines" on public.course_modules
    using (state = 'live' and exists (select 1 from public.courses c where c.id = course_id and c.status = 'published'));
alter policy "People view outlines" on public.course_modules
    using (
        (state = 'live' and exists (select 1 from public.courses c where c.id = course_id))
        or id = any (array(select private.my_held_module_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );
alter policy "Public can view lesson titles" on public.lessons
    using (state = 'live' and exists (select 1 from public.courses c where c.id = course_id and c.status = 'published'));
alter policy "People view lesson titles" on public.lessons
    using (
        (state = 'live' and exists (select 1 from public.courses c where c.id = course_id))
        or id = any (array(select private.my_held_lesson_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );
-- As the lesson that requires it is seen.
alter policy "Public can view what lessons require" on public.lesson_prerequisites
    using (exists (select 1 from public.lessons l where l.id = lesson_id));
alter policy "People view what lessons require" on public.lesson_prerequisites
    using (exists (select 1 from public.lessons l where l.id = lesson_id));
alter policy "Public can view open attachments" on public.lesson_attachments
    using (not requires_enrollment and exists (select 1 from public.lessons l where l.id = lesson_id));
alter policy "Learners view attachments that are open to them" on public.lesson_attachments
    using (
        lesson_id = any (array(select private.my_open_lesson_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
        or (not requires_enrollment and exists (
            select 1 from public.lessons l join public.courses c on c.id = l.course_id
            where l.id = lesson_id and c.status = 'published'
        ))
    );

create or replace function public.note_download(p_attachment uuid) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_key text;
begin
    update public.lesson_attachments a set download_count = a.download_count + 1
    where a.id = p_attachment and (
        a.lesson_id = any (array(select private.my_open_lesson_ids()))
        or a.course_id = any (array(select private.my_taught_course_ids()))
        or private.is_admin()
        or (not a.requires_enrollment and exists (
            select 1 from public.courses c join public.lessons l on l.course_id = c.id
            where l.id = a.lesson_id and l.state = 'live' and c.status = 'published'
        ))
    )
    returning a.file_url into v_key;
    if v_key is null then
        perform private.refuse('CG404', 'no_such_attachment', 'There is no file here that you may download. Enrol in the course first.');
    end if;
    return v_key;
end
$$;

create or replace function private.my_open_lesson_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with mine as materialized (
        select distinct e.course_id as id from private.my_open_enrollments() e
    ), held as materialized (
        select h.id from private.my_held_lesson_ids() as h (id)
    ), shut as materialized (
        select k.lesson_id from mine cross join lateral private.lesson_locks(auth.uid(), mine.id) k
    )
    select l.id from mine join public.lessons l on l.course_id = mine.id
    where l.id not in (select shut.lesson_id from shut) and (l.state = 'live' or l.id in (select held.id from held))
$$;

create or replace function private.my_enrollment_for(p_lesson uuid) returns public.enrollments
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment public.enrollments;
    v_lock text;
begin
    select e.* into v_enrollment
    from public.lessons l join private.my_open_enrollments() e on e.course_id = l.course_id
    left join public.course_versions v on v.id = e.course_version_id
    where l.id = p_lesson and (l.state = 'live' or v.lesson_ids ? l.id::text)
    order by e.completed_at desc nulls first, e.enrolled_at desc limit 1;
    if v_enrollment.id is null then
        perform private.refuse('CG403', 'not_enrolled', 'You are not enrolled in this course, or what you began does not hold this lesson.');
    end if;
    select k.lock_reason into v_lock from private.lesson_locks(auth.uid(), v_enrollment.course_id) k where k.lesson_id = p_lesson;
    if v_lock is not null then
        perform private.refuse('CG403', 'locked', 'This lesson is not open for you yet.');
    end if;
    return v_enrollment;
end
$$;

create or replace function private.lesson_states(p_member uuid, p_course uuid)
returns table (lesson_id uuid, is_locked boolean)
language plpgsql stable security definer cost 10000 rows 50 set search_path = pg_catalog, pg_temp
as $$
begin
    -- The views below call this once for an enrollment. Others may ask only about whom they may see.
    if current_setting('role', true) = 'service_role'
        or p_member = auth.uid()
        or private.is_admin()
        or p_course in (select private.my_taught_course_ids())
        or p_member in (select private.my_managed_member_ids())
    then
        return query
            select l.id, k.lesson_id is not null
            from public.lessons l
            left join private.lesson_locks(p_member, p_course) k on k.lesson_id = l.id
            where l.course_id = p_course and exists (
                select 1 from public.enrollments e left join public.course_versions v on v.id = e.course_version_id
                where e.member_id = p_member and e.course_id = p_course and (l.state = 'live' or v.lesson_ids ? l.id::text)
            );
    end if;
end
$$;

-- Unlocking: only what is live keeps anything shut -------------------------------------------------------------

create or replace function private.waits_for(p_part uuid) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    -- What was removed waits for nothing and keeps nothing waiting; it is looked at again when it comes back.
    select l.unlock_after_lesson_id from public.lessons l
    where l.id = p_part and l.unlock_after_lesson_id is not null and l.state <> 'retired'
    union all
    select p.requires_lesson_id from public.lesson_prerequisites p join public.lessons l on l.id = p.lesson_id
    where p.lesson_id = p_part and l.state <> 'retired'
    union all
    select m.unlock_after_module_id from public.lessons l join public.course_modules m on m.id = l.module_id
    where l.id = p_part and m.unlock_after_module_id is not null and l.state <> 'retired'
    union all
    select m.unlock_after_module_id from public.course_modules m
    where m.id = p_part and m.unlock_after_module_id is not null and m.state <> 'retired'
    union all
    select l.id from public.lessons l where l.module_id = p_part and l.require_completion and l.state <> 'retired'
$$;
create constraint trigger restored_lessons_unlock_without_circle after update of state on public.lessons
    for each row when (old.state = 'retired' and new.state <> 'retired') execute function private.refuse_unlock_circle();
create constraint trigger restored_modules_unlock_without_circle after update of state on public.course_modules
    for each row when (old.state = 'retired' and new.state <> 'retired') execute function private.refuse_unlock_circle();

create or replace function private.lesson_locks(p_member uuid, p_course uuid)
returns table (lesson_id uuid, lock_reason text, waits_for text, opens_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    -- One row for each lesson of the course that is still shut for the member, with the first reason.
    with mine as (
        select p.lesson_id from public.enrollments e
        join public.lesson_progress p on p.enrollment_id = e.id and p.status = 'completed'
        where e.member_id = p_member and e.course_id = p_course
    ), begun as (
        select v.id as version, v.lesson_ids, v.required_lesson_ids, v.released_lesson_ids
        from public.enrollments e left join public.course_versions v on v.id = e.course_version_id
        where e.member_id = p_member and e.course_id = p_course
    ), open_modules as (
        select m.id from public.course_modules m
        where m.course_id = p_course and (m.state <> 'live' or not exists (
            select 1 from public.lessons l
            where l.module_id = m.id and l.require_completion and l.state = 'live' and l.id not in (select mine.lesson_id from mine)
              -- A lesson that came after somebody began keeps nothing shut for him, nor one that he was let off.
              and (not exists (select 1 from begun) or exists (
                  select 1 from begun b
                  where b.version is null or (l.id = any (b.required_lesson_ids) and l.id <> all (b.released_lesson_ids))
              ))
        ))
    )
    select l.id, r.reason, r.waits_for, r.opens_at
    from public.lessons l
    join public.course_modules m on m.id = l.module_id
    cross join lateral (
        select 'module_date' as reason, null::text as waits_for, m.unlock_date as opens_at, 1 as rank, 0 as place
        where m.unlock_date > now()
        union all
        select 'lesson_date', null, l.unlock_date, 2, 0 where l.unlock_date > now()
        union all
        select 'after_module', b.title, null, 3, 0 from public.course_modules b
        where b.id = m.unlock_after_module_id and b.id not in (select open_modules.id from open_modules)
        union all
        select 'after_lesson', b.title, null, 4, 0 from public.lessons b
        where b.id = l.unlock_after_lesson_id and b.state = 'live' and b.id not in (select mine.lesson_id from mine)
        union all
        select 'after_lesson', b.title, null, 5, b.lesson_order
        from public.lesson_prerequisites n join public.lessons b on b.id = n.requires_lesson_id and b.state = 'live'
        where n.lesson_id = l.id and b.id not in (select mine.lesson_id from mine)
        order by rank, place limit 1
    ) r
    where l.course_id = p_course and (l.state = 'live' or exists (select 1 from begun b where b.lesson_ids ? l.id::text))
$$;

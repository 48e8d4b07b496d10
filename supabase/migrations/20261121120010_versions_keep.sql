-- A version asks what it asked when it was begun: no edit of a course moves the percentage or the status of those who are
-- in it. To ask less of them is an act of its own, with a reason. Thresholds are those of the version, too.
-- Rollback: drop the table and the new functions; restore the functions and triggers of the earlier migrations and the
-- constraint unique_course_version_digest.

-- A version that somebody was let off a part of is not what the course asks of the next ones.
alter table public.course_versions drop constraint unique_course_version_digest;
create unique index unique_course_version_digest on public.course_versions (course_id, digest) where released_lesson_ids = '{}';
comment on column public.course_versions.required_lessons is
    'How many of required_lesson_ids are asked: all but released_lesson_ids. Moved by private.ask_of_versions() alone.';
comment on table public.course_versions is
    'A course as it was when somebody began it. What it holds is never edited; the team may let its learners off a lesson. A course without required lessons has none yet.';

-- What a version holds: what is live ----------------------------------------------------------------------------

create or replace function private.describe_course(p_course uuid)
returns table (title text, ce_credits numeric, outline jsonb, requirements jsonb, required_lesson_ids uuid[], digest bytea)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with parts as (
        select l.*, m.module_order, v.duration
        from public.lessons l
        join public.course_modules m on m.id = l.module_id
        left join public.lesson_videos v on v.lesson_id = l.id
        where l.course_id = p_course and l.state = 'live'
    ), outlined as (
        select coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'title', m.title, 'lessons', coalesce((
            select jsonb_agg(jsonb_build_object('id', p.id, 'title', p.title, 'type', p.lesson_type, 'required', p.require_completion)
                order by p.lesson_order)
            from parts p where p.module_id = m.id
        ), '[]')) order by m.module_order), '[]') as outline
        from public.course_modules m where m.course_id = p_course and m.state = 'live'
    ), required as (
        select
            coalesce(jsonb_agg(jsonb_build_object(
                'lesson_id', p.id, 'title', p.title, 'criteria', p.completion_criteria, 'min_time_seconds', p.min_time_seconds,
                'watched_percentage', p.watched_percentage_required, 'video_seconds', p.duration
            ) order by p.module_order, p.lesson_order), '[]') as requirements,
            coalesce(array_agg(p.id order by p.module_order, p.lesson_order), '{}') as ids
        from parts p where p.require_completion
    )
    select c.title, c.ce_credits, o.outline, r.requirements, r.ids,
        private.digest_version(c.title, c.ce_credits, o.outline, r.requirements)
    from public.courses c cross join outlined o cross join required r
    where c.id = p_course
$$;

create or replace function private.snapshot_course(p_course uuid) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_now record;
    v_version uuid;
begin
    select * into v_now from private.describe_course(p_course);
    if coalesce(cardinality(v_now.required_lesson_ids), 0) = 0 then
        return null;
    end if;
    select id into v_version from public.course_versions
    where course_id = p_course and digest = v_now.digest and released_lesson_ids = '{}';
    if v_version is null then
        -- One at a time for a course; what is seen under the lock is what the version holds. Not the row of the course:
        -- an enrollment that waits for another one must not hold it.
        perform pg_advisory_xact_lock(hashtextextended('course_version:' || p_course::text, 0));
        select * into v_now from private.describe_course(p_course);
        insert into public.course_versions as v
            (course_id, number, title, ce_credits, outline, requirements, required_lesson_ids, digest, required_lessons, created_by)
        select p_course, coalesce(max(o.number), 0) + 1, v_now.title, v_now.ce_credits, v_now.outline, v_now.requirements,
            v_now.required_lesson_ids, v_now.digest, cardinality(v_now.required_lesson_ids),
            (select p.id from public.profiles p where p.id = auth.uid())
        from public.course_versions o where o.course_id = p_course
        on conflict (course_id, digest) where released_lesson_ids = '{}' do nothing
        returning v.id into v_version;
        if v_version is null then
            select id into v_version from public.course_versions
            where course_id = p_course and digest = v_now.digest and released_lesson_ids = '{}';
        end if;
    end if;
    return v_version;
end
$$;

-- What a version asks --------------------------------------------------------------------------------------

create or replace function private.asks(p_version uuid, p_lesson uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select case when p_version is null then exists (
        select 1 from public.lessons l where l.id = p_lesson and l.require_completion and l.state = 'live'
    ) else exists (
        select 1 from public.course_versions v
        where v.id = p_version and p_lesson = any (v.required_lesson_ids) and p_lesson <> all (v.released_lesson_ids)
    ) end
$$;
comment on function private.asks(uuid, uuid) is
    'Whether those who began a version (null: no version) must complete a lesson: it was required then, and nobody let them off.';

create or replace function private.ask_of_versions(p_course uuid, p_lesson uuid, p_change integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- Only ever less: p_change is -1.
    update public.course_versions v set
        released_lesson_ids = v.released_lesson_ids || p_lesson, required_lessons = v.required_lessons + p_change
    where v.course_id = p_course and p_lesson = any (v.required_lesson_ids) and p_lesson <> all (v.released_lesson_ids);
    -- When nothing is left of a version, its learners go on with the course as it is.
    update public.enrollments e set
        course_version_id = null,
        lessons_completed = (
            select count(*) from public.lesson_progress p
            where p.enrollment_id = e.id and p.status = 'completed' and private.asks(null, p.lesson_id)
        )
    from public.course_versions v
    where v.course_id = p_course and v.required_lessons = 0 and e.course_version_id = v.id and e.completed_at is null;
end
$$;
comment on function private.ask_of_versions(uuid, uuid, integer) is
    'Lets off a lesson whoever holds a version that asks for it, and lets go those who hold one of which nothing is left.';

create function private.keep_held_lessons() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (
        select 1 from public.course_versions v
        where v.course_id = old.course_id and old.id = any (v.required_lesson_ids) and old.id <> all (v.released_lesson_ids)
          and exists (select 1 from public.enrollments e where e.course_version_id = v.id)
    ) then
        perform private.refuse('CG409', 'lesson_is_held',
            'Learners began this course with this lesson. Remove it: whoever began with it keeps it, and nobody else gets it.');
    end if;
    return case when tg_op = 'DELETE' then old else new end;
end
$$;
comment on function private.keep_held_lessons() is
    'Trigger: a lesson that somebody''s version asks for is neither erased nor taken to another course; public.remove_lesson() retires it.';
create trigger keep_held_lessons before delete on public.lessons for each row execute function private.keep_held_lessons();
create trigger keep_held_lessons_in_their_course before update of course_id on public.lessons
    for each row when (old.course_id <> new.course_id) execute function private.keep_held_lessons();

create or replace function private.ask_less_of_versions() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- Only versions that nobody holds can still ask for it: private.keep_held_lessons().
    perform private.hold_requirements(old.course_id, true);
    perform private.ask_of_versions(old.course_id, old.id, -1);
    return null;
end
$$;

create or replace function private.recount_lesson_in_enrollments() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_counts boolean := new.require_completion and new.state = 'live';
begin
    perform private.hold_requirements(new.course_id, true);
    -- Who holds a version is asked what it asks. The others follow the course.
    update public.enrollments e set lessons_completed = e.lessons_completed + case when v_counts then 1 else -1 end
    from public.lesson_progress p
    where p.lesson_id = new.id and p.status = 'completed' and e.id = p.enrollment_id and e.course_version_id is null;
    if not v_counts then
        perform private.complete_enrollments_when_met(new.course_id);
    end if;
    return null;
end
$$;
comment on function private.recount_lesson_in_enrollments() is
    'Trigger: a lesson began or ceased to count for those who hold no version, and some of them may now be done.';
drop trigger trigger_recount_lesson_in_enrollments on public.lessons;
create trigger trigger_recount_lesson_in_enrollments after update of require_completion, state on public.lessons
    for each row when (
        (old.require_completion and old.state = 'live') is distinct from (new.require_completion and new.state = 'live')
    )
    execute function private.recount_lesson_in_enrollments();

create or replace function private.complete_enrollments_when_met(p_course uuid) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment uuid;
    v_completed integer := 0;
begin
    for v_enrollment in
        select e.id from public.enrollments e
        left join public.course_versions v on v.id = e.course_version_id
        where e.course_id = p_course and e.status in ('enrolled', 'in_progress') and e.lessons_completed > 0
          and e.lessons_completed >= coalesce(v.required_lessons, (
              select count(*) from public.lessons l where l.course_id = p_course and l.require_completion and l.state = 'live'
          ))
        order by e.id
    loop
        v_completed := v_completed + private.complete_enrollment_when_met(v_enrollment)::integer;
    end loop;
    return v_completed;
end
$$;

-- Counters: what is live --------------------------------------------------------------------------------------

create or replace function private.count_required_lessons() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.hold_requirements(coalesce(new.course_id, old.course_id), true);
    if tg_op <> 'INSERT' and old.require_completion and old.state = 'live' then
        update public.courses set required_lessons = required_lessons - 1 where id = old.course_id;
    end if;
    if tg_op <> 'DELETE' and new.require_completion and new.state = 'live' then
        update public.courses set required_lessons = required_lessons + 1 where id = new.course_id;
    end if;
    return null;
end
$$;
drop trigger trigger_recount_required_lessons on public.lessons;
create trigger trigger_recount_required_lessons after update of require_completion, course_id, state on public.lessons
    for each row when (
        (old.require_completion, old.course_id, old.state) is distinct from (new.require_completion, new.course_id, new.state)
    )
    execute function private.count_required_lessons();
comment on column public.courses.required_lessons is 'Live lessons with require_completion; kept by trigger_count_required_lessons.';

create or replace function private.recount_module(p_module uuid) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_course uuid := (select course_id from public.course_modules where id = p_module);
    v_difference integer;
begin
    if v_course is null then
        return 0;
    end if;
    perform private.hold_requirements(v_course, true);
    select (
        select count(*) from (
            select g.enrollment_id from public.lesson_progress g
            join public.lessons l on l.id = g.lesson_id
            where l.module_id = p_module and l.require_completion and l.state = 'live' and g.status = 'completed'
            group by g.enrollment_id
            having count(*) = (
                select count(*) from public.lessons w where w.module_id = p_module and w.require_completion and w.state = 'live'
            )
        ) done
    ) - coalesce((select sum(c.completed) from public.content_counts c where c.module_id = p_module), 0)
      - coalesce((select sum(m.completed) from public.content_count_moves m where m.module_id = p_module), 0)
    into v_difference;
    if v_difference <> 0 then
        insert into public.content_count_moves (course_id, module_id, completed) values (v_course, p_module, v_difference);
    end if;
    return v_difference;
end
$$;
drop trigger trigger_zz_recount_module_on_change on public.lessons;
create trigger trigger_zz_recount_module_on_change after update of require_completion, module_id, state on public.lessons
    for each row when (
        (old.require_completion, old.module_id, old.state) is distinct from (new.require_completion, new.module_id, new.state)
    )
    execute function private.recount_changed_module();

create or replace function private.move_content_counts(p_old jsonb, p_new jsonb) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$
    -- Each row of progress as {e: enrollment, l: lesson, c: course, s: status}, as it was and as it is.
    with changed as (
        select r.*, -1 as sign from jsonb_to_recordset(p_old) as r (e uuid, l uuid, c uuid, s text)
        union all
        select r.*, 1 from jsonb_to_recordset(p_new) as r (e uuid, l uuid, c uuid, s text)
    ), lessons as (
        select l as lesson_id, c as course_id, sum(sign) filter (where s <> 'not_started') as started,
            sum(sign) filter (where s = 'completed') as completed
        from changed group by l, c
    ), parts as (
        -- Modules of which somebody completed, or lost, a lesson that counts.
        select d.e, m.module_id, d.c, sum(d.sign) as difference
        from changed d join public.lessons m on m.id = d.l and m.require_completion and m.state = 'live'
        where d.s = 'completed' group by d.e, m.module_id, d.c having sum(d.sign) <> 0
    ), modules as (
        select p.module_id, p.c as course_id, sum((n.done = w.wanted)::integer - (n.done - p.difference = w.wanted)::integer) as completed
        from parts p
        cross join lateral (
            select count(*) as wanted from public.lessons l
            where l.module_id = p.module_id and l.require_completion and l.state = 'live'
        ) w
        cross join lateral (
            select count(*) as done from public.lessons l
            join public.lesson_progress g on g.enrollment_id = p.e and g.lesson_id = l.id and g.status = 'completed'
            where l.module_id = p.module_id and l.require_completion and l.state = 'live'
        ) n
        group by p.module_id, p.c
    )
    insert into public.content_count_moves (course_id, lesson_id, module_id, started, completed)
    -- A lesson that is being deleted takes its counts with it.
    select l.course_id, l.lesson_id, null, coalesce(l.started, 0), coalesce(l.completed, 0) from lessons l
    where (coalesce(l.started, 0) <> 0 or coalesce(l.completed, 0) <> 0)
      and exists (select 1 from public.lessons x where x.id = l.lesson_id)
    union all
    select m.course_id, null, m.module_id, 0, m.completed from modules m where m.completed <> 0
$$;

create or replace function private.mend_course_counters() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_number integer;
begin
    -- Locked first and counted by a later statement, which sees what committed while it waited: nobody else changes a
    -- counter of a row that we hold, and who waits for it adds his difference to what we wrote.
    perform 1 from public.courses order by id for no key update;
    update public.courses c
    set total_enrollments = r.total, active_enrollments = r.active, completion_count = r.done, required_lessons = r.required
    from (
        select c.id,
            (select count(*) from public.enrollments e where e.course_id = c.id)::integer as total,
            (select count(*) from public.enrollments e where e.course_id = c.id and e.status in ('enrolled', 'in_progress'))::integer as active,
            (select count(*) from public.enrollments e where e.course_id = c.id and e.status = 'completed')::integer as done,
            (
                select count(*) from public.lessons l where l.course_id = c.id and l.require_completion and l.state = 'live'
            )::integer as required
        from public.courses c
    ) r
    where r.id = c.id
      and (c.total_enrollments, c.active_enrollments, c.completion_count, c.required_lessons)
          is distinct from (r.total, r.active, r.done, r.required);
    get diagnostics v_number = row_count;
    return v_number;
end
$$;

create or replace function private.mend_lessons_completed() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment uuid;
    v_done integer;
    v_number integer := 0;
begin
    for v_enrollment in
        select e.id from public.enrollments e
        left join public.course_versions v on v.id = e.course_version_id
        where e.lessons_completed <> (
            select count(*) from public.lesson_progress p join public.lessons l on l.id = p.lesson_id
            where p.enrollment_id = e.id and p.status = 'completed' and case
                when v.id is null then l.require_completion and l.state = 'live'
                else l.id = any (v.required_lesson_ids) and l.id <> all (v.released_lesson_ids) end
        )
        order by e.id
    loop
        perform 1 from public.enrollments where id = v_enrollment for no key update;
        -- What the version that was begun does not ask is not counted.
        select count(*) into v_done
        from public.lesson_progress p join public.enrollments e on e.id = p.enrollment_id
        where p.enrollment_id = v_enrollment and p.status = 'completed' and private.asks(e.course_version_id, p.lesson_id);
        update public.enrollments set lessons_completed = v_done where id = v_enrollment and lessons_completed <> v_done;
        if found then
            v_number := v_number + 1;
            perform private.complete_enrollment_when_met(v_enrollment);
        end if;
    end loop;
    return v_number;
end
$$;

-- What is there already: nobody's percentage moves today either.
update public.course_versions v set released_lesson_ids = array(
    select r.id from unnest(v.required_lesson_ids) as r (id)
    where not exists (select 1 from public.lessons l where l.id = r.id and l.course_id = v.course_id and l.require_completion)
);

-- Counters of lessons and modules: how many began, how many completed. They move by the difference, and nobody waits for
-- anybody: each transition adds a row of differences, and a job folds these rows into the counts. The views add both, so they are
-- exact at every moment. A count on the row of the lesson itself would be one row that all its learners queue for, would move the
-- catalogue's version at every step of a learner, and could meet the course's own counters in two orders.
-- Rollback: drop the tables, views, functions and triggers below.

create table public.content_counts (
    id uuid primary key default gen_random_uuid(),
    course_id uuid not null,
    lesson_id uuid unique,
    module_id uuid unique,
    started integer not null default 0 check (started >= 0),
    completed integer not null default 0 check (completed >= 0),
    constraint counts_are_of_a_lesson_or_a_module check (num_nonnulls(lesson_id, module_id) = 1),
    constraint content_counts_lesson foreign key (lesson_id, course_id)
        references public.lessons (id, course_id) on delete cascade on update cascade,
    constraint content_counts_module foreign key (module_id, course_id)
        references public.course_modules (id, course_id) on delete cascade on update cascade
);
comment on table public.content_counts is 'What private.fold_content_counts has gathered of content_count_moves. The views lesson_counters and module_counters add both.';
create index idx_content_counts_course on public.content_counts (course_id);
create index idx_content_counts_lesson on public.content_counts (lesson_id, course_id);
create index idx_content_counts_module on public.content_counts (module_id, course_id);

create table public.content_count_moves (
    id uuid primary key default private.uuid_v7(),
    course_id uuid not null,
    lesson_id uuid,
    module_id uuid,
    started integer not null default 0,
    completed integer not null default 0,
    constraint moves_are_of_a_lesson_or_a_module check (num_nonnulls(lesson_id, module_id) = 1),
    constraint moves_move_something check (started <> 0 or completed <> 0),
    constraint content_count_moves_lesson foreign key (lesson_id, course_id)
        references public.lessons (id, course_id) on delete cascade on update cascade,
    constraint content_count_moves_module foreign key (module_id, course_id)
        references public.course_modules (id, course_id) on delete cascade on update cascade
);
comment on table public.content_count_moves is 'Differences that are not folded yet: added by each transition, never changed.';
create index idx_content_count_moves_course on public.content_count_moves (course_id);
create index idx_content_count_moves_lesson on public.content_count_moves (lesson_id, course_id);
create index idx_content_count_moves_module on public.content_count_moves (module_id, course_id);

-- Moving them ----------------------------------------------------------------------------------------------

create function private.move_content_counts(p_old jsonb, p_new jsonb) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
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
        from changed d join public.lessons m on m.id = d.l and m.require_completion
        where d.s = 'completed' group by d.e, m.module_id, d.c having sum(d.sign) <> 0
    ), modules as (
        select p.module_id, p.c as course_id, sum((n.done = w.wanted)::integer - (n.done - p.difference = w.wanted)::integer) as completed
        from parts p
        cross join lateral (
            select count(*) as wanted from public.lessons l where l.module_id = p.module_id and l.require_completion
        ) w
        cross join lateral (
            select count(*) as done from public.lessons l
            join public.lesson_progress g on g.enrollment_id = p.e and g.lesson_id = l.id and g.status = 'completed'
            where l.module_id = p.module_id and l.require_completion
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
comment on function private.move_content_counts(jsonb, jsonb) is
    'Adds what a change of lesson_progress moves. Its cost grows with the lessons of the module, never with the learners of the course.';

create function private.count_progress() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_old jsonb := '[]';
    v_new jsonb := '[]';
begin
    -- Whole statements at once: a cascade takes all lessons of an enrollment together.
    if tg_op <> 'INSERT' then
        select coalesce(jsonb_agg(jsonb_build_object('e', o.enrollment_id, 'l', o.lesson_id, 'c', o.course_id, 's', o.status)), '[]')
        into v_old from old_rows o;
    end if;
    if tg_op <> 'DELETE' then
        select coalesce(jsonb_agg(jsonb_build_object('e', n.enrollment_id, 'l', n.lesson_id, 'c', n.course_id, 's', n.status)), '[]')
        into v_new from new_rows n;
    end if;
    if v_old <> v_new then
        perform private.move_content_counts(v_old, v_new);
    end if;
    return null;
end
$$;
comment on function private.count_progress() is
    'Trigger: counts who began and completed lessons and modules. Fires after trigger_update_enrollment_progress, which holds the enrollment, '
    'so of two lessons that one person completes at once the second sees the first.';
create trigger trigger_count_progress_on_insert after insert on public.lesson_progress
    referencing new table as new_rows for each statement execute function private.count_progress();
create trigger trigger_count_progress_on_update after update on public.lesson_progress
    referencing old table as old_rows new table as new_rows for each statement execute function private.count_progress();
create trigger trigger_count_progress_on_delete after delete on public.lesson_progress
    referencing old table as old_rows for each statement execute function private.count_progress();

create function private.recount_module(p_module uuid) returns integer
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
            where l.module_id = p_module and l.require_completion and g.status = 'completed'
            group by g.enrollment_id
            having count(*) = (select count(*) from public.lessons w where w.module_id = p_module and w.require_completion)
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
comment on function private.recount_module(uuid) is
    'Counts a module anew, after its instructor changed which lessons it asks for; answers by how much it was off.';
grant execute on function private.recount_module(uuid) to service_role;

create function private.recount_changed_module() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op <> 'INSERT' then
        perform private.recount_module(old.module_id);
    end if;
    if tg_op <> 'DELETE' and (tg_op = 'INSERT' or new.module_id <> old.module_id) then
        perform private.recount_module(new.module_id);
    end if;
    return null;
end
$$;
comment on function private.recount_changed_module() is 'Trigger: what a module asks for has changed, so those who have completed it are counted anew.';
create trigger trigger_zz_recount_module after insert or delete on public.lessons
    for each row execute function private.recount_changed_module();
create trigger trigger_zz_recount_module_on_change after update of require_completion, module_id on public.lessons
    for each row when (old.require_completion is distinct from new.require_completion or old.module_id is distinct from new.module_id)
    execute function private.recount_changed_module();

create function private.begin_content_counts() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_table_name = 'lessons' then
        insert into public.content_counts (course_id, lesson_id) values (new.course_id, new.id);
    else
        insert into public.content_counts (course_id, module_id) values (new.course_id, new.id);
    end if;
    return null;
end
$$;
comment on function private.begin_content_counts() is 'Trigger: a new lesson or module begins with nothing counted.';
create trigger trigger_begin_content_counts after insert on public.lessons
    for each row execute function private.begin_content_counts();
create trigger trigger_begin_content_counts after insert on public.course_modules
    for each row execute function private.begin_content_counts();

create function private.fold_content_counts() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_folded integer;
begin
    -- Of two workers at once, one is enough.
    if not pg_try_advisory_xact_lock(hashtextextended('fold_content_counts', 0)) then
        return 0;
    end if;
    with gone as (
        delete from public.content_count_moves returning lesson_id, module_id, started, completed
    ), sums as (
        select lesson_id, module_id, sum(started) as started, sum(completed) as completed from gone group by lesson_id, module_id
    ), lessons as (
        update public.content_counts c set started = c.started + s.started, completed = c.completed + s.completed
        from sums s where c.lesson_id = s.lesson_id
    ), modules as (
        update public.content_counts c set completed = c.completed + s.completed
        from sums s where c.module_id = s.module_id
    )
    select count(*) into v_folded from gone;
    return v_folded;
end
$$;
comment on function private.fold_content_counts() is 'Gathers the moves in the counts; answers how many there were. What the views say does not change.';
grant execute on function private.fold_content_counts() to service_role;

-- What there is already.
insert into public.content_counts (course_id, lesson_id, started, completed)
select l.course_id, l.id,
    (select count(*) from public.lesson_progress g where g.lesson_id = l.id and g.status <> 'not_started'),
    (select count(*) from public.lesson_progress g where g.lesson_id = l.id and g.status = 'completed')
from public.lessons l;
insert into public.content_counts (course_id, module_id) select m.course_id, m.id from public.course_modules m;
select private.recount_module(m.id) from public.course_modules m order by m.course_id, m.id;

-- Reading them ---------------------------------------------------------------------------------------------

create view public.lesson_counters with (security_invoker = true) as
select c.lesson_id, c.course_id,
    c.started + coalesce(m.started, 0) as views_count,
    c.completed + coalesce(m.completed, 0) as completion_count,
    case when c.started + coalesce(m.started, 0) > 0
        then round((c.completed + coalesce(m.completed, 0)) * 100.0 / (c.started + coalesce(m.started, 0)), 2)
        else 0 end as avg_completion_rate
from public.content_counts c
left join lateral (
    select sum(v.started) as started, sum(v.completed) as completed
    from public.content_count_moves v where v.lesson_id = c.lesson_id
) m on true
where c.lesson_id is not null;
comment on view public.lesson_counters is 'How many opened a lesson, how many completed it, and the share: views_count and avg_completion_rate of the seed''s lessons.';

create view public.module_counters with (security_invoker = true) as
select c.module_id, c.course_id, c.completed + coalesce(m.completed, 0) as completion_count
from public.content_counts c
left join lateral (
    select sum(v.completed) as completed from public.content_count_moves v where v.module_id = c.module_id
) m on true
where c.module_id is not null;
comment on view public.module_counters is 'How many completed every lesson that a module asks for: completion_count of the seed''s course_modules.';

alter table public.content_counts enable row level security;
alter table public.content_count_moves enable row level security;
revoke all on public.content_counts, public.content_count_moves, public.lesson_counters, public.module_counters
    from anon, authenticated, service_role;
grant select on public.content_counts, public.content_count_moves, public.lesson_counters, public.module_counters
    to authenticated, service_role;
create policy "Instructors view the counts of own courses" on public.content_counts for select to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors view the moves of own courses" on public.content_count_moves for select to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

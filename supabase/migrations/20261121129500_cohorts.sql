-- Cohorts: the dates on which a course is taken together. An enrollment refers to its cohort; what the association's document
-- keeps of it there (cohort_name, cohort_start_date, cohort_end_date) is written by the database from the cohort.
-- Rows that name a cohort and refer to none stay as they are.
-- Columns without a default, or with a constant one, rewrite nothing; foreign keys are validated afterwards. The two indexes read
-- their table once, which takes a second for a million rows.
-- Rollback: drop the triggers, functions, tables and columns below; bring back private.mend_course_counters of
-- 20261121120010_versions_keep.sql and the view enrollment_details of 20261121101050_versions.sql.

create table public.course_cohorts (
    id uuid primary key default private.uuid_v7(),
    course_id uuid not null references public.courses (id) on delete cascade,
    name text not null check (length(name) between 1 and 120 and name = btrim(name)),
    description text check (length(description) between 1 and 1000),
    starts_at timestamptz not null check (isfinite(starts_at)),
    ends_at timestamptz check (isfinite(ends_at)),
    enrollment_opens_at timestamptz check (isfinite(enrollment_opens_at)),
    enrollment_closes_at timestamptz check (isfinite(enrollment_closes_at)),
    capacity integer check (capacity between 1 and 100000),
    seats_taken integer not null default 0 check (seats_taken >= 0),
    is_closed boolean not null default false,
    time_zone text not null default 'UTC' check (length(time_zone) between 1 and 64),
    created_by uuid default auth.uid() references public.profiles (id) on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint course_cohorts_id_course unique (id, course_id),
    constraint cohorts_end_after_they_start check (ends_at > starts_at),
    constraint enrollment_closes_after_it_opens check (enrollment_closes_at > enrollment_opens_at),
    constraint enrollment_opens_before_the_end check (enrollment_opens_at < ends_at),
    constraint enrollment_closes_by_the_end check (enrollment_closes_at <= ends_at)
);
comment on table public.course_cohorts is 'A run of a course that people take together: its dates, who may join when, and how many.';
comment on column public.course_cohorts.description is 'What the instructor says of it to those who choose.';
comment on column public.course_cohorts.starts_at is 'When the lessons open for its people.';
comment on column public.course_cohorts.ends_at is 'When it is over and takes nobody any more; its people keep their lessons. Null: it has no end.';
comment on column public.course_cohorts.capacity is 'The most people at once. Null: as many as come.';
comment on column public.course_cohorts.seats_taken is 'Enrollments in it that are enrolled, in_progress or completed; moved by the difference.';
comment on column public.course_cohorts.is_closed is 'Closed by hand: nobody joins by himself, whatever the dates say.';
comment on column public.course_cohorts.time_zone is 'The zone in which its dates are meant, as an IANA name.';
create unique index one_cohort_a_name on public.course_cohorts (course_id, lower(name));
create index idx_course_cohorts_start on public.course_cohorts (course_id, starts_at);
create index idx_course_cohorts_created_by on public.course_cohorts (created_by);
create trigger update_course_cohorts_updated_at before update on public.course_cohorts
    for each row execute function public.update_updated_at_column();

alter table public.courses add column cohorts_only boolean not null default false;
comment on column public.courses.cohorts_only is 'Whether people take it only in a cohort. Else they may also begin at any time.';
grant update (cohorts_only) on public.courses to authenticated;

alter table public.enrollments
    add column cohort_id uuid,
    add constraint enrollments_cohort foreign key (cohort_id, course_id)
        references public.course_cohorts (id, course_id) on delete restrict not valid,
    add constraint cohorts_of_enrollments_have_names check (cohort_id is null or cohort_name is not null) not valid;
alter table public.enrollments validate constraint enrollments_cohort;
alter table public.enrollments validate constraint cohorts_of_enrollments_have_names;
comment on column public.enrollments.cohort_id is 'The cohort; null of somebody who takes the course at his own time, or whose cohort is only a name.';
create index idx_enrollments_cohort on public.enrollments (cohort_id, course_id);

alter table public.transactions
    add column cohort_id uuid,
    add constraint transactions_cohort foreign key (cohort_id, course_id)
        references public.course_cohorts (id, course_id) on delete set null (cohort_id) not valid;
alter table public.transactions validate constraint transactions_cohort;
comment on column public.transactions.cohort_id is 'The cohort that was chosen with the order; enrolling by it takes the place there while there is one.';
create index idx_transactions_cohort on public.transactions (cohort_id, course_id);

create table public.cohort_moves (
    id uuid primary key default private.uuid_v7(),
    enrollment_id uuid not null,
    course_id uuid not null,
    from_cohort_id uuid,
    to_cohort_id uuid,
    from_name text check (length(from_name) between 1 and 120),
    to_name text not null check (length(to_name) between 1 and 120),
    reason text not null check (length(reason) between 1 and 500),
    moved_by uuid references public.profiles (id) on delete set null,
    moved_at timestamptz not null default now(),
    constraint cohort_moves_enrollment foreign key (enrollment_id, course_id)
        references public.enrollments (id, course_id) on delete cascade,
    constraint cohort_moves_from foreign key (from_cohort_id, course_id)
        references public.course_cohorts (id, course_id) on delete set null (from_cohort_id),
    constraint cohort_moves_to foreign key (to_cohort_id, course_id)
        references public.course_cohorts (id, course_id) on delete set null (to_cohort_id)
);
comment on table public.cohort_moves is 'Who was moved to another cohort by the team, when and why. Rows are only added.';
comment on column public.cohort_moves.from_name is 'Its name then; null of somebody who took the course without a cohort.';
create index idx_cohort_moves_enrollment on public.cohort_moves (enrollment_id, course_id);
create index idx_cohort_moves_course on public.cohort_moves (course_id);
create index idx_cohort_moves_from on public.cohort_moves (from_cohort_id, course_id);
create index idx_cohort_moves_to on public.cohort_moves (to_cohort_id, course_id);
create index idx_cohort_moves_moved_by on public.cohort_moves (moved_by);

-- Who may do what ------------------------------------------------------------------------------------------------

alter table public.course_cohorts enable row level security;
alter table public.cohort_moves enable row level security;
revoke all on public.course_cohorts, public.cohort_moves from anon, authenticated, service_role;
grant select, insert, update, delete on public.course_cohorts to service_role;
grant select, insert, update, delete on public.cohort_moves to service_role;
grant select on public.course_cohorts to anon, authenticated;
grant insert (course_id, name, description, starts_at, ends_at, enrollment_opens_at, enrollment_closes_at, capacity, time_zone)
    on public.course_cohorts to authenticated;
grant update (name, description, starts_at, ends_at, enrollment_opens_at, enrollment_closes_at, capacity, time_zone, is_closed)
    on public.course_cohorts to authenticated;
grant delete on public.course_cohorts to authenticated;
grant select on public.cohort_moves to authenticated;

create policy "Public can view cohorts" on public.course_cohorts for select to anon
    using (exists (select 1 from public.courses c where c.id = course_id and c.status = 'published'));
create policy "People view cohorts" on public.course_cohorts for select to authenticated
    using (exists (select 1 from public.courses c where c.id = course_id));
create policy "Instructors make cohorts" on public.course_cohorts for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors change cohorts" on public.course_cohorts for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove cohorts" on public.course_cohorts for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Learners view own moves, instructors those of their courses" on public.cohort_moves for select to authenticated
    using (
        enrollment_id = any (array(select private.my_enrollment_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );

select private.audit_table('course_cohorts', 'log_course_cohort_changes', 'created_by', p_ignored => '{seats_taken}');
select private.audit_table('cohort_moves', 'log_cohort_move_changes', 'enrollment_id > enrollments.member_id', p_personal => '{reason}');

-- What an enrollment keeps of its cohort -------------------------------------------------------------------------

create function private.adopt_cohort() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_cohort public.course_cohorts;
begin
    if new.cohort_id is not null then
        -- Held from here: a name that changed between this and the insertion would stay behind.
        select * into v_cohort from public.course_cohorts k where k.id = new.cohort_id and k.course_id = new.course_id for no key update;
        if v_cohort.id is null then
            perform private.refuse('CG404', 'no_such_cohort', 'This course has no such cohort.');
        end if;
        new.cohort_name := v_cohort.name;
        new.cohort_start_date := v_cohort.starts_at;
        new.cohort_end_date := v_cohort.ends_at;
    elsif tg_op = 'UPDATE' and old.cohort_id is not null then
        new.cohort_name := null;
        new.cohort_start_date := null;
        new.cohort_end_date := null;
    end if;
    return new;
end
$$;
comment on function private.adopt_cohort() is 'Trigger: an enrollment takes the name and the dates of its cohort. Its name puts it before those that look for the name.';
create trigger adopt_cohort before insert or update of cohort_id on public.enrollments
    for each row execute function private.adopt_cohort();

create function private.follow_cohort() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- The name is part of what makes an enrollment unique, so it follows everywhere; the dates of what is done are history.
    update public.enrollments e set
        cohort_name = new.name,
        cohort_start_date = case when e.completed_at is null then new.starts_at else e.cohort_start_date end,
        cohort_end_date = case when e.completed_at is null then new.ends_at else e.cohort_end_date end
    where e.cohort_id = new.id and (
        e.cohort_name <> new.name
        or (e.completed_at is null and (e.cohort_start_date, e.cohort_end_date) is distinct from (new.starts_at, new.ends_at))
    );
    return null;
exception
    when unique_violation then
        perform private.refuse('CG409', 'cohort_name_taken', 'Somebody in it took the course before in a cohort of that name. Choose another name.');
        return null;
end
$$;
comment on function private.follow_cohort() is 'Trigger: a new name or new dates of a cohort reach the enrollments in it.';
create trigger follow_cohort after update of name, starts_at, ends_at on public.course_cohorts
    for each row when ((old.name, old.starts_at, old.ends_at) is distinct from (new.name, new.starts_at, new.ends_at))
    execute function private.follow_cohort();

create function private.check_cohort() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'DELETE' then
        if exists (select 1 from public.enrollments e where e.cohort_id = old.id) then
            perform private.refuse('CG409', 'cohort_not_empty',
                '“' || old.name || '” has or had people in it, so it stays. Close it, and nobody else joins.');
        end if;
        return old;
    end if;
    if not private.is_time_zone(new.time_zone) then
        perform private.refuse('CG422', 'unknown_time_zone', 'There is no time zone called ' || left(new.time_zone, 64) || '.');
    elsif tg_op = 'UPDATE' and new.capacity < new.seats_taken and new.capacity is distinct from old.capacity then
        perform private.refuse('CG409', 'fewer_than_are_in_it', 'There are ' || new.seats_taken || ' people in it. Move some of them first.');
    elsif exists (
        select 1 from public.course_cohorts k
        where k.course_id = new.course_id and lower(k.name) = lower(new.name) and k.id <> new.id
    ) then
        perform private.refuse('CG409', 'cohort_name_taken', 'This course has a cohort of that name. Choose another name.');
    end if;
    return new;
end
$$;
comment on function private.check_cohort() is 'Trigger: says in words what of a cohort cannot be.';
create trigger check_cohort before insert or delete or update of name, time_zone, capacity on public.course_cohorts
    for each row execute function private.check_cohort();

-- Seats ----------------------------------------------------------------------------------------------------------

create function private.move_cohort_seats() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_old uuid;
    v_new uuid;
    v_move record;
    v_cohort public.course_cohorts;
begin
    if tg_op <> 'INSERT' and old.status in ('enrolled', 'in_progress', 'completed') then
        v_old := old.cohort_id;
    end if;
    if tg_op <> 'DELETE' and new.status in ('enrolled', 'in_progress', 'completed') then
        v_new := new.cohort_id;
    end if;
    if v_old is not distinct from v_new then
        return null;
    end if;
    -- In the order of ids, so that two people who change places do not wait for each other.
    for v_move in select m.id, m.step from (values (v_old, -1), (v_new, 1)) as m (id, step) where m.id is not null order by m.id loop
        update public.course_cohorts k set seats_taken = k.seats_taken + v_move.step where k.id = v_move.id returning * into v_cohort;
        if v_move.step > 0 and v_cohort.seats_taken > v_cohort.capacity then
            perform private.refuse('CG409', 'cohort_full', '“' || v_cohort.name || '” is full.');
        end if;
    end loop;
    return null;
end
$$;
comment on function private.move_cohort_seats() is
    'Trigger: moves the counter of a cohort by the difference and refuses who would be one too many. Its name puts it before the '
    'counters of the course: everybody locks the cohort first.';
create trigger move_cohort_seats after insert or delete on public.enrollments
    for each row execute function private.move_cohort_seats();
create trigger move_cohort_seats_on_change after update of status, cohort_id on public.enrollments
    for each row when (old.status is distinct from new.status or old.cohort_id is distinct from new.cohort_id)
    execute function private.move_cohort_seats();

create function private.mend_cohort_seats() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_number integer;
begin
    perform 1 from public.course_cohorts order by id for no key update;
    update public.course_cohorts k set seats_taken = r.taken
    from (
        select c.id, (
            select count(*) from public.enrollments e where e.cohort_id = c.id and e.status in ('enrolled', 'in_progress', 'completed')
        )::integer as taken
        from public.course_cohorts c
    ) r
    where r.id = k.id and k.seats_taken <> r.taken;
    get diagnostics v_number = row_count;
    return v_number;
end
$$;
comment on function private.mend_cohort_seats() is 'Counts the people of every cohort anew; answers how many counters were wrong. A part of private.mend_course_counters.';

create or replace function private.mend_course_counters() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_cohorts integer;
    v_number integer;
begin
    -- Cohorts before courses: the order in which everybody locks them.
    v_cohorts := private.mend_cohort_seats();
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
    return v_number + v_cohorts;
end
$$;

-- Reading --------------------------------------------------------------------------------------------------------

create function public.cohort_state(p_cohort public.course_cohorts) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select case
        when p_cohort.is_closed or p_cohort.enrollment_closes_at <= now() or p_cohort.ends_at <= now() then 'closed'
        when p_cohort.enrollment_opens_at > now() then 'planned'
        else 'open'
    end
$$;
comment on function public.cohort_state(public.course_cohorts) is 'Whether a cohort takes people now, dates alone considered: planned, open or closed.';
grant execute on function public.cohort_state(public.course_cohorts) to anon, authenticated, service_role;

create or replace view public.enrollment_details with (security_invoker = true) as
select
    e.id, e.course_id, e.member_id, e.enrolled_at, e.enrollment_source, e.transaction_id, e.status, e.lessons_completed,
    e.current_lesson_id, e.started_at, e.last_accessed_at, e.completed_at, e.cohort_name, e.expires_at, e.final_grade,
    e.created_at, e.updated_at,
    coalesce(v.required_lessons, c.required_lessons) as total_lessons,
    case when coalesce(v.required_lessons, c.required_lessons) > 0
        then least(100, round(e.lessons_completed * 100.0 / coalesce(v.required_lessons, c.required_lessons), 2))
        else 0 end as progress_percentage,
    t.amount as amount_paid,
    k.id is not null as certificate_issued,
    k.number as certificate_number,
    k.issued_at as certificate_issued_at,
    k.pdf_key as certificate_url,
    e.course_version_id, e.cohort_id, e.cohort_start_date, e.cohort_end_date
from public.enrollments e
join public.courses c on c.id = e.course_id
left join public.course_versions v on v.id = e.course_version_id
left join public.transactions t on t.id = e.transaction_id
left join public.certificates k on k.enrollment_id = e.id and k.revoked_at is null;

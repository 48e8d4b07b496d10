-- Maintenance: what runs by the clock, how it went, and the work of it that must be done inside the database.
-- Rollback: drop the table and the functions below.

create table public.maintenance_runs (
    id uuid primary key default private.uuid_v7(),
    job text not null check (job ~ '^[a-z][a-z_]*\.[a-z][a-z_]*$' and length(job) <= 60),
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    result text check (result in ('ok', 'failed', 'drift')),
    figures jsonb not null default '{}' check (jsonb_typeof(figures) = 'object'),
    words text not null default '' check (length(words) <= 2000),
    requested_by uuid references public.profiles (id) on delete set null,
    constraint maintenance_runs_end_with_a_result check ((finished_at is null) = (result is null)),
    constraint maintenance_runs_end_after_they_begin check (finished_at >= started_at)
);
comment on table public.maintenance_runs is 'Each run of a maintenance job: when, how it ended, what it found. Rows are kept for a year.';
comment on column public.maintenance_runs.result is
    'Null while it runs. drift: it did its work and found that stored numbers differ from a recount, or something as wrong.';
comment on column public.maintenance_runs.figures is 'What it counted, by name.';
comment on column public.maintenance_runs.words is 'The result as a person reads it.';
comment on column public.maintenance_runs.requested_by is 'Who pressed the button; null for the clock and for the command line.';
create index idx_maintenance_runs_job on public.maintenance_runs (job, started_at desc);
create index idx_maintenance_runs_started on public.maintenance_runs (started_at);
create index idx_maintenance_runs_requested_by on public.maintenance_runs (requested_by);

alter table public.maintenance_runs enable row level security;
revoke all on public.maintenance_runs from anon, authenticated, service_role;
grant select, insert, update, delete on public.maintenance_runs to service_role;
grant select on public.maintenance_runs to authenticated;
create policy "Admins view maintenance" on public.maintenance_runs for select to authenticated
    using ((select private.is_admin()));

-- Runs -----------------------------------------------------------------------------------------------------

create function private.maintenance_lock(p_job text) returns bigint
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$ select hashtextextended('maintenance ' || p_job, 0) $$;
comment on function private.maintenance_lock(text) is 'The advisory lock that a run of a job holds until it ends, however its process ends.';
grant execute on function private.maintenance_lock(text) to service_role;

create function private.begin_maintenance(p_job text, p_requested_by uuid default null) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_run uuid;
begin
    -- The caller holds the job's lock, so a run without an end belongs to a process that is gone.
    update public.maintenance_runs set finished_at = now(), result = 'failed', words = 'Its process ended before the job did.'
    where job = p_job and finished_at is null;
    insert into public.maintenance_runs (job, requested_by)
    values (p_job, (select id from public.profiles where id = p_requested_by))
    returning id into v_run;
    return v_run;
end
$$;
comment on function private.begin_maintenance(text, uuid) is
    'Writes down that a job begins. To be called by who holds private.maintenance_lock() of it; ends what a killed process left open.';
grant execute on function private.begin_maintenance(text, uuid) to service_role;

create function public.run_maintenance(p_job text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not private.is_admin() then
        perform private.refuse('CG403', 'admins_only', 'Only an administrator can start maintenance.');
    elsif p_job is null or p_job !~ '^[a-z][a-z_]*\.[a-z][a-z_]*$' then
        perform private.refuse('CG404', 'no_such_job', 'There is no such job.');
    elsif not pg_try_advisory_xact_lock(private.maintenance_lock(p_job)) then
        perform private.refuse('CG409', 'maintenance_runs', 'This job is running already. Wait until it has ended.');
    end if;
    -- Whether there is a job of this name is known to the program, which runs maintenance and nothing else by this task.
    perform private.defer_job('maintenance.run', jsonb_build_object('job', p_job, 'requested_by', auth.uid()),
        p_queueing_lock => 'maintenance ' || p_job);
end
$$;
comment on function public.run_maintenance(text) is 'Queues a maintenance job for now; two clicks make one run. For administrators.';
grant execute on function public.run_maintenance(text) to authenticated;

-- The work -------------------------------------------------------------------------------------------------

create function private.expire_enrollments(p_most integer default 200) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_number integer;
begin
    -- By course, so that two runs and the counters' triggers take the rows of courses in one order.
    with due as (
        select e.id from public.enrollments e
        where e.status in ('enrolled', 'in_progress') and e.expires_at <= now()
        order by e.course_id, e.id
        limit p_most
        for no key update skip locked
    )
    update public.enrollments e set status = 'expired' from due where e.id = due.id;
    get diagnostics v_number = row_count;
    return v_number;
end
$$;
comment on function private.expire_enrollments(integer) is 'Ends enrollments whose time has passed, some at a time; how many.';
grant execute on function private.expire_enrollments(integer) to service_role;
-- Small: only enrollments that have an end stand in it.
create index idx_enrollments_expiry on public.enrollments (expires_at)
    where status in ('enrolled', 'in_progress') and expires_at is not null;

create function private.archive_attempts(p_most integer default 200) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_number integer;
begin
    with due as (
        select a.id from public.quiz_attempts a
        where a.status = 'graded' and a.graded_at < now() - interval '2 years'
        order by a.graded_at
        limit p_most
        for no key update skip locked
    )
    update public.quiz_attempts a set status = 'archived' from due where a.id = due.id;
    get diagnostics v_number = row_count;
    return v_number;
end
$$;
comment on function private.archive_attempts(integer) is 'Archives attempts graded more than two years ago, some at a time; how many.';
grant execute on function private.archive_attempts(integer) to service_role;
create index idx_quiz_attempts_graded on public.quiz_attempts (graded_at) where status = 'graded';

create function private.analyze_changed(p_share numeric default 0.1) returns text[]
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_table record;
    v_done text[] := '{}';
begin
    for v_table in
        select s.schemaname::text as schema, s.relname::text as name
        from pg_stat_user_tables s
        where s.schemaname in ('public', 'private', 'auth') and s.n_mod_since_analyze > 50
          and s.n_mod_since_analyze >= p_share * s.n_live_tup
        order by 1, 2
    loop
        execute format('analyze %I.%I', v_table.schema, v_table.name);
        v_done := v_done || v_table.name;
    end loop;
    return v_done;
end
$$;
comment on function private.analyze_changed(numeric) is
    'Gathers statistics of tables of which a share of the rows has changed since they were last gathered; which.';
grant execute on function private.analyze_changed(numeric) to service_role;

create function private.forget_finished_jobs() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_number integer;
begin
    delete from procrastinate.procrastinate_jobs j
    where j.status in ('failed', 'cancelled', 'aborted')
      and not exists (
          select 1 from procrastinate.procrastinate_events e where e.job_id = j.id and e.at > now() - interval '30 days'
      );
    get diagnostics v_number = row_count;
    return v_number;
end
$$;
comment on function private.forget_finished_jobs() is 'Removes jobs of the queue that were given up more than 30 days ago; how many.';
grant execute on function private.forget_finished_jobs() to service_role;

-- Mending --------------------------------------------------------------------------------------------------

create function private.mend_course_counters() returns integer
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
            (select count(*) from public.lessons l where l.course_id = c.id and l.require_completion)::integer as required
        from public.courses c
    ) r
    where r.id = c.id
      and (c.total_enrollments, c.active_enrollments, c.completion_count, c.required_lessons)
          is distinct from (r.total, r.active, r.done, r.required);
    get diagnostics v_number = row_count;
    return v_number;
end
$$;
comment on function private.mend_course_counters() is
    'Sets the counters of courses to a recount; how many courses had others. Holds every course while it counts.';
grant execute on function private.mend_course_counters() to service_role;

create function private.mend_lessons_completed() returns integer
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
            where p.enrollment_id = e.id and p.status = 'completed' and l.require_completion
              and (v.id is null or l.id = any (v.required_lesson_ids))
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
comment on function private.mend_lessons_completed() is
    'Sets the lessons_completed of enrollments to a recount, and completes whose requirements are met then; how many had others.';
grant execute on function private.mend_lessons_completed() to service_role;

-- What people do with SCORM packages: registrations, attempts, results of each SCO, every element as it was set.
--
-- What of it is evidence. A package runs in the learner's browser and says what it likes, so every status, score, progress,
-- answer and location here is a claim of that browser. Ours are: who opened which attempt and when, what arrived when and in
-- which order, and that the time counted is never longer than the time since the player was opened.
-- Rollback: drop the tables, views and functions below.

-- scorm_enrollments ----------------------------------------------------------------------------------------

create table public.scorm_enrollments (
    id uuid primary key default private.uuid_v7(),
    member_id uuid not null references public.profiles (id) on delete restrict,
    scorm_package_id uuid not null references public.scorm_packages (id) on delete restrict,
    enrollment_id uuid,
    lesson_id uuid,
    course_id uuid,
    completion_status text not null default 'not attempted'
        check (completion_status in ('not attempted', 'unknown', 'incomplete', 'completed')),
    success_status text not null default 'unknown' check (success_status in ('unknown', 'passed', 'failed')),
    status text not null generated always as (
        case
            when success_status <> 'unknown' then success_status
            when completion_status = 'completed' then 'completed'
            when completion_status = 'not attempted' then 'not_started'
            else 'in_progress'
        end
    ) stored,
    progress numeric(5, 2) not null default 0 check (progress between 0 and 100),
    score numeric(5, 2) check (score between 0 and 100),
    attempts integer not null default 0 check (attempts >= 0),
    total_time_seconds numeric(12, 2) not null default 0 check (total_time_seconds >= 0 and total_time_seconds <> 'NaN'),
    cmi_data jsonb not null default '{}' check (jsonb_typeof(cmi_data) = 'object'),
    criterion_met_at timestamptz,
    started_at timestamptz,
    last_accessed_at timestamptz,
    commit_seq integer not null default 0 check (commit_seq >= 0),
    session_id uuid,
    session_attempt_id uuid,
    session_web_id uuid,
    session_opened_at timestamptz,
    session_seconds numeric(12, 2) not null default 0 check (session_seconds >= 0 and session_seconds <> 'NaN'),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint one_registration unique nulls not distinct (member_id, scorm_package_id, enrollment_id, lesson_id),
    constraint scorm_enrollments_of_a_course_or_of_none check (num_nonnulls(enrollment_id, lesson_id, course_id) in (0, 3)),
    constraint sessions_are_of_an_attempt check (num_nonnulls(session_id, session_attempt_id, session_opened_at) in (0, 3)),
    constraint scorm_enrollments_enrollment foreign key (enrollment_id, course_id)
        references public.enrollments (id, course_id) on delete restrict,
    constraint scorm_enrollments_lesson foreign key (lesson_id, course_id)
        references public.lessons (id, course_id) on delete restrict
) with (fillfactor = 70);
comment on table public.scorm_enrollments is
    'A person and a package, within the enrollment of a course when there is one: the best of all attempts, and the state of the current one.';
comment on column public.scorm_enrollments.status is 'In one word, what follows from completion_status and success_status: not_started, in_progress, completed, passed, failed.';
comment on column public.scorm_enrollments.score is 'The best of all attempts that count, in percent.';
comment on column public.scorm_enrollments.attempts is 'Attempts that count; browsing and reviewing do not.';
comment on column public.scorm_enrollments.cmi_data is
    'The current attempt as the package left it: {"identifier of the SCO": {"element": "value"}}. Of earlier ones it stands in scorm_attempts.';
comment on column public.scorm_enrollments.criterion_met_at is 'When an attempt first met the completion_rule of the package. Never taken back.';
comment on column public.scorm_enrollments.commit_seq is 'Number of the last commit that was stored, through all attempts.';
comment on column public.scorm_enrollments.session_id is 'The player that may commit now; whatever was opened before is stale. Known to nobody but that player.';
comment on column public.scorm_enrollments.session_web_id is 'The browser session that opened the player; when it has ended, the player may not commit.';
comment on column public.scorm_enrollments.session_seconds is 'Time counted since the player was opened, over all SCOs: what the clock is held against.';
create unique index idx_scorm_enrollments_session on public.scorm_enrollments (session_id) where session_id is not null;
create index idx_scorm_enrollments_package on public.scorm_enrollments (scorm_package_id);
create index idx_scorm_enrollments_enrollment on public.scorm_enrollments (enrollment_id, course_id);
create index idx_scorm_enrollments_lesson on public.scorm_enrollments (lesson_id, course_id);
create index idx_scorm_enrollments_course on public.scorm_enrollments (course_id);
create trigger update_scorm_enrollments_updated_at before update on public.scorm_enrollments
    for each row execute function public.update_updated_at_column();

create function private.check_scorm_enrollment() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select 1 from public.enrollments where id = new.enrollment_id and member_id = new.member_id) then
        perform private.refuse('CG422', 'not_his_enrollment', 'The enrollment is of somebody else.');
    end if;
    return new;
end
$$;
comment on function private.check_scorm_enrollment() is 'Trigger: a registration within an enrollment is of the same person.';
create trigger check_scorm_enrollment before insert or update of member_id, enrollment_id on public.scorm_enrollments
    for each row when (new.enrollment_id is not null) execute function private.check_scorm_enrollment();

-- scorm_attempts -------------------------------------------------------------------------------------------

create table public.scorm_attempts (
    id uuid primary key default private.uuid_v7(),
    scorm_enrollment_id uuid not null references public.scorm_enrollments (id) on delete restrict,
    attempt_number integer not null check (attempt_number between 1 and 1000),
    mode text not null default 'normal' check (mode in ('normal', 'browse', 'review')),
    credit boolean not null default true,
    completion_status text not null default 'unknown' check (completion_status in ('unknown', 'incomplete', 'completed')),
    success_status text not null default 'unknown' check (success_status in ('unknown', 'passed', 'failed')),
    progress numeric(5, 2) not null default 0 check (progress between 0 and 100),
    score numeric(5, 2) check (score between 0 and 100),
    total_time_seconds numeric(12, 2) not null default 0 check (total_time_seconds >= 0 and total_time_seconds <> 'NaN'),
    opened_at timestamptz not null default now(),
    ended_at timestamptz,
    cmi_data jsonb check (jsonb_typeof(cmi_data) = 'object'),
    constraint scorm_attempts_number unique (scorm_enrollment_id, mode, attempt_number),
    constraint scorm_attempts_id_enrollment unique (id, scorm_enrollment_id),
    constraint only_normal_attempts_count check (mode = 'normal' or not credit),
    constraint ended_attempts_keep_their_state check (cmi_data is null or ended_at is not null)
);
comment on table public.scorm_attempts is 'Each attempt at a package. One that counts is current until the next one begins; what was reached in it is not lost by going on.';
comment on column public.scorm_attempts.credit is 'Whether it counts. What is done in browse or review mode is recorded in scorm_tracking and moves nothing.';
comment on column public.scorm_attempts.score is 'In percent. What the package said last while unfinished; from then on it only rises.';
comment on column public.scorm_attempts.cmi_data is 'The state that an ended attempt was left in; of the current one it stands in scorm_enrollments.';
create unique index idx_scorm_attempts_current on public.scorm_attempts (scorm_enrollment_id) where credit and ended_at is null;

-- scorm_sco_results ----------------------------------------------------------------------------------------

create table public.scorm_sco_results (
    attempt_id uuid not null,
    scorm_enrollment_id uuid not null,
    sco text not null check (length(sco) <= 255),
    completion_status text not null default 'unknown' check (completion_status in ('unknown', 'incomplete', 'completed')),
    success_status text not null default 'unknown' check (success_status in ('unknown', 'passed', 'failed')),
    progress numeric(5, 2) not null default 0 check (progress between 0 and 100),
    score numeric(5, 2) check (score between 0 and 100),
    total_time_seconds numeric(12, 2) not null default 0 check (total_time_seconds >= 0 and total_time_seconds <> 'NaN'),
    session_seconds numeric(12, 2) not null default 0 check (session_seconds >= 0 and session_seconds <> 'NaN'),
    primary key (attempt_id, sco),
    constraint scorm_sco_results_attempt foreign key (attempt_id, scorm_enrollment_id)
        references public.scorm_attempts (id, scorm_enrollment_id) on delete restrict
) with (fillfactor = 70);
comment on table public.scorm_sco_results is
    'Where an attempt stands in each SCO. A row of the organisation, written by a sequencing engine, stands in for the sum of its SCOs.';
comment on column public.scorm_sco_results.session_seconds is 'What cmi session_time has counted since the SCO was initialised; part of total_time_seconds.';
create index idx_scorm_sco_results_attempt on public.scorm_sco_results (attempt_id, scorm_enrollment_id);
create index idx_scorm_sco_results_enrollment on public.scorm_sco_results (scorm_enrollment_id);

-- scorm_tracking: append-only, a partition a month ----------------------------------------------------------

create table public.scorm_tracking (
    id uuid not null default private.uuid_v7(),
    "timestamp" timestamptz not null default now(),
    scorm_enrollment_id uuid not null,
    attempt_id uuid not null,
    commit_seq integer not null default 0 check (commit_seq >= 0),
    sco text not null default '' check (length(sco) <= 255),
    element text not null check (length(element) between 1 and 255),
    value text not null check (length(value) <= 64000),
    primary key (id, "timestamp"),
    constraint scorm_tracking_attempt foreign key (attempt_id, scorm_enrollment_id)
        references public.scorm_attempts (id, scorm_enrollment_id) on delete restrict
) partition by range ("timestamp");
comment on table public.scorm_tracking is
    'Each element as a package set it, in the words of its standard: an immutable log of what the learner''s browser said.';
comment on column public.scorm_tracking."timestamp" is 'The server''s clock when it arrived.';
comment on column public.scorm_tracking.sco is 'Identifier of the SCO in the manifest; empty for a package without items.';
create index idx_scorm_tracking_enrollment on public.scorm_tracking (scorm_enrollment_id, attempt_id, commit_seq);

create function private.partition_by_months(p_table text, p_column text, p_months integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_month date := date_trunc('month', now() at time zone 'UTC')::date;
    v_name text;
    v_from text;
    v_to text;
    v_made integer := 0;
begin
    -- Of two workers at once, the second finds nothing left to make.
    perform pg_advisory_xact_lock(hashtextextended(p_table || ' partitions', 0));
    for i in 0..p_months loop
        v_name := p_table || '_' || to_char(v_month, 'YYYY_MM');
        v_from := to_char(v_month, 'YYYY-MM-DD') || ' 00:00:00+00';
        v_month := (v_month + interval '1 month')::date;
        v_to := to_char(v_month, 'YYYY-MM-DD') || ' 00:00:00+00';
        continue when to_regclass('public.' || quote_ident(v_name)) is not null;
        execute format('create table public.%I (like public.%I including all)', v_name, p_table);
        execute format('alter table public.%I enable row level security', v_name);
        execute format('revoke all on public.%I from anon, authenticated, service_role', v_name);
        -- Rows of a month that began without its partition lie in the default one and would forbid it: they move.
        execute format(
            'with moved as (delete from public.%1$I where %2$I >= %3$L and %2$I < %4$L returning *) '
            'insert into public.%5$I select * from moved',
            p_table || '_default', p_column, v_from, v_to, v_name
        );
        execute format(
            'alter table public.%I attach partition public.%I for values from (%L) to (%L)', p_table, v_name, v_from, v_to
        );
        v_made := v_made + 1;
    end loop;
    return v_made;
end
$$;
comment on function private.partition_by_months(text, text, integer) is
    'Makes this month''s partition of a table and those of the months ahead, with what lies in its default one; answers how many were missing.';

create or replace function private.make_video_event_partitions(p_months integer default 3) returns integer
language sql security definer set search_path = pg_catalog, pg_temp
as $$ select private.partition_by_months('video_events', 'occurred_at', p_months) $$;

create function private.make_scorm_tracking_partitions(p_months integer default 3) returns integer
language sql security definer set search_path = pg_catalog, pg_temp
as $$ select private.partition_by_months('scorm_tracking', 'timestamp', p_months) $$;
comment on function private.make_scorm_tracking_partitions(integer) is
    'private.partition_by_months for what SCORM packages say.';
grant execute on function private.make_scorm_tracking_partitions(integer) to service_role;
create table public.scorm_tracking_default partition of public.scorm_tracking default;
alter table public.scorm_tracking_default enable row level security;
revoke all on public.scorm_tracking_default from anon, authenticated, service_role;

-- Whose is what --------------------------------------------------------------------------------------------

create function private.my_scorm_enrollment_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select id from public.scorm_enrollments where member_id = auth.uid()
    union
    select id from public.scorm_enrollments where course_id in (select private.my_taught_course_ids())
    union
    select id from public.scorm_enrollments where member_id in (select private.my_managed_member_ids())
$$;
comment on function private.my_scorm_enrollment_ids() is
    'Registrations whose records the person who asks may see: his own, those in courses that he teaches, those of people whom he manages.';

create function private.my_scorm_package_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select l.scorm_package_id from public.lesson_scorm_packages l where l.course_id in (select private.my_enrolled_course_ids())
    union
    select e.scorm_package_id from public.scorm_enrollments e where e.id in (select private.my_scorm_enrollment_ids())
    union
    select private.my_managed_scorm_package_ids()
$$;
comment on function private.my_scorm_package_ids() is 'Packages whose title and rules the person who asks may see: those that he plays, played or manages.';
grant execute on function private.my_scorm_enrollment_ids(), private.my_scorm_package_ids() to authenticated, service_role;

-- Row-level security ---------------------------------------------------------------------------------------

alter table public.scorm_enrollments enable row level security;
alter table public.scorm_attempts enable row level security;
alter table public.scorm_sco_results enable row level security;
alter table public.scorm_tracking enable row level security;
revoke all on public.scorm_enrollments, public.scorm_attempts, public.scorm_sco_results, public.scorm_tracking
    from anon, authenticated, service_role;
-- Evidence: nothing is removed, and what was said is not changed.
grant select, insert, update on public.scorm_enrollments, public.scorm_attempts, public.scorm_sco_results to service_role;
grant select, insert on public.scorm_tracking to service_role;
-- The session is the player's own business.
grant select (id, member_id, scorm_package_id, enrollment_id, lesson_id, course_id, completion_status, success_status, status, progress,
    score, attempts, total_time_seconds, cmi_data, criterion_met_at, started_at, last_accessed_at, commit_seq, created_at, updated_at)
    on public.scorm_enrollments to authenticated;
grant select on public.scorm_attempts, public.scorm_sco_results, public.scorm_tracking to authenticated;

create policy "People view packages that concern them" on public.scorm_packages for select to authenticated
    using (
        id = any (array(select private.my_scorm_package_ids()))
        -- The line above does not know a row yet that this very statement adds and returns.
        or (created_by = (select auth.uid()) and (select private.is_teacher()))
        or (select private.is_admin())
    );
create policy "Students view own SCORM enrollments" on public.scorm_enrollments for select to authenticated
    using (
        member_id = (select auth.uid())
        or course_id = any (array(select private.my_taught_course_ids()))
        or member_id = any (array(select private.my_managed_member_ids()))
        or (select private.is_admin())
    );
create policy "Students view own SCORM attempts" on public.scorm_attempts for select to authenticated
    using (scorm_enrollment_id = any (array(select private.my_scorm_enrollment_ids())) or (select private.is_admin()));
create policy "Students view own SCORM results" on public.scorm_sco_results for select to authenticated
    using (scorm_enrollment_id = any (array(select private.my_scorm_enrollment_ids())) or (select private.is_admin()));
create policy "Students view own SCORM tracking" on public.scorm_tracking for select to authenticated
    using (scorm_enrollment_id = any (array(select private.my_scorm_enrollment_ids())) or (select private.is_admin()));

-- Views ----------------------------------------------------------------------------------------------------

create view public.scorm_completion_summary with (security_invoker = true) as
select
    p.id as scorm_package_id, p.title, p.version, p.is_active,
    count(e.id) as total_enrollments,
    count(e.id) filter (where e.status = 'in_progress') as in_progress,
    count(e.id) filter (where e.completion_status = 'completed') as completed,
    count(e.id) filter (where e.success_status = 'passed') as passed,
    count(e.id) filter (where e.success_status = 'failed') as failed,
    round(count(e.id) filter (where e.completion_status = 'completed') * 100.0 / nullif(count(e.id), 0), 2) as completion_rate,
    round(avg(e.score), 2) as average_score,
    round(avg(e.total_time_seconds) filter (where e.attempts > 0), 2) as average_time_seconds
from public.scorm_packages p
left join public.scorm_enrollments e on e.scorm_package_id = p.id
group by p.id;
comment on view public.scorm_completion_summary is 'Completion statistics of each package, over the registrations that whoever asks may see.';

create view public.lesson_progress_details with (security_invoker = true) as
select
    p.id, p.enrollment_id, p.lesson_id, p.course_id, p.status, p.started_at, p.completed_at, p.created_at, p.updated_at,
    coalesce(v.last_watched_position_seconds, 0) as video_position_seconds,
    coalesce(v.watched_seconds, 0) as video_watched_seconds,
    coalesce(v.completion_percentage, 0) as video_completion_percentage,
    s.cmi_data as scorm_cmi_data,
    s.completion_status as scorm_completion_status,
    s.score as scorm_score,
    (coalesce(v.play_seconds, 0) + coalesce(s.total_time_seconds, 0))::integer as time_spent_seconds,
    s.last_accessed_at
from public.lesson_progress p
join public.enrollments e on e.id = p.enrollment_id
left join public.video_completion v on v.user_id = e.member_id and v.lesson_id = p.lesson_id
left join lateral (
    select r.cmi_data, r.completion_status, r.score, r.total_time_seconds, r.last_accessed_at
    from public.scorm_enrollments r
    where r.enrollment_id = p.enrollment_id and r.lesson_id = p.lesson_id
    -- A package that was replaced leaves its registration behind; the newest is the one that is played.
    order by r.created_at desc, r.id desc limit 1
) s on true;
comment on view public.lesson_progress_details is 'Where somebody stands in a lesson, with what its video and its SCORM package say.';
revoke all on public.scorm_completion_summary, public.lesson_progress_details from anon, authenticated, service_role;
grant select on public.scorm_completion_summary, public.lesson_progress_details to authenticated, service_role;

select private.make_scorm_tracking_partitions(12);

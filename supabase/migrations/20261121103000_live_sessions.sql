-- Live sessions: the schedule, who hosts, the room that only those registered are shown, who registered, and each time
-- somebody came and went. Whether somebody attended, for how long and whether it counts follows from those intervals.
--
-- Locks are taken in this order: the session's own advisory lock, the requirements of the course, the attendance, what
-- completing a lesson takes (progress, enrollment, course), and the row of live_sessions last, for its counters.
-- Rollback: drop the trigger on lesson_progress, the functions and the tables below.

create function private.is_materials(p_materials jsonb) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select case when jsonb_typeof(p_materials) = 'array' then jsonb_array_length(p_materials) <= 50 and not exists (
        select 1 from jsonb_array_elements(p_materials) m
        where coalesce(
            jsonb_typeof(m) <> 'object'
            or jsonb_typeof(m -> 'title') is distinct from 'string' or length(m ->> 'title') not between 1 and 200
            or jsonb_typeof(m -> 'url') is distinct from 'string' or (m ->> 'url') !~ '^https?://[^\s]+$' or length(m ->> 'url') > 1024,
            true
        )
    ) else false end
$$;
comment on function private.is_materials(jsonb) is 'Whether a value is a list of at most fifty {title, url} with web addresses.';
grant execute on function private.is_materials(jsonb) to authenticated, service_role;

-- live_sessions ----------------------------------------------------------------------------------------------

create table public.live_sessions (
    id uuid primary key default gen_random_uuid(),
    course_id uuid not null references public.courses (id) on delete cascade,
    lesson_id uuid,
    title text not null check (length(title) between 1 and 200),
    description text check (length(description) <= 5000),
    session_date timestamptz not null,
    duration_minutes integer not null check (duration_minutes between 1 and 1440),
    timezone text not null default 'America/New_York' check (length(timezone) between 1 and 64),
    meeting_platform text not null default 'custom'
        check (meeting_platform in ('zoom', 'microsoft_teams', 'google_meet', 'webex', 'custom')),
    instructor_id uuid not null references public.profiles (id) on delete restrict,
    max_attendees integer check (max_attendees > 0),
    recording_enabled boolean not null default true,
    recording_url text check (recording_url ~ '^https?://' and length(recording_url) <= 1024),
    recording_available boolean not null default false,
    agenda_html text check (length(agenda_html) <= 50000),
    pre_session_materials jsonb not null default '[]' check (private.is_materials(pre_session_materials)),
    post_session_materials jsonb not null default '[]' check (private.is_materials(post_session_materials)),
    join_minutes_before integer not null default 15 check (join_minutes_before between 0 and 120),
    attendance_tolerance_minutes integer not null default 5 check (attendance_tolerance_minutes between 0 and 60),
    credit_threshold_percentage numeric(5, 2) not null default 80 check (credit_threshold_percentage between 1 and 100),
    status text not null default 'scheduled' check (status in ('scheduled', 'in_progress', 'completed', 'cancelled')),
    started_at timestamptz,
    ended_at timestamptz,
    registered_count integer not null default 0 check (registered_count >= 0),
    attendance_count integer not null default 0 check (attendance_count >= 0),
    attendance_minutes bigint not null default 0 check (attendance_minutes >= 0),
    avg_attendance_duration_minutes integer generated always as (
        case when attendance_count > 0 then round(attendance_minutes::numeric / attendance_count)::integer end
    ) stored,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint live_sessions_id_course unique (id, course_id),
    constraint live_sessions_lesson foreign key (lesson_id, course_id)
        references public.lessons (id, course_id) on delete set null (lesson_id),
    constraint available_recordings_have_an_address check (not recording_available or recording_url is not null),
    constraint ended_sessions_are_dated check (
        (status in ('scheduled', 'cancelled') or started_at is not null) and (status <> 'completed' or ended_at is not null)
    )
);
comment on table public.live_sessions is 'Live virtual classroom sessions. The address of the meeting stands in live_session_meetings.';
comment on column public.live_sessions.lesson_id is 'The lesson that attending completes; of the same course. Several dates may serve one lesson.';
comment on column public.live_sessions.timezone is 'IANA name; the time zone in which the session was scheduled.';
comment on column public.live_sessions.join_minutes_before is 'From how long before the beginning those registered are shown the way in.';
comment on column public.live_sessions.attendance_tolerance_minutes is 'What counts before the scheduled beginning and after the scheduled end.';
comment on column public.live_sessions.credit_threshold_percentage is 'Share of the scheduled duration that somebody must be there for the session to count.';
comment on column public.live_sessions.registered_count is 'Registrations that were not cancelled; kept by trigger_count_session, by the difference.';
comment on column public.live_sessions.attendance_count is 'Who was there within the session''s time; kept by private.count_attendance(), by the difference.';
comment on column public.live_sessions.attendance_minutes is 'The sum of duration_minutes of those who attended.';
create index idx_live_sessions_course on public.live_sessions (course_id);
create index idx_live_sessions_lesson on public.live_sessions (lesson_id, course_id);
create index idx_live_sessions_instructor on public.live_sessions (instructor_id);
create index idx_live_sessions_date on public.live_sessions (session_date);
create index idx_live_sessions_status on public.live_sessions (status, session_date);
create trigger update_live_sessions_updated_at before update on public.live_sessions
    for each row execute function public.update_updated_at_column();

create table public.live_session_hosts (
    session_id uuid not null references public.live_sessions (id) on delete cascade,
    profile_id uuid not null references public.profiles (id) on delete cascade,
    created_at timestamptz not null default now(),
    primary key (session_id, profile_id)
);
comment on table public.live_session_hosts is 'Co-hosts: rows in place of the array co_hosts, so that they are real people and can be indexed.';
create index idx_live_session_hosts_profile on public.live_session_hosts (profile_id, session_id);

create table public.live_session_meetings (
    session_id uuid primary key references public.live_sessions (id) on delete cascade,
    meeting_url text not null check (meeting_url ~ '^https://[^\s]+$' and length(meeting_url) <= 1024),
    meeting_id text check (length(meeting_id) <= 200),
    meeting_password text check (length(meeting_password) <= 200),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table public.live_session_meetings is
    'Where a session meets. A table of its own: only staff read it, learners are told by public.join_live_session().';
create trigger update_live_session_meetings_updated_at before update on public.live_session_meetings
    for each row execute function public.update_updated_at_column();

-- session_attendance -----------------------------------------------------------------------------------------

create table public.session_attendance (
    id uuid primary key default private.uuid_v7(),
    session_id uuid not null,
    course_id uuid not null,
    enrollment_id uuid not null,
    member_id uuid not null references public.profiles (id) on delete restrict,
    registered_at timestamptz not null default now(),
    cancelled_at timestamptz,
    attended boolean not null default false,
    joined_at timestamptz,
    left_at timestamptz,
    duration_minutes integer not null default 0 check (duration_minutes >= 0),
    questions_asked integer not null default 0 check (questions_asked >= 0),
    polls_answered integer not null default 0 check (polls_answered >= 0),
    eligible_for_credit boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint unique_member_session unique (member_id, session_id),
    constraint session_attendance_of_member unique (id, session_id, member_id),
    constraint session_attendance_session foreign key (session_id, course_id)
        references public.live_sessions (id, course_id) on delete restrict,
    constraint session_attendance_enrollment foreign key (enrollment_id, course_id)
        references public.enrollments (id, course_id) on delete restrict,
    constraint who_attended_was_there check (attended or (joined_at is null and duration_minutes = 0 and not eligible_for_credit)),
    constraint who_attended_did_not_cancel check (cancelled_at is null or not attended)
);
comment on table public.session_attendance is
    'Who registered for a session and what came of it. attended, joined_at, left_at, duration_minutes and eligible_for_credit '
    'follow from attendance_intervals and are written by nobody.';
comment on column public.session_attendance.cancelled_at is 'When the registration was given up. Registering again empties it.';
comment on column public.session_attendance.eligible_for_credit is 'Whether the time attended reaches the session''s threshold.';
create index idx_session_attendance_session on public.session_attendance (session_id, course_id);
create index idx_session_attendance_member on public.session_attendance (member_id);
create index idx_session_attendance_enrollment on public.session_attendance (enrollment_id, course_id);
create index idx_session_attendance_attended on public.session_attendance (session_id) where attended;
create trigger update_session_attendance_updated_at before update on public.session_attendance
    for each row execute function public.update_updated_at_column();

create table public.attendance_intervals (
    id uuid primary key default private.uuid_v7(),
    attendance_id uuid not null,
    session_id uuid not null,
    member_id uuid not null,
    source text not null check (source in ('self', 'platform', 'instructor')),
    joined_at timestamptz not null,
    left_at timestamptz,
    last_seen_at timestamptz,
    external_id text check (length(external_id) between 1 and 200),
    recorded_by uuid references public.profiles (id) on delete set null,
    recorded_at timestamptz not null default now(),
    voided_at timestamptz,
    voided_by uuid references public.profiles (id) on delete set null,
    void_reason text check (length(void_reason) between 1 and 500),
    constraint attendance_intervals_attendance foreign key (attendance_id, session_id, member_id)
        references public.session_attendance (id, session_id, member_id) on delete restrict,
    constraint attendance_intervals_external unique (session_id, source, external_id),
    constraint nobody_leaves_before_joining check (left_at >= joined_at and last_seen_at >= joined_at),
    constraint own_intervals_are_seen check ((source = 'self') = (last_seen_at is not null)),
    constraint voided_intervals_have_a_reason check ((voided_at is null) = (void_reason is null))
);
comment on table public.attendance_intervals is
    'Each time that somebody joined and left, as it was reported. What was reported wrongly is voided with a reason, not removed.';
comment on column public.attendance_intervals.source is
    'self: by the site''s clock while the learner''s page says that he is there; platform: reported by the meeting platform; '
    'instructor: recorded by hand.';
comment on column public.attendance_intervals.last_seen_at is 'When the learner''s page was last heard of. What was never left ends here.';
comment on column public.attendance_intervals.external_id is 'The platform''s own name of the interval: a report that comes twice counts once.';
create index idx_attendance_intervals_attendance on public.attendance_intervals (attendance_id, session_id, member_id);
create index idx_attendance_intervals_member on public.attendance_intervals (member_id);
create index idx_attendance_intervals_recorded_by on public.attendance_intervals (recorded_by);
create index idx_attendance_intervals_voided_by on public.attendance_intervals (voided_by);
create unique index idx_attendance_intervals_open on public.attendance_intervals (attendance_id)
    where left_at is null and source = 'self';

-- Whose is what ----------------------------------------------------------------------------------------------

create function private.my_taught_session_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select s.id from public.live_sessions s where s.course_id in (select private.my_taught_course_ids()) $$;
comment on function private.my_taught_session_ids() is 'Live sessions of the courses that the person who asks teaches.';

create function private.my_live_session_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select private.my_taught_session_ids()
    union
    select s.id from public.live_sessions s where s.instructor_id = auth.uid() and private.is_teacher()
    union
    select h.session_id from public.live_session_hosts h where h.profile_id = auth.uid() and private.is_teacher()
$$;
comment on function private.my_live_session_ids() is 'Live sessions that the person who asks holds: of his courses, as instructor, as co-host.';
grant execute on function private.my_taught_session_ids(), private.my_live_session_ids() to authenticated, service_role;

-- Row-level security -----------------------------------------------------------------------------------------

alter table public.live_sessions enable row level security;
alter table public.live_session_hosts enable row level security;
alter table public.live_session_meetings enable row level security;
alter table public.session_attendance enable row level security;
alter table public.attendance_intervals enable row level security;
revoke all on public.live_sessions, public.live_session_hosts, public.live_session_meetings, public.session_attendance,
    public.attendance_intervals from anon, authenticated, service_role;

grant select, insert, update, delete on public.live_sessions, public.live_session_meetings to service_role;
grant select, delete on public.live_sessions to authenticated;
-- The status moves by public.start_live_session() and its like, the counters by triggers.
grant insert (id, course_id, lesson_id, title, description, session_date, duration_minutes, timezone, meeting_platform, instructor_id,
    max_attendees, recording_enabled, recording_url, recording_available, agenda_html, pre_session_materials, post_session_materials,
    join_minutes_before, attendance_tolerance_minutes, credit_threshold_percentage) on public.live_sessions to authenticated;
grant update (lesson_id, title, description, session_date, duration_minutes, timezone, meeting_platform, instructor_id,
    max_attendees, recording_enabled, recording_url, recording_available, agenda_html, pre_session_materials, post_session_materials,
    join_minutes_before, attendance_tolerance_minutes, credit_threshold_percentage) on public.live_sessions to authenticated;
create policy "Learners view sessions of their courses" on public.live_sessions for select to authenticated
    using (
        course_id = any (array(select private.my_enrolled_course_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or id = any (array(select private.my_live_session_ids()))
        or (select private.is_admin())
    );
create policy "Instructors schedule sessions" on public.live_sessions for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors change sessions" on public.live_sessions for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove sessions" on public.live_sessions for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

grant select, insert, delete on public.live_session_hosts to service_role;
grant select, insert (session_id, profile_id), delete on public.live_session_hosts to authenticated;
create policy "Learners view hosts" on public.live_session_hosts for select to authenticated
    using (exists (select 1 from public.live_sessions s where s.id = session_id));
create policy "Instructors add hosts" on public.live_session_hosts for insert to authenticated
    with check (session_id = any (array(select private.my_taught_session_ids())) or (select private.is_admin()));
create policy "Instructors remove hosts" on public.live_session_hosts for delete to authenticated
    using (session_id = any (array(select private.my_taught_session_ids())) or (select private.is_admin()));

grant select, insert (session_id, meeting_url, meeting_id, meeting_password), update (meeting_url, meeting_id, meeting_password), delete
    on public.live_session_meetings to authenticated;
create policy "Hosts view the room" on public.live_session_meetings for select to authenticated
    using (session_id = any (array(select private.my_live_session_ids())) or (select private.is_admin()));
create policy "Instructors add the room" on public.live_session_meetings for insert to authenticated
    with check (session_id = any (array(select private.my_taught_session_ids())) or (select private.is_admin()));
create policy "Instructors change the room" on public.live_session_meetings for update to authenticated
    using (session_id = any (array(select private.my_taught_session_ids())) or (select private.is_admin()));
create policy "Instructors remove the room" on public.live_session_meetings for delete to authenticated
    using (session_id = any (array(select private.my_taught_session_ids())) or (select private.is_admin()));

grant select on public.session_attendance, public.attendance_intervals to authenticated, service_role;
create policy "Members view own attendance" on public.session_attendance for select to authenticated
    using (
        member_id = (select auth.uid())
        or member_id = any (array(select private.my_managed_member_ids()))
        or session_id = any (array(select private.my_live_session_ids()))
        or (select private.is_admin())
    );
create policy "Members view own intervals" on public.attendance_intervals for select to authenticated
    using (
        member_id = (select auth.uid())
        or member_id = any (array(select private.my_managed_member_ids()))
        or session_id = any (array(select private.my_live_session_ids()))
        or (select private.is_admin())
    );

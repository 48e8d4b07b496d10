-- Attendance: what a schedule must be, how people register, and what follows from the times at which they came and went.
-- Rollback: drop the triggers and functions below.

create function private.hold_session(p_session uuid, p_change boolean) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    select case when p_change
        then pg_advisory_xact_lock(hashtextextended('live:' || p_session::text, 0))
        else pg_advisory_xact_lock_shared(hashtextextended('live:' || p_session::text, 0))
    end
$$;
comment on function private.hold_session(uuid, boolean) is
    'Until the commit: people who come and go share a lock that the beginning and the end of a session hold alone. Taken before all other locks.';

create function private.check_live_session() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not private.is_time_zone(new.timezone) then
        perform private.refuse('CG422', 'no_such_time_zone', 'There is no such time zone. Choose one such as Europe/Berlin.');
    end if;
    if new.lesson_id is not null
        and not exists (select 1 from public.lessons l where l.id = new.lesson_id and l.lesson_type = 'live_session')
    then
        perform private.refuse('CG422', 'not_a_live_lesson', 'Choose a lesson of the type live session.');
    end if;
    if (tg_op = 'INSERT' or new.instructor_id <> old.instructor_id) and not exists (
        select 1 from public.profiles p
        where p.id = new.instructor_id and (
            p.role in ('admin', 'super_admin')
            or (p.role = 'instructor' and (
                exists (select 1 from public.courses c where c.id = new.course_id and c.instructor_id = p.id)
                or exists (select 1 from public.course_instructors t where t.course_id = new.course_id and t.profile_id = p.id)
            ))
        )
    ) then
        perform private.refuse('CG422', 'not_an_instructor', 'Choose one of the course''s instructors. Others can be co-hosts.');
    end if;
    if tg_op = 'UPDATE' and (new.session_date, new.duration_minutes, new.attendance_tolerance_minutes, new.credit_threshold_percentage)
        is distinct from (old.session_date, old.duration_minutes, old.attendance_tolerance_minutes, old.credit_threshold_percentage)
    then
        -- Not waited for: who comes or goes holds it and waits for this row.
        if not pg_try_advisory_xact_lock(hashtextextended('live:' || new.id::text, 0)) then
            perform private.refuse('CG409', 'session_busy', 'Somebody is joining this session. Try again.');
        elsif new.status <> 'scheduled' or exists (select 1 from public.attendance_intervals i where i.session_id = new.id) then
            perform private.refuse('CG409', 'session_begun',
                'People have joined this session: its time and what counts as attended stay as they are.');
        end if;
    end if;
    return new;
end
$$;
comment on function private.check_live_session() is
    'Trigger: the time zone exists, the lesson is one for live sessions, the instructor teaches the course, and what attendance is '
    'measured by does not change once somebody has joined.';
create trigger check_live_session before insert or update of timezone, lesson_id, instructor_id, session_date, duration_minutes,
    attendance_tolerance_minutes, credit_threshold_percentage on public.live_sessions
    for each row execute function private.check_live_session();

create function private.check_live_host() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select 1 from public.profiles p where p.id = new.profile_id and p.role <> 'student') then
        perform private.refuse('CG422', 'not_an_instructor', 'A co-host must be an instructor.');
    end if;
    return new;
end
$$;
comment on function private.check_live_host() is 'Trigger: only those who may teach can be co-hosts, since hosts see who attended.';
create trigger check_live_host before insert on public.live_session_hosts
    for each row execute function private.check_live_host();

-- What follows from the intervals ----------------------------------------------------------------------------

create function private.seconds_within(p_spans tstzmultirange, p_window tstzrange) returns integer
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select coalesce(floor(sum(extract(epoch from upper(s) - lower(s)))), 0)::integer
    from unnest(p_spans * tstzmultirange(p_window)) s
$$;
comment on function private.seconds_within(tstzmultirange, tstzrange) is
    'Whole seconds of a window that a union of spans covers. A multirange is a union: what overlaps counts once.';

create function private.session_window(p_session public.live_sessions) returns tstzrange
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select tstzrange(
        p_session.session_date - make_interval(mins => p_session.attendance_tolerance_minutes),
        p_session.session_date + make_interval(mins => p_session.duration_minutes + p_session.attendance_tolerance_minutes)
    )
$$;
comment on function private.session_window(public.live_sessions) is 'The time of a session within which presence counts: as scheduled, and the tolerance.';

create function private.count_attendance(p_attendance uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_attendance public.session_attendance;
    v_session public.live_sessions;
    v_window tstzrange;
    v_there boolean;
    v_first timestamptz;
    v_last timestamptz;
    v_seconds integer;
    v_eligible boolean;
begin
    select * into v_attendance from public.session_attendance where id = p_attendance for no key update;
    select * into v_session from public.live_sessions where id = v_attendance.session_id;
    v_window := private.session_window(v_session);
    select count(*) > 0, min(i.joined_at), case when bool_and(i.left_at is not null) then max(i.left_at) end,
        coalesce(private.seconds_within(
            range_agg(tstzrange(i.joined_at, i.left_at)) filter (where i.left_at is not null), v_window), 0)
    into v_there, v_first, v_last, v_seconds
    from public.attendance_intervals i
    where i.attendance_id = p_attendance and i.voided_at is null and tstzrange(i.joined_at, i.left_at, '[]') && v_window;
    v_eligible := v_seconds * 100 >= v_session.credit_threshold_percentage * v_session.duration_minutes * 60;
    if (v_there, v_first, v_last, v_seconds / 60, v_eligible) is not distinct from (v_attendance.attended, v_attendance.joined_at,
        v_attendance.left_at, v_attendance.duration_minutes, v_attendance.eligible_for_credit)
    then
        return;
    end if;
    update public.session_attendance
    set attended = v_there, joined_at = v_first, left_at = v_last, duration_minutes = v_seconds / 60, eligible_for_credit = v_eligible
    where id = p_attendance;
    if v_eligible and not v_attendance.eligible_for_credit and v_session.lesson_id is not null then
        -- What was completed stays complete.
        perform private.complete_lesson(v_attendance.enrollment_id, v_session.lesson_id);
    end if;
    -- Last, because everybody in the session shares the row.
    if (v_there, v_seconds / 60) is distinct from (v_attendance.attended, v_attendance.duration_minutes) then
        update public.live_sessions set
            attendance_count = attendance_count + v_there::integer - v_attendance.attended::integer,
            attendance_minutes = attendance_minutes + v_seconds / 60 - v_attendance.duration_minutes
        where id = v_session.id;
    end if;
end
$$;
comment on function private.count_attendance(uuid) is
    'Reckons one attendance from its intervals: their union within the session''s time, not their sum. Completes the lesson when it counts.';

create function private.recount_attendance() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.count_attendance(new.attendance_id);
    return null;
end
$$;
comment on function private.recount_attendance() is 'Trigger: an interval was added, ended or voided, so one attendance is reckoned again.';
create trigger trigger_recount_attendance after insert or update of joined_at, left_at, voided_at on public.attendance_intervals
    for each row execute function private.recount_attendance();

create function private.count_session() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.live_sessions set registered_count = registered_count + case
        when tg_op = 'INSERT' then (new.cancelled_at is null)::integer
        else (new.cancelled_at is null)::integer - (old.cancelled_at is null)::integer end
    where id = new.session_id;
    return null;
end
$$;
comment on function private.count_session() is
    'Trigger: moves the number of registrations by the difference. The counters of who attended move in private.count_attendance().';
create trigger trigger_count_session after insert on public.session_attendance
    for each row when (new.cancelled_at is null) execute function private.count_session();
create trigger trigger_count_session_on_change after update of cancelled_at on public.session_attendance
    for each row when ((old.cancelled_at is null) <> (new.cancelled_at is null)) execute function private.count_session();

create function private.attend_before_completing() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select 1 from public.live_sessions s where s.lesson_id = new.lesson_id and s.status <> 'cancelled')
        and exists (select 1 from public.enrollments e where e.id = new.enrollment_id and e.member_id = auth.uid())
        and not exists (
            select 1 from public.session_attendance a join public.live_sessions s on s.id = a.session_id
            where a.enrollment_id = new.enrollment_id and a.eligible_for_credit and s.lesson_id = new.lesson_id
        )
    then
        perform private.refuse('CG409', 'attend_first', 'This lesson completes by itself when you have attended its live session.');
    end if;
    return new;
end
$$;
comment on function private.attend_before_completing() is
    'Trigger: a learner cannot mark a lesson complete whose live session he has not attended.';
create trigger attend_before_completing before insert or update of status on public.lesson_progress
    for each row when (new.status = 'completed') execute function private.attend_before_completing();

-- Registering ------------------------------------------------------------------------------------------------

create function public.register_for_session(p_session uuid) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_session public.live_sessions;
    v_enrollment uuid;
    v_attendance public.session_attendance;
begin
    -- One at a time: so the number of seats is exact.
    perform pg_advisory_xact_lock(hashtextextended('register:' || p_session::text, 0));
    select s.* into v_session from public.live_sessions s
    where s.id = p_session and s.course_id in (select private.my_enrolled_course_ids());
    if v_session.id is null then
        perform private.refuse('CG404', 'no_such_session', 'There is no such session in your courses. Enrol in the course first.');
    elsif v_session.status not in ('scheduled', 'in_progress')
        or v_session.session_date + make_interval(mins => v_session.duration_minutes) <= now()
    then
        perform private.refuse('CG409', 'session_over', 'This session is over or was cancelled. Choose another date.');
    end if;
    select e.id into v_enrollment from private.my_open_enrollments() e
    where e.course_id = v_session.course_id order by e.completed_at desc nulls first, e.enrolled_at desc limit 1;
    select * into v_attendance from public.session_attendance where session_id = p_session and member_id = auth.uid();
    if v_attendance.id is not null and v_attendance.cancelled_at is null then
        return v_attendance.id;
    elsif v_session.registered_count >= v_session.max_attendees then
        perform private.refuse('CG409', 'session_full', 'This session is full. Choose another date.');
    end if;
    insert into public.session_attendance as a (session_id, course_id, enrollment_id, member_id)
    values (p_session, v_session.course_id, v_enrollment, auth.uid())
    on conflict on constraint unique_member_session do update
        set cancelled_at = null, registered_at = now(), enrollment_id = excluded.enrollment_id
    returning a.id into v_attendance.id;
    return v_attendance.id;
end
$$;
comment on function public.register_for_session(uuid) is
    'Registers the person who asks for a session of a course that he takes, while there are seats. Answers the attendance.';

create function public.cancel_session_registration(p_session uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_attendance public.session_attendance;
begin
    perform private.hold_session(p_session, false);
    select * into v_attendance from public.session_attendance
    where session_id = p_session and member_id = auth.uid() and cancelled_at is null for no key update;
    if v_attendance.id is null then
        perform private.refuse('CG404', 'not_registered', 'You are not registered for this session.');
    elsif exists (select 1 from public.attendance_intervals i where i.attendance_id = v_attendance.id and i.voided_at is null) then
        perform private.refuse('CG409', 'already_joined', 'You have joined this session. Your registration stays.');
    end if;
    update public.session_attendance set cancelled_at = now() where id = v_attendance.id;
end
$$;
comment on function public.cancel_session_registration(uuid) is 'Gives up the caller''s seat in a session that he has not joined.';
grant execute on function public.register_for_session(uuid), public.cancel_session_registration(uuid) to authenticated;

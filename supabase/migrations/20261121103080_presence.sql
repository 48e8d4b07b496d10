-- Presence: how people come to a live session and leave it, what others report of them, and how a session begins and ends.
-- Rollback: drop the functions below.

-- Coming and going -------------------------------------------------------------------------------------------

create function private.my_attendance_now(p_session uuid) returns public.session_attendance
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_session public.live_sessions;
    v_attendance public.session_attendance;
begin
    perform private.hold_session(p_session, false);
    select s.* into v_session from public.live_sessions s
    where s.id = p_session and s.course_id in (select private.my_enrolled_course_ids());
    if v_session.id is null then
        perform private.refuse('CG404', 'no_such_session', 'There is no such session in your courses.');
    end if;
    perform private.hold_requirements(v_session.course_id, false);
    select * into v_attendance from public.session_attendance
    where session_id = p_session and member_id = auth.uid() and cancelled_at is null for no key update;
    if v_attendance.id is null then
        perform private.refuse('CG403', 'not_registered', 'Register for this session before you join it.');
    elsif v_session.status not in ('scheduled', 'in_progress') or now() >= upper(private.session_window(v_session)) then
        perform private.refuse('CG409', 'session_over', 'This session is over or was cancelled.');
    elsif now() < v_session.session_date - make_interval(mins => v_session.join_minutes_before) then
        perform private.refuse('CG409', 'too_early',
            'This session opens ' || v_session.join_minutes_before || ' minutes before it begins.');
    end if;
    return v_attendance;
end
$$;
comment on function private.my_attendance_now(uuid) is
    'The caller''s registration for a session that is open now, locked; raises CG403, CG404 or CG409 with the reason.';

create function private.end_presence(p_attendance uuid, p_now boolean) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    update public.attendance_intervals
    set left_at = case when p_now and last_seen_at >= now() - interval '5 minutes' then greatest(now(), last_seen_at) else last_seen_at end
    where attendance_id = p_attendance and source = 'self' and left_at is null
$$;
comment on function private.end_presence(uuid, boolean) is
    'Ends what somebody''s page reports: now when it was heard of in the last five minutes, else when it was last heard of.';

create function public.stay_in_session(p_session uuid) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_attendance public.session_attendance := private.my_attendance_now(p_session);
    v_interval uuid;
begin
    update public.attendance_intervals set last_seen_at = greatest(last_seen_at, now())
    where attendance_id = v_attendance.id and source = 'self' and left_at is null and last_seen_at >= now() - interval '5 minutes'
    returning id into v_interval;
    if v_interval is null then
        -- Nothing was heard for too long: that time is not counted, and a new interval begins.
        perform private.end_presence(v_attendance.id, false);
        insert into public.attendance_intervals (attendance_id, session_id, member_id, source, joined_at, last_seen_at, recorded_by)
        values (v_attendance.id, p_session, auth.uid(), 'self', now(), now(), auth.uid())
        returning id into v_interval;
    end if;
    return v_interval;
end
$$;
comment on function public.stay_in_session(uuid) is
    'Says that the caller is in the session now; his page asks every minute. Five minutes of silence are not counted.';

create function public.join_live_session(p_session uuid)
returns table (meeting_platform text, meeting_url text, meeting_id text, meeting_password text, interval_id uuid)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_interval uuid := public.stay_in_session(p_session);
begin
    if not exists (select 1 from public.live_session_meetings m where m.session_id = p_session) then
        perform private.refuse('CG409', 'no_meeting', 'The instructor has not said yet where this session meets. Try again in a few minutes.');
    end if;
    return query
        select s.meeting_platform, m.meeting_url, m.meeting_id, m.meeting_password, v_interval
        from public.live_sessions s join public.live_session_meetings m on m.session_id = s.id where s.id = p_session;
end
$$;
comment on function public.join_live_session(uuid) is
    'Shows somebody who is registered the way into a session that is open, and notes that he came, by the server''s clock.';

create function public.leave_live_session(p_session uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_attendance uuid;
begin
    perform private.hold_session(p_session, false);
    perform private.hold_requirements(s.course_id, false) from public.live_sessions s where s.id = p_session;
    select id into v_attendance from public.session_attendance
    where session_id = p_session and member_id = auth.uid() for no key update;
    perform private.end_presence(v_attendance, true);
end
$$;
comment on function public.leave_live_session(uuid) is 'Notes that the caller left. Who had not joined changes nothing.';
grant execute on function public.stay_in_session(uuid), public.join_live_session(uuid), public.leave_live_session(uuid) to authenticated;

create function private.add_attendance(
    p_session uuid, p_member uuid, p_source text, p_joined timestamptz, p_left timestamptz, p_external text, p_by uuid
) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_session public.live_sessions;
    v_enrollment uuid;
    v_attendance uuid;
    v_interval uuid;
begin
    perform private.hold_session(p_session, false);
    select * into v_session from public.live_sessions where id = p_session;
    if v_session.id is null then
        perform private.refuse('CG404', 'no_such_session', 'There is no such session.');
    elsif v_session.status = 'cancelled' then
        perform private.refuse('CG409', 'session_cancelled', 'This session was cancelled.');
    elsif p_joined is null or p_left < p_joined or greatest(p_joined, p_left) > now() then
        perform private.refuse('CG422', 'impossible_times', 'Give a time of joining and a later time of leaving, both in the past.');
    elsif p_source = 'instructor' and (p_left is null or not tstzrange(p_joined, p_left, '[]') <@ private.session_window(v_session)) then
        perform private.refuse('CG422', 'outside_session', 'Give times within the session.');
    end if;
    perform private.hold_requirements(v_session.course_id, false);
    select e.id into v_enrollment from public.enrollments e
    where e.member_id = p_member and e.course_id = v_session.course_id order by e.completed_at desc nulls first, e.enrolled_at desc limit 1;
    if v_enrollment is null then
        perform private.refuse('CG409', 'not_enrolled', 'This person is not enrolled in the course.');
    end if;
    -- Who was there without having registered was there all the same.
    insert into public.session_attendance as a (session_id, course_id, enrollment_id, member_id)
    values (p_session, v_session.course_id, v_enrollment, p_member)
    on conflict on constraint unique_member_session do update set cancelled_at = null
    returning a.id into v_attendance;
    insert into public.attendance_intervals as i
        (attendance_id, session_id, member_id, source, joined_at, left_at, external_id, recorded_by)
    values (v_attendance, p_session, p_member, p_source, p_joined, p_left, p_external, p_by)
    on conflict on constraint attendance_intervals_external do update set left_at = excluded.left_at
        where i.left_at is null and i.attendance_id = excluded.attendance_id
    returning i.id into v_interval;
    return v_interval;
end
$$;
comment on function private.add_attendance(uuid, uuid, text, timestamptz, timestamptz, text, uuid) is
    'Adds an interval that somebody else than the learner reports. The same report again ends what was open, else answers null.';

create function private.import_attendance(
    p_session uuid, p_member uuid, p_joined timestamptz, p_left timestamptz, p_external text
) returns uuid
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$ select private.add_attendance(p_session, p_member, 'platform', p_joined, p_left, p_external, null) $$;
comment on function private.import_attendance(uuid, uuid, timestamptz, timestamptz, text) is
    'Adds an interval as the meeting platform reports it, under the platform''s own name for it.';
grant execute on function private.import_attendance(uuid, uuid, timestamptz, timestamptz, text) to service_role;

create function private.count_engagement(p_session uuid, p_member uuid, p_questions integer, p_polls integer) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    update public.session_attendance set questions_asked = p_questions, polls_answered = p_polls
    where session_id = p_session and member_id = p_member
$$;
comment on function private.count_engagement(uuid, uuid, integer, integer) is 'Keeps how much somebody asked and answered, as the meeting platform reports it.';
grant execute on function private.count_engagement(uuid, uuid, integer, integer) to service_role;

create function private.check_holds_session(p_session uuid) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not (private.is_admin() or coalesce(p_session in (select private.my_live_session_ids()), false)) then
        perform private.refuse('CG404', 'no_such_session', 'There is no such session among yours.');
    end if;
end
$$;
comment on function private.check_holds_session(uuid) is 'Refuses who neither holds a session nor administers the site.';

create function public.record_attendance(p_session uuid, p_member uuid, p_joined_at timestamptz, p_left_at timestamptz) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.check_holds_session(p_session);
    if p_member = auth.uid() then
        perform private.refuse('CG403', 'own_attendance', 'Your own attendance must be recorded by somebody else.');
    end if;
    return private.add_attendance(p_session, p_member, 'instructor', p_joined_at, p_left_at, null, auth.uid());
end
$$;
comment on function public.record_attendance(uuid, uuid, timestamptz, timestamptz) is
    'Records by hand that a learner was in a session. For its hosts and administrators; the interval names who recorded it.';

create function public.void_attendance_interval(p_interval uuid, p_reason text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_interval public.attendance_intervals;
begin
    select * into v_interval from public.attendance_intervals where id = p_interval;
    perform private.check_holds_session(v_interval.session_id);
    if coalesce(length(btrim(p_reason)), 0) not between 1 and 500 then
        perform private.refuse('CG422', 'reason_needed', 'Say why this does not count, in at most 500 characters.');
    elsif v_interval.member_id = auth.uid() then
        perform private.refuse('CG403', 'own_attendance', 'Your own attendance must be corrected by somebody else.');
    end if;
    perform private.hold_session(v_interval.session_id, false);
    perform private.hold_requirements(s.course_id, false) from public.live_sessions s where s.id = v_interval.session_id;
    perform 1 from public.session_attendance where id = v_interval.attendance_id for no key update;
    update public.attendance_intervals set voided_at = now(), voided_by = auth.uid(), void_reason = btrim(p_reason)
    where id = p_interval and voided_at is null;
    if not found then
        perform private.refuse('CG404', 'no_such_interval', 'There is no such interval, or it was voided already.');
    end if;
end
$$;
comment on function public.void_attendance_interval(uuid, text) is 'Takes an interval out of the count, with a reason. It stays to be read.';
grant execute on function public.record_attendance(uuid, uuid, timestamptz, timestamptz), public.void_attendance_interval(uuid, text)
    to authenticated;

-- Beginning and end ------------------------------------------------------------------------------------------

create function private.move_session(p_session uuid, p_to text, p_at timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_session public.live_sessions;
begin
    perform private.hold_session(p_session, true);
    select * into v_session from public.live_sessions where id = p_session;
    if (v_session.status, p_to) not in (('scheduled', 'in_progress'), ('scheduled', 'cancelled'), ('in_progress', 'completed')) then
        perform private.refuse('CG409', 'session_status',
            'This session is ' || replace(v_session.status, '_', ' ') || ': it cannot become ' || replace(p_to, '_', ' ') || '.');
    elsif p_to = 'cancelled' and v_session.attendance_count > 0 then
        perform private.refuse('CG409', 'session_attended', 'People have attended this session. Begin and end it instead of cancelling it.');
    end if;
    if p_to in ('completed', 'cancelled') then
        -- Alone: several people may complete a lesson here, and each would wait for the course's counters.
        perform private.hold_requirements(v_session.course_id, true);
        update public.attendance_intervals set left_at = coalesce(last_seen_at, greatest(joined_at, now()))
        where session_id = p_session and left_at is null;
    end if;
    update public.live_sessions set
        status = p_to,
        started_at = case when p_to = 'in_progress' then p_at else started_at end,
        ended_at = case when p_to = 'completed' then p_at else ended_at end
    where id = p_session;
end
$$;
comment on function private.move_session(uuid, text, timestamptz) is
    'Moves a session on: scheduled to in_progress or cancelled, in_progress to completed. At its end all who are still there leave.';

create function public.start_live_session(p_session uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.check_holds_session(p_session);
    if exists (
        select 1 from public.live_sessions s
        where s.id = p_session and now() < s.session_date - make_interval(mins => s.join_minutes_before)
    ) then
        perform private.refuse('CG409', 'too_early', 'It is too early to begin this session.');
    end if;
    perform private.move_session(p_session, 'in_progress', now());
end
$$;
comment on function public.start_live_session(uuid) is 'Begins a session. For its hosts and administrators.';

create function public.end_live_session(p_session uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.check_holds_session(p_session);
    perform private.move_session(p_session, 'completed', now());
end
$$;
comment on function public.end_live_session(uuid) is 'Ends a session. For its hosts and administrators.';

create function public.cancel_live_session(p_session uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.check_holds_session(p_session);
    perform private.move_session(p_session, 'cancelled', now());
end
$$;
comment on function public.cancel_live_session(uuid) is 'Cancels a session that nobody has attended. For its hosts and administrators.';
grant execute on function public.start_live_session(uuid), public.end_live_session(uuid), public.cancel_live_session(uuid) to authenticated;

create function private.advance_live_session() returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_session public.live_sessions;
begin
    -- One session a transaction: the locks of two would stand crosswise to those of who joins one of them.
    select s.* into v_session from public.live_sessions s
    where (s.status = 'scheduled' and s.session_date <= now())
        or (s.status = 'in_progress' and upper(private.session_window(s)) <= now())
    order by s.session_date, s.id limit 1;
    if v_session.id is not null and v_session.status = 'scheduled' then
        perform private.move_session(v_session.id, 'in_progress', v_session.session_date);
    elsif v_session.id is not null then
        perform private.move_session(v_session.id, 'completed', now());
    end if;
    return v_session.id;
end
$$;
comment on function private.advance_live_session() is
    'Begins or ends one session whose time has come and that nobody moved by hand; answers which, or null when none is left.';
grant execute on function private.advance_live_session() to service_role;

-- Attendance that is reported for somebody is of the enrollment that counts now: of a cohort that has begun.
-- Rollback: bring back private.add_attendance of 20261121103080_presence.sql.

create or replace function private.add_attendance(
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
    select e.id into v_enrollment from private.current_enrollment(p_member, v_session.course_id) e;
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

-- Units of AICC that a partner's learner plays: he is nobody of ours and has no profile, and GetParam found nothing for him.
-- Rollback: the function of 20261122106000_hacp.sql.

create or replace function private.open_hacp(p_registration uuid, p_player uuid, p_sid text, p_sco text, p_command text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_course uuid;
    v_row public.scorm_enrollments;
    v_session public.aicc_sessions;
begin
    select e.course_id into v_course from public.scorm_enrollments e where e.id = p_registration and e.session_id = p_player;
    -- Before any row, as everybody does who stores a commit.
    if v_course is not null then
        perform private.hold_requirements(v_course, false);
    end if;
    select * into v_row from public.scorm_enrollments where id = p_registration and session_id = p_player for no key update;
    if v_row.id is null or v_row.session_opened_at <= clock_timestamp() - interval '24 hours' then
        return jsonb_build_object('fault', 'stale');
    elsif not exists (select 1 from public.scorm_packages where id = v_row.scorm_package_id and version = 'aicc') then
        return jsonb_build_object('fault', 'not_aicc');
    elsif not exists (
        select 1 from public.scorm_items i where i.scorm_package_id = v_row.scorm_package_id and i.identifier = p_sco and i.kind = 'sco'
    ) then
        return jsonb_build_object('fault', 'no_such_unit');
    end if;
    select * into v_session from public.aicc_sessions where player = p_player and sid = p_sid;
    if v_session.id is null and p_command = 'getparam' then
        if (select count(*) from public.aicc_sessions where player = p_player) >= 1000 then
            return jsonb_build_object('fault', 'too_many');
        end if;
        insert into public.aicc_sessions (scorm_enrollment_id, attempt_id, player, sid, sco)
        values (v_row.id, v_row.session_attempt_id, p_player, p_sid, p_sco) returning * into v_session;
    elsif v_session.id is null then
        return jsonb_build_object('fault', 'not_begun');
    elsif v_session.sco <> p_sco then
        return jsonb_build_object('fault', 'no_such_unit');
    elsif v_session.ended_at is not null and p_command <> 'getparam' then
        return jsonb_build_object('fault', 'ended');
    end if;
    -- A page that is loaded again in its frame begins anew with GetParam.
    update public.aicc_sessions set
        calls = calls + 1, last_at = clock_timestamp(), ended_at = case when p_command = 'exitau' then clock_timestamp() end
    where id = v_session.id;
    return (
        select jsonb_build_object(
            'seq', v_row.commit_seq, 'began', extract(epoch from v_session.begun_at)::float8,
            'saved', case when a.mode = 'browse' then '{}'::jsonb else coalesce(v_row.cmi_data -> p_sco, '{}') end,
            'student_id', coalesce(v_row.member_id, v_row.dispatch_registration_id), 'student_name', concat_ws(', ', nullif(f.last_name, ''), nullif(f.first_name, '')),
            'mode', a.mode, 'credit', a.credit, 'attempt', a.attempt_number,
            'seconds', coalesce((
                select r.total_time_seconds from public.scorm_sco_results r where r.attempt_id = a.id and r.sco = p_sco
            ), 0),
            'launch_data', i.launch_data, 'mastery', i.mastery_score, 'max_seconds', extract(epoch from i.max_time_allowed)::float8,
            'time_limit_action', i.time_limit_action, 'course', p.manifest ->> 'identifier',
            'password', p.manifest #>> array['extra', 'passwords', p_sco], 'lenient', p.lenient_limits
        )
        from public.scorm_attempts a
        left join public.profiles f on f.id = v_row.member_id
        join public.scorm_packages p on p.id = v_row.scorm_package_id
        join public.scorm_items i on i.scorm_package_id = p.id and i.identifier = p_sco
        where a.id = v_row.session_attempt_id
    );
end
$$;

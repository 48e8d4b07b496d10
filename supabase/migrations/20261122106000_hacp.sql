-- HACP: pages of AICC courses speak to the site over HTTP, each visit of a page in a session of its own. And what the run-time of
-- SCORM takes of numbers and lengths is what is counted.
-- Rollback: drop the table and the function; restore the two functions at the end of the earlier migration.

-- aicc_sessions --------------------------------------------------------------------------------------------

create table public.aicc_sessions (
    id uuid primary key default private.uuid_v7(),
    scorm_enrollment_id uuid not null,
    attempt_id uuid not null,
    player uuid not null,
    sid text not null check (length(sid) between 1 and 400),
    sco text not null check (length(sco) <= 255),
    calls integer not null default 0 check (calls >= 0),
    begun_at timestamptz not null default now(),
    last_at timestamptz not null default now(),
    ended_at timestamptz,
    constraint aicc_sessions_sid unique (player, sid),
    constraint aicc_sessions_attempt foreign key (attempt_id, scorm_enrollment_id)
        references public.scorm_attempts (id, scorm_enrollment_id) on delete restrict
) with (fillfactor = 70);
comment on table public.aicc_sessions is
    'One visit of one unit of an AICC course, as HACP knows it (CMI001 5.3): from GetParam to ExitAU. What the unit says stands in scorm_tracking and scorm_calls.';
comment on column public.aicc_sessions.player is 'scorm_enrollments.session_id when it began: who opens another player ends it.';
comment on column public.aicc_sessions.sid is 'The session_id that the unit was launched with: a name within its player, no secret.';
create index idx_aicc_sessions_enrollment on public.aicc_sessions (scorm_enrollment_id);
create index idx_aicc_sessions_attempt on public.aicc_sessions (attempt_id, scorm_enrollment_id);

alter table public.aicc_sessions enable row level security;
revoke all on public.aicc_sessions from anon, authenticated, service_role;
-- The player is a secret of its holder.
grant select (id, scorm_enrollment_id, attempt_id, sid, sco, calls, begun_at, last_at, ended_at) on public.aicc_sessions to authenticated;
grant select, insert, update on public.aicc_sessions to service_role;
create policy "People view sessions of AICC units" on public.aicc_sessions for select to authenticated
    using (scorm_enrollment_id = any (array(select private.my_scorm_enrollment_ids())) or (select private.is_admin()));
insert into private.audit_exempt (table_name, reason) values
    ('aicc_sessions', 'The state of a protocol; what was said in it is kept where nothing is changed.');

-- One call of HACP -----------------------------------------------------------------------------------------

create function private.open_hacp(p_registration uuid, p_player uuid, p_sid text, p_sco text, p_command text) returns jsonb
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
            'student_id', v_row.member_id, 'student_name', concat_ws(', ', nullif(f.last_name, ''), nullif(f.first_name, '')),
            'mode', a.mode, 'credit', a.credit, 'attempt', a.attempt_number,
            'seconds', coalesce((
                select r.total_time_seconds from public.scorm_sco_results r where r.attempt_id = a.id and r.sco = p_sco
            ), 0),
            'launch_data', i.launch_data, 'mastery', i.mastery_score, 'max_seconds', extract(epoch from i.max_time_allowed)::float8,
            'time_limit_action', i.time_limit_action, 'course', p.manifest ->> 'identifier',
            'password', p.manifest #>> array['extra', 'passwords', p_sco], 'lenient', p.lenient_limits
        )
        from public.scorm_attempts a
        join public.profiles f on f.id = v_row.member_id
        join public.scorm_packages p on p.id = v_row.scorm_package_id
        join public.scorm_items i on i.scorm_package_id = p.id and i.identifier = p_sco
        where a.id = v_row.session_attempt_id
    );
end
$$;
comment on function private.open_hacp(uuid, uuid, text, text, text) is
    'Begins, goes on with or ends the HACP session of a unit, and holds its registration until the transaction is over. Answers what GetParam '
    'says and where the attempt stands, or {fault}: stale, not_aicc, no_such_unit, too_many, not_begun, ended.';

create function private.record_hacp(p_player uuid, p_sco text, p_elements jsonb, p_terminate boolean, p_calls jsonb)
returns table (outcome text, words text)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_seq integer;
    v_id uuid;
    v_attempt uuid;
begin
    select e.id, e.session_attempt_id, e.commit_seq into v_id, v_attempt, v_seq
    from public.scorm_enrollments e where e.session_id = p_player for no key update;
    return query
    select r.outcome, r.words
    from private.record_scorm_commits(
        array[p_player], array[v_seq + 1], array[p_sco], array[p_elements], array[p_terminate], array[p_calls], array[null::jsonb],
        array[null::jsonb]
    ) r;
    -- The player counts its own commits; what a unit sends beside it stands with the last of them and takes no number.
    update public.scorm_tracking t set commit_seq = v_seq
    where t.scorm_enrollment_id = v_id and t.attempt_id = v_attempt and t.commit_seq = v_seq + 1;
    update public.scorm_calls c set commit_seq = v_seq
    where v_seq > 0 and c.scorm_enrollment_id = v_id and c.attempt_id = v_attempt and c.commit_seq = v_seq + 1;
    update public.scorm_enrollments e set commit_seq = v_seq where e.id = v_id and e.commit_seq <> v_seq;
end
$$;
comment on function private.record_hacp(uuid, text, jsonb, boolean, jsonb) is
    'private.record_scorm_commits for what a unit of AICC sends, within the transaction of private.open_hacp.';
grant execute on function private.open_hacp(uuid, uuid, text, text, text), private.record_hacp(uuid, text, jsonb, boolean, jsonb)
    to service_role;

-- Numbers and lengths as the run-time takes them ------------------------------------------------------------

create or replace function private.scorm_number(p_text text) returns numeric
language sql immutable parallel safe
-- Packages divide, and write all decimals that they get.
return case when p_text ~ '^[+-]?([0-9]{1,10}(\.[0-9]{0,20})?|\.[0-9]{1,20})$' then p_text::numeric end;

create or replace function private.scorm_value_limit(p_standard text, p_element text) returns integer
language sql immutable parallel safe
-- The smallest permitted maximum of the standard is our maximum: a longer value is refused, never cut.
return case
    when p_standard = 'scorm_2004' then case
        when p_element ~ '(suspend_data|store|learner_response|pattern)$' then 64000
        when p_element = 'cmi.location' then 1000
        -- {lang=…} stands before the text and is no part of it.
        when p_element ~ '(comment|description)$' then 4300
        else 4000
    end
    when p_element in ('cmi.suspend_data', 'cmi.comments') then 4096
    else 255
end;

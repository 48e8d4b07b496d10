-- Commits of many players at once: what arrives together is checked, stored and counted by statements, not by rows. What moves a
-- status, which is seldom, goes the way it went before.
-- Rollback: drop what is new; restore the others of the earlier migrations.

-- Elements and values: inlined into the statement that asks -------------------------------------------------------

create or replace function private.is_scorm_element(p_standard text, p_element text) returns boolean
language sql immutable parallel safe
-- Only what a SCO may set. SCORM 1.2 RTE 3.4.4; SCORM 2004 4th edition RTE 4.2. An index has at most four digits. A pattern is
-- much dearer than a list, so it is asked last.
return case p_standard when 'scorm_2004' then
    p_element = any (array[
        'cmi.completion_status', 'cmi.success_status', 'cmi.exit', 'cmi.location', 'cmi.progress_measure', 'cmi.session_time',
        'cmi.suspend_data', 'cmi.score.scaled', 'cmi.score.raw', 'cmi.score.min', 'cmi.score.max', 'adl.nav.request',
        'cmi.learner_preference.audio_level', 'cmi.learner_preference.language', 'cmi.learner_preference.delivery_speed',
        'cmi.learner_preference.audio_captioning'
    ])
    or length(p_element) <= 255 and p_element ~ (
        '^(cmi\.('
        'comments_from_learner\.\d{1,4}\.(comment|location|timestamp)'
        '|objectives\.\d{1,4}\.(id|score\.(scaled|raw|min|max)|success_status|completion_status|progress_measure|description)'
        '|interactions\.\d{1,4}\.(id|type|objectives\.\d{1,4}\.id|timestamp|correct_responses\.\d{1,4}\.pattern|weighting'
        '|learner_response|result|latency|description)'
        ')|adl\.data\.\d{1,4}\.store)$'
    )
else
    p_element = any (array[
        'cmi.core.lesson_location', 'cmi.core.lesson_status', 'cmi.core.exit', 'cmi.core.session_time', 'cmi.core.score.raw',
        'cmi.core.score.min', 'cmi.core.score.max', 'cmi.suspend_data', 'cmi.comments', 'cmi.student_preference.audio',
        'cmi.student_preference.language', 'cmi.student_preference.speed', 'cmi.student_preference.text'
    ])
    or length(p_element) <= 255 and p_element ~ (
        '^cmi\.('
        'objectives\.\d{1,4}\.(id|status|score\.(raw|min|max))'
        '|interactions\.\d{1,4}\.(id|objectives\.\d{1,4}\.id|time|type|correct_responses\.\d{1,4}\.pattern|weighting'
        '|student_response|result|latency)'
        ')$'
    )
end;

create or replace function private.scorm_value_limit(p_standard text, p_element text) returns integer
language sql immutable parallel safe
-- The smallest permitted maximum of the standard is our maximum: a longer value is refused, never cut.
return case
    when p_standard = 'scorm_2004' then case
        when p_element ~ '(suspend_data|store|learner_response|pattern)$' then 64000
        when p_element = 'cmi.location' then 1000
        else 4000
    end
    when p_element in ('cmi.suspend_data', 'cmi.comments') then 4096
    else 255
end;

create or replace function private.scorm_number(p_text text) returns numeric
language sql immutable parallel safe
return case when p_text ~ '^[+-]?[0-9]{1,9}(\.[0-9]{0,9})?$' then p_text::numeric end;

create function private.seconds_of(p_text text, p_digits integer) returns numeric
language sql immutable parallel safe
-- Digits and, after a point, one or two more; the caller has seen that nothing but digits and points is there.
return case
    when strpos(p_text, '.') = 0 then case when length(p_text) between 1 and p_digits then p_text::numeric end
    when strpos(p_text, '.') between 2 and p_digits + 1 and length(split_part(p_text, '.', 2)) between 1 and 2
        and split_part(p_text, '.', 3) = '' and right(p_text, 1) <> '.' then p_text::numeric
end;
comment on function private.seconds_of(text, integer) is 'A number of seconds with at most two decimals; null for anything else.';

create or replace function private.scorm_seconds(p_text text) returns numeric
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    v_form text;
    m text[];
begin
    -- CMITimespan of SCORM 1.2 (HHHH:MM:SS.SS), or timeinterval(second,10,2) of SCORM 2004 (P1Y2M3DT4H5M6.78S), a year being
    -- 365 days and a month 30: the clock bounds what is counted anyway. The two forms that packages write are read without a
    -- pattern, which takes ten times as long.
    if p_text is null or length(p_text) > 100 then
        return null;
    end if;
    v_form := translate(p_text, '0123456789', '');
    if v_form in ('::', '::.') then
        m := string_to_array(p_text, ':');
        if length(m[1]) between 2 and 4 and length(m[2]) = 2 and length(split_part(m[3], '.', 1)) = 2
            and strpos(m[1] || m[2], '.') = 0 and m[2]::integer < 60
        then
            return m[1]::numeric * 3600 + m[2]::numeric * 60
                + case when private.seconds_of(m[3], 2) < 60 then private.seconds_of(m[3], 2) end;
        end if;
        return null;
    elsif v_form in ('PTS', 'PT.S') then
        return private.seconds_of(substr(p_text, 3, length(p_text) - 3), 10);
    end if;
    m := regexp_match(
        p_text, '^P(?=.)(?:([0-9]{1,4})Y)?(?:([0-9]{1,5})M)?(?:([0-9]{1,6})D)?'
        '(?:T(?=.)(?:([0-9]{1,7})H)?(?:([0-9]{1,8})M)?(?:([0-9]{1,10}(?:\.[0-9]{1,2})?)S)?)?$'
    );
    if m is null then
        return null;
    end if;
    return coalesce(m[1]::numeric * 31536000, 0) + coalesce(m[2]::numeric * 2592000, 0) + coalesce(m[3]::numeric * 86400, 0)
        + coalesce(m[4]::numeric * 3600, 0) + coalesce(m[5]::numeric * 60, 0) + coalesce(m[6]::numeric, 0);
end
$$;

create function private.scorm_fault(p_standard text, p_lenient boolean, p_elements jsonb) returns text[]
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
    v_size integer;
begin
    if coalesce(jsonb_typeof(p_elements), '') <> 'object' then
        return array['not_an_object', 'A commit is an object of elements and their values.'];
    end if;
    v_size := octet_length(p_elements::text);
    -- A thousand elements take more than ten thousand bytes, so fewer bytes need not be counted.
    if v_size > 10000 then
        if v_size > 1000000 or (select count(*) from jsonb_object_keys(p_elements)) > 1000 then
            return array['commit_too_large', 'A commit has at most 1000 elements and 1000000 bytes. Send it in parts.'];
        end if;
    end if;
    return (
        select case
            when not private.is_scorm_element(p_standard, e.key) then array['no_such_element', 'A package cannot set ' || left(e.key, 100) || '.']
            when jsonb_typeof(e.value) <> 'string' then array['values_are_text', 'The value of ' || e.key || ' must be text.']
            else array['value_too_long', e.key || ' takes at most ' || private.scorm_value_limit(p_standard, e.key, p_lenient) || ' characters.']
        end
        from jsonb_each(p_elements) e
        where not private.is_scorm_element(p_standard, e.key) or jsonb_typeof(e.value) <> 'string'
            -- What is no longer than any limit needs none looked up.
            or length(e.value #>> '{}') > 255 and length(e.value #>> '{}') > private.scorm_value_limit(p_standard, e.key, p_lenient)
        limit 1
    );
end
$$;
comment on function private.scorm_fault(text, boolean, jsonb) is
    'Code and words of the first thing in a commit that its standard does not allow; null when all is well.';

create function private.check_scorm_elements(p_standard text, p_lenient boolean, p_elements jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    v_fault text[] := private.scorm_fault(p_standard, p_lenient, p_elements);
begin
    if v_fault is not null then
        perform private.refuse('CG422', v_fault[1], v_fault[2]);
    end if;
end
$$;
comment on function private.check_scorm_elements(text, boolean, jsonb) is 'Raises CG422 with what private.scorm_fault finds.';
drop function private.check_scorm_elements(text, jsonb);

-- Counting what was said -------------------------------------------------------------------------------------------

create or replace function public.update_scorm_progress() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
declare
    v_now timestamptz := clock_timestamp();
    v_moved uuid[];
    v_too_much boolean;
    v_row public.scorm_enrollments;
    v_attempt uuid;
begin
    perform 1 from public.scorm_enrollments e
    where e.id in (select t.scorm_enrollment_id from added t) order by e.id for no key update;
    with touched as materialized (
        select e.id, e.scorm_package_id, e.cmi_data, e.session_seconds as counted, a.id as attempt_id, p.standard,
            round(extract(epoch from v_now - coalesce(e.session_opened_at, a.opened_at)), 2) as clock
        from (select distinct t.attempt_id from added t) d
        join public.scorm_attempts a on a.id = d.attempt_id and a.credit and a.ended_at is null
        join public.scorm_enrollments e on e.id = a.scorm_enrollment_id
        join public.scorm_packages p on p.id = e.scorm_package_id
    ), said as materialized (
        select t.attempt_id, t.sco, jsonb_object_agg(t.element, t.value order by t."timestamp", t.id) as elements, max(t.commit_seq) as seq
        from added t group by t.attempt_id, t.sco
    ), read as materialized (
        select
            t.id, t.attempt_id, t.counted, t.clock, s.sco, s.seq, d.data, o.attempt_id is not null as known,
            o.completion_status as old_completion, o.success_status as old_success, o.score as old_score, o.progress as old_progress,
            coalesce(o.session_seconds, 0) as old_seconds,
            case when o.completion_status = 'completed' then o.completion_status else r.completion end as completion,
            case when o.success_status = 'passed' then o.success_status else r.success end as success,
            greatest(o.progress, r.progress) as progress,
            -- What was finished is not undone by what the same attempt says later.
            case when o.completion_status = 'completed' or o.success_status = 'passed'
                then greatest(o.score, r.score) else coalesce(r.score, o.score) end as score,
            case when s.elements ?| array['cmi.session_time', 'cmi.core.session_time']
                then r.session_seconds - coalesce(o.session_seconds, 0) end as wanted
        from touched t
        join said s on s.attempt_id = t.attempt_id
        left join public.scorm_items i on i.scorm_package_id = t.scorm_package_id and i.identifier = s.sco
        left join public.scorm_sco_results o on o.attempt_id = t.attempt_id and o.sco = s.sco
        cross join lateral (select coalesce(t.cmi_data -> s.sco, '{}') || s.elements as data offset 0) d
        -- A row of the organisation is written by the engine, in the words of SCORM 2004.
        cross join lateral private.scorm_reading(
            case when i.kind = 'organization' then 'scorm_2004' else t.standard end, d.data, i.mastery_score, i.completion_threshold
        ) r
    ), wish as (
        select r.*, case when r.wanted is not null then sum(r.wanted) over line end as so_far
        from read r window line as (partition by r.attempt_id, r.wanted is null order by r.sco)
    ), reached as (
        -- The last session time that was set counts, as far as the clock since the player was opened allows: each SCO in turn
        -- adds what it wants, and the sum never stands above the clock.
        select w.*, w.so_far + least(w.counted, w.clock - max(w.so_far) over line) as sum_seconds
        from wish w window line as (partition by w.attempt_id, w.wanted is null order by w.sco)
    ), timed as materialized (
        select x.*,
            not x.known or (x.completion, x.success, x.progress) is distinct from (x.old_completion, x.old_success, x.old_progress)
                or x.score is distinct from x.old_score as moved,
            case when x.wanted is null then 0
                else greatest(-x.old_seconds, x.sum_seconds - lag(x.sum_seconds, 1, x.counted) over line) end as added_seconds
        from reached x window line as (partition by x.attempt_id, x.wanted is null order by x.sco)
    ), begun as (
        insert into public.scorm_sco_results (
            attempt_id, scorm_enrollment_id, sco, completion_status, success_status, progress, score, total_time_seconds, session_seconds
        )
        select t.attempt_id, t.id, t.sco, t.completion, t.success, t.progress, t.score, t.added_seconds, t.added_seconds
        from timed t where not t.known
    ), results as (
        update public.scorm_sco_results r set
            completion_status = t.completion, success_status = t.success, progress = t.progress, score = t.score,
            total_time_seconds = r.total_time_seconds + t.added_seconds, session_seconds = r.session_seconds + t.added_seconds
        from timed t where r.attempt_id = t.attempt_id and r.sco = t.sco and t.known and (t.moved or t.added_seconds <> 0)
    ), summed as materialized (
        select t.id, t.attempt_id, sum(t.added_seconds) as seconds, max(t.seq) as seq, bool_or(t.moved) as moved,
            jsonb_object_agg(t.sco, t.data) as said
        from timed t group by t.id, t.attempt_id
    ), attempts as (
        update public.scorm_attempts a set total_time_seconds = a.total_time_seconds + s.seconds
        from summed s where a.id = s.attempt_id and s.seconds <> 0
    ), registrations as (
        update public.scorm_enrollments e set
            cmi_data = e.cmi_data || s.said,
            commit_seq = greatest(e.commit_seq, s.seq),
            last_accessed_at = v_now,
            session_seconds = e.session_seconds + s.seconds,
            total_time_seconds = e.total_time_seconds + s.seconds
        from summed s where e.id = s.id
        returning e.id, s.attempt_id, s.moved, pg_column_size(e.cmi_data) > 4000000 as too_much
    )
    select array_agg(r.attempt_id order by r.id) filter (where r.moved), bool_or(r.too_much) into v_moved, v_too_much
    from registrations r;
    if v_too_much then
        perform private.refuse('CG422', 'too_much_data', 'The package keeps more than this site stores for one attempt.');
    end if;
    -- A status, a score or a share that moved: seldom, so one after the other.
    foreach v_attempt in array coalesce(v_moved, '{}') loop
        select e.* into v_row from public.scorm_attempts a join public.scorm_enrollments e on e.id = a.scorm_enrollment_id
        where a.id = v_attempt;
        perform private.roll_scorm_up(v_row, v_attempt, 0);
        if private.sum_scorm_attempts(v_row.id, v_row.cmi_data, 0) then
            perform private.complete_scorm_lesson(v_row.id);
        end if;
    end loop;
    return null;
end
$$;
drop function private.record_sco_result(public.scorm_enrollments, uuid, text, jsonb, boolean);

-- Many players -------------------------------------------------------------------------------------------------------

create function private.record_scorm_commits(
    p_session uuid[], p_seq integer[], p_sco text[], p_elements jsonb[], p_terminate boolean[], p_calls jsonb[], p_state jsonb[],
    p_summary jsonb[]
)
returns table (
    n integer, outcome text, words text, seq integer, completion_status text, success_status text, score numeric, progress numeric,
    total_time_seconds numeric, criterion_met boolean
)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_outcomes text[];
    v_words text[];
    v_registrations uuid[];
begin
    -- Held before any row, in one order for everybody.
    perform private.hold_requirements(c.course_id, false) from (
        select distinct e.course_id from public.scorm_enrollments e
        where e.session_id = any (p_session) and e.course_id is not null order by e.course_id
    ) c;
    perform 1 from public.scorm_enrollments e where e.session_id = any (p_session) order by e.id for no key update;
    with given as (
        select g.*, row_number() over (partition by g.session order by g.n) as turn
        from unnest(p_session, p_seq, p_sco, p_elements, p_terminate, p_calls, p_state, p_summary)
            with ordinality as g (session, seq, sco, elements, terminate, calls, state, summary, n)
    ), known as materialized (
        select
            g.*, e.id, e.session_attempt_id as attempt_id, e.commit_seq, e.session_opened_at, e.enrollment_id, e.scorm_package_id,
            e.session_web_id is not null and (w.id is null or w.revoked_at is not null) as signed_out,
            n.id is null as not_enrolled, p.standard, p.lenient_limits, i.kind, i.organization, a.credit and a.ended_at is null as counts,
            -- Whether nothing in it needs a closer look: a few elements, all of them short texts that a SCO may set.
            case when jsonb_typeof(g.elements) = 'object' and i.kind = 'sco' then (
                select count(*) <= 100 and bool_and(
                    jsonb_typeof(x.value) = 'string' and length(x.value #>> '{}') <= case x.key when 'cmi.suspend_data' then 4096 else 255 end
                    and private.is_scorm_element(p.standard, x.key)
                ) from jsonb_each(g.elements) x
            ) end as plain
        from given g
        left join public.scorm_enrollments e on e.session_id = g.session
        left join public.web_sessions w on w.id = e.session_web_id
        left join public.enrollments n on n.id = e.enrollment_id and n.status in ('enrolled', 'in_progress', 'completed')
            and (n.expires_at is null or n.expires_at > now())
            and case when n.transaction_id is null then true else not private.is_refunded(n.transaction_id) end
        left join public.scorm_packages p on p.id = e.scorm_package_id
        left join public.scorm_items i on i.scorm_package_id = e.scorm_package_id and i.identifier = g.sco
        left join public.scorm_attempts a on a.id = e.session_attempt_id
    ), judged as materialized (
        select k.*, case
            when k.id is null or k.session_opened_at <= clock_timestamp() - interval '24 hours' then
                array['stale_attempt', 'This player is not the current one any more. Open the lesson again.']
            when k.signed_out then array['signed_out', 'You have been signed out. Sign in and open the lesson again.']
            when k.enrollment_id is not null and k.not_enrolled then array['not_enrolled', 'You are not enrolled in this course.']
            -- A package without items, such as one that an older system brought, has one SCO without a name.
            when k.sco is null or coalesce(k.kind, '') not in ('sco', 'organization') and not (
                k.sco = '' and not exists (select 1 from public.scorm_items x where x.scorm_package_id = k.scorm_package_id)
            ) then array['no_such_sco', 'The package has no SCO of this name.']
            when k.seq is null or k.seq < 1 or k.turn > 1 or k.seq > k.commit_seq + 1 then array[
                'commits_missing', 'The last commit that was stored is number ' || k.commit_seq || '. Send those after it in their order.']
            else coalesce(
                case when not coalesce(k.plain, false) then
                    private.scorm_fault(case when k.kind = 'organization' then 'scorm_2004' else k.standard end, k.lenient_limits, k.elements)
                end,
                case when k.summary is not null then private.scorm_fault('scorm_2004', true, k.summary) end,
                case when k.seq = k.commit_seq + 1 then array['stored']
                    -- Sent again because the answer was lost: it is true only when it is what was stored.
                    when k.elements is distinct from (
                        select coalesce(jsonb_object_agg(t.element, t.value), '{}') from public.scorm_tracking t
                        where t.scorm_enrollment_id = k.id and t.attempt_id = k.attempt_id and t.commit_seq = k.seq and t.sco = k.sco
                    ) then array['sequence_used', 'Another commit was stored under this number. The last one is number ' || k.commit_seq || '.']
                    else array['repeated'] end
            )
        end as verdict
        from known k
    ), fresh as materialized (
        select j.*, left(private.uuid_v7()::text, 32) as mark from judged j where j.verdict[1] = 'stored'
    ), tracked as (
        -- One random mark a commit, and the place of each element behind it.
        insert into public.scorm_tracking (id, scorm_enrollment_id, attempt_id, commit_seq, sco, element, value)
        select (f.mark || lpad(to_hex(e.n), 4, '0'))::uuid, f.id, f.attempt_id, f.seq, f.sco, e.key, e.value
        from fresh f cross join lateral jsonb_each_text(f.elements) with ordinality as e (key, value, n)
        union all
        select (f.mark || to_hex(32768 + e.n))::uuid, f.id, f.attempt_id, f.seq, f.organization, e.key, e.value
        from fresh f cross join lateral jsonb_each_text(f.summary) with ordinality as e (key, value, n)
        where f.organization is not null
    ), called as (
        insert into public.scorm_calls (scorm_enrollment_id, attempt_id, commit_seq, sco, calls)
        select f.id, f.attempt_id, f.seq, f.sco, f.calls from fresh f where f.calls <> '[]'
    ), kept as (
        insert into public.scorm_states (attempt_id, scorm_enrollment_id, state)
        select f.attempt_id, f.id, f.state from fresh f where f.state is not null
        on conflict (attempt_id) do update set state = excluded.state
    ), counted as (
        -- What has elements and counts is counted by the trigger.
        update public.scorm_enrollments e set commit_seq = f.seq, last_accessed_at = now()
        from fresh f where e.id = f.id
          and (not f.counts or f.elements = '{}' and (f.organization is null or coalesce(f.summary, '{}') = '{}'))
    )
    select array_agg(j.verdict[1] order by j.n), array_agg(j.verdict[2] order by j.n), array_agg(j.id order by j.n)
    into v_outcomes, v_words, v_registrations
    from judged j;
    if true = any (p_terminate) then
        -- When the SCO is initialised again, its session time begins at nothing.
        update public.scorm_sco_results r set session_seconds = 0
        from unnest(v_registrations, p_sco, p_terminate, v_outcomes) as g (id, sco, terminate, outcome)
        join public.scorm_enrollments e on e.id = g.id
        where g.terminate and g.outcome = 'stored' and r.attempt_id = e.session_attempt_id and r.sco = g.sco and r.session_seconds <> 0;
    end if;
    return query
    select g.n::integer, g.outcome, g.words, e.commit_seq, a.completion_status, a.success_status, a.score, a.progress,
        a.total_time_seconds, e.criterion_met_at is not null
    from unnest(v_outcomes, v_words, v_registrations) with ordinality as g (outcome, words, id, n)
    left join public.scorm_enrollments e on e.id = g.id
    left join public.scorm_attempts a on a.id = e.session_attempt_id
    order by g.n;
end
$$;
comment on function private.record_scorm_commits(uuid[], integer[], text[], jsonb[], boolean[], jsonb[], jsonb[], jsonb[]) is
    'Stores a batch of commits of different registrations, with the calls, the state and the summary of the organisation that come with '
    'them. One row back for each: stored, repeated, or the code and the words of what was refused. The same rules as private.record_scorm_commit.';
grant execute on function private.record_scorm_commits(uuid[], integer[], text[], jsonb[], boolean[], jsonb[], jsonb[], jsonb[])
    to service_role;

-- One player ---------------------------------------------------------------------------------------------------------

create or replace function private.record_scorm_commit(p_session uuid, p_seq integer, p_sco text, p_elements jsonb, p_terminate boolean default false)
returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_row record;
begin
    select * into v_row from private.record_scorm_commits(
        array[p_session], array[p_seq], array[p_sco], array[p_elements], array[p_terminate], array['[]'::jsonb], array[null::jsonb],
        array[null::jsonb]
    );
    if v_row.outcome not in ('stored', 'repeated') then
        perform private.refuse(
            case when v_row.outcome in ('stale_attempt', 'commits_missing', 'sequence_used') then 'CG409'
                when v_row.outcome in ('signed_out', 'not_enrolled') then 'CG403' else 'CG422' end,
            v_row.outcome, v_row.words
        );
    end if;
    return (
        select jsonb_build_object(
            'outcome', v_row.outcome, 'seq', v_row.seq, 'attempt_id', a.id, 'credit', a.credit,
            'completion_status', v_row.completion_status, 'success_status', v_row.success_status, 'score', v_row.score,
            'progress', v_row.progress, 'total_time_seconds', v_row.total_time_seconds, 'criterion_met', v_row.criterion_met
        ) from public.scorm_enrollments e join public.scorm_attempts a on a.id = e.session_attempt_id where e.session_id = p_session
    );
end
$$;

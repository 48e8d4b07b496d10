-- What a package says, read by the rules of its standard: which elements it may set, what they mean, how they move the
-- registration and the lesson; opening a player and committing what it sends.
-- Rollback: drop the functions and the trigger below.

-- Elements and values --------------------------------------------------------------------------------------

create function private.is_scorm_element(p_standard text, p_element text) returns boolean
language sql immutable parallel safe strict set search_path = pg_catalog, pg_temp
as $$
    -- Only what a SCO may set. SCORM 1.2 RTE 3.4.4; SCORM 2004 4th edition RTE 4.2. An index has at most four digits.
    select length(p_element) <= 255 and p_element ~ case p_standard when 'scorm_2004' then
        '^(cmi\.('
        'completion_status|success_status|exit|location|progress_measure|session_time|suspend_data|score\.(scaled|raw|min|max)'
        '|comments_from_learner\.\d{1,4}\.(comment|location|timestamp)'
        '|learner_preference\.(audio_level|language|delivery_speed|audio_captioning)'
        '|objectives\.\d{1,4}\.(id|score\.(scaled|raw|min|max)|success_status|completion_status|progress_measure|description)'
        '|interactions\.\d{1,4}\.(id|type|objectives\.\d{1,4}\.id|timestamp|correct_responses\.\d{1,4}\.pattern|weighting'
        '|learner_response|result|latency|description)'
        ')|adl\.(nav\.request|data\.\d{1,4}\.store))$'
    else
        '^cmi\.('
        'core\.(lesson_location|lesson_status|exit|session_time|score\.(raw|min|max))|suspend_data|comments'
        '|objectives\.\d{1,4}\.(id|status|score\.(raw|min|max))'
        '|student_preference\.(audio|language|speed|text)'
        '|interactions\.\d{1,4}\.(id|objectives\.\d{1,4}\.id|time|type|correct_responses\.\d{1,4}\.pattern|weighting'
        '|student_response|result|latency)'
        ')$'
    end
$$;
comment on function private.is_scorm_element(text, text) is 'Whether a SCO may set an element. What the LMS alone sets (credit, total_time, learner_id, …) it may not.';

create function private.scorm_value_limit(p_standard text, p_element text) returns integer
language sql immutable parallel safe strict set search_path = pg_catalog, pg_temp
as $$
    -- The smallest permitted maximum of the standard is our maximum: a longer value is refused, never cut.
    select case
        when p_standard = 'scorm_2004' then case
            when p_element ~ '(suspend_data|store|learner_response|pattern)$' then 64000
            when p_element = 'cmi.location' then 1000
            else 4000
        end
        when p_element in ('cmi.suspend_data', 'cmi.comments') then 4096
        else 255
    end
$$;
comment on function private.scorm_value_limit(text, text) is 'How many characters a value may have.';

create function private.check_scorm_elements(p_standard text, p_elements jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    v_element text;
    v_value jsonb;
begin
    if coalesce(jsonb_typeof(p_elements), '') <> 'object' then
        perform private.refuse('CG422', 'not_an_object', 'A commit is an object of elements and their values.');
    elsif octet_length(p_elements::text) > 1000000 or (select count(*) from jsonb_object_keys(p_elements)) > 1000 then
        perform private.refuse('CG422', 'commit_too_large', 'A commit has at most 1000 elements and 1000000 bytes. Send it in parts.');
    end if;
    for v_element, v_value in select e.key, e.value from jsonb_each(p_elements) e loop
        if not private.is_scorm_element(p_standard, v_element) then
            perform private.refuse('CG422', 'no_such_element', 'A package cannot set ' || left(v_element, 100) || '.');
        elsif jsonb_typeof(v_value) <> 'string' then
            perform private.refuse('CG422', 'values_are_text', 'The value of ' || v_element || ' must be text.');
        elsif length(v_value #>> '{}') > private.scorm_value_limit(p_standard, v_element) then
            perform private.refuse('CG422', 'value_too_long', v_element || ' takes at most '
                || private.scorm_value_limit(p_standard, v_element) || ' characters.');
        end if;
    end loop;
end
$$;
comment on function private.check_scorm_elements(text, jsonb) is 'Raises CG422 with the first element of a commit that its standard does not allow.';

create function private.scorm_number(p_text text) returns numeric
language sql immutable parallel safe strict set search_path = pg_catalog, pg_temp
as $$ select case when p_text ~ '^[+-]?[0-9]{1,9}(\.[0-9]{0,9})?$' then p_text::numeric end $$;
comment on function private.scorm_number(text) is 'A decimal as packages write it; null for anything else.';

create function private.scorm_seconds(p_text text) returns numeric
language sql immutable parallel safe strict set search_path = pg_catalog, pg_temp
as $$
    -- CMITimespan of SCORM 1.2 (HHHH:MM:SS.SS), or timeinterval(second,10,2) of SCORM 2004 (P1Y2M3DT4H5M6.78S), a year being
    -- 365 days and a month 30: the clock bounds what is counted anyway.
    select case
        when p_text ~ '^[0-9]{2,4}:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,2})?$' then (
            select m[1]::numeric * 3600 + m[2]::numeric * 60 + m[3]::numeric from regexp_match(p_text, '^([0-9]+):([0-9]+):(.+)$') as r (m)
        )
        when p_text ~ '^P(?=.)([0-9]{1,4}Y)?([0-9]{1,5}M)?([0-9]{1,6}D)?(T(?=.)([0-9]{1,7}H)?([0-9]{1,8}M)?([0-9]{1,10}(\.[0-9]{1,2})?S)?)?$' then (
            select coalesce(m[1], '0')::numeric * 31536000 + coalesce(m[2], '0')::numeric * 2592000 + coalesce(m[3], '0')::numeric * 86400
                + coalesce(m[4], '0')::numeric * 3600 + coalesce(m[5], '0')::numeric * 60 + coalesce(m[6], '0')::numeric
            from regexp_match(p_text, '^P(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9.]+)S)?)?$') as r (m)
        )
    end
$$;
comment on function private.scorm_seconds(text) is 'Seconds of a duration in the form of either standard; null for anything else.';

-- Reading the state of a SCO -------------------------------------------------------------------------------

create function private.scorm_reading(
    p_standard text, p_data jsonb, p_mastery numeric, p_threshold numeric,
    out completion text, out success text, out score numeric, out progress numeric, out session_seconds numeric
)
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    v_prefix text := case when p_standard = 'scorm_2004' then 'cmi.' else 'cmi.core.' end;
    v_raw numeric := private.scorm_number(p_data ->> (v_prefix || 'score.raw'));
    v_min numeric := coalesce(private.scorm_number(p_data ->> (v_prefix || 'score.min')), 0);
    v_max numeric := coalesce(private.scorm_number(p_data ->> (v_prefix || 'score.max')), 100);
    v_scaled numeric := private.scorm_number(p_data ->> 'cmi.score.scaled');
    v_measure numeric := private.scorm_number(p_data ->> 'cmi.progress_measure');
    v_status text := coalesce(p_data ->> (v_prefix || case p_standard when 'scorm_2004' then 'completion_status' else 'lesson_status' end), '');
begin
    session_seconds := private.scorm_seconds(p_data ->> (v_prefix || 'session_time'));
    if p_standard <> 'scorm_2004' then
        -- One word says both: passed and failed are complete as well.
        completion := case when v_status in ('passed', 'completed', 'failed') then 'completed'
            when v_status = 'incomplete' then 'incomplete' else 'unknown' end;
        success := case when v_status in ('passed', 'failed') then v_status else 'unknown' end;
        score := case when v_max > v_min then (v_raw - v_min) * 100 / (v_max - v_min) end;
        -- RTE 3.4.4, cmi.core.lesson_status: with a mastery score it is the raw score that decides.
        if completion = 'completed' and p_mastery is not null and v_raw is not null then
            success := case when v_raw >= p_mastery then 'passed' else 'failed' end;
        end if;
        progress := case when completion = 'completed' then 100 else 0 end;
    else
        completion := case when v_status in ('completed', 'incomplete') then v_status else 'unknown' end;
        success := case when p_data ->> 'cmi.success_status' in ('passed', 'failed') then p_data ->> 'cmi.success_status' else 'unknown' end;
        if v_scaled not between -1 and 1 then
            v_scaled := null;
        end if;
        if v_measure not between 0 and 1 then
            v_measure := null;
        end if;
        -- RTE 4.2.4.1 and 4.2.22.1: with a threshold it is the measure that decides.
        if p_threshold is not null and v_measure is not null then
            completion := case when v_measure >= p_threshold then 'completed' else 'incomplete' end;
        end if;
        if p_mastery is not null and v_scaled is not null then
            success := case when v_scaled >= p_mastery then 'passed' else 'failed' end;
        end if;
        score := coalesce(v_scaled * 100, case when v_max > v_min then (v_raw - v_min) * 100 / (v_max - v_min) end);
        progress := coalesce(v_measure * 100, case when completion = 'completed' then 100 else 0 end);
    end if;
    score := round(greatest(0, least(100, score)), 2);
    if v_raw is null and v_scaled is null then
        score := null;
    end if;
    progress := round(progress, 2);
end
$$;
comment on function private.scorm_reading(text, jsonb, numeric, numeric) is
    'What the elements of one SCO mean: completion, success, score and progress in percent, session time. One function for both standards.';

create function private.scorm_rule_met(p_rule text, p_completion text, p_success text) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select case p_rule
        when 'finished' then p_success = 'passed' or (p_completion = 'completed' and p_success <> 'failed')
        when 'completed' then p_completion = 'completed'
        when 'passed' then p_success = 'passed'
        when 'completed_and_passed' then p_completion = 'completed' and p_success = 'passed'
        when 'launched' then true
    end
$$;
comment on function private.scorm_rule_met(text, text, text) is 'Whether an attempt meets the completion_rule of its package.';
grant execute on function private.scorm_rule_met(text, text, text) to service_role;

-- Moving the registration ----------------------------------------------------------------------------------

create function private.record_sco_result(p_enrollment public.scorm_enrollments, p_attempt uuid, p_sco text, p_data jsonb, p_timed boolean)
returns numeric
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_read record;
    v_old public.scorm_sco_results;
    v_opened timestamptz;
    v_time numeric := 0;
begin
    select r.* into v_read
    from public.scorm_packages p
    left join public.scorm_items i on i.scorm_package_id = p.id and i.identifier = p_sco
    -- A row of the organisation is written by the engine, in the words of SCORM 2004.
    cross join lateral private.scorm_reading(
        case when i.kind = 'organization' then 'scorm_2004' else p.standard end, p_data, i.mastery_score, i.completion_threshold
    ) r
    where p.id = p_enrollment.scorm_package_id;
    insert into public.scorm_sco_results (attempt_id, scorm_enrollment_id, sco) values (p_attempt, p_enrollment.id, p_sco)
    on conflict do nothing;
    select * into v_old from public.scorm_sco_results where attempt_id = p_attempt and sco = p_sco;
    if p_timed and v_read.session_seconds is not null then
        -- The last session time that was set counts, as far as the clock since the player was opened allows.
        select coalesce(p_enrollment.session_opened_at, a.opened_at) into v_opened from public.scorm_attempts a where a.id = p_attempt;
        v_time := greatest(-v_old.session_seconds, least(
            v_read.session_seconds - v_old.session_seconds,
            round(extract(epoch from clock_timestamp() - v_opened), 2) - p_enrollment.session_seconds
        ));
    end if;
    update public.scorm_sco_results r set
        completion_status = case when r.completion_status = 'completed' then r.completion_status else v_read.completion end,
        success_status = case when r.success_status = 'passed' then r.success_status else v_read.success end,
        progress = greatest(r.progress, v_read.progress),
        -- What was finished is not undone by what the same attempt says later.
        score = case when r.completion_status = 'completed' or r.success_status = 'passed'
            then greatest(r.score, v_read.score) else coalesce(v_read.score, r.score) end,
        total_time_seconds = r.total_time_seconds + v_time,
        session_seconds = r.session_seconds + v_time
    where r.attempt_id = p_attempt and r.sco = p_sco;
    return v_time;
end
$$;
comment on function private.record_sco_result(public.scorm_enrollments, uuid, text, jsonb, boolean) is
    'Reads the state of a SCO into its result and answers the seconds that its session time added.';

create function private.roll_scorm_up(p_enrollment public.scorm_enrollments, p_attempt uuid, p_time numeric) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_package public.scorm_packages;
    v_sum record;
begin
    select * into v_package from public.scorm_packages where id = p_enrollment.scorm_package_id;
    with expected as (
        select i.identifier as sco from public.scorm_items i
        join public.scorm_items o on o.scorm_package_id = i.scorm_package_id and o.identifier = i.organization and o.is_default
        where i.scorm_package_id = v_package.id and i.kind = 'sco'
    ), result as (
        select r.*, i.kind = 'organization' as is_root from public.scorm_sco_results r
        left join public.scorm_items i on i.scorm_package_id = v_package.id and i.identifier = r.sco
        where r.attempt_id = p_attempt
    ), summed as (
        select
            true as is_root, r.completion_status as completion, r.success_status as success, r.score, r.progress
        from result r where r.is_root
        union all
        select
            false,
            case when count(*) filter (where r.completion_status = 'completed') >= greatest((select count(*) from expected), 1) then 'completed'
                when bool_or(r.completion_status <> 'unknown') then 'incomplete' else 'unknown' end,
            case when bool_or(r.success_status = 'failed') then 'failed'
                when bool_and(r.success_status = 'passed' or r.completion_status = 'completed') and bool_or(r.success_status = 'passed')
                    and count(*) >= (select count(*) from expected) then 'passed'
                else 'unknown' end,
            round(avg(r.score), 2),
            round(least(100, sum(r.progress) / greatest((select count(*) from expected), count(*), 1)), 2)
        from result r where not coalesce(r.is_root, false)
    )
    select s.* into v_sum from summed s order by s.is_root desc limit 1;
    if v_package.passing_score is not null and v_sum.score is not null
        and (v_sum.completion = 'completed' or v_sum.success <> 'unknown')
    then
        v_sum.success := case when v_sum.score >= v_package.passing_score then 'passed' else 'failed' end;
    end if;
    update public.scorm_attempts a set
        completion_status = case when a.completion_status = 'completed' then a.completion_status else v_sum.completion end,
        success_status = case when a.success_status = 'passed' then a.success_status else v_sum.success end,
        progress = greatest(a.progress, v_sum.progress),
        score = case when a.completion_status = 'completed' or a.success_status = 'passed'
            then greatest(a.score, v_sum.score) else v_sum.score end,
        total_time_seconds = a.total_time_seconds + p_time
    where a.id = p_attempt;
end
$$;
comment on function private.roll_scorm_up(public.scorm_enrollments, uuid, numeric) is
    'An attempt from its SCOs: complete when all SCOs of the default organisation are, failed when one is, the mean of the scores; '
    'or what the engine wrote for the organisation. Never back from completed or passed.';

create function private.sum_scorm_attempts(p_enrollment uuid, p_cmi_data jsonb, p_time numeric) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_met boolean;
    v_before timestamptz;
begin
    select criterion_met_at into v_before from public.scorm_enrollments where id = p_enrollment;
    update public.scorm_enrollments e set
        completion_status = s.completion,
        success_status = s.success,
        score = s.score,
        progress = s.progress,
        attempts = s.attempts,
        total_time_seconds = s.total,
        cmi_data = p_cmi_data,
        session_seconds = e.session_seconds + p_time,
        criterion_met_at = coalesce(e.criterion_met_at, case when s.met then now() end)
    from (
        select
            case when bool_or(a.completion_status = 'completed') then 'completed'
                else (array_agg(a.completion_status order by a.attempt_number desc))[1] end as completion,
            case when bool_or(a.success_status = 'passed') then 'passed'
                else (array_agg(a.success_status order by a.attempt_number desc))[1] end as success,
            max(a.score) as score, max(a.progress) as progress, count(*) as attempts, sum(a.total_time_seconds) as total,
            bool_or(private.scorm_rule_met(p.completion_rule, a.completion_status, a.success_status)) as met
        from public.scorm_attempts a
        join public.scorm_enrollments r on r.id = a.scorm_enrollment_id
        join public.scorm_packages p on p.id = r.scorm_package_id
        where a.scorm_enrollment_id = p_enrollment and a.credit
    ) s
    where e.id = p_enrollment
    returning e.criterion_met_at is not null and v_before is null into v_met;
    return coalesce(v_met, false);
end
$$;
comment on function private.sum_scorm_attempts(uuid, jsonb, numeric) is
    'A registration from its attempts: the best of all that count. Answers whether the criterion of the package was met just now.';

create function private.complete_scorm_lesson(p_enrollment uuid) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_row record;
begin
    select r.enrollment_id, r.lesson_id into v_row
    from public.scorm_enrollments r
    join public.lessons l on l.id = r.lesson_id and l.completion_criteria = 'scorm_completed'
    join public.enrollments e on e.id = r.enrollment_id and e.status in ('enrolled', 'in_progress', 'completed')
    where r.id = p_enrollment and r.criterion_met_at is not null;
    if not found then
        return false;
    end if;
    perform private.complete_lesson(v_row.enrollment_id, v_row.lesson_id);
    return true;
end
$$;
comment on function private.complete_scorm_lesson(uuid) is 'Completes the lesson of a registration whose package was finished, where that is what the lesson asks for.';

create function public.update_scorm_progress() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_touched record;
    v_sco record;
    v_enrollment public.scorm_enrollments;
    v_state jsonb;
    v_data jsonb;
    v_added numeric;
    v_time numeric;
begin
    for v_touched in
        select distinct a.id, a.scorm_enrollment_id from added t
        join public.scorm_attempts a on a.id = t.attempt_id and a.credit and a.ended_at is null
        order by a.scorm_enrollment_id
    loop
        select * into v_enrollment from public.scorm_enrollments where id = v_touched.scorm_enrollment_id for no key update;
        v_state := v_enrollment.cmi_data;
        v_time := 0;
        for v_sco in
            select t.sco, jsonb_object_agg(t.element, t.value order by t."timestamp", t.id) as elements from added t
            where t.attempt_id = v_touched.id group by t.sco order by t.sco
        loop
            v_data := coalesce(v_state -> v_sco.sco, '{}') || v_sco.elements;
            v_state := v_state || jsonb_build_object(v_sco.sco, v_data);
            v_added := private.record_sco_result(
                v_enrollment, v_touched.id, v_sco.sco, v_data, v_sco.elements ?| array['cmi.session_time', 'cmi.core.session_time']
            );
            v_enrollment.session_seconds := v_enrollment.session_seconds + v_added;
            v_time := v_time + v_added;
        end loop;
        if pg_column_size(v_state) > 4000000 then
            perform private.refuse('CG422', 'too_much_data', 'The package keeps more than this site stores for one attempt.');
        end if;
        perform private.roll_scorm_up(v_enrollment, v_touched.id, v_time);
        if private.sum_scorm_attempts(v_enrollment.id, v_state, v_time) then
            perform private.complete_scorm_lesson(v_enrollment.id);
        end if;
    end loop;
    return null;
end
$$;
comment on function public.update_scorm_progress() is
    'Trigger: what a package said moves the result of the SCO, the attempt, the registration and, when its criterion is met, the lesson.';
create trigger trigger_update_scorm_progress after insert on public.scorm_tracking
    referencing new table as added for each statement execute function public.update_scorm_progress();

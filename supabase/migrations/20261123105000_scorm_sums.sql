-- What SCORM elements mean and what attempts come to, for many at once: small rules are taken into the statement that asks them,
-- and sums are made by statements, not by rows.
-- Rollback: drop what is new; restore the others of the earlier migrations, private.scorm_sum of 20261123103030.

-- What elements mean -----------------------------------------------------------------------------------------------

create function private.scorm_clock(p_text text) returns numeric
language sql immutable parallel safe
-- The caller has seen that it is digits, two colons and perhaps a point behind them.
return case
    when length(split_part(p_text, ':', 1)) between 2 and 4 and length(split_part(p_text, ':', 2)) = 2
        and length(split_part(split_part(p_text, ':', 3), '.', 1)) = 2
        and strpos(split_part(p_text, ':', 1) || split_part(p_text, ':', 2), '.') = 0
    then case
        when split_part(p_text, ':', 2)::integer < 60 and private.seconds_of(split_part(p_text, ':', 3), 2) < 60 then
            split_part(p_text, ':', 1)::numeric * 3600 + split_part(p_text, ':', 2)::numeric * 60
            + private.seconds_of(split_part(p_text, ':', 3), 2)
    end
end;
comment on function private.scorm_clock(text) is 'Seconds of a CMITimespan of SCORM 1.2, HHHH:MM:SS.SS; null for anything else.';

create function private.scorm_period(p_text text) returns numeric
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    m text[] := regexp_match(
        p_text, '^P(?=.)(?:([0-9]{1,4})Y)?(?:([0-9]{1,5})M)?(?:([0-9]{1,6})D)?'
        '(?:T(?=.)(?:([0-9]{1,7})H)?(?:([0-9]{1,8})M)?(?:([0-9]{1,10}(?:\.[0-9]{1,2})?)S)?)?$'
    );
begin
    if m is null then
        return null;
    end if;
    return coalesce(m[1]::numeric * 31536000, 0) + coalesce(m[2]::numeric * 2592000, 0) + coalesce(m[3]::numeric * 86400, 0)
        + coalesce(m[4]::numeric * 3600, 0) + coalesce(m[5]::numeric * 60, 0) + coalesce(m[6]::numeric, 0);
end
$$;
comment on function private.scorm_period(text) is
    'Seconds of a timeinterval(second,10,2) of SCORM 2004, P1Y2M3DT4H5M6.78S, a year being 365 days and a month 30; null for anything else.';

create or replace function private.scorm_seconds(p_text text) returns numeric
language sql immutable parallel safe
-- The clock bounds what is counted anyway. The two forms that packages write are read without a pattern, which takes ten times as long.
return case
    when p_text is null or length(p_text) > 100 then null
    when translate(p_text, '0123456789', '') in ('PTS', 'PT.S') then private.seconds_of(substr(p_text, 3, length(p_text) - 3), 10)
    when translate(p_text, '0123456789', '') in ('::', '::.') then private.scorm_clock(p_text)
    else private.scorm_period(p_text)
end;

drop function private.scorm_reading(text, jsonb, numeric, numeric);
create function private.scorm_reading(p_standard text, p_data jsonb, p_mastery numeric, p_threshold numeric)
returns table (completion text, success text, score numeric, progress numeric, session_seconds numeric)
language sql immutable parallel safe
begin atomic
    -- Each "offset 0" is a fence: what stands within is worked out once, not wherever it is named.
    select
        j.completion, j.success, case when j.score is not null then round(greatest(0, least(100, j.score)), 2) end,
        round(coalesce(j.measure * 100, case when j.completion = 'completed' then 100 else 0 end), 2), private.scorm_seconds(j.time)
    from (
        select
            -- RTE 4.2.4.1 and 4.2.22.1 of SCORM 2004: with a threshold it is the measure that decides, and without the measure nothing
            -- is known, whatever the SCO has set. In SCORM 1.2 one word says both: passed and failed are complete as well.
            case
                when s.is_new and p_threshold is not null then
                    case when s.measure >= p_threshold then 'completed' when s.measure < p_threshold then 'incomplete' else 'unknown' end
                when s.status = 'completed' or not s.is_new and s.status in ('passed', 'failed') then 'completed'
                when s.status = 'incomplete' then 'incomplete'
                else 'unknown'
            end as completion,
            -- RTE 3.4.4 of SCORM 1.2, cmi.core.lesson_status: with a mastery score it is the raw score that decides.
            case
                when s.is_new and p_mastery is not null then
                    case when s.scaled >= p_mastery then 'passed' when s.scaled < p_mastery then 'failed' else 'unknown' end
                when not s.is_new and p_mastery is not null and s.raw is not null and s.status in ('passed', 'completed', 'failed') then
                    case when s.raw >= p_mastery then 'passed' else 'failed' end
                when s.word in ('passed', 'failed') then s.word
                else 'unknown'
            end as success,
            coalesce(s.scaled * 100, case when s.highest > s.lowest then (s.raw - s.lowest) * 100 / (s.highest - s.lowest) end) as score,
            s.measure, s.time
        from (
            select
                n.is_new, n.raw, coalesce(n.lowest, 0) as lowest, coalesce(n.highest, 100) as highest,
                case when n.scaled between -1 and 1 then n.scaled end as scaled,
                case when n.measure between 0 and 1 then n.measure end as measure, n.status, n.word, n.time
            from (
                select
                    p_standard = 'scorm_2004' as is_new,
                    private.scorm_number(case p_standard when 'scorm_2004' then p_data ->> 'cmi.score.raw' else p_data ->> 'cmi.core.score.raw' end) as raw,
                    private.scorm_number(case p_standard when 'scorm_2004' then p_data ->> 'cmi.score.min' else p_data ->> 'cmi.core.score.min' end) as lowest,
                    private.scorm_number(case p_standard when 'scorm_2004' then p_data ->> 'cmi.score.max' else p_data ->> 'cmi.core.score.max' end) as highest,
                    case p_standard when 'scorm_2004' then private.scorm_number(p_data ->> 'cmi.score.scaled') end as scaled,
                    case p_standard when 'scorm_2004' then private.scorm_number(p_data ->> 'cmi.progress_measure') end as measure,
                    case p_standard when 'scorm_2004' then p_data ->> 'cmi.completion_status' else p_data ->> 'cmi.core.lesson_status' end as status,
                    case p_standard when 'scorm_2004' then p_data ->> 'cmi.success_status' else p_data ->> 'cmi.core.lesson_status' end as word,
                    case p_standard when 'scorm_2004' then p_data ->> 'cmi.session_time' else p_data ->> 'cmi.core.session_time' end as time
                offset 0
            ) n
            offset 0
        ) s
        offset 0
    ) j;
end;
comment on function private.scorm_reading(text, jsonb, numeric, numeric) is
    'What the elements of one SCO mean: completion, success, score and progress in percent, session time. One function for both standards; always one row.';

-- What SCOs come to --------------------------------------------------------------------------------------------------

create function private.scorm_sums(p_attempts uuid[])
returns table (attempt_id uuid, completion text, success text, score numeric, progress numeric)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
    return query
    with attempt as materialized (
        select a.id, e.scorm_package_id, private.scorm_organization(e.id) as organization
        from unnest(p_attempts) g (id)
        join public.scorm_attempts a on a.id = g.id join public.scorm_enrollments e on e.id = a.scorm_enrollment_id
    ), expected as materialized (
        select p.scorm_package_id, p.organization, (
            select count(*) from public.scorm_items i
            where i.scorm_package_id = p.scorm_package_id and i.organization = p.organization and i.kind = 'sco'
        ) as scos
        from (select distinct a.scorm_package_id, a.organization from attempt a) p
    ), result as (
        select r.*, x.scos, coalesce(i.kind = 'organization', false) as is_root
        from attempt a
        join expected x on x.scorm_package_id = a.scorm_package_id and x.organization is not distinct from a.organization
        join public.scorm_sco_results r on r.attempt_id = a.id
        left join public.scorm_items i on i.scorm_package_id = a.scorm_package_id and i.identifier = r.sco
    )
    select
        r.attempt_id,
        coalesce(max(r.completion_status) filter (where r.is_root), case
            when count(*) filter (where r.completion_status = 'completed') >= greatest(max(r.scos), 1) then 'completed'
            when bool_or(r.completion_status <> 'unknown') then 'incomplete' else 'unknown' end),
        coalesce(max(r.success_status) filter (where r.is_root), case
            when bool_or(r.success_status = 'failed') then 'failed'
            when bool_and(r.success_status = 'passed' or r.completion_status = 'completed') and bool_or(r.success_status = 'passed')
                and count(*) >= max(r.scos) then 'passed'
            else 'unknown' end),
        case when bool_or(r.is_root) then max(r.score) filter (where r.is_root) else round(avg(r.score), 2) end,
        case when bool_or(r.is_root) then max(r.progress) filter (where r.is_root)
            else round(least(100, sum(r.progress) / greatest(max(r.scos), count(*), 1)), 2) end
    from result r group by r.attempt_id;
end
$$;
comment on function private.scorm_sums(uuid[]) is
    'What the SCOs of attempts come to, before the association''s mark and before corrections: complete when all SCOs of the '
    'organisation that is played are, failed when one is, the mean of the scores; or what the engine wrote for the organisation. No row for an attempt without results.';

create or replace function private.scorm_sum(p_package uuid, p_attempt uuid, out completion text, out success text, out score numeric, out progress numeric)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select s.completion, s.success, s.score, s.progress from private.scorm_sums(array[p_attempt]) s $$;
comment on function private.scorm_sum(uuid, uuid) is 'private.scorm_sums of one attempt.';

create function private.scorm_standing(p_attempts uuid[])
returns table (attempt_id uuid, completion text, success text, score numeric, progress numeric)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
    return query
    with held as (
        select s.attempt_id, s.progress, s.success as said, c.success, p.passing_score as mark,
            coalesce(c.completion, s.completion) as completion, coalesce(c.score, s.score) as score
        from private.scorm_sums(p_attempts) s
        join public.scorm_attempts a on a.id = s.attempt_id
        join public.scorm_enrollments e on e.id = a.scorm_enrollment_id
        join public.scorm_packages p on p.id = e.scorm_package_id
        left join lateral private.scorm_correction(s.attempt_id, s.completion, s.success, s.score) c
            on exists (select 1 from public.scorm_rescores r where r.attempt_id = s.attempt_id and r.state = 'approved')
    )
    select h.attempt_id, h.completion,
        coalesce(h.success, case
            when h.mark is not null and h.score is not null and (h.completion = 'completed' or h.said <> 'unknown')
                then case when h.score >= h.mark then 'passed' else 'failed' end
            else h.said
        end),
        h.score, h.progress
    from held h;
end
$$;
comment on function private.scorm_standing(uuid[]) is
    'What attempts come to by what was recorded of their SCOs, the association''s mark and the corrections that hold. Nothing is changed.';

-- What attempts come to ----------------------------------------------------------------------------------------------

create function private.scorm_totals(p_enrollments uuid[])
returns table (
    scorm_enrollment_id uuid, completion text, success text, score numeric, progress numeric, attempts bigint, seconds numeric, met boolean
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
    return query
    select
        a.scorm_enrollment_id,
        case when bool_or(a.completion_status = 'completed') then 'completed'
            else (array_agg(a.completion_status order by a.attempt_number desc))[1] end,
        case when bool_or(a.success_status = 'passed') then 'passed'
            else (array_agg(a.success_status order by a.attempt_number desc))[1] end,
        max(a.score), max(a.progress), count(*), sum(a.total_time_seconds),
        bool_or(private.scorm_rule_met(p.completion_rule, a.completion_status, a.success_status))
    from unnest(p_enrollments) g (id)
    join public.scorm_enrollments e on e.id = g.id
    join public.scorm_packages p on p.id = e.scorm_package_id
    join public.scorm_attempts a on a.scorm_enrollment_id = e.id and a.credit
    group by a.scorm_enrollment_id;
end
$$;
comment on function private.scorm_totals(uuid[]) is
    'What registrations come to by their attempts: the best of all that count, how many, and whether one meets the completion_rule. No row for one without attempts.';

create or replace function private.sum_scorm_attempts(p_enrollment uuid, p_cmi_data jsonb, p_time numeric) returns boolean
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
        total_time_seconds = s.seconds,
        cmi_data = p_cmi_data,
        session_seconds = e.session_seconds + p_time,
        criterion_met_at = coalesce(e.criterion_met_at, case when s.met then now() end)
    from private.scorm_totals(array[p_enrollment]) s
    where e.id = s.scorm_enrollment_id
    returning e.criterion_met_at is not null and v_before is null into v_met;
    return coalesce(v_met, false);
end
$$;

create or replace function private.scorm_rule_met(p_rule text, p_completion text, p_success text) returns boolean
language sql immutable parallel safe
return case p_rule
    when 'finished' then p_success = 'passed' or (p_completion = 'completed' and p_success <> 'failed')
    when 'completed' then p_completion = 'completed'
    when 'passed' then p_success = 'passed'
    when 'completed_and_passed' then p_completion = 'completed' and p_success = 'passed'
    when 'launched' then true
end;

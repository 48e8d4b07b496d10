-- SCORM 2004: a threshold of which the measure is not known leaves the status unknown, as the SCO itself is told by GetValue. A status
-- that an attempt has reached already stays.
-- Rollback: the function of 20261121104020_scorm_rules.sql.

create or replace function private.scorm_reading(
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
        -- RTE 4.2.4.1 and 4.2.22.1: with a threshold it is the measure that decides, and without the measure nothing is known,
        -- whatever the SCO has set.
        if p_threshold is not null then
            completion := case when v_measure >= p_threshold then 'completed' when v_measure < p_threshold then 'incomplete' else 'unknown' end;
        end if;
        if p_mastery is not null then
            success := case when v_scaled >= p_mastery then 'passed' when v_scaled < p_mastery then 'failed' else 'unknown' end;
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

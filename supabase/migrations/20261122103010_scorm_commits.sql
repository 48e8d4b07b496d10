-- Commits of many players at once.
-- Rollback: drop the function.

create function private.record_scorm_commits(
    p_session uuid[], p_seq integer[], p_sco text[], p_elements jsonb[], p_terminate boolean[], p_calls jsonb[], p_state jsonb[],
    p_summary jsonb[]
)
returns table (
    n integer, outcome text, words text, seq integer, completion_status text, success_status text, score numeric, progress numeric,
    total_time_seconds numeric, criterion_met boolean
)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_answer jsonb;
    v_row public.scorm_enrollments;
begin
    for i in 1 .. coalesce(cardinality(p_session), 0) loop
        n := i;
        begin
            words := null;
            v_answer := private.record_scorm_commit(p_session[i], p_seq[i], p_sco[i], p_elements[i], p_terminate[i]);
            select * into v_row from public.scorm_enrollments where session_id = p_session[i];
            if v_answer ->> 'outcome' = 'stored' then
                if p_calls[i] <> '[]' then
                    insert into public.scorm_calls (scorm_enrollment_id, attempt_id, commit_seq, sco, calls)
                    values (v_row.id, v_row.session_attempt_id, p_seq[i], p_sco[i], p_calls[i]);
                end if;
                if p_state[i] is not null then
                    insert into public.scorm_states (attempt_id, scorm_enrollment_id, state)
                    values (v_row.session_attempt_id, v_row.id, p_state[i])
                    on conflict (attempt_id) do update set state = excluded.state;
                end if;
            end if;
            outcome := v_answer ->> 'outcome';
            seq := (v_answer ->> 'seq')::integer;
            completion_status := v_answer ->> 'completion_status';
            success_status := v_answer ->> 'success_status';
            score := (v_answer ->> 'score')::numeric;
            progress := (v_answer ->> 'progress')::numeric;
            total_time_seconds := (v_answer ->> 'total_time_seconds')::numeric;
            criterion_met := (v_answer ->> 'criterion_met')::boolean;
        exception when sqlstate 'CG403' or sqlstate 'CG404' or sqlstate 'CG409' or sqlstate 'CG422' then
            get stacked diagnostics outcome = pg_exception_detail, words = message_text;
            select e.commit_seq into seq from public.scorm_enrollments e where e.session_id = p_session[i];
        end;
        return next;
    end loop;
end
$$;
comment on function private.record_scorm_commits(uuid[], integer[], text[], jsonb[], boolean[], jsonb[], jsonb[], jsonb[]) is
    'private.record_scorm_commit for a batch of different registrations: one row for each, with the code and the words of what was refused.';
grant execute on function private.record_scorm_commits(uuid[], integer[], text[], jsonb[], boolean[], jsonb[], jsonb[], jsonb[])
    to service_role;

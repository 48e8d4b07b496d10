-- Many at once: answers are saved in batches under the claims of each, and attempts whose time is over are handed in and
-- graded together.
-- Rollback: drop the new functions; restore the others and the trigger of the earlier migrations.

create or replace function private.answer_grace() returns interval
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$ select interval '2 seconds' $$;

create function private.save_quiz_answers(
    p_members uuid[], p_sessions uuid[], p_attempts uuid[], p_positions integer[], p_answers jsonb[], p_seqs bigint[]
)
returns table (
    n integer, saved boolean, seq bigint, answer jsonb, deadline_at timestamptz, server_time timestamptz,
    state text, code text, words text
)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_claims text := current_setting('request.jwt.claims', true);
begin
    for v_n in 1 .. coalesce(cardinality(p_attempts), 0) loop
        n := v_n;
        saved := null; seq := null; answer := null; deadline_at := null; state := null; code := null; words := null;
        begin
            -- The rules are those of one answer, with the claims of whoever gave it.
            perform set_config('request.jwt.claims',
                jsonb_build_object('role', 'authenticated', 'sub', p_members[n], 'session_id', p_sessions[n])::text, true);
            saved := public.save_quiz_answer(p_attempts[n], p_positions[n], p_answers[n], p_seqs[n]);
            if saved then
                seq := p_seqs[n];
            else
                select w.seq, w.answer_data into seq, answer from public.quiz_answers w
                where w.quiz_attempt_id = p_attempts[n] and w.position = p_positions[n];
            end if;
            select t.deadline_at into deadline_at from public.quiz_attempts t where t.id = p_attempts[n];
        exception when others then
            -- A refusal, or a fault of this row alone: the others of the batch are kept.
            get stacked diagnostics state = returned_sqlstate, code = pg_exception_detail, words = message_text;
        end;
        server_time := clock_timestamp();
        return next;
    end loop;
    perform set_config('request.jwt.claims', coalesce(v_claims, ''), true);
end
$$;
comment on function private.save_quiz_answers(uuid[], uuid[], uuid[], integer[], jsonb[], bigint[]) is
    'Saves answers of many people in one transaction, in the order given, each as public.save_quiz_answer with the claims of its person. '
    'A refusal comes back as state, code and words of its row.';
grant execute on function private.save_quiz_answers(uuid[], uuid[], uuid[], integer[], jsonb[], bigint[]) to service_role;

-- Deadlines ---------------------------------------------------------------------------------------------------

create or replace function private.expire_attempts(p_limit integer default 500) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_quiz uuid;
    v_course uuid;
    v_enrollments uuid[];
    v_attempts uuid[];
    v_ended integer;
begin
    -- One quiz a call: its row and its course's are then locked in the order in which learners lock them.
    select t.quiz_id, t.course_id into v_quiz, v_course from public.quiz_attempts t
    where t.status = 'in_progress' and t.deadline_at < clock_timestamp() - private.answer_grace() order by t.deadline_at limit 1;
    if v_quiz is null or not pg_try_advisory_xact_lock(hashtextextended('expire_attempts', 0)) then
        return 0;
    end if;
    perform private.hold_quiz(v_quiz, v_course);
    v_enrollments := array(
        select t.enrollment_id from public.quiz_attempts t
        where t.quiz_id = v_quiz and t.status = 'in_progress' and t.deadline_at < clock_timestamp() - private.answer_grace()
        order by t.deadline_at limit p_limit
    );
    perform 1 from public.enrollments e where e.id = any (v_enrollments) order by e.id for no key update;
    v_attempts := array(
        select t.id from public.quiz_attempts t
        where t.quiz_id = v_quiz and t.enrollment_id = any (v_enrollments) and t.status = 'in_progress'
          and t.deadline_at < clock_timestamp() - private.answer_grace()
        order by t.id for no key update
    );
    update public.quiz_attempts set status = 'submitted', submitted_by = 'deadline', submitted_at = deadline_at
    where id = any (v_attempts) and status = 'in_progress';
    get diagnostics v_ended = row_count;
    return v_ended;
end
$$;

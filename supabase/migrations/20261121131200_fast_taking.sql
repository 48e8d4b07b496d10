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
    if v_quiz is null then
        return 0;
    end if;
    perform private.hold_quiz(v_quiz, v_course);
    -- Several workers share the work; whom one of them, or the learner himself, is at is passed over.
    v_enrollments := array(
        select e.id from public.enrollments e
        where e.id in (
            select t.enrollment_id from public.quiz_attempts t
            where t.quiz_id = v_quiz and t.status = 'in_progress' and t.deadline_at < clock_timestamp() - private.answer_grace()
        )
        order by e.id limit p_limit for no key update skip locked
    );
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

-- Starting with one row written once ---------------------------------------------------------------------------

drop function private.put_questions(uuid, public.quizzes);
create function private.put_questions(p_attempt uuid, p_quiz public.quizzes, p_versions uuid[], p_points numeric[], p_sections text[])
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- Marked before it is read: from here on nobody changes the options.
    if exists (select 1 from public.question_versions v where v.id = any (p_versions) and v.used_at is null) then
        perform 1 from public.question_versions v where v.id = any (p_versions) and v.used_at is null order by v.id for no key update;
        update public.question_versions set used_at = now() where id = any (p_versions) and used_at is null;
    end if;
    insert into private.attempt_questions (quiz_attempt_id, position, question_version_id, points, section, option_order)
    select p_attempt, c.n, v.id, c.points, c.section,
        private.option_order(v.question_type, v.answer_options, p_quiz.shuffle_answers)
    from unnest(p_versions, p_points, p_sections) with ordinality as c (id, points, section, n)
    join public.question_versions v on v.id = c.id;
end
$$;
comment on function private.put_questions(uuid, public.quizzes, uuid[], numeric[], text[]) is
    'Fixes what an attempt asks: versions, points, sections and the order of options.';

create or replace function public.start_quiz_attempt(p_quiz uuid) returns public.quiz_attempts
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_quiz public.quizzes;
    v_enrollment public.enrollments;
    v_extra public.quiz_accommodations;
    v_attempt public.quiz_attempts;
    v_until timestamptz;
    v_taken integer;
    v_versions uuid[];
    v_points numeric[];
    v_sections text[];
begin
    select * into v_quiz from public.quizzes where id = p_quiz and status = 'published';
    if v_quiz.lesson_id is not null then
        v_enrollment := private.my_enrollment_for(v_quiz.lesson_id);
    else
        select e.* into v_enrollment from private.my_open_enrollments() e
        where e.course_id = v_quiz.of_course_id order by e.completed_at desc nulls first, e.enrolled_at desc limit 1;
    end if;
    if v_enrollment.id is null then
        perform private.refuse('CG403', 'not_enrolled', 'There is no such quiz in a course that you are enrolled in.');
    end if;
    -- Two tabs at once: the second meets the attempt of the first.
    perform private.hold_quiz(p_quiz, v_quiz.of_course_id);
    perform 1 from public.enrollments where id = v_enrollment.id for no key update;
    select * into v_attempt from public.quiz_attempts
    where enrollment_id = v_enrollment.id and quiz_id = p_quiz and status = 'in_progress' for no key update;
    if v_attempt.id is not null and coalesce(v_attempt.deadline_at > clock_timestamp(), true) then
        return v_attempt;
    elsif v_attempt.id is not null then
        perform private.end_attempt(v_attempt.id, true);
    end if;
    select * into v_extra from public.quiz_accommodations where quiz_id = p_quiz and enrollment_id = v_enrollment.id;
    v_until := coalesce(v_extra.available_until, v_quiz.available_until);
    select count(*) into v_taken from public.quiz_attempts where enrollment_id = v_enrollment.id and quiz_id = p_quiz;
    if v_quiz.available_from > clock_timestamp() then
        perform private.refuse('CG409', 'quiz_not_open', 'This quiz has not opened yet.');
    elsif v_until <= clock_timestamp() then
        perform private.refuse('CG409', 'quiz_closed', 'This quiz has closed.');
    elsif v_taken >= v_quiz.max_attempts + coalesce(v_extra.extra_attempts, 0) then
        perform private.refuse('CG409', 'no_attempts_left', 'You have used all your attempts at this quiz.');
    end if;
    select array_agg(c.version_id order by c.n), array_agg(c.points order by c.n), array_agg(c.section order by c.n)
    into v_versions, v_points, v_sections
    from private.choose_questions(v_quiz) c;
    if v_versions is null then
        perform private.refuse('CG409', 'quiz_empty', 'This quiz has no questions yet.');
    end if;
    insert into public.quiz_attempts (quiz_id, enrollment_id, course_id, member_id, attempt_number, started_at, deadline_at,
        passing_score, total_points, ip_address, user_agent)
    select p_quiz, v_enrollment.id, v_enrollment.course_id, v_enrollment.member_id, v_taken + 1, t.at,
        least(v_until, t.at + make_interval(mins => v_quiz.time_limit_minutes + coalesce(v_extra.extra_minutes, 0))),
        v_quiz.passing_score, (select sum(p) from unnest(v_points) p), s.ip, s.user_agent
    from (select clock_timestamp()) as t (at)
    left join public.web_sessions s on s.id = (auth.jwt() ->> 'session_id')::uuid and s.user_id = auth.uid()
    returning * into v_attempt;
    perform private.put_questions(v_attempt.id, v_quiz, v_versions, v_points, v_sections);
    return v_attempt;
end
$$;

-- Evidence ----------------------------------------------------------------------------------------------------

-- An attempt that is handed in carries a digest of its answers, which stands in the log with the attempt. Each answer by
-- itself stands there when a person grades it, or when anything about it changes after that.
alter table public.quiz_attempts add column answers_sha256 bytea;
alter table public.quiz_attempts add constraint quiz_attempts_answers_sha256 check (length(answers_sha256) = 32) not valid;
alter table public.quiz_attempts validate constraint quiz_attempts_answers_sha256;
comment on column public.quiz_attempts.answers_sha256 is 'SHA-256 of its answers as they were handed in, as private.answers_digest makes it.';

create function private.answers_digest(p_attempt uuid) returns bytea
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select sha256(convert_to(coalesce(
        string_agg(w.position || ' ' || w.seq || ' ' || w.answer_data::text, E'\n' order by w.position), ''
    ), 'UTF8'))
    from public.quiz_answers w where w.quiz_attempt_id = p_attempt
$$;
comment on function private.answers_digest(uuid) is
    'SHA-256 of the answers of an attempt: position, number of the save and answer of each, a line each, in order.';
grant execute on function private.answers_digest(uuid) to service_role;

drop trigger log_quiz_answer_changes on public.quiz_answers;
create trigger log_quiz_answer_changes after update on public.quiz_answers
    for each row when (new.graded_at is not null and (old.graded_at is not null or new.graded_by is not null))
    execute function public.log_audit_trail('quiz_answers', 'whole');
create trigger log_quiz_answer_additions after insert on public.quiz_answers
    for each row when (new.graded_at is not null) execute function public.log_audit_trail('quiz_answers', 'whole');

create or replace function public.auto_grade_quiz_attempt() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_points numeric;
    v_waiting bigint;
    v_answers bigint;
begin
    if old.status = 'in_progress' then
        new.answers_sha256 := private.answers_digest(new.id);
        perform private.grade_answers(new.id);
    end if;
    select coalesce(sum(w.points_earned), 0), count(*) filter (where w.points_earned is null), count(*)
    into v_points, v_waiting, v_answers
    from public.quiz_answers w where w.quiz_attempt_id = new.id;
    -- Until a person has graded the last answer there is no score: half of one would be a wrong one.
    if v_waiting = 0 then
        new.points_earned := v_points;
        new.score := case when new.total_points > 0 then round(v_points / new.total_points * 100, 2) else 0 end;
        new.passed := new.score >= new.passing_score;
        new.graded_at := now();
        new.status := case
            when old.status = 'archived' then 'archived'
            when v_answers = 0 and new.submitted_by = 'deadline' then 'expired'
            else 'graded'
        end;
    end if;
    return new;
end
$$;

-- Taking a quiz: starting, saving, handing in, and what a learner sees meanwhile. All rights of a learner to an attempt
-- are these functions: they check, and refuse in words. The clock is the server's.
-- Rollback: drop the functions below.

create function private.answer_grace() returns interval
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$ select interval '10 seconds' $$;
comment on function private.answer_grace() is 'How long after the deadline an answer that was on its way is still taken.';

create function private.hold_quiz(p_quiz uuid, p_course uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- The quiz first, whose figures are about to move: who changes what it requires has its row too before he waits for
    -- the lock of the requirements.
    perform 1 from public.quizzes where id = p_quiz for no key update;
    perform private.hold_requirements(p_course, false);
end
$$;
comment on function private.hold_quiz(uuid, uuid) is
    'Locks a quiz and then the requirements of its course, shared. Before any row of enrollments, attempts or courses.';

create function private.option_order(p_type text, p_options jsonb, p_shuffle boolean) returns jsonb
language sql volatile set search_path = pg_catalog, pg_temp
as $$
    -- Things to order and the right side of a matching are always shuffled: as written they may be the answer.
    select case p_type
        when 'true_false' then '["true", "false"]'::jsonb
        when 'matching' then jsonb_build_object(
            'left', (
                select jsonb_agg(i.id order by case when p_shuffle then random() end, i.n)
                from unnest(private.option_ids(p_options -> 'left')) with ordinality as i (id, n)
            ),
            'right', (select jsonb_agg(i order by random()) from unnest(private.option_ids(p_options -> 'right')) i)
        )
        else coalesce((
            select jsonb_agg(i.id order by
                case when p_type = 'ordering' or (p_shuffle and p_type in ('multiple_choice', 'multiple_answer')) then random() end, i.n)
            from unnest(private.option_ids(p_options)) with ordinality as i (id, n)
        ), '[]')
    end
$$;
comment on function private.option_order(text, jsonb, boolean) is 'The order in which an attempt shows the options of a question.';

create function private.option_at(p_order jsonb, p_shown text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$ select case when p_shown ~ '^[1-9][0-9]?$' then p_order ->> (p_shown::integer - 1) end $$;
comment on function private.option_at(jsonb, text) is 'The id of the option that was shown as 1, 2, 3; null when there is none.';

create function private.is_answer(p_type text, p_order jsonb, p_answer jsonb) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    -- An empty object takes an answer back.
    select coalesce(case
        when jsonb_typeof(p_answer) <> 'object' then false
        when p_answer = '{}' then true
        when p_type in ('multiple_choice', 'true_false') then
            p_answer - 'selected' = '{}' and private.option_at(p_order, p_answer ->> 'selected') is not null
        when p_type in ('multiple_answer', 'ordering') then (
            select p_answer - a.name = '{}' and case when jsonb_typeof(a.list) = 'array' then (
                select count(distinct i) = count(*) and coalesce(bool_and(private.option_at(p_order, i) is not null), true)
                    and (p_type <> 'ordering' or count(*) = jsonb_array_length(p_order))
                from jsonb_array_elements_text(a.list) i
            ) end
            from (select n as name, p_answer -> n as list
                from (select case p_type when 'ordering' then 'order' else 'selected' end) as c (n)) a
        )
        when p_type = 'short_answer' then
            p_answer - 'text' = '{}' and jsonb_typeof(p_answer -> 'text') = 'string' and length(p_answer ->> 'text') <= 2000
        when p_type = 'essay' then
            p_answer - array['html', 'text'] = '{}' and length(p_answer::text) <= 60000
            and coalesce(jsonb_typeof(p_answer -> 'html'), 'string') = 'string'
            and coalesce(jsonb_typeof(p_answer -> 'text'), 'string') = 'string'
        when p_type = 'matching' then
            p_answer - 'pairs' = '{}' and case when jsonb_typeof(p_answer -> 'pairs') = 'object' then (
                select coalesce(bool_and(private.option_at(p_order -> 'left', p.key) is not null
                    and private.option_at(p_order -> 'right', p.value) is not null), true)
                from jsonb_each_text(p_answer -> 'pairs') p
            ) end
        when p_type = 'fill_blank' then
            p_answer - 'blanks' = '{}' and case when jsonb_typeof(p_answer -> 'blanks') = 'object' then (
                select coalesce(bool_and(private.option_at(p_order, b.key) is not null
                    and jsonb_typeof(b.value) = 'string' and length(b.value #>> '{}') <= 500), true)
                from jsonb_each(p_answer -> 'blanks') b
            ) end
    end, false)
$$;
comment on function private.is_answer(text, jsonb, jsonb) is 'Whether an answer has the shape of its question''s type and names only options that were shown.';

-- Starting -------------------------------------------------------------------------------------------------

create function private.choose_questions(p_quiz public.quizzes) returns table (n bigint, version_id uuid, points numeric)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_place public.quiz_questions;
    v_found uuid[] := '{}';
    v_points numeric[] := '{}';
    v_group integer[] := '{}';
    v_drawn uuid[];
begin
    -- Those by name first: a draw never brings one of them again, nor one that another draw brought.
    for v_place in
        select p.* from public.quiz_questions p where p.quiz_id = p_quiz.id
        order by p.draw_tag is not null, p.question_order
    loop
        if v_place.question_version_id is not null then
            v_drawn := array[v_place.question_version_id];
        else
            v_drawn := array(
                select v.id from public.questions q
                cross join lateral (
                    select w.id from public.question_versions w where w.question_id = q.id order by w.version desc limit 1
                ) v
                where q.status = 'active' and v_place.draw_tag = any (q.tags)
                  and q.course_id is not distinct from case v_place.draw_from when 'course' then p_quiz.of_course_id end
                  and q.id not in (select u.question_id from public.question_versions u where u.id = any (v_found))
                order by random() limit v_place.draw_count
            );
        end if;
        v_found := v_found || v_drawn;
        v_points := v_points || array_fill(v_place.points, array[cardinality(v_drawn)]);
        -- Sections keep their order; a shuffle is within them.
        v_group := v_group || array_fill(case when p_quiz.shuffle_questions then (
            select min(s.question_order) from public.quiz_questions s
            where s.quiz_id = p_quiz.id and s.section is not distinct from v_place.section
        ) else v_place.question_order end, array[cardinality(v_drawn)]);
    end loop;
    return query
    select row_number() over (order by f.place, case when p_quiz.shuffle_questions then random() end, f.i), f.id, f.worth
    from unnest(v_found, v_points, v_group) with ordinality as f (id, worth, place, i);
end
$$;
comment on function private.choose_questions(public.quizzes) is 'What an attempt that begins now asks, in its order: draws are drawn and shuffles shuffled.';

create function private.put_questions(p_attempt uuid, p_quiz public.quizzes) returns numeric
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_versions uuid[];
    v_points numeric[];
begin
    select array_agg(c.version_id order by c.n), array_agg(c.points order by c.n) into v_versions, v_points
    from private.choose_questions(p_quiz) c;
    if v_versions is null then
        perform private.refuse('CG409', 'quiz_empty', 'This quiz has no questions yet.');
    end if;
    -- Marked before it is read: from here on nobody changes the options.
    perform 1 from public.question_versions v where v.id = any (v_versions) and v.used_at is null order by v.id for no key update;
    update public.question_versions set used_at = now() where id = any (v_versions) and used_at is null;
    insert into private.attempt_questions (quiz_attempt_id, position, question_version_id, points, option_order)
    select p_attempt, c.n, v.id, c.points, private.option_order(v.question_type, v.answer_options, p_quiz.shuffle_answers)
    from unnest(v_versions, v_points) with ordinality as c (id, points, n) join public.question_versions v on v.id = c.id;
    return (select sum(p) from unnest(v_points) p);
end
$$;
comment on function private.put_questions(uuid, public.quizzes) is 'Fixes what an attempt asks: versions, points, order; answers the points.';

create function public.start_quiz_attempt(p_quiz uuid) returns public.quiz_attempts
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_quiz public.quizzes;
    v_enrollment public.enrollments;
    v_extra public.quiz_accommodations;
    v_attempt public.quiz_attempts;
    v_until timestamptz;
    v_taken integer;
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
    insert into public.quiz_attempts (quiz_id, enrollment_id, course_id, member_id, attempt_number, started_at, deadline_at,
        passing_score, ip_address, user_agent)
    select p_quiz, v_enrollment.id, v_enrollment.course_id, v_enrollment.member_id, v_taken + 1, t.at,
        least(v_until, t.at + make_interval(mins => v_quiz.time_limit_minutes + coalesce(v_extra.extra_minutes, 0))),
        v_quiz.passing_score, s.ip, s.user_agent
    from (select clock_timestamp()) as t (at)
    left join public.web_sessions s on s.id = (auth.jwt() ->> 'session_id')::uuid and s.user_id = auth.uid()
    returning * into v_attempt;
    update public.quiz_attempts set total_points = private.put_questions(v_attempt.id, v_quiz)
    where id = v_attempt.id returning * into v_attempt;
    return v_attempt;
end
$$;
comment on function public.start_quiz_attempt(uuid) is
    'Begins an attempt of the caller at a quiz, or answers the one in progress. Raises CG403 or CG409 with the reason.';

-- Answering ------------------------------------------------------------------------------------------------

create function public.save_quiz_answer(p_attempt uuid, p_position integer, p_answer jsonb, p_seq bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_attempt public.quiz_attempts;
    v_asked record;
begin
    -- Shared: answers to several questions may come at once, but handing in waits for them and they for it.
    select * into v_attempt from public.quiz_attempts where id = p_attempt and member_id = auth.uid() for share;
    if v_attempt.id is null then
        perform private.refuse('CG404', 'no_such_attempt', 'There is no such attempt of yours.');
    elsif v_attempt.status <> 'in_progress' then
        perform private.refuse('CG409', 'attempt_ended', 'This attempt has been handed in. Its answers cannot be changed.');
    elsif v_attempt.enrollment_id not in (select e.id from private.my_open_enrollments() e) then
        perform private.refuse('CG403', 'not_enrolled', 'You are not enrolled in this course any more. Ask the association''s office.');
    elsif clock_timestamp() > v_attempt.deadline_at + private.answer_grace() then
        perform private.refuse('CG409', 'time_is_up', 'The time for this attempt is over.');
    end if;
    select a.points, a.option_order, v.question_id, v.question_type into v_asked
    from private.attempt_questions a join public.question_versions v on v.id = a.question_version_id
    where a.quiz_attempt_id = p_attempt and a.position = p_position;
    if not found then
        perform private.refuse('CG404', 'no_such_question', 'This attempt has no such question.');
    elsif p_answer is null or not private.is_answer(v_asked.question_type, v_asked.option_order, p_answer) then
        perform private.refuse('CG422', 'no_such_answer', 'This is not an answer that the question can take.');
    elsif coalesce(p_seq, -1) < 0 then
        perform private.refuse('CG422', 'no_seq', 'Number the saves of an answer from 0 upwards.');
    end if;
    insert into public.quiz_answers as w (quiz_attempt_id, position, question_id, course_id, answer_data, seq, max_points, answered_at)
    values (p_attempt, p_position, v_asked.question_id, v_attempt.course_id, p_answer, p_seq, v_asked.points, clock_timestamp())
    on conflict (quiz_attempt_id, position) do update
        set answer_data = excluded.answer_data, seq = excluded.seq, answered_at = excluded.answered_at
        where excluded.seq > w.seq and w.revealed_at is null;
    return found;
end
$$;
comment on function public.save_quiz_answer(uuid, integer, jsonb, bigint) is
    'Saves an answer of the caller''s attempt in progress. False when a newer one is there already, or it is final.';

create function private.end_attempt(p_attempt uuid, p_deadline boolean) returns public.quiz_attempts
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    -- Who calls holds the quiz, the requirements of its course, the enrollment and the attempt, in this order.
    update public.quiz_attempts set
        status = 'submitted',
        submitted_by = case when p_deadline then 'deadline' else 'learner' end,
        submitted_at = case when p_deadline then least(deadline_at, clock_timestamp()) else clock_timestamp() end
    where id = p_attempt and status = 'in_progress'
    returning *
$$;
comment on function private.end_attempt(uuid, boolean) is 'Hands an attempt in as it stands; the trigger grades it.';

create function public.submit_quiz_attempt(p_attempt uuid) returns public.quiz_attempts
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_attempt public.quiz_attempts;
begin
    select * into v_attempt from public.quiz_attempts where id = p_attempt and member_id = auth.uid();
    if v_attempt.id is null then
        perform private.refuse('CG404', 'no_such_attempt', 'There is no such attempt of yours.');
    elsif v_attempt.status = 'in_progress' and v_attempt.enrollment_id not in (select e.id from private.my_open_enrollments() e) then
        perform private.refuse('CG403', 'not_enrolled', 'You are not enrolled in this course any more. Ask the association''s office.');
    end if;
    perform private.hold_quiz(v_attempt.quiz_id, v_attempt.course_id);
    perform 1 from public.enrollments where id = v_attempt.enrollment_id for no key update;
    select * into v_attempt from public.quiz_attempts where id = p_attempt for no key update;
    if v_attempt.status = 'in_progress' then
        v_attempt := private.end_attempt(p_attempt, coalesce(clock_timestamp() > v_attempt.deadline_at + private.answer_grace(), false));
    end if;
    return v_attempt;
end
$$;
comment on function public.submit_quiz_attempt(uuid) is 'Hands in the caller''s attempt; one that is handed in already is answered as it is.';

create function private.expire_attempts(p_limit integer default 500) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_quiz uuid;
    v_course uuid;
    v_enrollments uuid[];
    v_attempt uuid;
    v_ended integer := 0;
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
    for v_attempt in
        select t.id from public.quiz_attempts t
        where t.quiz_id = v_quiz and t.enrollment_id = any (v_enrollments) and t.status = 'in_progress'
          and t.deadline_at < clock_timestamp() - private.answer_grace()
        order by t.id for no key update
    loop
        perform private.end_attempt(v_attempt, true);
        v_ended := v_ended + 1;
    end loop;
    return v_ended;
end
$$;
comment on function private.expire_attempts(integer) is
    'Hands in attempts of one quiz whose deadline is past, as they stand; answers how many. To be called until it answers 0.';

-- What the learner sees ------------------------------------------------------------------------------------

create function private.shown_options(p_options jsonb, p_order jsonb) returns jsonb
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select coalesce(jsonb_agg(o || jsonb_build_object('id', s.n::text) order by s.n), '[]')
    from jsonb_array_elements_text(p_order) with ordinality as s (id, n)
    join jsonb_array_elements(p_options) o on o ->> 'id' = s.id
$$;
comment on function private.shown_options(jsonb, jsonb) is 'Options in the order shown, under the names 1, 2, 3.';

create function public.quiz_attempt_view(p_attempt uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'id', t.id, 'quiz_id', z.id, 'title', z.title, 'instructions', z.instructions, 'status', t.status,
        'attempt_number', t.attempt_number, 'started_at', t.started_at, 'deadline_at', t.deadline_at,
        'server_time', clock_timestamp(), 'submitted_at', t.submitted_at, 'total_points', t.total_points,
        'questions', (
            select jsonb_agg(jsonb_build_object(
                'position', a.position, 'question_type', v.question_type, 'question_text', v.question_text,
                'question_html', v.question_html, 'hint', v.hint, 'image_url', v.image_url, 'video_url', v.video_url,
                'points', a.points, 'answer', w.answer_data, 'seq', w.seq, 'answered_at', w.answered_at,
                'final', w.revealed_at is not null,
                'options', case v.question_type
                    when 'true_false' then '[{"id": "1", "text": "true"}, {"id": "2", "text": "false"}]'::jsonb
                    when 'matching' then jsonb_build_object(
                        'left', private.shown_options(v.answer_options -> 'left', a.option_order -> 'left'),
                        'right', private.shown_options(v.answer_options -> 'right', a.option_order -> 'right')
                    )
                    else private.shown_options(v.answer_options, a.option_order)
                end
            ) order by a.position)
            from private.attempt_questions a
            join public.question_versions v on v.id = a.question_version_id
            left join public.quiz_answers w on w.quiz_attempt_id = a.quiz_attempt_id and w.position = a.position
            where a.quiz_attempt_id = t.id
        )
    )
    from public.quiz_attempts t join public.quizzes z on z.id = t.quiz_id
    where t.id = p_attempt and (
        t.member_id = auth.uid() or t.course_id in (select private.my_taught_course_ids()) or private.is_admin()
    )
$$;
comment on function public.quiz_attempt_view(uuid) is
    'An attempt as its learner sees it: questions in their order, options under the names 1, 2, 3, what was saved. Nothing of what is right.';

grant execute on function public.start_quiz_attempt(uuid), public.save_quiz_answer(uuid, integer, jsonb, bigint),
    public.submit_quiz_attempt(uuid), public.quiz_attempt_view(uuid) to authenticated;
grant execute on function private.expire_attempts(integer) to service_role;

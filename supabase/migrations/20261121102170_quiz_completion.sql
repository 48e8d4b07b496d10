-- What follows from a quiz: lessons that it completes, what a course asks for, and what a learner is shown of the result.
-- Rollback: drop the functions and triggers below, and give private.content_requirements its old name back.

create function private.is_required_quiz(p_quiz public.quizzes) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    -- Of a lesson that only its quiz completes, the lesson is the requirement.
    select p_quiz.status = 'published' and p_quiz.quiz_type <> 'practice'
        and (p_quiz.require_passing or p_quiz.is_mandatory
            or exists (select 1 from public.courses c where c.final_assessment_id = p_quiz.id))
        and not exists (
            select 1 from public.lessons l
            where l.id = p_quiz.lesson_id and l.completion_criteria = 'quiz_passed' and l.require_completion
        )
$$;
comment on function private.is_required_quiz(public.quizzes) is
    'Whether a course is not complete without this quiz: it is mandatory, must be passed, or is the final assessment. Practice never is.';

create function private.complete_after_quiz(p_attempt uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_attempt public.quiz_attempts;
    v_quiz public.quizzes;
begin
    select * into v_attempt from public.quiz_attempts where id = p_attempt;
    select * into v_quiz from public.quizzes where id = v_attempt.quiz_id;
    if v_attempt.passed and v_quiz.lesson_id is not null and v_quiz.quiz_type <> 'practice'
        and exists (select 1 from public.lessons l where l.id = v_quiz.lesson_id and l.completion_criteria = 'quiz_passed')
        -- Of several quizzes of a lesson, all that must be passed.
        and not exists (
            select 1 from public.quizzes o
            where o.lesson_id = v_quiz.lesson_id and o.id <> v_quiz.id and o.status = 'published' and o.require_passing
              and o.quiz_type <> 'practice'
              and not exists (
                  select 1 from public.quiz_attempts t
                  where t.enrollment_id = v_attempt.enrollment_id and t.quiz_id = o.id and t.passed
              )
        )
    then
        perform private.complete_lesson(v_attempt.enrollment_id, v_quiz.lesson_id);
    end if;
    if private.is_required_quiz(v_quiz) then
        perform private.complete_enrollment_when_met(v_attempt.enrollment_id);
    end if;
end
$$;
comment on function private.complete_after_quiz(uuid) is
    'After an attempt was graded: completes the lesson that it passes, and the enrollment when nothing else is left. What is complete stays so.';

-- What there was so far, whatever it has grown to, keeps its rule under another name; quizzes come after it.
alter function private.completion_requirements(uuid) rename to content_requirements;
revoke execute on function private.content_requirements(uuid) from service_role;
comment on function private.content_requirements(uuid) is
    'The requirements of an enrollment but for its quizzes: payment and lessons. Asked through private.completion_requirements.';

create function private.quiz_requirements(p_enrollment uuid)
returns table (
    step integer, requirement text, lesson_id uuid, title text, criteria text, met boolean,
    achieved integer, needed integer, met_at timestamptz
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    -- The figures are percent of the points: the best attempt against the pass mark.
    select
        (1000000 + row_number() over (order by z.quiz_type = 'final_exam' or c.final_assessment_id = z.id, z.created_at, z.id))::integer,
        'quiz', z.lesson_id, z.title, case when z.require_passing then 'quiz_passed' else 'quiz_taken' end,
        coalesce(case when z.require_passing then t.passed else t.graded end, false),
        coalesce(floor(t.best), 0)::integer,
        case when z.require_passing then ceil(z.passing_score)::integer end,
        case when z.require_passing then t.passed_at else t.graded_at end
    from public.enrollments e
    join public.courses c on c.id = e.course_id
    join public.quizzes z on z.of_course_id = e.course_id and private.is_required_quiz(z)
    left join lateral (
        select bool_or(t.passed) as passed, count(t.score) > 0 as graded, max(t.score) as best,
            min(t.submitted_at) filter (where t.passed) as passed_at, min(t.submitted_at) filter (where t.score is not null) as graded_at
        from public.quiz_attempts t where t.enrollment_id = e.id and t.quiz_id = z.id
    ) t on true
    where e.id = p_enrollment
$$;
comment on function private.quiz_requirements(uuid) is 'The quizzes without which an enrollment is not complete, and how far they are done.';

create function private.completion_requirements(p_enrollment uuid)
returns table (
    step integer, requirement text, lesson_id uuid, title text, criteria text, met boolean,
    achieved integer, needed integer, met_at timestamptz
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select r.* from private.content_requirements(p_enrollment) r
    union all
    select q.* from private.quiz_requirements(p_enrollment) q
    order by 1
$$;
comment on function private.completion_requirements(uuid) is
    'Each requirement of the course for an enrollment, whether it is met, and the evidence (seconds or percent achieved of those needed, when met). '
    'The one rule: it gates the certificate and is what the learner is shown.';
grant execute on function private.completion_requirements(uuid) to service_role;

-- When a course asks for more or less ----------------------------------------------------------------------

create function private.follow_quiz_requirement() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- Before: a completion that reads the requirements at this moment is over, or waits and reads them anew.
    perform private.hold_requirements(coalesce(new.of_course_id, old.of_course_id), true);
    return coalesce(new, old);
end
$$;
comment on function private.follow_quiz_requirement() is 'Trigger: what a course requires changes alone, not beside completions.';
create trigger hold_quiz_requirement before update of status, quiz_type, require_passing, is_mandatory on public.quizzes
    for each row when (
        (old.status, old.quiz_type, old.require_passing, old.is_mandatory)
        is distinct from (new.status, new.quiz_type, new.require_passing, new.is_mandatory)
    )
    execute function private.follow_quiz_requirement();
create trigger hold_quiz_removal before delete on public.quizzes
    for each row when (old.status = 'published') execute function private.follow_quiz_requirement();

create function private.complete_after_quiz_change() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.complete_enrollments_when_met(coalesce(new.of_course_id, old.of_course_id));
    return null;
end
$$;
comment on function private.complete_after_quiz_change() is 'Trigger: a quiz that was all that some still had to do is no longer asked for.';
create trigger trigger_complete_after_quiz_change after update of status, quiz_type, require_passing, is_mandatory on public.quizzes
    for each row when (
        (old.status, old.quiz_type, old.require_passing, old.is_mandatory)
        is distinct from (new.status, new.quiz_type, new.require_passing, new.is_mandatory)
    )
    execute function private.complete_after_quiz_change();
create trigger trigger_complete_after_quiz_deleted after delete on public.quizzes
    for each row when (old.status = 'published') execute function private.complete_after_quiz_change();

create or replace function public.set_final_assessment(p_course uuid, p_quiz uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not (coalesce(p_course in (select private.my_taught_course_ids()), false) or private.is_admin()) then
        perform private.refuse('CG403', 'not_your_course', 'Only an instructor of the course can choose its final assessment.');
    elsif p_quiz is not null and not exists (select 1 from public.quizzes where id = p_quiz and of_course_id = p_course) then
        perform private.refuse('CG422', 'quiz_of_another_course', 'There is no such quiz in this course.');
    end if;
    perform private.hold_requirements(p_course, true);
    update public.courses set final_assessment_id = p_quiz where id = p_course and final_assessment_id is distinct from p_quiz;
    perform private.complete_enrollments_when_met(p_course);
end
$$;

-- What a learner is shown of the result --------------------------------------------------------------------

create function private.shown_key(p_type text, p_order jsonb, p_correct jsonb) returns jsonb
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select case
        when p_correct is null or p_type in ('short_answer', 'fill_blank') then p_correct
        when p_type in ('multiple_choice', 'true_false') then jsonb_build_object('selected', (
            select s.n::text from jsonb_array_elements_text(p_order) with ordinality as s (id, n) where s.id = p_correct ->> 'selected'
        ))
        when p_type in ('multiple_answer', 'ordering') then (
            select jsonb_build_object(k.name, jsonb_agg(s.n::text order by case when p_type = 'ordering' then c.n else s.n end))
            from (select case p_type when 'ordering' then 'order' else 'selected' end) as k (name)
            cross join lateral jsonb_array_elements_text(p_correct -> k.name) with ordinality as c (id, n)
            join lateral jsonb_array_elements_text(p_order) with ordinality as s (id, n) on s.id = c.id
            group by k.name
        )
        when p_type = 'matching' then jsonb_build_object('pairs', (
            select jsonb_object_agg(l.n::text, r.n::text)
            from jsonb_each_text(p_correct -> 'pairs') p
            join lateral jsonb_array_elements_text(p_order -> 'left') with ordinality as l (id, n) on l.id = p.key
            join lateral jsonb_array_elements_text(p_order -> 'right') with ordinality as r (id, n) on r.id = p.value
        ))
    end
$$;
comment on function private.shown_key(text, jsonb, jsonb) is 'A correct answer in the terms of an attempt: options as 1, 2, 3.';

create function private.may_see_answers(p_attempt public.quiz_attempts) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select case z.show_correct_answers
        when 'immediately' then true
        when 'after_submission' then true
        -- Not before the last person with a later end is through.
        when 'after_deadline' then now() > greatest(z.available_until, (
            select max(a.available_until) from public.quiz_accommodations a where a.quiz_id = z.id
        )) + private.answer_grace()
        else false
    end
    from public.quizzes z where z.id = p_attempt.quiz_id and p_attempt.status <> 'in_progress'
$$;
comment on function private.may_see_answers(public.quiz_attempts) is 'Whether the quiz lets the learner of an attempt that is handed in see what was right.';

create function public.quiz_attempt_result(p_attempt uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_attempt public.quiz_attempts;
    v_staff boolean;
    v_open boolean;
begin
    select * into v_attempt from public.quiz_attempts where id = p_attempt;
    v_staff := v_attempt.member_id is distinct from auth.uid()
        and (v_attempt.course_id in (select private.my_taught_course_ids()) or private.is_admin());
    if v_attempt.id is null or not (v_attempt.member_id = auth.uid() or v_staff) then
        perform private.refuse('CG404', 'no_such_attempt', 'There is no such attempt of yours.');
    elsif v_attempt.status = 'in_progress' then
        perform private.refuse('CG409', 'attempt_in_progress', 'Hand the attempt in first.');
    end if;
    v_open := v_staff or coalesce(private.may_see_answers(v_attempt), false);
    return jsonb_build_object(
        'id', v_attempt.id, 'status', v_attempt.status, 'score', v_attempt.score, 'points_earned', v_attempt.points_earned,
        'total_points', v_attempt.total_points, 'passing_score', v_attempt.passing_score, 'passed', v_attempt.passed,
        'submitted_at', v_attempt.submitted_at, 'instructor_feedback', v_attempt.instructor_feedback, 'answers_shown', v_open,
        'questions', (
            select jsonb_agg(jsonb_build_object('position', a.position, 'points', a.points, 'answer', w.answer_data,
                    'instructor_feedback', w.instructor_feedback)
                || case when v_open then jsonb_build_object(
                    'points_earned', coalesce(w.points_earned, case when w.id is null then 0 end),
                    'is_correct', coalesce(w.is_correct, case when w.id is null then false end),
                    'correct_answer', private.shown_key(v.question_type, a.option_order, k.correct_answer),
                    'explanation', k.explanation, 'automated_feedback', w.automated_feedback
                ) else '{}' end order by a.position)
            from private.attempt_questions a
            join public.question_versions v on v.id = a.question_version_id
            left join public.question_keys k on k.question_version_id = v.id
            left join public.quiz_answers w on w.quiz_attempt_id = a.quiz_attempt_id and w.position = a.position
            where a.quiz_attempt_id = v_attempt.id
        )
    );
end
$$;
comment on function public.quiz_attempt_result(uuid) is
    'The result of an attempt that is handed in. What was right, and what each answer earned, only when the quiz''s show_correct_answers allows it.';

create function public.reveal_quiz_answer(p_attempt uuid, p_position integer) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_found record;
begin
    perform 1 from public.quiz_attempts t
    where t.id = p_attempt and t.member_id = auth.uid() and t.status = 'in_progress' for share;
    if not found then
        perform private.refuse('CG404', 'no_such_attempt', 'There is no such attempt of yours in progress.');
    end if;
    perform 1 from public.quiz_attempts t join public.quizzes z on z.id = t.quiz_id
    where t.id = p_attempt and z.show_correct_answers = 'immediately';
    if not found then
        perform private.refuse('CG403', 'not_shown_yet', 'This quiz does not show what is right before you hand it in.');
    end if;
    update public.quiz_answers set revealed_at = coalesce(revealed_at, now())
    where quiz_attempt_id = p_attempt and position = p_position and not private.is_blank_answer(answer_data);
    if not found then
        perform private.refuse('CG409', 'answer_first', 'Answer the question first.');
    end if;
    select v.question_type, a.option_order, a.points, w.answer_data, k.correct_answer, k.explanation, k.option_feedback into v_found
    from private.attempt_questions a
    join public.question_versions v on v.id = a.question_version_id
    join public.quiz_answers w on w.quiz_attempt_id = a.quiz_attempt_id and w.position = a.position
    left join public.question_keys k on k.question_version_id = v.id
    where a.quiz_attempt_id = p_attempt and a.position = p_position;
    return jsonb_build_object(
        'correct_answer', private.shown_key(v_found.question_type, v_found.option_order, v_found.correct_answer),
        'share', case when v_found.correct_answer is not null then
            private.grade_share(v_found.question_type, v_found.option_order, v_found.correct_answer, v_found.answer_data) end,
        'explanation', v_found.explanation,
        'feedback', private.automated_feedback(v_found.option_order, v_found.option_feedback, v_found.answer_data)
    );
end
$$;
comment on function public.reveal_quiz_answer(uuid, integer) is
    'In a quiz that shows answers immediately: what was right in a question that is answered. The answer is final from then on.';
grant execute on function public.quiz_attempt_result(uuid), public.reveal_quiz_answer(uuid, integer) to authenticated;

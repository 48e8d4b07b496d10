-- What a start card, a page of an attempt and its result show, which result of a quiz counts, and what a course requires of it.
-- Rollback: drop the functions below that are new; restore the others and the triggers of the earlier migrations.

-- What the learner sees -------------------------------------------------------------------------------------

create function private.revealed_answer(p_attempt uuid, p_position integer) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'correct_answer', private.shown_key(v.question_type, a.option_order, k.correct_answer),
        'share', case when k.correct_answer is not null then
            private.grade_share(v.question_type, a.option_order, k.correct_answer, w.answer_data) end,
        'explanation', k.explanation,
        'feedback', private.automated_feedback(v.question_type, a.option_order, k.correct_answer, k.option_feedback, w.answer_data)
    )
    from private.attempt_questions a
    join public.question_versions v on v.id = a.question_version_id
    join public.quiz_answers w on w.quiz_attempt_id = a.quiz_attempt_id and w.position = a.position and w.revealed_at is not null
    left join public.question_keys k on k.question_version_id = v.id
    where a.quiz_attempt_id = p_attempt and a.position = p_position
$$;
comment on function private.revealed_answer(uuid, integer) is
    'What was right in a question whose answer is final because its learner was shown it; null for any other.';

create or replace function public.reveal_quiz_answer(p_attempt uuid, p_position integer) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
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
    return private.revealed_answer(p_attempt, p_position);
end
$$;

create or replace function public.quiz_attempt_view(p_attempt uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'id', t.id, 'quiz_id', z.id, 'title', z.title, 'instructions', z.instructions, 'status', t.status,
        'layout', z.layout, 'reveals', z.show_correct_answers = 'immediately', 'course_id', t.course_id, 'lesson_id', z.lesson_id,
        'attempt_number', t.attempt_number, 'started_at', t.started_at, 'deadline_at', t.deadline_at,
        'server_time', clock_timestamp(), 'submitted_at', t.submitted_at, 'total_points', t.total_points,
        'mine', t.member_id = auth.uid(),
        'questions', (
            select jsonb_agg(jsonb_build_object(
                'position', a.position, 'section', a.section, 'flagged', a.flagged_at is not null,
                'question_type', v.question_type, 'question_text', v.question_text,
                'question_html', v.question_html, 'hint', v.hint, 'image_url', v.image_url, 'image_alt', v.image_alt,
                'video_url', v.video_url, 'audio_url', v.audio_url, 'word_limit', v.word_limit,
                'points', a.points,
                -- Whether a number wants a unit, which is part of what is asked; not which.
                'unit', case when v.question_type = 'numeric' then (
                    select coalesce(k.correct_answer ->> 'unit', 'none') from public.question_keys k where k.question_version_id = v.id
                ) end,
                'answer', w.answer_data, 'seq', w.seq, 'answered_at', w.answered_at,
                'final', w.revealed_at is not null,
                'revealed', case when w.revealed_at is not null then private.revealed_answer(t.id, a.position) end,
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

create or replace function public.quiz_attempt_result(p_attempt uuid) returns jsonb
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
        'submitted_at', v_attempt.submitted_at, 'submitted_by', v_attempt.submitted_by,
        'instructor_feedback', v_attempt.instructor_feedback, 'answers_shown', v_open,
        -- How many answers a person has still to grade.
        'waiting', (
            select count(*) from public.quiz_answers w where w.quiz_attempt_id = v_attempt.id and w.points_earned is null
        ),
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

-- A function that is stable sees nothing of what its own statement wrote: this one runs one statement after the other.
create function public.begin_quiz(p_quiz uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_attempt public.quiz_attempts;
begin
    v_attempt := public.start_quiz_attempt(p_quiz);
    return public.quiz_attempt_view(v_attempt.id);
end
$$;
comment on function public.begin_quiz(uuid) is 'Begins an attempt of the caller or finds the one in progress, and answers it as its learner sees it.';

-- Which result counts ---------------------------------------------------------------------------------------

create function private.counted_result(p_enrollment uuid, p_quiz public.quizzes)
returns table (
    passed boolean, graded boolean, score numeric, best numeric, passed_at timestamptz, graded_at timestamptz,
    taken integer, waiting integer, in_progress uuid, last_total numeric
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select
        case p_quiz.grading_policy
            when 'last' then (array_agg(t.passed order by t.attempt_number desc) filter (where t.score is not null))[1]
            when 'average' then round(avg(t.score), 2) >= p_quiz.passing_score
            else bool_or(t.passed)
        end,
        count(t.score) > 0,
        case p_quiz.grading_policy
            when 'last' then (array_agg(t.score order by t.attempt_number desc) filter (where t.score is not null))[1]
            when 'average' then round(avg(t.score), 2)
            else max(t.score)
        end,
        max(t.score),
        case p_quiz.grading_policy
            when 'best' then min(t.submitted_at) filter (where t.passed)
            else max(t.submitted_at) filter (where t.score is not null)
        end,
        min(t.submitted_at) filter (where t.score is not null),
        count(*)::integer,
        (count(*) filter (where t.status = 'submitted'))::integer,
        (array_agg(t.id) filter (where t.status = 'in_progress'))[1],
        (array_agg(t.total_points order by t.attempt_number desc))[1]
    from public.quiz_attempts t where t.enrollment_id = p_enrollment and t.quiz_id = p_quiz.id
$$;
comment on function private.counted_result(uuid, public.quizzes) is
    'What an enrollment''s attempts at a quiz come to by its grading_policy: score in percent, whether that passes, and since when.';

create function private.required_quizzes(p_enrollment uuid)
returns table (
    quiz_id uuid, step integer, lesson_id uuid, title text, criteria text, met boolean, achieved integer, needed integer, met_at timestamptz
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    -- The figures are percent of the points: what counts against the pass mark.
    select
        z.id,
        (1000000 + row_number() over (order by z.quiz_type = 'final_exam' or c.final_assessment_id = z.id, z.created_at, z.id))::integer,
        z.lesson_id, z.title, case when z.require_passing then 'quiz_passed' else 'quiz_taken' end,
        coalesce(case when z.require_passing then t.passed else t.graded end, false),
        coalesce(floor(t.score), 0)::integer,
        case when z.require_passing then ceil(z.passing_score)::integer end,
        case when z.require_passing then case when t.passed then t.passed_at end else t.graded_at end
    from public.enrollments e
    join public.courses c on c.id = e.course_id
    join public.quizzes z on z.of_course_id = e.course_id and private.is_required_quiz(z)
    cross join lateral private.counted_result(e.id, z) t
    where e.id = p_enrollment
$$;
comment on function private.required_quizzes(uuid) is
    'The quizzes without which an enrollment is not complete, and how far they are done: the rows of private.quiz_requirements with their quiz.';

create or replace function private.quiz_requirements(p_enrollment uuid)
returns table (
    step integer, requirement text, lesson_id uuid, title text, criteria text, met boolean,
    achieved integer, needed integer, met_at timestamptz
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select q.step, 'quiz', q.lesson_id, q.title, q.criteria, q.met, q.achieved, q.needed, q.met_at
    from private.required_quizzes(p_enrollment) q
$$;

create function public.quiz_standings(p_enrollment uuid)
returns table (
    quiz_id uuid, step integer, lesson_id uuid, title text, taken integer, waiting integer, in_progress uuid,
    score numeric, passed boolean, points_have numeric, points_needed numeric, points_total numeric
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select z.id, r.step, z.lesson_id, z.title, t.taken, t.waiting, t.in_progress, t.score, coalesce(t.passed, false),
        round(coalesce(t.score, 0) * p.total / 100, 2), ceil(z.passing_score * p.total) / 100, p.total
    from public.enrollments e
    join public.quizzes z on z.of_course_id = e.course_id and z.status = 'published'
    cross join lateral private.counted_result(e.id, z) t
    cross join lateral (select coalesce(t.last_total, z.total_points)) as p (total)
    left join private.required_quizzes(p_enrollment) r on r.quiz_id = z.id
    where e.id = p_enrollment and (
        e.member_id = auth.uid() or e.course_id in (select private.my_taught_course_ids()) or private.is_admin()
    )
    order by z.created_at, z.id
$$;
comment on function public.quiz_standings(uuid) is
    'How far an enrollment is in each quiz of its course, in points: what counts, what passing asks for. For its member, instructors, administrators.';

create or replace function private.complete_after_quiz(p_attempt uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_attempt public.quiz_attempts;
    v_quiz public.quizzes;
begin
    select * into v_attempt from public.quiz_attempts where id = p_attempt;
    select * into v_quiz from public.quizzes where id = v_attempt.quiz_id;
    if v_quiz.lesson_id is not null and v_quiz.quiz_type <> 'practice'
        and (select r.passed from private.counted_result(v_attempt.enrollment_id, v_quiz) r)
        and exists (
            select 1 from public.enrollments e where e.id = v_attempt.enrollment_id
              and private.completes_by(e.course_version_id, v_quiz.lesson_id, 'quiz_passed')
        )
        -- Of several quizzes of a lesson, all that must be passed.
        and not exists (
            select 1 from public.quizzes o
            where o.lesson_id = v_quiz.lesson_id and o.id <> v_quiz.id and o.status = 'published' and o.require_passing
              and o.quiz_type <> 'practice'
              and not coalesce((select r.passed from private.counted_result(v_attempt.enrollment_id, o) r), false)
        )
    then
        perform private.complete_lesson(v_attempt.enrollment_id, v_quiz.lesson_id);
    end if;
    if private.is_required_quiz(v_quiz) then
        perform private.complete_enrollment_when_met(v_attempt.enrollment_id);
    end if;
end
$$;

-- A policy that counts otherwise is a change of what the course requires.
drop trigger hold_quiz_requirement on public.quizzes;
create trigger hold_quiz_requirement
    before update of status, quiz_type, require_passing, is_mandatory, grading_policy, passing_score on public.quizzes
    for each row when (
        (old.status, old.quiz_type, old.require_passing, old.is_mandatory, old.grading_policy, old.passing_score)
        is distinct from (new.status, new.quiz_type, new.require_passing, new.is_mandatory, new.grading_policy, new.passing_score)
    )
    execute function private.follow_quiz_requirement();
drop trigger trigger_complete_after_quiz_change on public.quizzes;
create trigger trigger_complete_after_quiz_change
    after update of status, quiz_type, require_passing, is_mandatory, grading_policy, passing_score on public.quizzes
    for each row when (
        (old.status, old.quiz_type, old.require_passing, old.is_mandatory, old.grading_policy, old.passing_score)
        is distinct from (new.status, new.quiz_type, new.require_passing, new.is_mandatory, new.grading_policy, new.passing_score)
    )
    execute function private.complete_after_quiz_change();

-- The start card ---------------------------------------------------------------------------------------------

create function public.quiz_card(p_quiz uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_quiz public.quizzes;
    v_course public.courses;
    v_staff boolean;
    v_enrollment public.enrollments;
    v_extra public.quiz_accommodations;
    v_result record;
    v_until timestamptz;
    v_most integer;
    v_asks integer;
    v_state text;
begin
    select * into v_quiz from public.quizzes where id = p_quiz;
    v_staff := coalesce(v_quiz.of_course_id in (select private.my_taught_course_ids()), false) or private.is_admin();
    select e.* into v_enrollment from private.my_open_enrollments() e
    where e.course_id = v_quiz.of_course_id order by e.completed_at desc nulls first, e.enrolled_at desc limit 1;
    if v_quiz.id is null or (not v_staff and (v_enrollment.id is null or v_quiz.status = 'draft')) then
        perform private.refuse('CG404', 'no_such_quiz', 'There is no such quiz in a course that you are enrolled in.');
    end if;
    select * into v_course from public.courses where id = v_quiz.of_course_id;
    select * into v_extra from public.quiz_accommodations where quiz_id = p_quiz and enrollment_id = v_enrollment.id;
    select * into v_result from private.counted_result(v_enrollment.id, v_quiz);
    select coalesce(sum(coalesce(p.draw_count, 1)), 0) into v_asks from public.quiz_questions p where p.quiz_id = p_quiz;
    v_until := coalesce(v_extra.available_until, v_quiz.available_until);
    v_most := v_quiz.max_attempts + coalesce(v_extra.extra_attempts, 0);
    v_state := case
        when v_enrollment.id is null then 'staff'
        when v_quiz.status <> 'published' then 'not_published'
        when v_result.in_progress is not null then 'in_progress'
        when v_quiz.lesson_id is not null and exists (
            select 1 from private.lesson_locks(auth.uid(), v_quiz.of_course_id) k where k.lesson_id = v_quiz.lesson_id
        ) then 'locked'
        when v_asks = 0 then 'empty'
        when v_quiz.available_from > clock_timestamp() then 'not_open'
        when v_until <= clock_timestamp() then 'closed'
        when v_result.taken >= v_most then 'no_attempts_left'
        else 'open'
    end;
    return jsonb_build_object(
        'id', v_quiz.id, 'title', v_quiz.title, 'description', v_quiz.description, 'instructions', v_quiz.instructions,
        'quiz_type', v_quiz.quiz_type, 'course_id', v_course.id, 'course_title', v_course.title, 'course_slug', v_course.slug,
        'lesson_id', v_quiz.lesson_id, 'state', v_state, 'server_time', clock_timestamp(),
        'questions', v_asks, 'total_points', v_quiz.total_points, 'passing_score', v_quiz.passing_score,
        'require_passing', v_quiz.require_passing, 'is_mandatory', v_quiz.is_mandatory,
        'time_limit_minutes', v_quiz.time_limit_minutes + coalesce(v_extra.extra_minutes, 0),
        'max_attempts', v_most, 'taken', v_result.taken, 'grading_policy', v_quiz.grading_policy, 'layout', v_quiz.layout,
        'show_correct_answers', v_quiz.show_correct_answers, 'available_from', v_quiz.available_from, 'available_until', v_until,
        'extra_minutes', coalesce(v_extra.extra_minutes, 0), 'extra_attempts', coalesce(v_extra.extra_attempts, 0),
        'extra_until', v_extra.available_until,
        'in_progress', v_result.in_progress, 'score', v_result.score, 'best', v_result.best, 'passed', coalesce(v_result.passed, false),
        'waiting', v_result.waiting,
        'attempts', coalesce((
            select jsonb_agg(jsonb_build_object(
                'id', t.id, 'attempt_number', t.attempt_number, 'status', t.status, 'started_at', t.started_at,
                'deadline_at', t.deadline_at, 'submitted_at', t.submitted_at, 'submitted_by', t.submitted_by,
                'score', t.score, 'points_earned', t.points_earned, 'total_points', t.total_points, 'passed', t.passed
            ) order by t.attempt_number desc)
            from public.quiz_attempts t where t.enrollment_id = v_enrollment.id and t.quiz_id = p_quiz
        ), '[]')
    );
end
$$;
comment on function public.quiz_card(uuid) is
    'What a person should know before beginning a quiz: what it asks, what is allowed to him, his attempts so far, and whether he can begin now.';

grant execute on function public.flag_attempt_question(uuid, integer, boolean), public.quiz_standings(uuid), public.quiz_card(uuid),
    public.begin_quiz(uuid) to authenticated;

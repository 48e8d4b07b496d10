-- Grading by hand as a page does it: points for each criterion, and never over a grade that somebody gave meanwhile. And a quiz as
-- it would be asked, for its instructors to look at.
-- Rollback: drop the functions and the column below.

alter table public.quiz_answers add column rubric_points jsonb;
alter table public.quiz_answers add constraint quiz_answers_rubric_points
    check (jsonb_typeof(rubric_points) = 'array' and length(rubric_points::text) <= 2000) not valid;
alter table public.quiz_answers validate constraint quiz_answers_rubric_points;
comment on column public.quiz_answers.rubric_points is 'Points for each criterion of the version''s rubric, in its order; null where none was used.';

create function public.grade_answer_as_seen(
    p_answer uuid, p_points numeric, p_rubric jsonb, p_feedback text, p_reason text, p_seen timestamptz
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_attempt public.quiz_attempts := private.hold_attempt((select quiz_attempt_id from public.quiz_answers where id = p_answer));
    v_answer public.quiz_answers;
begin
    select * into v_answer from public.quiz_answers where id = p_answer;
    if v_answer.graded_at is distinct from p_seen then
        perform private.refuse('CG409', 'graded_meanwhile', case when v_answer.graded_by is null then 'This answer was graded meanwhile.'
            else (select concat_ws(' ', p.first_name, p.last_name) from public.profiles p where p.id = v_answer.graded_by)
                || ' gave ' || trim_scale(v_answer.points_earned) || ' points meanwhile.' end);
    elsif length(p_rubric::text) > 2000 then
        perform private.refuse('CG422', 'too_long', 'There are too many criteria.');
    end if;
    update public.quiz_answers set rubric_points = p_rubric where id = p_answer and rubric_points is distinct from p_rubric;
    perform public.grade_quiz_answer(p_answer, p_points, p_feedback, p_reason);
end
$$;
comment on function public.grade_answer_as_seen(uuid, numeric, jsonb, text, text, timestamptz) is
    'Grades one answer by hand, unless it was graded since p_seen (its graded_at, null for none); raises CG403, CG404, CG409 or CG422.';

create function public.quiz_preview(p_quiz uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_quiz public.quizzes;
begin
    select * into v_quiz from public.quizzes where id = p_quiz;
    if v_quiz.id is null or not (v_quiz.of_course_id in (select private.my_taught_course_ids()) or private.is_admin()) then
        perform private.refuse('CG404', 'no_such_quiz', 'There is no such quiz, or you do not teach its course.');
    end if;
    -- The shape of an attempt's view, of an attempt that is nowhere: nothing is written, nobody is counted.
    return jsonb_build_object('id', v_quiz.id, 'quiz_id', v_quiz.id, 'title', v_quiz.title, 'instructions', v_quiz.instructions,
        'layout', v_quiz.layout, 'status', 'in_progress', 'sections', coalesce((
        select jsonb_object_agg(s.title, s.instructions) from public.quiz_sections s where s.quiz_id = p_quiz and s.instructions <> ''
    ), '{}'), 'questions', coalesce((
        select jsonb_agg(jsonb_build_object(
            'position', c.n, 'section', c.section, 'flagged', false, 'question_type', v.question_type, 'question_text', v.question_text,
            'question_html', v.question_html, 'hint', v.hint, 'image_url', v.image_url, 'image_alt', v.image_alt, 'video_url', v.video_url,
            'audio_url', v.audio_url, 'word_limit', v.word_limit, 'points', c.points, 'answer', null, 'seq', null, 'answered_at', null,
            'final', false, 'unit', case when v.question_type = 'numeric' then coalesce(k.correct_answer ->> 'unit', 'none') end,
            -- Keys of the shared bank are not for every instructor.
            'revealed', case when v.course_id is not null or private.is_admin() then jsonb_build_object(
                'correct_answer', private.shown_key(v.question_type, o.shown, k.correct_answer), 'explanation', k.explanation
            ) end,
            'options', case v.question_type
                when 'true_false' then '[{"id": "1", "text": "true"}, {"id": "2", "text": "false"}]'::jsonb
                when 'matching' then jsonb_build_object(
                    'left', private.shown_options(v.answer_options -> 'left', o.shown -> 'left'),
                    'right', private.shown_options(v.answer_options -> 'right', o.shown -> 'right')
                )
                else private.shown_options(v.answer_options, o.shown)
            end
        ) order by c.n)
        from private.choose_questions(v_quiz) c
        join public.question_versions v on v.id = c.version_id
        left join public.question_keys k on k.question_version_id = v.id
        cross join lateral (
            select private.option_order(v.question_type, v.answer_options, v_quiz.shuffle_answers) as shown offset 0
        ) o
    ), '[]'));
end
$$;
comment on function public.quiz_preview(uuid) is
    'A quiz as an attempt that begins now would ask it, with keys, for those who teach its course; nothing is written. Raises CG404.';
grant execute on function public.grade_answer_as_seen(uuid, numeric, jsonb, text, text, timestamptz), public.quiz_preview(uuid) to authenticated;

create function public.version_of_answer(p_answer uuid) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select a.question_version_id
    from public.quiz_answers w join private.attempt_questions a on a.quiz_attempt_id = w.quiz_attempt_id and a.position = w.position
    where w.id = p_answer and (w.course_id in (select private.my_taught_course_ids()) or private.is_admin())
$$;
comment on function public.version_of_answer(uuid) is 'The version that an answer answers, for those who teach its course.';
grant execute on function public.version_of_answer(uuid) to authenticated;

-- The preview of a quiz says which version of each question it shows, so that what is said to answers can be shown beside it.
-- Rollback: put public.quiz_preview back as 20261121132100 has it.

create or replace function public.quiz_preview(p_quiz uuid) returns jsonb
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
            'position', c.n, 'version_id', v.id, 'section', c.section, 'flagged', false, 'question_type', v.question_type, 'question_text', v.question_text,
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

-- Assessments and their attempts as the personalised LMS reads them.
-- Rollback: drop the views below.

create view public.assessments with (security_invoker = true) as
select
    z.id,
    z.lesson_id,
    z.course_id,
    z.title,
    z.description,
    -- Places and versions are hidden from learners by their own policies; keys are not here for anybody.
    coalesce((
        select jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
            'id', p.id, 'order', p.question_order, 'points', p.points, 'draw_tag', p.draw_tag, 'draw_count', p.draw_count,
            'question_id', v.question_id, 'question_type', v.question_type, 'question_text', v.question_text,
            'answer_options', v.answer_options
        )) order by p.question_order)
        from public.quiz_questions p left join public.question_versions v on v.id = p.question_version_id
        where p.quiz_id = z.id
    ), '[]') as questions,
    z.ai_generated,
    z.source_content_ids,
    z.is_mandatory,
    round(z.passing_score)::integer as minimum_passing_score,
    z.max_attempts,
    z.time_limit_minutes as time_limit,
    z.created_at,
    z.updated_at
from public.quizzes z;
comment on view public.assessments is
    'Quizzes in the shape of the personalised LMS. Questions, never their keys, for those who may see them before an attempt.';

create view public.assessment_attempts with (security_invoker = true) as
select
    t.id,
    t.quiz_id as assessment_id,
    t.member_id as student_id,
    t.attempt_number,
    (select jsonb_object_agg(w.position, w.answer_data) from public.quiz_answers w where w.quiz_attempt_id = t.id) as answers,
    round(t.score)::integer as score,
    round(t.points_earned)::integer as points_earned,
    round(t.total_points)::integer as total_points,
    t.passed,
    t.time_spent_seconds as time_spent,
    t.started_at,
    t.submitted_at,
    (
        select jsonb_object_agg(w.position, coalesce(w.instructor_feedback, w.automated_feedback))
        from public.quiz_answers w
        where w.quiz_attempt_id = t.id and coalesce(w.instructor_feedback, w.automated_feedback) is not null
    ) as feedback
from public.quiz_attempts t;
comment on view public.assessment_attempts is
    'Attempts in the shape of the personalised LMS. Answers and feedback are for those who may read them; learners ask public.quiz_attempt_result.';

revoke all on public.assessments, public.assessment_attempts from anon, authenticated, service_role;
grant select on public.assessments, public.assessment_attempts to authenticated, service_role;

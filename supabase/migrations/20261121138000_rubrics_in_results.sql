-- What each criterion of a rubric earned, for whoever wrote the essay.
-- Rollback: drop the function.

create function public.quiz_answer_rubrics(p_attempt uuid)
returns table ("position" integer, rubric jsonb, rubric_points jsonb)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select w.position, v.rubric, w.rubric_points
    from public.quiz_attempts t
    join public.quiz_answers w on w.quiz_attempt_id = t.id and w.rubric_points is not null and w.points_earned is not null
    join private.attempt_questions a on a.quiz_attempt_id = t.id and a.position = w.position
    join public.question_versions v on v.id = a.question_version_id and v.rubric is not null
    where t.id = p_attempt and t.status <> 'in_progress' and (
        (t.member_id = auth.uid() and private.may_see_answers(t))
        or t.course_id in (select private.my_taught_course_ids()) or private.is_admin()
    )
    order by w.position
$$;
comment on function public.quiz_answer_rubrics(uuid) is
    'The rubric of each graded essay of an attempt, and the points of its criteria in their order; for its learner as soon as the quiz '
    'shows what answers earned (public.quiz_attempt_result), and for the team of the course.';
grant execute on function public.quiz_answer_rubrics(uuid) to authenticated;

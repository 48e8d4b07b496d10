-- Who may read and write what of the bank and of quizzes, and the final assessment of a course.
-- Rollback: drop the policies, the function and the column below.

alter table public.questions enable row level security;
alter table public.question_versions enable row level security;
alter table public.question_keys enable row level security;
alter table public.quizzes enable row level security;
alter table public.quiz_questions enable row level security;
revoke all on public.questions, public.question_versions, public.question_keys, public.quizzes, public.quiz_questions
    from anon, authenticated, service_role;
grant select, insert, update, delete on public.questions, public.question_versions, public.question_keys, public.quizzes,
    public.quiz_questions to service_role;
grant select on public.questions, public.question_versions, public.question_keys, public.quizzes, public.quiz_questions to authenticated;
grant delete on public.questions, public.question_versions, public.quizzes to authenticated;
grant insert (id, course_id, question_type, title, tags, difficulty, status), update (title, tags, difficulty, status)
    on public.questions to authenticated;
grant insert (id, question_id, question_text, question_html, answer_options, points, hint, image_url, video_url),
    update (question_text, question_html, answer_options, points, hint, image_url, video_url) on public.question_versions to authenticated;
grant insert (question_version_id, correct_answer, explanation, option_feedback) on public.question_keys to authenticated;
grant insert (id, course_id, lesson_id, title, description, instructions, quiz_type, status, passing_score, max_attempts,
    require_passing, is_mandatory, time_limit_minutes, shuffle_questions, shuffle_answers, show_correct_answers,
    available_from, available_until, ai_generated, source_content_ids) on public.quizzes to authenticated;
grant update (title, description, instructions, quiz_type, status, passing_score, max_attempts,
    require_passing, is_mandatory, time_limit_minutes, shuffle_questions, shuffle_answers, show_correct_answers,
    available_from, available_until, ai_generated, source_content_ids) on public.quizzes to authenticated;

create policy "Instructors view the bank" on public.questions for select to authenticated
    using (
        course_id = any (array(select private.my_taught_course_ids()))
        or (course_id is null and (select private.is_teacher()))
        or (select private.is_admin())
    );
create policy "Instructors add questions" on public.questions for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors change questions" on public.questions for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove questions" on public.questions for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

create policy "Instructors view versions" on public.question_versions for select to authenticated
    using (
        course_id = any (array(select private.my_taught_course_ids()))
        or (course_id is null and (select private.is_teacher()))
        or (select private.is_admin())
    );
create policy "Instructors add versions" on public.question_versions for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors change versions" on public.question_versions for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove versions" on public.question_versions for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

-- An instructor may be a learner in a colleague's course: keys of shared questions are the administrators'.
create policy "Instructors view keys" on public.question_keys for select to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors add keys" on public.question_keys for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

create policy "Learners view quizzes of their courses" on public.quizzes for select to authenticated
    using (
        (status <> 'draft' and of_course_id = any (array(select private.my_enrolled_course_ids())))
        or of_course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );
create policy "Instructors add quizzes" on public.quizzes for insert to authenticated
    with check (of_course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors change quizzes" on public.quizzes for update to authenticated
    using (of_course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (of_course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove quizzes" on public.quizzes for delete to authenticated
    using (of_course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

-- A learner sees questions in his attempt only: before it, they would tell what will be asked.
create policy "Instructors view places in quizzes" on public.quiz_questions for select to authenticated
    using (of_course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

-- Keys are corrected and quizzes arranged by functions ---------------------------------------------------------

create function public.change_question_key(p_version uuid, p_correct_answer jsonb, p_explanation text, p_option_feedback jsonb default '{}')
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.question_keys set
        correct_answer = p_correct_answer, explanation = p_explanation, option_feedback = coalesce(p_option_feedback, '{}')
    where question_version_id = p_version and (course_id in (select private.my_taught_course_ids()) or private.is_admin());
    if not found then
        perform private.refuse('CG404', 'no_such_key', 'This question has no key that you may change.');
    end if;
end
$$;
comment on function public.change_question_key(uuid, jsonb, text, jsonb) is
    'Corrects what is right in a question. Grades that were given stay until public.regrade_question is called.';

create function public.arrange_quiz(p_quiz uuid, p_places jsonb) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_quiz public.quizzes;
begin
    select * into v_quiz from public.quizzes where id = p_quiz for no key update;
    if v_quiz.id is null or not (v_quiz.of_course_id in (select private.my_taught_course_ids()) or private.is_admin()) then
        perform private.refuse('CG404', 'no_such_quiz', 'There is no such quiz, or you do not teach its course.');
    elsif jsonb_typeof(p_places) is distinct from 'array' or jsonb_array_length(p_places) > 500 then
        perform private.refuse('CG422', 'no_such_arrangement', 'Give the questions as a list of at most 500 places.');
    end if;
    delete from public.quiz_questions where quiz_id = p_quiz;
    insert into public.quiz_questions
        (quiz_id, question_order, question_version_id, draw_tag, draw_count, draw_from, section, points)
    select p_quiz, p.n, r.question_version_id, r.draw_tag, r.draw_count, coalesce(r.draw_from, 'course'), r.section,
        coalesce(r.points, v.points, 1)
    from jsonb_array_elements(p_places) with ordinality as p (place, n)
    cross join lateral jsonb_to_record(p.place) as r (
        question_version_id uuid, draw_tag text, draw_count integer, draw_from text, section text, points numeric(5, 2)
    )
    left join public.question_versions v on v.id = r.question_version_id;
    return jsonb_array_length(p_places);
end
$$;
comment on function public.arrange_quiz(uuid, jsonb) is
    'Writes all that a quiz asks, in order: [{question_version_id} or {draw_tag, draw_count, draw_from}, with section and points]. '
    'Attempts that have begun keep what they were asked.';
grant execute on function public.change_question_key(uuid, jsonb, text, jsonb), public.arrange_quiz(uuid, jsonb) to authenticated;

-- The final assessment of a course -------------------------------------------------------------------------

alter table public.courses add column final_assessment_id uuid;
alter table public.courses add constraint courses_final_assessment foreign key (final_assessment_id, id)
    references public.quizzes (id, of_course_id) on delete set null (final_assessment_id) not valid;
alter table public.courses validate constraint courses_final_assessment;
comment on column public.courses.final_assessment_id is 'The quiz of this course that ends it; written by public.set_final_assessment.';
-- Courses are few: the index is made at once.
create index idx_courses_final_assessment on public.courses (final_assessment_id, id);

create function public.set_final_assessment(p_course uuid, p_quiz uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not (coalesce(p_course in (select private.my_taught_course_ids()), false) or private.is_admin()) then
        perform private.refuse('CG403', 'not_your_course', 'Only an instructor of the course can choose its final assessment.');
    elsif p_quiz is not null and not exists (select 1 from public.quizzes where id = p_quiz and of_course_id = p_course) then
        perform private.refuse('CG422', 'quiz_of_another_course', 'There is no such quiz in this course.');
    end if;
    update public.courses set final_assessment_id = p_quiz where id = p_course and final_assessment_id is distinct from p_quiz;
end
$$;
comment on function public.set_final_assessment(uuid, uuid) is 'Chooses the quiz that ends a course, or none.';
grant execute on function public.set_final_assessment(uuid, uuid) to authenticated;

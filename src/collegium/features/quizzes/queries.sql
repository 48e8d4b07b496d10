-- name: course
-- A course that the person who asks teaches.
select id, title, slug, status from public.courses
where id = $1 and (id = any (array(select private.my_taught_course_ids())) or private.is_admin())

-- name: quizzes
-- The quizzes of a course and of its lessons, in the order of the course, those of the course itself last.
select
    z.id, z.title, z.status, z.quiz_type, z.lesson_id, l.title as lesson_title, c.final_assessment_id is not distinct from z.id as is_final,
    coalesce(p.questions, 0) as questions, z.total_points, k.attempts_count, k.graded_count, k.avg_score, k.pass_rate
from public.quizzes z
join public.quiz_counters k on k.quiz_id = z.id
join public.courses c on c.id = z.of_course_id
left join public.lessons l on l.id = z.lesson_id
left join public.course_modules m on m.id = l.module_id
left join lateral (
    select sum(coalesce(q.draw_count, 1)) as questions from public.quiz_questions q where q.quiz_id = z.id
) p on true
where z.of_course_id = $1
order by m.module_order nulls last, l.lesson_order, c.final_assessment_id is not distinct from z.id, z.created_at, z.id

-- name: quiz
-- One quiz of a course that the person who asks teaches.
select
    z.id, z.of_course_id, z.lesson_id, l.title as lesson_title, l.completion_criteria as lesson_criteria,
    c.final_assessment_id is not distinct from z.id as is_final, z.title, z.description, z.instructions, z.quiz_type, z.status,
    z.passing_score, z.max_attempts, z.require_passing, z.is_mandatory, z.time_limit_minutes, z.shuffle_questions, z.shuffle_answers,
    z.show_correct_answers, z.available_from, z.available_until, z.anonymous_grading, z.grading_policy,
    z.layout, z.total_points,
    exists (select 1 from public.quiz_attempts t where t.quiz_id = z.id) as taken,
    k.attempts_count, k.graded_count, k.passed_count, k.avg_score, k.pass_rate, z.revision
from public.quizzes z
join public.quiz_counters k on k.quiz_id = z.id
join public.courses c on c.id = z.of_course_id
left join public.lessons l on l.id = z.lesson_id
where z.id = $2 and z.of_course_id = $1
  and (z.of_course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))

-- name: quiz_of_lesson
-- The first quiz of a lesson.
select z.id from public.quizzes z where z.of_course_id = $1 and z.lesson_id = $2 order by z.created_at, z.id limit 1

-- name: lesson_title
-- The title of a lesson of a course.
select l.title from public.lessons l where l.course_id = $1 and l.id = $2

-- name: add_quiz
-- Makes a draft that belongs to a course, or to one of its lessons.
insert into public.quizzes (course_id, lesson_id, title, description, instructions, quiz_type)
values (case when $2::uuid is null then $1::uuid end, $2, $3, $4, $5, $6)
returning id

-- name: places
-- What a quiz asks, in order, with what the builder shows of it. Keys of shared questions are not the instructors'.
select
    p.id, p.question_version_id as version_id, p.draw_tag, p.draw_count, p.draw_from, p.section, p.points,
    v.question_id, v.question_type, v.course_id is null as shared, left(v.question_text, 300) as text, q.status,
    k.question_version_id is not null as keyed, k.correct_answer,
    (
        select w.id from public.question_versions w
        where w.question_id = v.question_id and w.version > v.version order by w.version desc limit 1
    ) as newer_id
from public.quiz_questions p
left join public.question_versions v on v.id = p.question_version_id
left join public.questions q on q.id = v.question_id
left join public.question_keys k on k.question_version_id = v.id
where p.quiz_id = $1
order by p.question_order

-- name: sections
-- The sections of a quiz in order.
select title, instructions from public.quiz_sections where quiz_id = $1 order by section_order

-- name: pools
-- How many active questions there are under each tag, in a course's bank and in the shared one.
select case when q.course_id is null then 'shared' else 'course' end as source, t.tag, count(*) as questions
from public.questions q cross join lateral unnest(q.tags) as t (tag)
where (q.course_id = $1 or q.course_id is null) and q.organisation_id is null and q.status = 'active'
  and exists (select 1 from public.question_versions v where v.question_id = q.id)
group by 1, 2
order by 1, 2

-- name: arrange
-- Writes what a quiz asks, unless somebody else changed it meanwhile; answers the new revision.
select public.save_quiz_places($1, $2::jsonb, $3::jsonb, $4)

-- name: find_questions
-- Questions of a course's bank and the shared one that a quiz may ask, the newest first: $3 words, $4 tag, $5 type, after $6.
select v.id as version_id, v.question_type, q.title, left(v.question_text, 300) as text, v.points, q.tags, q.difficulty,
    q.course_id is null as shared, q.id as question_id, q.created_at,
    exists (
        select 1 from public.quiz_questions p join public.question_versions u on u.id = p.question_version_id
        where p.quiz_id = $2 and u.question_id = q.id
    ) as used
from public.questions q
join lateral (
    select w.id, w.question_type, w.question_text, w.points from public.question_versions w
    where w.question_id = q.id order by w.version desc limit 1
) v on true
where (q.course_id = $1 or q.course_id is null) and q.status <> 'retired'
  and ($3::text = '' or private.fold(coalesce(q.title, '') || ' ' || v.question_text) like '%' || private.fold($3) || '%')
  and ($4::text = '' or $4 = any (q.tags))
  and ($5::text = '' or q.question_type = $5)
  and ($6::timestamptz is null or (q.created_at, q.id) < ($6, $7::uuid))
order by q.created_at desc, q.id desc
limit $8

-- name: set_status
-- Publishes a quiz, closes it, or takes it back to draft.
update public.quizzes set status = $3 where id = $2 and of_course_id = $1 and status <> $3 returning id

-- name: remove_quiz
-- Removes a quiz that nobody has taken.
delete from public.quizzes where id = $2 and of_course_id = $1 returning id

-- name: copy_settings
-- A draft with the settings of another quiz of the course; it belongs to the course itself, without its dates.
insert into public.quizzes (course_id, title, description, instructions, quiz_type, passing_score, max_attempts, require_passing,
    is_mandatory, time_limit_minutes, shuffle_questions, shuffle_answers, show_correct_answers, anonymous_grading,
    grading_policy, layout)
select z.of_course_id, $3, z.description, z.instructions, z.quiz_type, z.passing_score, z.max_attempts, z.require_passing,
    z.is_mandatory, z.time_limit_minutes, z.shuffle_questions, z.shuffle_answers,
    case z.show_correct_answers when 'after_deadline' then 'after_submission' else z.show_correct_answers end, z.anonymous_grading,
    z.grading_policy, z.layout
from public.quizzes z where z.id = $2 and z.of_course_id = $1
returning id

-- name: save_settings
-- Saves the settings of a quiz.
update public.quizzes set
    title = $3, description = $4, instructions = $5, quiz_type = $6, passing_score = $7, max_attempts = $8, require_passing = $9,
    is_mandatory = $10, time_limit_minutes = $11, shuffle_questions = $12, shuffle_answers = $13, show_correct_answers = $14,
    available_from = $15, available_until = $16, anonymous_grading = $17, grading_policy = $18,
    layout = $19
where id = $2 and of_course_id = $1

-- name: place_quiz
-- Has a draft belong to a lesson of its course, or to the course itself.
select public.place_quiz($1, $2)

-- name: set_final
-- Chooses the quiz that ends a course, or none.
select public.set_final_assessment($1, $2)

-- name: lessons
-- The lessons of a course in their order, without those that were removed.
select l.id, l.title, m.title as module_title
from public.lessons l join public.course_modules m on m.id = l.module_id
where l.course_id = $1 and l.state <> 'retired'
order by m.module_order, l.lesson_order

-- name: quiz_to_fill
-- The revision of a quiz that the person who asks may change, locked until the transaction ends.
select z.revision from public.quizzes z
where z.id = $1 and (z.of_course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
for no key update of z

-- name: points_of
-- What some versions of questions are worth.
select v.id, v.points from public.question_versions v where v.id = any ($1::uuid[])

-- name: accommodations
-- Who has more time, more attempts or a later end in a quiz, by name.
select a.id, p.id as member_id, concat_ws(' ', p.first_name, p.last_name) as name, a.extra_minutes, a.extra_attempts,
    a.available_until, a.reason, a.created_at,
    (select concat_ws(' ', g.first_name, g.last_name) from public.profiles g where g.id = a.granted_by) as granted_by
from public.quiz_accommodations a
join public.enrollments e on e.id = a.enrollment_id
join public.profiles p on p.id = e.member_id
where a.quiz_id = $1
order by p.last_name, p.first_name, a.id

-- name: enrolled
-- Up to twenty who are enrolled in a course and whose name or address has these words, with what they have in a quiz already.
select e.id as enrollment_id, concat_ws(' ', p.first_name, p.last_name) as name, p.email, a.id is not null as has_one
from public.enrollments e
join public.profiles p on p.id = e.member_id
left join public.quiz_accommodations a on a.quiz_id = $2 and a.enrollment_id = e.id
where e.course_id = $1
  and private.fold(concat_ws(' ', p.first_name, p.last_name, p.email)) like '%' || private.fold($3) || '%'
order by p.last_name, p.first_name, e.id
limit 20

-- name: add_accommodation
-- Grants somebody who is enrolled in the quiz's course an accommodation, or changes the one there is.
insert into public.quiz_accommodations (quiz_id, enrollment_id, extra_minutes, extra_attempts, available_until, reason)
select z.id, e.id, $4, $5, $6, $7
from public.quizzes z join public.enrollments e on e.course_id = z.of_course_id
where z.id = $2 and z.of_course_id = $1 and e.id = $3
on conflict (quiz_id, enrollment_id) do update set extra_minutes = excluded.extra_minutes, extra_attempts = excluded.extra_attempts,
    available_until = excluded.available_until, reason = excluded.reason
returning id

-- name: remove_accommodation
-- Takes an accommodation away.
delete from public.quiz_accommodations where id = $2 and quiz_id = $1 returning id

-- name: grading_list
-- Quizzes of the courses of the person who asks in which answers wait for a grade, the longest wait first.
select z.id, z.title, c.id as course_id, c.title as course_title, s.waiting, s.oldest
from (
    select t.quiz_id, count(*) as waiting, min(t.submitted_at) as oldest
    from public.quiz_attempts t
    join public.quiz_answers w on w.quiz_attempt_id = t.id and w.points_earned is null
    where t.status = 'submitted'
      and (t.course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    group by t.quiz_id
) s
join public.quizzes z on z.id = s.quiz_id
join public.courses c on c.id = z.of_course_id
order by s.oldest, z.id

-- name: grading_figures
-- How many answers of a quiz wait and how many a person has graded, by question.
select w.question_id, min(a.position) as place, count(*) filter (where w.points_earned is null) as waiting,
    count(*) filter (where w.points_earned is not null) as graded,
    (
        select left(v.question_text, 200) from public.question_versions v
        where v.question_id = w.question_id order by v.version desc limit 1
    ) as text
from public.quiz_attempts t
join public.quiz_answers w on w.quiz_attempt_id = t.id
cross join lateral (select w.position) a
where t.quiz_id = $1 and t.status <> 'in_progress' and (w.points_earned is null or w.graded_by is not null)
group by w.question_id
order by place, w.question_id

-- name: next_by_question
-- The next answer for a person's grade, question by question: of one question ($2) or all, after $3 and $4; $5 only those that wait.
select w.id from public.quiz_attempts t join public.quiz_answers w on w.quiz_attempt_id = t.id
where t.quiz_id = $1 and t.status <> 'in_progress' and (w.points_earned is null or (w.graded_by is not null and not $5::boolean))
  and ($2::uuid is null or w.question_id = $2)
  and ($3::uuid is null or (w.question_id, w.id) > ($3, $4::uuid))
order by w.question_id, w.id limit 1

-- name: previous_by_question
-- The answer before, question by question.
select w.id from public.quiz_attempts t join public.quiz_answers w on w.quiz_attempt_id = t.id
where t.quiz_id = $1 and t.status <> 'in_progress' and (w.points_earned is null or (w.graded_by is not null and not $5::boolean))
  and ($2::uuid is null or w.question_id = $2)
  and (w.question_id, w.id) < ($3::uuid, $4::uuid)
order by w.question_id desc, w.id desc limit 1

-- name: next_by_person
-- The next answer for a person's grade, person by person: of one question ($2) or all, after $3 and $4; $5 only those that wait.
select w.id from public.quiz_attempts t join public.quiz_answers w on w.quiz_attempt_id = t.id
where t.quiz_id = $1 and t.status <> 'in_progress' and (w.points_earned is null or (w.graded_by is not null and not $5::boolean))
  and ($2::uuid is null or w.question_id = $2)
  and ($3::uuid is null or (t.id, w.position) > ($3, $4::integer))
order by t.id, w.position limit 1

-- name: previous_by_person
-- The answer before, person by person.
select w.id from public.quiz_attempts t join public.quiz_answers w on w.quiz_attempt_id = t.id
where t.quiz_id = $1 and t.status <> 'in_progress' and (w.points_earned is null or (w.graded_by is not null and not $5::boolean))
  and ($2::uuid is null or w.question_id = $2)
  and (t.id, w.position) < ($3::uuid, $4::integer)
order by t.id desc, w.position desc limit 1

-- name: answer_to_grade
-- One answer with its question, its rubric and what has been given for it; the member's name is left out where the quiz wants it.
select w.id, w.quiz_attempt_id as attempt_id, w.position, w.question_id, w.answer_data as answer, w.max_points, w.points_earned,
    w.rubric_points, w.instructor_feedback as feedback, w.automated_feedback, w.graded_at,
    (select concat_ws(' ', g.first_name, g.last_name) from public.profiles g where g.id = w.graded_by) as graded_by,
    t.submitted_at, t.attempt_number, z.anonymous_grading,
    case when not z.anonymous_grading then (
        select concat_ws(' ', p.first_name, p.last_name) from public.profiles p where p.id = t.member_id
    ) end as member_name,
    v.question_type, v.question_text, v.question_html, v.rubric, v.word_limit
from public.quiz_answers w
join public.quiz_attempts t on t.id = w.quiz_attempt_id
join public.quizzes z on z.id = t.quiz_id
join lateral (
    select u.question_type, u.question_text, u.question_html, u.rubric, u.word_limit
    from public.question_versions u where u.id = public.version_of_answer(w.id)
) v on true
where w.id = $2 and t.quiz_id = $1 and t.status <> 'in_progress'

-- name: grade_answer
-- Grades one answer by hand, unless somebody else did so meanwhile.
select public.grade_answer_as_seen($1, $2, $3::jsonb, $4, $5, $6)

-- name: preview
-- A quiz as an attempt that begins now would ask it.
select public.quiz_preview($1)

-- name: regradable
-- Questions of a quiz that learners were asked and that have a key, with the last time that they were graded anew.
select v.id as version_id, v.question_id, v.question_type, left(v.question_text, 300) as text, k.updated_at as key_changed_at,
    v.used_at, r.state, r.created_at as regraded_at, r.id as regrade_id,
    k.updated_at > coalesce(r.created_at, v.used_at) as corrected
from public.quiz_questions p
join public.question_versions v on v.id = p.question_version_id or (
    p.draw_tag is not null and v.question_id in (
        select q.id from public.questions q
        where p.draw_tag = any (q.tags) and q.course_id is not distinct from case p.draw_from when 'course' then p.of_course_id end
    )
)
join public.question_keys k on k.question_version_id = v.id and k.correct_answer is not null
left join lateral (
    select g.id, g.state, g.created_at from public.regrades g
    where g.question_version_id = v.id order by g.created_at desc limit 1
) r on true
where p.quiz_id = $1 and v.used_at is not null
order by corrected desc, p.question_order, v.id
limit 200

-- name: regrade_preview
-- What grading a question anew would change.
select public.regrade_preview($1)

-- name: begin_regrade
-- Has a question graded anew in the background.
select public.begin_regrade($1, $2, $3)

-- name: regrade
-- How far a regrade is.
select id, question_version_id as version_id, reason, tell, state, attempts, seen, changed, now_passed, now_failed, created_at, finished_at
from public.regrades where id = $1

-- name: regrade_some as service_role
-- Does the next portion of a regrade: wait, again or done.
select private.regrade_some($1, $2)

-- name: count_insights as service_role
-- Counts anew how the next quiz does whose figures have moved; 0 when there is none.
select private.count_quiz_insights()

-- name: insight
-- How a quiz does, as counted last.
select attempts, passed, average, score_bins, seconds_quarter, seconds_median, seconds_three_quarters, computed_at
from public.quiz_insights where quiz_id = $1

-- name: question_insights
-- How each question of a quiz does, as counted last, with its options in the author's order and its key where that may be read.
select i.question_version_id as version_id, v.question_id, v.question_type, left(v.question_text, 300) as text, i.asked, i.answered,
    i.full_points, i.share, i.discrimination, i.options as chosen,
    case when v.question_type in ('multiple_choice', 'multiple_answer') then v.answer_options else '[]' end as options, k.correct_answer
from public.quiz_question_insights i
join public.question_versions v on v.id = i.question_version_id
left join public.question_keys k on k.question_version_id = v.id
where i.quiz_id = $1
order by i.place, i.question_version_id

-- name: course
-- A course that the person who asks teaches.
select id, title, slug, status from public.courses
where id = $1 and (id = any (array(select private.my_taught_course_ids())) or private.is_admin())

-- name: quizzes
-- The quizzes of a course and of its lessons, in the order of the course, those of the course itself last.
select
    z.id, z.title, z.status, z.quiz_type, z.lesson_id, l.title as lesson_title, c.final_assessment_id is not distinct from z.id as is_final,
    coalesce(p.questions, 0) as questions, z.total_points, z.attempts_count, z.graded_count, z.avg_score, z.pass_rate
from public.quizzes z
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
    z.layout, z.total_points, z.attempts_count,
    z.graded_count, z.passed_count, z.avg_score, z.pass_rate, z.revision
from public.quizzes z
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
where (q.course_id = $1 or q.course_id is null) and q.status = 'active'
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

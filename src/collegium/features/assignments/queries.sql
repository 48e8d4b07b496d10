-- name: course
-- A course that the person who asks teaches.
select id, title, slug, status from public.courses
where id = $1 and (id = any (array(select private.my_taught_course_ids())) or private.is_admin())

-- name: assignments
-- The assignments of a course in the order of its lessons, those of the course itself last.
select a.id, a.title, a.status, a.lesson_id, l.title as lesson_title, a.total_points, a.due_date, a.group_mode, a.submissions_count,
    a.graded_count, a.avg_score, coalesce(jsonb_array_length(a.rubric), 0) as rubric_lines
from public.assignments a
left join public.lessons l on l.id = a.lesson_id
left join public.course_modules m on m.id = l.module_id
where a.course_id = $1
order by m.module_order nulls last, l.lesson_order, a.created_at, a.id

-- name: assignment
-- One assignment that the person who asks may see: who teaches its course, or takes it and it is no draft.
select a.id, a.course_id, a.lesson_id, l.title as lesson_title, l.completion_criteria as lesson_criteria, a.title, a.description,
    a.instructions_html, a.status, a.total_points, a.passing_percentage, a.rubric, a.submission_type, a.allowed_file_types,
    a.max_file_size_mb, a.max_submissions, a.available_from, a.due_date, a.late_submission_allowed, a.late_penalty_percentage,
    a.group_mode, a.enable_peer_review, a.peer_reviews_required, a.submissions_count, a.graded_count, a.avg_score
from public.assignments a
left join public.lessons l on l.id = a.lesson_id
where a.id = $1

-- name: taught
-- Whether the person who asks teaches the course of an assignment.
select exists (
    select 1 from public.assignments a
    where a.id = $2 and a.course_id = $1 and (a.course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
)

-- name: assignment_of_lesson
-- The first assignment of a lesson.
select a.id from public.assignments a where a.course_id = $1 and a.lesson_id = $2 order by a.created_at, a.id limit 1

-- name: lesson_title
-- The title of a lesson of a course.
select l.title from public.lessons l where l.course_id = $1 and l.id = $2

-- name: lessons
-- The lessons that an assignment may belong to.
select l.id, l.title, m.title as module_title
from public.lessons l join public.course_modules m on m.id = l.module_id
where l.course_id = $1 and l.state <> 'retired'
order by m.module_order, l.lesson_order

-- name: add_assignment
-- Makes a draft of a course, or of one of its lessons.
insert into public.assignments (course_id, lesson_id, title, description) values ($1, $2, $3, $4) returning id

-- name: standings
-- How far an enrollment is in each assignment of its course.
select assignment_id, lesson_id, title, taken, waiting, requested, score, points_have, points_needed, points_total
from public.assignment_standings($1::uuid)

-- name: card
-- An assignment as the person who asks has it before him.
select public.assignment_card($1::uuid)

-- name: assignments_of_lesson
-- The assignments of a lesson that learners see, in the order in which they were made.
select id from public.assignments where lesson_id = $1 and status = 'published' order by created_at, id

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
    a.group_mode, a.enable_peer_review, a.anonymous_marking, a.peer_reviews_required, a.submissions_count, a.graded_count, a.avg_score
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
-- The published assignments of a lesson, also those that have not opened, in the order in which they were made.
select p.id from public.lessons l cross join lateral public.published_assignments(l.course_id) p
where l.id = $1 and p.lesson_id = l.id
order by p.created_at, p.id

-- name: hold
-- Has an assignment wait for no other change until this one is done.
select 1 from public.assignments where course_id = $1 and id = $2 for no key update

-- name: save_settings
-- Saves every setting of an assignment.
update public.assignments set rubric = $2::jsonb, title = $3, description = $4, instructions_html = $5, total_points = $6,
    passing_percentage = $7, submission_type = $8, allowed_file_types = $9, max_file_size_mb = $10, max_submissions = $11,
    available_from = $12, due_date = $13, late_submission_allowed = $14, late_penalty_percentage = $15, group_mode = $16,
    enable_peer_review = $17, anonymous_marking = $18
where id = $1

-- name: waits
-- Whether work of an assignment waits for a grade.
select public.names_wait($1::uuid)

-- name: show_names
-- Ends marking without names, also while work waits.
select public.show_names($1::uuid)

-- name: set_status
-- Publishes an assignment, archives it, or takes it back to draft.
update public.assignments set status = $2 where id = $1

-- name: remove_assignment
-- Removes an assignment that nobody has handed anything in for.
delete from public.assignments where id = $1

-- name: copy_assignment
-- A draft of the course itself with the same task and rules; dates, groups and figures are not copied.
insert into public.assignments (course_id, title, description, instructions_html, total_points, passing_percentage, rubric, submission_type,
    allowed_file_types, max_file_size_mb, max_submissions, late_submission_allowed, late_penalty_percentage, group_mode, enable_peer_review,
    anonymous_marking, peer_reviews_required)
select course_id, $2, description, instructions_html, total_points, passing_percentage, rubric, submission_type, allowed_file_types,
    max_file_size_mb, max_submissions, late_submission_allowed, late_penalty_percentage, group_mode, enable_peer_review,
    anonymous_marking, peer_reviews_required
from public.assignments where id = $1
returning id

-- name: extensions
-- Who has a later deadline or more submissions in an assignment, by name.
select x.id, concat_ws(' ', p.first_name, p.last_name) as name, x.due_date, x.extra_submissions, x.reason, x.created_at,
    (select concat_ws(' ', g.first_name, g.last_name) from public.profiles g where g.id = x.granted_by) as granted_by
from public.assignment_extensions x
join public.enrollments e on e.id = x.enrollment_id
join public.profiles p on p.id = e.member_id
where x.assignment_id = $1
order by p.last_name, p.first_name, x.id

-- name: enrolled
-- Up to twenty who are enrolled in a course and whose name or address has these words, with what they have in an assignment already.
select e.id as enrollment_id, concat_ws(' ', p.first_name, p.last_name) as name, p.email, x.id is not null as has_one
from public.enrollments e
join public.profiles p on p.id = e.member_id
left join public.assignment_extensions x on x.assignment_id = $2 and x.enrollment_id = e.id
where e.course_id = $1 and e.status in ('enrolled', 'in_progress', 'completed')
  and private.fold(concat_ws(' ', p.first_name, p.last_name, p.email)) like '%' || private.fold($3) || '%'
order by p.last_name, p.first_name, e.id
limit 20

-- name: grant_extension
-- Grants somebody who is enrolled in the assignment's course a later deadline or more submissions, or changes what he has.
insert into public.assignment_extensions (assignment_id, enrollment_id, due_date, extra_submissions, reason)
select a.id, e.id, $4, $5, $6
from public.assignments a join public.enrollments e on e.course_id = a.course_id and e.id = $3
where a.course_id = $1 and a.id = $2
on conflict (assignment_id, enrollment_id) do update
    set due_date = excluded.due_date, extra_submissions = excluded.extra_submissions, reason = excluded.reason
returning id

-- name: remove_extension
-- Takes an extension away.
delete from public.assignment_extensions where assignment_id = $1 and id = $2

-- name: groups
-- The groups of an assignment with who is in them, and whether they have handed in.
select g.id, g.name,
    g.id = any (array(select public.handed_in_group_ids($1))) as handed_in,
    coalesce((
        select jsonb_agg(jsonb_build_object('enrollment_id', e.id, 'name', concat_ws(' ', p.first_name, p.last_name), 'email', p.email)
            order by p.last_name, p.first_name, e.id)
        from public.assignment_group_members m
        join public.enrollments e on e.id = m.enrollment_id
        join public.profiles p on p.id = e.member_id
        where m.group_id = g.id
    ), '[]') as members
from public.assignment_groups g
where g.assignment_id = $1
order by regexp_replace(g.name, '\d.*', ''), length(g.name), g.name, g.id

-- name: without_group
-- Who takes the course and is in no group of an assignment, by name; $3 at most.
select e.id as enrollment_id, concat_ws(' ', p.first_name, p.last_name) as name, p.email
from public.enrollments e
join public.profiles p on p.id = e.member_id
where e.course_id = $1 and e.status in ('enrolled', 'in_progress', 'completed')
  and not exists (select 1 from public.assignment_group_members m where m.assignment_id = $2 and m.enrollment_id = e.id)
order by p.last_name, p.first_name, e.id
limit $3

-- name: count_without_group
-- How many take the course and are in no group of an assignment.
select count(*)
from public.enrollments e
where e.course_id = $1 and e.status in ('enrolled', 'in_progress', 'completed')
  and not exists (select 1 from public.assignment_group_members m where m.assignment_id = $2 and m.enrollment_id = e.id)

-- name: add_group
-- Makes a group.
insert into public.assignment_groups (assignment_id, name) values ($1, $2) returning id

-- name: add_groups
-- Makes several groups at once; one whose name is taken is left out.
insert into public.assignment_groups (assignment_id, name) select $1, n from unnest($2::text[]) n
on conflict (assignment_id, name) do nothing
returning id

-- name: rename_group
-- Gives a group another name.
update public.assignment_groups set name = $3 where assignment_id = $1 and id = $2 returning id

-- name: remove_group
-- Removes a group; who was in it is in none.
delete from public.assignment_groups where assignment_id = $1 and id = $2 returning name

-- name: put_into_group
-- Puts people into a group, whichever they were in before.
insert into public.assignment_group_members (group_id, assignment_id, enrollment_id)
select $2, $1, e from unnest($3::uuid[]) e
on conflict (assignment_id, enrollment_id) do update set group_id = excluded.group_id
    where assignment_group_members.group_id <> excluded.group_id

-- name: put_into_groups
-- Puts people, who are in none, into groups: the n-th into the n-th.
insert into public.assignment_group_members (group_id, assignment_id, enrollment_id)
select x.g, $1, x.e from unnest($2::uuid[], $3::uuid[]) as x (g, e)
on conflict (assignment_id, enrollment_id) do nothing

-- name: take_out_of_group
-- Takes somebody out of his group.
delete from public.assignment_group_members where assignment_id = $1 and enrollment_id = $2

-- name: save_draft
-- Keeps what the person who asks is writing; answers its revision.
select public.save_assignment_draft($1::uuid, $2::text, $3::text, $4::integer)

-- name: own_files
-- Files that the person who asks uploaded for an assignment and that are ready, as they are handed in.
select f.id, f.filename, f.storage_key, f.byte_size
from public.media_files f
where f.assignment_id = $1 and f.owner_id = (select auth.uid()) and f.state = 'ready' and f.id = any ($2::uuid[])

-- name: submit
-- Hands in work of the person who asks.
select s.id, s.submission_number as number from public.submit_assignment($1::uuid, $2::text, $3::text, $4::text, $5::jsonb, $6::integer) s

-- name: own_submissions
-- What the person who asks handed in for an assignment, the last first.
select s.id, s.submission_number, s.submitted_at, s.status, s.submission_text, s.submission_html, s.submission_url, s.file_attachments, s.due_date,
    s.penalty_due, coalesce(s.penalty_days, s.late_days) as penalty_days, s.penalty_per_day, s.late_penalty_applied, s.penalty_from,
    s.points_earned, s.max_points, s.score, s.final_score
from public.assignment_submissions s
where s.assignment_id = $1 and s.member_id = (select auth.uid())
order by s.submission_number desc

-- name: remove_file
-- Takes back a file that was not handed in.
delete from public.media_files
where id = $2 and assignment_id = $1 and owner_id = (select auth.uid()) and purpose = 'submission'
returning id

-- name: columns
-- The items of a gradebook in order, drafts too.
select * from public.gradebook_columns($1);

-- name: people_by_name
-- Learners of a gradebook by name, after a place in the list.
select g.* from public.gradebook_people($1, $2, $3, $4, null) g
where ($5::text is null or (g.sort_name, g.enrollment_id) > ($5::text collate "C", $6::uuid))
order by g.sort_name, g.enrollment_id
limit $7;

-- name: people_by_value
-- Learners of a gradebook by an item's percent or by the final grade, rising (1) or falling (-1), after a place in the list.
select g.* from public.gradebook_people($1, $2, $3, $4, $5) g
where ($6::numeric is null or (g.sort_value * $8::integer, g.enrollment_id) > ($6::numeric * $8::integer, $7::uuid))
order by g.sort_value * $8::integer, g.enrollment_id
limit $9;

-- name: marks_by_name
-- How many learners there are, and the last of each window of so many, by name.
select r.enrollment_id, r.sort_name, r.sort_value, r.total from (
    select g.enrollment_id, g.sort_name, g.sort_value, row_number() over (order by g.sort_name, g.enrollment_id) as n, count(*) over () as total
    from public.gradebook_people($1, $2, $3, $4, null) g
) r
where r.n % $5::integer = 0 or r.n = r.total
order by r.n;

-- name: marks_by_value
-- The same by an item's percent or the final grade.
select r.enrollment_id, r.sort_name, r.sort_value, r.total from (
    select g.enrollment_id, g.sort_name, g.sort_value, row_number() over (order by g.sort_value * $6::integer, g.enrollment_id) as n, count(*) over () as total
    from public.gradebook_people($1, $2, $3, $4, $5) g
) r
where r.n % $7::integer = 0 or r.n = r.total
order by r.n;

-- name: cells
-- What some learners have, and what becomes of it.
select * from public.gradebook_cells_of($1, $2::uuid[]);

-- name: finals
-- Final grades of some learners as the rule gives them.
select enrollment_id, final_grade from public.gradebook_finals($1, $2::uuid[]);

-- name: window
-- Final grades and cells of the learners of a window of the grid.
select enrollment_id, final_grade, items, points, states, revisions, overridden, waiting, commented
from public.gradebook_window($1, $2::uuid[]);

-- name: averages
-- Averages of items, categories and the final grade.
select kind, id, average from public.gradebook_averages($1);

-- name: set_grades
-- Writes cells; what became of each.
select enrollment_id, item_id, outcome from public.set_grades($1, $2::jsonb, $3);

-- name: history
-- Who changed a cell, newest first.
select at, who, what, before, after, reason from public.gradebook_cell_history($1, $2);

-- name: learner
-- One learner of a course.
select e.id as enrollment_id, p.first_name, p.last_name, p.email::text as email, e.cohort_name, e.status, e.final_grade,
    '' as sort_name, 0::numeric as sort_value
from public.enrollments e join public.profiles p on p.id = e.member_id
where e.id = $2 and e.course_id = $1;

-- name: attempts
-- A learner's attempts at a quiz.
select t.id, t.attempt_number as number, t.status, t.score, t.submitted_at as at from public.quiz_attempts t
where t.enrollment_id = $1 and t.quiz_id = $2 order by t.attempt_number;

-- name: submissions
-- What a learner handed in for an assignment; where it is marked without names, only what was returned.
select s.id, s.submission_number as number, s.status, s.final_score as score, s.submitted_at as at
from public.assignment_submissions s join public.assignments a on a.id = s.assignment_id
where s.enrollment_id = $1 and s.assignment_id = $2 and (not a.anonymous_marking or s.status = 'returned')
order by s.submission_number;

-- name: nameless
-- Assignments of a course that are marked without names: their grades come when the work is returned.
select a.title from public.assignments a where a.course_id = $1 and a.anonymous_marking and a.status <> 'draft' order by a.title, a.id limit 20;

-- name: cohorts
-- The cohorts of a course, for the filter.
select k.id, k.name from public.course_cohorts k where k.course_id = $1 order by k.starts_at, k.id limit 200;

-- name: all_enrollments
-- Every learner of a course who stands in its gradebook.
select coalesce(array_agg(e.id order by e.id), '{}') from public.enrollments e
where e.course_id = $1 and e.status <> 'archived' and e.status <> 'dropped';

-- name: people_of_file
-- The learners of a course that a file names by identity or address.
select g.* from public.gradebook_people($1, '', null, false, null) g
where g.enrollment_id = any ($2::uuid[]) or lower(g.email) = any ($3::text[]);

-- name: my_grades
-- The grades of the person who asks.
select public.my_grades(c.id) as grades, c.id, c.title, c.slug from public.courses c where c.slug = $1;

-- name: missing_work
-- How a course counts what is not there.
select g.missing_work from public.gradebooks g where g.course_id = $1;

-- name: set_missing_work
-- Says how a course counts what is not there.
insert into public.gradebooks as g (course_id, missing_work) values ($1, $2)
on conflict (course_id) do update set missing_work = excluded.missing_work where g.missing_work <> excluded.missing_work;

-- name: categories
-- The categories of a course in order, and how many items each has.
select k.id, k.name, k.weight, k.drop_lowest, k.weighting, k.position,
    (select count(*) from public.gradebook_items i where i.category_id = k.id) as items
from public.gradebook_categories k where k.course_id = $1 order by k.position, k.name, k.id;

-- name: add_category
-- Makes a category at the end.
insert into public.gradebook_categories (course_id, name, weight, position)
select $1, $2, $3, least(coalesce(max(k.position), 0) + 1, 10000) from public.gradebook_categories k where k.course_id = $1
returning id;

-- name: change_category
-- Changes a category.
update public.gradebook_categories set name = $3, weight = $4, drop_lowest = $5, weighting = $6, position = $7
where id = $2 and course_id = $1
  and (name, weight, drop_lowest, weighting, position) is distinct from ($3::text, $4::numeric, $5::integer, $6::text, $7::integer);

-- name: remove_category
-- Removes a category that has no items.
delete from public.gradebook_categories where id = $2 and course_id = $1 returning name;

-- name: add_item
-- Makes a column of one's own at the end.
insert into public.gradebook_items (course_id, category_id, title, max_points, due_at, position)
select $1, k.id, $3, $4, $5, (select least(coalesce(max(i.position), 0) + 1, 10000) from public.gradebook_items i where i.course_id = $1)
from public.gradebook_categories k where k.id = $2 and k.course_id = $1
returning id;

-- name: change_item
-- Changes what an item is in the gradebook.
update public.gradebook_items set category_id = $3, weight = $4, counts = $5, is_hidden = $6, position = $7
where id = $2 and course_id = $1
  and (category_id, weight, counts, is_hidden, position) is distinct from ($3::uuid, $4::numeric, $5::boolean, $6::boolean, $7::integer);

-- name: change_own_item
-- Changes what a column of one's own is called, is out of and when it is due.
update public.gradebook_items set title = $3, max_points = $4, due_at = $5
where id = $2 and course_id = $1 and source = 'own'
  and (title, max_points, due_at) is distinct from ($3::text, $4::numeric, $5::timestamptz);

-- name: remove_item
-- Removes a column of one's own with its grades.
delete from public.gradebook_items where id = $2 and course_id = $1 returning title;

-- name: add_import
-- Keeps what a file would change.
insert into public.gradebook_imports (course_id, file_name, cells, report) values ($1, $2, $3::jsonb, $4::jsonb) returning id;

-- name: one_import
-- What a file of the person who asks would change.
select i.id, i.file_name, i.created_at, i.report, i.applied_at, i.reason from public.gradebook_imports i
where i.id = $2 and i.course_id = $1;

-- name: apply_import
-- Writes what a file would change; how many cells.
select public.apply_gradebook_import($1, $2);

-- name: settle as service_role
-- Computes the next final grades that wait for it.
select private.settle_gradebooks();

-- name: mark_due as service_role
-- Notes gradebooks in which something became due.
select private.mark_due_gradebooks();

-- name: forget_imports as service_role
-- Forgets files that nobody made use of for a day.
delete from public.gradebook_imports where created_at < now() - interval '1 day';

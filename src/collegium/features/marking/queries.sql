-- name: handed_in
-- The newest work of each learner of an assignment, a group as one line, by name: those of a state, late, or whose name holds a word.
select * from public.handed_in_work($1::uuid, $2::uuid, $3::text, $4::boolean, $5::text, $6::text, $7::uuid, $8::integer);

-- name: handed_in_counts
-- How many lines the list of an assignment has in each state, a group as one.
select waiting, graded, again, nothing from public.handed_in_counts($1::uuid, $2::uuid);

-- name: waiting
-- Assignments of the courses that one teaches in which work waits for a grade, the longest wait first.
select id, title, course_id, course_title, waiting, oldest from public.work_that_waits();

-- name: neighbour
-- The work of an assignment that waits after a moment ($4 = 1; without a moment the first) or before it (-1); the newest of each, a group once.
select public.neighbouring_work($1::uuid, $2::timestamptz, $3::uuid, $4::integer);

-- name: submission
-- Work that was handed in, with its assignment, as far as the person who asks may see it.
select * from public.work_to_mark($1::uuid);

-- name: files as service_role
-- The files of work with their keys: for sending one to somebody who may see the work.
select s.file_attachments from public.assignment_submissions s where s.id = $1;

-- name: people
-- Whose work it is: the learner, or the members of the group that it is graded with.
select p.id, concat_ws(' ', p.first_name, p.last_name) as name, o.id as submission_id, o.graded_apart
from public.assignment_submissions s
join public.assignment_submissions o on o.id = s.id or (
    o.group_id = s.group_id and o.assignment_id = s.assignment_id and o.submission_number = s.submission_number
)
join public.profiles p on p.id = o.member_id
where s.id = $1
order by p.last_name, p.first_name, p.id;

-- name: group_name
-- The name of the group that handed something in, for those who teach.
select g.name from public.assignment_submissions s join public.assignment_groups g on g.id = s.group_id where s.id = $1;

-- name: earlier
-- What the same person handed in for the same assignment, the newest first; without names only what is as nameless.
select * from public.earlier_work($1::uuid);

-- name: changes
-- Each time that work was graded, returned or asked for again, the latest first.
select c.changed_at, c.status_before, c.status_after, c.points_before, c.points_after, c.reason, concat_ws(' ', p.first_name, p.last_name) as by
from public.submission_grade_changes c left join public.profiles p on p.id = c.changed_by
where c.submission_id = $1 order by c.changed_at desc, c.id desc limit 50;

-- name: mark
-- Grades, returns or asks again, as public.mark_submission decides; answers how the work stands then.
select m.status, m.points_earned, m.final_score
from public.mark_submission($1, $2, $3, $4, $5, $6, $7, $8) m;

-- name: annotations
-- What is said on work, in the order of the work; of a group, what is said on any member's.
select a.id, a.submission_id, a.kind, a.file_number, a.page, a.rects, a.text_start, a.text_end, a.quote, a.body, a.created_at,
    a.author_id is not distinct from (select auth.uid()) as mine,
    coalesce(nullif(concat_ws(' ', p.first_name, p.last_name), ''), i.display_name, 'Instructor') as author
from public.submission_annotations a
left join public.profiles p on p.id = a.author_id
left join public.instructor_profiles i on i.profile_id = a.author_id
where a.submission_id = any (array(select private.shared_submission_ids($1)))
order by a.text_start nulls last, a.file_number, a.page, a.rects -> 0 -> 1 nulls first, a.created_at
limit 1000;

-- name: annotate
-- Says something on work.
insert into public.submission_annotations (submission_id, kind, file_number, page, rects, text_start, text_end, quote, body)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id;

-- name: change_annotation
-- Changes what one said; answers the comment.
update public.submission_annotations set body = $3, kind = case when btrim($3) = '' then 'highlight' else 'comment' end
where id = $2 and submission_id = any (array(select private.shared_submission_ids($1))) returning id;

-- name: remove_annotation
-- Takes back what one said; answers the comment.
delete from public.submission_annotations where id = $2 and submission_id = any (array(select private.shared_submission_ids($1))) returning id;

-- name: people_to_tell as service_role
-- Who is to be told by mail that work was marked: the learner, or the group that shares the grade, unless he wants none.
select p.id, p.email::text as email, p.first_name, o.id as submission_id
from public.assignment_submissions s
join public.assignment_submissions o on o.id = s.id or (
    s.group_id is not null and not s.graded_apart and o.group_id = s.group_id and o.assignment_id = s.assignment_id
    and o.submission_number = s.submission_number and not o.graded_apart
)
join public.profiles p on p.id = o.member_id
where s.id = $1 and not exists (
    select 1 from public.notification_preferences w
    where w.member_id = p.id and w.kind = $2 and w.channel = 'email' and not w.enabled
);

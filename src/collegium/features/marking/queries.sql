-- name: handed_in
-- The newest work of each learner of an assignment, a group as one line, by name: those of a state, late, or whose name holds a word.
select e.id as enrollment_id, n.who, n.members, n.place, n.group_name, s.id as submission_id, s.submission_number, s.status,
    s.submitted_at, coalesce(s.late_days, 0) as late_days, coalesce(s.late_penalty_applied, 0) as late_penalty_applied, s.points_earned, s.max_points, s.final_score,
    s.graded_at, concat_ws(' ', m.first_name, m.last_name) as graded_by, case when n.hidden then '' else p.email::text end as email, n.hidden
from public.enrollments e
join public.assignments a on a.id = $2
join public.profiles p on p.id = e.member_id
left join lateral (
    select t.* from public.assignment_submissions t
    where t.enrollment_id = e.id and t.course_id = e.course_id and t.assignment_id = $2
    order by t.submission_number desc limit 1
) s on true
left join public.assignment_groups g on g.id = s.group_id and not s.graded_apart
left join public.profiles m on m.id = s.graded_by
cross join lateral (
    -- Without names a label stands for each, also in the order and in the address of the next page.
    select h.hidden, case when h.hidden then '{}' else coalesce(o.names, array[concat_ws(' ', p.first_name, p.last_name)]) end as members,
        case when h.hidden then null else g.name end as group_name,
        case when h.hidden then h.label else coalesce(g.name, concat_ws(' ', p.first_name, p.last_name)) end as who,
        lower(case when h.hidden then h.label else coalesce(g.name, concat_ws(' ', p.last_name, p.first_name)) end) as place
    from (
        select a.anonymous_marking and s.status is distinct from 'returned' as hidden,
            case when g.id is null then 'Learner ' else 'Group ' end
                || upper(substr(md5(coalesce(g.id, e.id)::text || a.id::text), 1, 5)) as label
    ) h cross join (
        select array_agg(concat_ws(' ', q.first_name, q.last_name) order by q.last_name, q.first_name) as names
        from public.assignment_submissions o join public.profiles q on q.id = o.member_id
        where g.id is not null and o.group_id = s.group_id and o.assignment_id = s.assignment_id
          and o.submission_number = s.submission_number and not o.graded_apart
    ) o
) n
where e.course_id = $1 and (s.id is not null or e.status in ('enrolled', 'in_progress', 'completed'))
  and (g.id is null or not exists (
      select 1 from public.assignment_submissions o
      where o.group_id = s.group_id and o.assignment_id = s.assignment_id and o.submission_number = s.submission_number
        and not o.graded_apart and o.id < s.id
  ))
  and case $3::text
      when 'waiting' then s.status in ('submitted', 'grading') when 'graded' then s.status in ('graded', 'returned')
      when 'again' then s.status = 'resubmission_requested' when 'nothing' then s.id is null else true
  end
  and (not $4::boolean or coalesce(s.is_late, false))
  and ($5::text = '' or n.who ilike $5 or array_to_string(n.members, ' ') ilike $5 or (not n.hidden and p.email::text ilike $5))
  and ($6::text is null or (n.place, e.id) > ($6, $7::uuid))
order by n.place, e.id
limit $8;

-- name: handed_in_counts
-- How many lines the list of an assignment has in each state, a group as one.
select
    count(*) filter (where s.status in ('submitted', 'grading')) as waiting,
    count(*) filter (where s.status in ('graded', 'returned')) as graded,
    count(*) filter (where s.status = 'resubmission_requested') as again,
    count(*) filter (where s.id is null) as nothing
from public.enrollments e
left join lateral (
    select t.* from public.assignment_submissions t
    where t.enrollment_id = e.id and t.course_id = e.course_id and t.assignment_id = $2
    order by t.submission_number desc limit 1
) s on true
where e.course_id = $1 and (s.id is not null or e.status in ('enrolled', 'in_progress', 'completed'))
  and (s.group_id is null or s.graded_apart or not exists (
      select 1 from public.assignment_submissions o
      where o.group_id = s.group_id and o.assignment_id = s.assignment_id and o.submission_number = s.submission_number
        and not o.graded_apart and o.id < s.id
  ));

-- name: waiting
-- Assignments of the courses that one teaches in which work waits for a grade, the longest wait first.
select a.id, a.title, a.course_id, c.title as course_title, count(*) as waiting, min(s.submitted_at) as oldest
from public.assignment_submissions s
join public.assignments a on a.id = s.assignment_id
join public.courses c on c.id = a.course_id
where s.status in ('submitted', 'grading')
  and (s.course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
  and not exists (
      select 1 from public.assignment_submissions l
      where l.enrollment_id = s.enrollment_id and l.assignment_id = s.assignment_id and l.submission_number > s.submission_number
  )
  and (s.group_id is null or s.graded_apart or not exists (
      select 1 from public.assignment_submissions o
      where o.group_id = s.group_id and o.assignment_id = s.assignment_id and o.submission_number = s.submission_number
        and not o.graded_apart and o.id < s.id
  ))
group by a.id, c.title
order by min(s.submitted_at), a.id
limit 200;

-- name: next_waiting
-- The work of an assignment that waits after a moment, the longest wait first; the newest of each, a group once.
select s.id from public.assignment_submissions s
where s.assignment_id = $1 and s.status in ('submitted', 'grading') and ($2::timestamptz is null or (s.submitted_at, s.id) > ($2, $3::uuid))
  and not exists (
      select 1 from public.assignment_submissions l
      where l.enrollment_id = s.enrollment_id and l.assignment_id = s.assignment_id and l.submission_number > s.submission_number
  )
  and (s.group_id is null or s.graded_apart or not exists (
      select 1 from public.assignment_submissions o
      where o.group_id = s.group_id and o.assignment_id = s.assignment_id and o.submission_number = s.submission_number
        and not o.graded_apart and o.id < s.id
  ))
order by s.submitted_at, s.id limit 1;

-- name: previous_waiting
-- The work of an assignment that waited before a moment, the latest first.
select s.id from public.assignment_submissions s
where s.assignment_id = $1 and s.status in ('submitted', 'grading') and (s.submitted_at, s.id) < ($2::timestamptz, $3::uuid)
  and not exists (
      select 1 from public.assignment_submissions l
      where l.enrollment_id = s.enrollment_id and l.assignment_id = s.assignment_id and l.submission_number > s.submission_number
  )
  and (s.group_id is null or s.graded_apart or not exists (
      select 1 from public.assignment_submissions o
      where o.group_id = s.group_id and o.assignment_id = s.assignment_id and o.submission_number = s.submission_number
        and not o.graded_apart and o.id < s.id
  ))
order by s.submitted_at desc, s.id desc limit 1;

-- name: submission
-- Work that was handed in, with its assignment, as far as the person who asks may see it.
select s.id, s.assignment_id, s.course_id, s.enrollment_id, s.member_id, s.submission_number, s.submitted_at, s.due_date, s.late_days,
    s.submission_text, s.submission_html, s.submission_url, s.file_attachments, s.status, s.max_points, s.points_earned, s.score,
    s.late_penalty_applied, s.final_score, s.graded_at, s.instructor_feedback_html, s.rubric_scores, s.rubric_comments, s.group_id, s.graded_apart,
    s.penalty_days, s.penalty_per_day, s.penalty_from,
    a.title, a.rubric, a.passing_percentage, c.title as course_title, s.member_id = (select auth.uid()) as mine,
    coalesce(nullif(concat_ws(' ', p.first_name, p.last_name), ''), i.display_name) as graded_by,
    a.anonymous_marking and s.status <> 'returned' as hidden,
    case when s.group_id is null or s.graded_apart then 'Learner ' else 'Group ' end || upper(substr(md5(
        coalesce(case when not s.graded_apart then s.group_id end, s.enrollment_id)::text || a.id::text), 1, 5)) as label
from public.assignment_submissions s
join public.assignments a on a.id = s.assignment_id
join public.courses c on c.id = s.course_id
left join public.profiles p on p.id = s.graded_by
left join public.instructor_profiles i on i.profile_id = s.graded_by
where s.id = $1;

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
-- What the same person handed in for the same assignment, the newest first.
select o.id, o.submission_number, o.submitted_at, o.status, o.points_earned, o.max_points, o.final_score
from public.assignment_submissions s
join public.assignment_submissions o on o.enrollment_id = s.enrollment_id and o.assignment_id = s.assignment_id
where s.id = $1 order by o.submission_number desc limit 100;

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

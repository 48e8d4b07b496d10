-- name: my_reviews
-- What the person who asks was given to review, what waits first.
select id, assignment_id, title, course_title, status, due_at, completed_at, withdrawn_for, has_draft, samples_open from public.my_peer_reviews();

-- name: my_works
-- How the person's own works stand in peer review.
select submission_id, title, course_title, state, reason, required, received, to_write, criteria from public.my_reviewed_works();

-- name: received
-- What peers wrote of a work of the person who asks.
select points, rubric_scores, feedback_html, completed_at from public.reviews_of_submission($1::uuid);

-- name: view
-- The work that the person reviews, without its author, and his draft.
select public.peer_review_view($1::uuid);

-- name: save_draft
-- Keeps a draft.
select public.save_peer_draft($1::uuid, $2::jsonb, $3::numeric, $4::text);

-- name: submit
-- Hands a review in.
select (public.submit_peer_review($1::uuid, $2::jsonb, $3::numeric, $4::text)).id;

-- name: my_samples
-- The samples that the person marks first, and those that he has marked.
select public.my_peer_samples($1::uuid);

-- name: mark_sample
-- Marks a sample; how far it is from the instructor's mark.
select public.mark_peer_sample($1::uuid, $2::jsonb, $3::numeric);

-- name: file as service_role
-- A file of the work that a member reviews, with its key: for sending it.
select private.peer_file($1::uuid, $2::uuid, $3::integer);

-- name: due as service_role
-- Assignments in which the clock has something to do.
select d.assignment_id from private.due_peer_reviews() d (assignment_id);

-- name: step as service_role
-- Brings the peer review of an assignment up to now.
select private.step_peer_reviews($1::uuid);

-- name: settings
-- How peers review in an assignment.
select wait_hours, review_days, passes, pass_days, extra_reviews, grade_share, calibration, allotted_at, ends_at
from public.peer_review_settings where assignment_id = $1;

-- name: save_settings
-- Changes how peers review in an assignment.
update public.peer_review_settings set
    wait_hours = $2, review_days = $3, passes = $4, pass_days = $5, extra_reviews = $6, grade_share = $7, calibration = $8
where assignment_id = $1
returning assignment_id;

-- name: save_required
-- Changes how many reviews a work gets.
update public.assignments set peer_reviews_required = $2 where id = $1 and peer_reviews_required <> $2;

-- name: units
-- How many works are in, of a person or of a group.
select count(distinct coalesce(group_id, member_id)) from public.assignment_submissions where assignment_id = $1

-- name: figures
-- How far peer review is in an assignment.
select s.works, s.waiting, s.complete, s.fallback, s.unconfirmed, r.given, r.written, r.open, r.overdue, r.timed_out
from (
    select count(*) as works, count(*) filter (where state = 'waiting') as waiting, count(*) filter (where state = 'complete') as complete,
        count(*) filter (where state = 'fallback') as fallback,
        count(*) filter (where state <> 'waiting' and received > 0 and confirmed_at is null) as unconfirmed
    from public.peer_review_states where assignment_id = $1
) s
cross join (
    select count(*) filter (where o.status <> 'withdrawn') as given, count(*) filter (where o.status = 'completed') as written,
        count(*) filter (where o.status = 'assigned') as open, count(*) filter (where o.status = 'assigned' and o.due_at <= now()) as overdue,
        count(*) filter (where o.withdrawn_for = 'timeout') as timed_out
    from public.peer_review_states w join public.assignment_reviews o on o.submission_id = w.submission_id and o.review_type = 'peer'
    where w.assignment_id = $1
) r;

-- name: works
-- The works of an assignment in peer review, by name, as far as they match, after a place in the list.
select l.submission_id, l.author, l.members, l.state, l.reason, l.required, l.received, c.open, m.points as peer_points, l.max_points,
    l.graded, l.confirmed_at
from (
    select s.submission_id, coalesce(g.name, p.last_name || ', ' || p.first_name) as author,
        case when g.id is null then 1 else (select count(*) from public.assignment_submissions o where o.group_id = g.id) end as members,
        s.state, s.reason, s.required, s.received, w.max_points, w.points_earned is not null as graded, s.confirmed_at
    from public.peer_review_states s
    join public.assignment_submissions w on w.id = s.submission_id
    join public.profiles p on p.id = w.member_id
    left join public.assignment_groups g on g.id = w.group_id
    where s.assignment_id = $1 and ($2::text = '' or s.state = $2::text)
) l
cross join lateral (
    select count(*) filter (where r.status = 'assigned') as open from public.assignment_reviews r
    where r.submission_id = l.submission_id and r.review_type = 'peer'
) c
cross join lateral (
    select round(sum(r.points * r.weight) / nullif(sum(r.weight), 0), 2) as points from public.assignment_reviews r
    where r.submission_id = l.submission_id and r.review_type = 'peer' and r.status = 'completed' and r.left_out_at is null
) m
where ($3::text = '' or position(lower($3::text) in lower(l.author)) > 0)
  and ($4::text is null or (l.author, l.submission_id) > ($4::text, $5::uuid))
order by l.author, l.submission_id
limit $6;

-- name: stuck
-- Who has not written a review that is open, the soonest deadline first.
select r.id as review_id, p.first_name || ' ' || p.last_name as reviewer, p.email::text as email,
    coalesce(g.name, a.first_name || ' ' || a.last_name) as author, r.submission_id, r.status, r.withdrawn_for, r.due_at, r.reminded_at,
    (
        select count(*)::integer from public.peer_samples m
        join public.peer_review_settings t on t.assignment_id = m.assignment_id and t.calibration
        where m.assignment_id = s.assignment_id
          and not exists (select 1 from public.peer_calibrations c where c.sample_id = m.id and c.reviewer_id = r.reviewer_id)
    ) as samples_open,
    (select max(e.last_accessed_at) from public.enrollments e where e.course_id = s.course_id and e.member_id = r.reviewer_id) as last_accessed_at
from public.peer_review_states s
join public.assignment_reviews r on r.submission_id = s.submission_id and r.review_type = 'peer' and r.status = 'assigned'
join public.profiles p on p.id = r.reviewer_id
join public.assignment_submissions w on w.id = s.submission_id
join public.profiles a on a.id = w.member_id
left join public.assignment_groups g on g.id = w.group_id
where s.assignment_id = $1
order by r.due_at, p.last_name, p.first_name, r.id
limit 200;

-- name: work
-- One work in peer review, its mean and its grade.
select s.submission_id, coalesce(g.name, p.first_name || ' ' || p.last_name) as author,
    case when g.id is null then 1 else (select count(*) from public.assignment_submissions o where o.group_id = g.id) end as members,
    s.state, s.reason, s.required, s.received, w.max_points,
    (
        select i.points from public.assignment_reviews i
        where i.submission_id = s.submission_id and i.review_type = 'instructor' and i.status = 'completed' and i.points is not null
        order by i.completed_at desc limit 1
    ) as own_points,
    (
        select round(sum(r.points * r.weight) / nullif(sum(r.weight), 0), 2) from public.assignment_reviews r
        where r.submission_id = s.submission_id and r.review_type = 'peer' and r.status = 'completed' and r.left_out_at is null
    ) as mean_points,
    w.points_earned, s.peer_points, s.own_points as confirmed_own, s.grade_share as confirmed_share, s.confirmed_at,
    b.first_name || ' ' || b.last_name as confirmed_by
from public.peer_review_states s
join public.assignment_submissions w on w.id = s.submission_id
join public.profiles p on p.id = w.member_id
left join public.assignment_groups g on g.id = w.group_id
left join public.profiles b on b.id = s.confirmed_by
where s.submission_id = $2 and s.assignment_id = $1;

-- name: reviews_of_work
-- Every peer's review of a work, with who wrote it.
select r.id, p.first_name || ' ' || p.last_name as reviewer, r.review_type, r.status, r.withdrawn_for, r.assigned_at, r.due_at,
    r.completed_at, r.points, r.rubric_scores, r.feedback_html, r.weight, r.left_out_at, b.first_name || ' ' || b.last_name as left_out_by,
    r.left_out_reason
from public.assignment_reviews r
join public.profiles p on p.id = r.reviewer_id
left join public.profiles b on b.id = r.left_out_by
where r.submission_id = $1 and r.review_type = 'peer'
order by r.status = 'withdrawn', r.completed_at, r.assigned_at, r.id;

-- name: allot
-- Begins peer review, or brings it up to date.
select public.allot_peer_reviews($1::uuid, null);

-- name: review_here
-- Whether a peer's review is of this assignment.
select 1 from public.assignment_reviews r join public.peer_review_states s on s.submission_id = r.submission_id
where r.id = $2 and s.assignment_id = $1 and r.review_type = 'peer';

-- name: remind
-- Reminds the author of a review.
select public.remind_peer_reviewer($1::uuid);

-- name: withdraw
-- Takes a review from somebody and passes it on.
select public.withdraw_peer_review($1::uuid);

-- name: leave_out
-- Leaves an unfair review out.
select public.leave_out_peer_review($1::uuid, $2::text);

-- name: put_back
-- Counts a review again.
select public.put_back_peer_review($1::uuid);

-- name: confirm
-- Makes the peers' mean its share of a grade.
select public.confirm_peer_grade($1::uuid);

-- name: to_confirm
-- Works whose peers' mean can become its share of the grade: settled, with reviews, and graded by the instructor where he has a share.
select s.submission_id from public.peer_review_states s
join public.peer_review_settings t on t.assignment_id = s.assignment_id
where s.assignment_id = $1 and s.state <> 'waiting' and s.received > 0 and s.confirmed_at is null and t.grade_share > 0
  and (t.grade_share = 100 or exists (
      select 1 from public.assignment_reviews i
      where i.submission_id = s.submission_id and i.review_type = 'instructor' and i.status = 'completed' and i.points is not null
  ))
order by s.submission_id
limit 2000;

-- name: samples
-- The samples of an assignment with the instructor's marks.
select m.id, m.position, m.submission_id, m.sample_text, p.first_name || ' ' || p.last_name as author, m.points, m.rubric_scores, m.feedback,
    (select count(*) from public.peer_calibrations c where c.sample_id = m.id) as marked
from public.peer_samples m
left join public.assignment_submissions w on w.id = m.submission_id
left join public.profiles p on p.id = w.member_id
where m.assignment_id = $1
order by m.position;

-- name: add_sample
-- Adds a sample.
select public.add_peer_sample($1::uuid, $2::uuid, $3::text, $4::jsonb, $5::numeric, $6::text);

-- name: remove_sample
-- Takes a sample back.
select public.remove_peer_sample($1::uuid);

-- name: calibrated
-- How far reviewers were off on the samples, the farthest first, and what their reviews weigh.
select p.first_name || ' ' || p.last_name as reviewer, p.email::text as email,
    jsonb_agg(jsonb_build_object('position', m.position, 'points', c.points, 'off', c.off) order by m.position) as marks,
    round(avg(c.off), 4) as off, round(greatest(0.1, 1 - 2 * avg(c.off)), 3) as weight
from public.peer_samples m
join public.peer_calibrations c on c.sample_id = m.id
join public.profiles p on p.id = c.reviewer_id
where m.assignment_id = $1
group by p.id
order by avg(c.off) desc, p.last_name, p.first_name, p.id
limit 200 offset $2;

-- name: handed_in
-- Works of an assignment to choose as a sample, the last of each person.
select distinct on (p.last_name, p.first_name, p.id) s.id, p.last_name || ', ' || p.first_name as author
from public.assignment_submissions s join public.profiles p on p.id = s.member_id
where s.assignment_id = $1
order by p.last_name, p.first_name, p.id, s.submitted_at desc
limit 500;

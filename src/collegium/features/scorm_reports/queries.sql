-- name: summary
-- How far those have come who take a package, of whom the person who asks may see something.
select total_enrollments as people, in_progress, completed, passed, failed, average_score, average_time_seconds
from public.scorm_completion_summary where scorm_package_id = $1;

-- name: parts
-- Each SCO of the organisations that are played, with how far people have come in it, the best of each person's attempts.
with recursive tree (id, identifier, title, kind, place) as (
    select i.id, i.identifier, i.title, i.kind, array[i.item_order] from public.scorm_items i
    where i.scorm_package_id = $1 and i.kind = 'organization'
      and (i.is_default or i.identifier in (select e.organization from public.scorm_enrollments e where e.scorm_package_id = $1))
    union all
    select i.id, i.identifier, i.title, i.kind, tree.place || i.item_order from tree
    join public.scorm_items i on i.parent_id = tree.id and i.scorm_package_id = $1
    where cardinality(tree.place) < 50
), best as (
    select r.sco, r.scorm_enrollment_id, bool_or(r.completion_status = 'completed') as completed, bool_or(r.success_status = 'passed') as passed,
        bool_or(r.success_status = 'failed') as failed, max(r.score) as score, sum(r.total_time_seconds) as seconds
    from public.scorm_enrollments e
    join public.scorm_sco_results r on r.scorm_enrollment_id = e.id
    join public.scorm_attempts a on a.id = r.attempt_id and a.credit
    where e.scorm_package_id = $1
    group by r.sco, r.scorm_enrollment_id
)
select t.identifier as sco, t.title, count(b.scorm_enrollment_id)::integer as opened, (count(*) filter (where b.completed))::integer as completed,
    (count(*) filter (where b.passed))::integer as passed, (count(*) filter (where b.failed and not b.passed))::integer as failed,
    round(avg(b.score), 2) as average_score, round(avg(b.seconds), 2) as average_seconds
from tree t left join best b on b.sco = t.identifier
where t.kind = 'sco'
group by t.identifier, t.title, t.place order by t.place;

-- name: learners
-- Who takes a package, by name: those of a state or a course, or whose name or address holds a word.
-- A partner's learner has no name here, and the partner stands where the course stands.
select e.id, n.name, coalesce(p.email::text, '') as email, n.place, e.status, e.completion_status, e.success_status, e.score, e.progress, e.attempts,
    e.total_time_seconds, e.started_at, e.last_accessed_at, e.criterion_met_at, coalesce(c.title, g.partner) as course_title,
    l.title as lesson_title
from public.scorm_enrollments e
left join public.profiles p on p.id = e.member_id
left join public.scorm_dispatch_registrations d on d.id = e.dispatch_registration_id
left join public.scorm_dispatches g on g.id = d.scorm_dispatch_id
left join public.courses c on c.id = e.course_id
left join public.lessons l on l.id = e.lesson_id
cross join lateral (
    select concat_ws(' ', p.first_name, p.last_name) as name, lower(concat_ws(' ', p.last_name, p.first_name)) as place where p.id is not null
    union all
    select w.code, lower(w.code) from (select 'Learner ' || left(encode(d.student, 'hex'), 8) || case when d.number > 1 then ' (' || d.number || ')' else '' end) w (code)
    where p.id is null and d.id is not null
) n
where e.scorm_package_id = $1 and (e.enrollment_id is not null or e.attempts > 0)
  and ($2::text = '' or e.status = $2) and ($3::uuid is null or e.course_id = $3)
  and ($4::text = '' or n.name ilike $4 or p.email::text ilike $4 or g.partner ilike $4)
  and ($5::text is null or (n.place, e.id) > ($5, $6::uuid))
order by n.place, e.id
limit $7;

-- name: courses
-- The courses in which people take a package.
select distinct c.id, c.title from public.scorm_enrollments e join public.courses c on c.id = e.course_id
where e.scorm_package_id = $1 order by c.title, c.id limit 200;

-- name: registration
-- One person with one package.
select e.id, e.scorm_package_id, k.title as package_title, k.standard, k.edition,
    case when d.id is null then concat_ws(' ', p.first_name, p.last_name)
        else 'Learner ' || left(encode(d.student, 'hex'), 8) || case when d.number > 1 then ' (' || d.number || ')' else '' end end as name,
    coalesce(p.email::text, '') as email, coalesce(e.member_id, d.id) as member_id, d.id is not null as is_partners, e.course_id, coalesce(c.title, g.partner) as course_title, l.title as lesson_title, e.status, e.completion_status,
    e.success_status, e.score, e.progress, e.attempts, e.total_time_seconds, e.started_at, e.last_accessed_at, e.criterion_met_at
from public.scorm_enrollments e
join public.scorm_packages k on k.id = e.scorm_package_id
left join public.profiles p on p.id = e.member_id
left join public.scorm_dispatch_registrations d on d.id = e.dispatch_registration_id
left join public.scorm_dispatches g on g.id = d.scorm_dispatch_id
left join public.courses c on c.id = e.course_id
left join public.lessons l on l.id = e.lesson_id
where e.id = $1 and (p.id is not null or d.id is not null);

-- name: attempts
-- The attempts of a registration, the last first.
select a.id, a.attempt_number, a.mode, a.credit, a.completion_status, a.success_status, a.progress, a.score, a.total_time_seconds,
    a.opened_at, a.ended_at
from public.scorm_attempts a where a.scorm_enrollment_id = $1 order by a.opened_at desc, a.id desc limit 200;

-- name: results
-- How an attempt stands in each SCO, in the order of the package.
select r.sco, coalesce(i.title, '') as title, r.completion_status, r.success_status, r.progress, r.score, r.total_time_seconds
from public.scorm_sco_results r
left join public.scorm_enrollments e on e.id = r.scorm_enrollment_id
left join public.scorm_items i on i.scorm_package_id = e.scorm_package_id and i.identifier = r.sco
where r.attempt_id = $1 and coalesce(i.kind, 'sco') <> 'organization'
order by i.item_order nulls last, r.sco;

-- name: said
-- What the package left behind in an attempt, by SCO.
select coalesce(a.cmi_data, case when a.ended_at is null and a.credit then e.cmi_data end, '{}') as said
from public.scorm_attempts a join public.scorm_enrollments e on e.id = a.scorm_enrollment_id
where a.id = $1;

-- name: calls
-- The recorded calls of an attempt, in their order: a page of them after a place, those that fit.
select c.commit_seq, k.place::integer as place, c.sco, c."timestamp" as at, (k.call ->> 't')::double precision as t, k.call ->> 'fn' as fn,
    coalesce(k.call -> 'args', '[]') as args, coalesce(k.call ->> 'answer', '') as answer, coalesce(k.call ->> 'error', '') as error
from public.scorm_calls c
cross join lateral jsonb_array_elements(c.calls) with ordinality k (call, place)
where c.scorm_enrollment_id = $1 and c.attempt_id = $2
  and ($3::text[] is null or k.call ->> 'fn' = any ($3))
  and (not $4::boolean or coalesce(k.call ->> 'error', '0') not in ('', '0'))
  and ($5::text is null or c.sco = $5)
  and ($6::text = '' or (k.call -> 'args')::text ilike $6)
  and ($7::integer is null or (c.commit_seq, k.place) > ($7, $8::integer))
order by c.commit_seq, k.place
limit $9;

-- name: first_calls
-- The calls of an attempt, all together: what hints are read from.
select c.sco, (k.call ->> 't')::double precision as t, k.call ->> 'fn' as fn,
    coalesce(k.call -> 'args', '[]') as args, coalesce(k.call -> 'cut', '[]') as cut, coalesce(k.call ->> 'answer', '') as answer,
    coalesce(k.call ->> 'error', '') as error
from public.scorm_calls c
cross join lateral jsonb_array_elements(c.calls) with ordinality k (call, place)
where c.scorm_enrollment_id = $1 and c.attempt_id = $2
order by c.commit_seq, k.place
limit 20000;

-- name: said_before
-- The elements that an attempt had set before a commit, the last value of each: where a replay begins.
select distinct on (t.sco, t.element) t.sco, t.element, t.value from public.scorm_tracking t
where t.scorm_enrollment_id = $1 and t.attempt_id = $2 and t.commit_seq < $3
order by t.sco, t.element, t.commit_seq desc;

-- name: questions
-- Each question of a package and each answer to it, over the people whose records the person who asks may see.
select sco, identifier, response, is_total, type, description, answers, right_answers, wrong_answers, median_seconds
from public.scorm_questions($1);

-- name: objectives
-- Each objective of a package, over the same people.
select sco, identifier, description, people, passed, failed, completed, average_score from public.scorm_objectives($1);

-- name: rescores
-- The proposals to correct attempts of a registration, the last first, and whether an attempt has moved since.
select r.id, r.attempt_id, r.scorm_enrollment_id, a.attempt_number, r.was_completion, r.was_success, r.was_score, r.to_completion, r.to_success,
    r.to_score, r.reason, r.state, r.proposed_by, coalesce(nullif(concat_ws(' ', p.first_name, p.last_name), ''), 'Somebody') as proposer,
    r.proposed_at, coalesce(nullif(concat_ws(' ', d.first_name, d.last_name), ''), 'an administrator') as decider, r.decided_at, r.words,
    (a.completion_status, a.success_status) <> (r.was_completion, r.was_success) or a.score is distinct from r.was_score as is_moved
from public.scorm_rescores r
join public.scorm_attempts a on a.id = r.attempt_id
left join public.profiles p on p.id = r.proposed_by
left join public.profiles d on d.id = r.decided_by
where r.scorm_enrollment_id = $1 order by r.proposed_at desc, r.id desc limit 100;

-- name: open_rescores
-- Proposals that wait for a decision, the oldest first: a page of them after a place, those of a person or a package.
select r.id, r.scorm_enrollment_id, r.attempt_id, coalesce(nullif(concat_ws(' ', m.first_name, m.last_name), ''), 'A learner of a partner') as name, k.title as package_title,
    c.title as course_title, r.proposed_by,
    coalesce(nullif(concat_ws(' ', p.first_name, p.last_name), ''), 'Somebody') as proposer, r.proposed_at, r.reason
from public.scorm_rescores r
join public.scorm_enrollments e on e.id = r.scorm_enrollment_id
join public.scorm_packages k on k.id = e.scorm_package_id
left join public.profiles m on m.id = e.member_id
left join public.courses c on c.id = r.course_id
left join public.profiles p on p.id = r.proposed_by
where r.state = 'pending'
  and ($1::text = '' or concat_ws(' ', m.first_name, m.last_name) ilike $1 or k.title ilike $1 or c.title ilike $1)
  and ($2::timestamptz is null or (r.proposed_at, r.id) > ($2, $3::uuid))
order by r.proposed_at, r.id
limit $4;

-- name: propose_rescore
-- Proposes another result for an attempt.
select public.propose_scorm_rescore($1, $2, $3, $4, $5);

-- name: withdraw_rescore
-- Takes back a proposal that is not decided.
select public.withdraw_scorm_rescore($1);

-- name: decide_rescore
-- Approves or declines a proposal.
select public.decide_scorm_rescore($1, $2, $3);

-- name: offered as anon
-- The cohorts of a course that take people now or will, the one that begins first at the top.
select k.id, k.name, k.description, k.starts_at, k.ends_at, k.enrollment_opens_at, k.enrollment_closes_at, k.capacity,
    k.seats_taken, k.is_closed, k.time_zone, public.cohort_state(k) as state
from public.course_cohorts k
where k.course_id = $1 and public.cohort_state(k) <> 'closed'
order by k.starts_at, k.id
limit 50;

-- name: my_places
-- The cohorts of a course that the person who asks is or was in, the newest first.
select e.id as enrollment_id, e.cohort_id, e.cohort_name as name, e.cohort_start_date as starts_at, e.cohort_end_date as ends_at, e.status
from public.enrollments e
where e.course_id = $1 and e.member_id = (select auth.uid()) and e.cohort_name is not null
order by e.enrolled_at desc
limit 20;

-- name: ordered
-- The cohort that the person who asks named with an order of a course that no enrollment has used yet.
select t.cohort_id from public.transactions t
where t.course_id = $1 and t.member_id = (select auth.uid()) and t.cohort_id is not null and t.status in ('pending', 'completed')
  and not exists (select 1 from public.enrollments e where e.transaction_id = t.id)
order by t.status = 'completed' desc, t.created_at desc
limit 1;

-- name: course_to_offer as anon
-- A published course by its address, and whether it is taken in cohorts only.
select c.id, c.cohorts_only from public.courses c where c.slug = $1;

-- name: of_course
-- The cohorts of a course for its team: those that are over, or the others, the one that begins first at the top.
select k.id, k.name, k.description, k.starts_at, k.ends_at, k.enrollment_opens_at, k.enrollment_closes_at, k.capacity,
    k.seats_taken, k.is_closed, k.time_zone, public.cohort_state(k) as state,
    not exists (select 1 from public.enrollments e where e.cohort_id = k.id) as is_empty
from public.course_cohorts k
where k.course_id = $1 and coalesce(k.ends_at <= now(), false) = $2
order by case when $2 then k.starts_at end desc, k.starts_at, k.id
limit 200;

-- name: how_many
-- How many cohorts of a course go on or are to come, how many are over, and whether it is taken in cohorts only.
select
    (select count(*) from public.course_cohorts k where k.course_id = c.id and coalesce(k.ends_at > now(), true)) as current,
    (select count(*) from public.course_cohorts k where k.course_id = c.id and k.ends_at <= now()) as over,
    c.cohorts_only
from public.courses c where c.id = $1;

-- name: cohort
-- One cohort of a course for its team.
select k.id, k.name, k.description, k.starts_at, k.ends_at, k.enrollment_opens_at, k.enrollment_closes_at, k.capacity,
    k.seats_taken, k.is_closed, k.time_zone, public.cohort_state(k) as state,
    not exists (select 1 from public.enrollments e where e.cohort_id = k.id) as is_empty
from public.course_cohorts k
where k.id = $2 and k.course_id = $1;

-- name: make
-- Makes a cohort.
insert into public.course_cohorts
    (course_id, name, description, starts_at, ends_at, enrollment_opens_at, enrollment_closes_at, capacity, time_zone)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
returning id;

-- name: hold
-- Locks the enrollments of a cohort before the cohort itself is changed.
select public.hold_cohort($1::uuid, $2::uuid);

-- name: change
-- Changes a cohort.
update public.course_cohorts set
    name = $3, description = $4, starts_at = $5, ends_at = $6, enrollment_opens_at = $7, enrollment_closes_at = $8,
    capacity = $9, time_zone = $10
where id = $2 and course_id = $1
returning id;

-- name: set_closed
-- Closes a cohort by hand, or opens it again.
update public.course_cohorts set is_closed = $3 where id = $2 and course_id = $1 returning name;

-- name: remove
-- Removes a cohort that nobody was ever in.
delete from public.course_cohorts where id = $2 and course_id = $1 returning name;

-- name: set_cohorts_only
-- Says whether a course is taken in cohorts only.
update public.courses set cohorts_only = $2 where id = $1 returning id;

-- name: members
-- The people of a cohort by name, as far as they match, after a place in the list.
select e.id as enrollment_id, p.first_name, p.last_name, p.email::text as email, e.status, e.enrolled_at, e.last_accessed_at,
    e.completed_at, e.lessons_completed, coalesce(v.required_lessons, c.required_lessons) as total_lessons,
    m.from_name as moved_from, m.moved_at, m.reason as move_reason
from public.enrollments e
join public.courses c on c.id = e.course_id
join public.profiles p on p.id = e.member_id
left join public.course_versions v on v.id = e.course_version_id
left join lateral (
    select coalesce(o.from_name, 'no cohort') as from_name, o.moved_at, o.reason from public.cohort_moves o
    where o.enrollment_id = e.id order by o.moved_at desc limit 1
) m on true
where e.cohort_id = $2 and e.course_id = $1
  and ($3::text = '' or position(lower($3::text) in lower(p.first_name || ' ' || p.last_name || ' ' || p.email::text)) > 0)
  and ($4::text is null or (p.last_name, p.first_name, e.id) > ($4::text, $5::text, $6::uuid))
order by p.last_name, p.first_name, e.id
limit $7;

-- name: member
-- One person of a cohort.
select e.id as enrollment_id, p.first_name, p.last_name, p.email::text as email, e.status, e.enrolled_at, e.last_accessed_at,
    e.completed_at, e.lessons_completed, coalesce(v.required_lessons, c.required_lessons) as total_lessons,
    null::text as moved_from, null::timestamptz as moved_at, null::text as move_reason
from public.enrollments e
join public.courses c on c.id = e.course_id
join public.profiles p on p.id = e.member_id
left join public.course_versions v on v.id = e.course_version_id
where e.id = $3 and e.cohort_id = $2 and e.course_id = $1;

-- name: move
-- Moves somebody to another cohort, with a reason.
select public.move_to_cohort($1::uuid, $2::uuid, $3::text);

-- name: add
-- Puts people into a cohort by their addresses; what became of each.
select place, email, outcome, member_name from public.add_to_cohort($1::uuid, $2::uuid, $3::text[]) order by place;

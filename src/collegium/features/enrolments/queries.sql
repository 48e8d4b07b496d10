-- name: enrol
-- Enrols the person who asks by the database's own rule, or answers the enrollment that is there.
select e.id, e.course_id, e.status, e.enrolled_at, e.lessons_completed, c.required_lessons as total_lessons,
    e.completed_at, e.expires_at
from public.courses c
cross join lateral public.enrol(c.id) e
where c.slug = $1;

-- name: place_to_leave
-- The title of a course that the person who asks takes and has not completed.
select c.title
from public.courses c
join public.enrollments e on e.course_id = c.id and e.member_id = (select auth.uid()) and e.status in ('enrolled', 'in_progress')
where c.slug = $1
limit 1;

-- name: leave
-- Leaves every place that the person who asks holds in a course and has not completed; answers the course's title.
select c.title, public.drop_enrollment(e.id)
from public.courses c
join public.enrollments e on e.course_id = c.id and e.member_id = (select auth.uid()) and e.status in ('enrolled', 'in_progress')
where c.slug = $1;

-- name: my_learning
-- Every course that the person who asks has taken, with the lesson to go on with.
with mine as materialized (
    select
        e.id, e.course_id, e.status, e.enrolled_at, e.last_accessed_at, e.completed_at, e.expires_at, e.lessons_completed,
        e.total_lessons, e.certificate_number, e.current_lesson_id, e.started_at is not null as started,
        e.status in ('enrolled', 'in_progress') as active,
        -- Asking for locks is dear, so only courses that have a rule are asked.
        e.status in ('enrolled', 'in_progress') and (
            exists (
                select 1 from public.lessons l
                where l.course_id = e.course_id and (l.unlock_after_lesson_id is not null or l.unlock_date is not null)
            )
            or exists (
                select 1 from public.course_modules m
                where m.course_id = e.course_id and (m.unlock_after_module_id is not null or m.unlock_date is not null)
            )
        ) as has_rules
    from public.enrollment_details e
    where e.member_id = (select auth.uid())
)
select
    m.id, m.course_id, m.status, m.enrolled_at, m.last_accessed_at, m.completed_at, m.expires_at, m.lessons_completed,
    m.total_lessons, m.certificate_number, m.started,
    c.slug, c.title, c.category, c.status as course_status, c.ce_credits, c.estimated_duration_minutes,
    n.next
from mine m
join public.courses c on c.id = m.course_id
left join lateral (
    select jsonb_build_object(
        'id', l.id, 'title', l.title, 'lesson_type', l.lesson_type, 'estimated_duration_minutes', l.estimated_duration_minutes,
        'lock_reason', k.lock_reason, 'waits_for', k.waits_for, 'opens_at', k.opens_at
    ) as next
    from public.lessons l
    join public.course_modules p on p.id = l.module_id
    left join lateral (
        select s.* from public.my_lesson_locks(m.course_id) s where m.has_rules
    ) k on k.lesson_id = l.id
    where m.active and l.course_id = m.course_id and not exists (
        select 1 from public.lesson_progress d
        where d.enrollment_id = m.id and d.lesson_id = l.id and d.status = 'completed'
    )
    order by k.lock_reason is not null, l.id is distinct from m.current_lesson_id,
        k.opens_at, p.module_order, l.lesson_order
    limit 1
) n on true
order by coalesce(m.last_accessed_at, m.enrolled_at) desc, m.id;

-- name: enrol
-- Enrols the person who asks by the database's own rule, or answers the enrollment that is there.
select e.id, e.course_id, e.status, e.enrolled_at, e.lessons_completed,
    coalesce(v.required_lessons, c.required_lessons) as total_lessons, e.completed_at, e.expires_at,
    e.cohort_id, e.cohort_name, e.cohort_start_date as cohort_starts_at, e.cohort_end_date as cohort_ends_at
from public.courses c
cross join lateral public.enrol(c.id) e
left join public.course_versions v on v.id = e.course_version_id
where c.slug = $1;

-- name: enrol_in_cohort
-- Enrols the person who asks in a cohort by the database's own rule, or answers the enrollment that is there.
select e.id, e.course_id, e.status, e.enrolled_at, e.lessons_completed,
    coalesce(v.required_lessons, c.required_lessons) as total_lessons, e.completed_at, e.expires_at,
    e.cohort_id, e.cohort_name, e.cohort_start_date as cohort_starts_at, e.cohort_end_date as cohort_ends_at
from public.courses c
cross join lateral public.enrol_in_cohort(c.id, $2) e
left join public.course_versions v on v.id = e.course_version_id
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
-- Every course that the person who asks has taken, the one used last first, with the lessons done where it goes on.
select
    private.current_catalogue_version() as version,
    e.id, e.course_id, e.status, e.enrolled_at, e.last_accessed_at, e.completed_at, e.expires_at, e.lessons_completed,
    e.total_lessons, e.certificate_number, e.current_lesson_id,
    e.cohort_name, e.cohort_start_date as cohort_starts_at, e.cohort_end_date as cohort_ends_at,
    c.slug, c.title, c.category, c.thumbnail_url, c.status as course_status, c.ce_credits, c.estimated_duration_minutes,
    v.number as version_number,
    case when e.status in ('enrolled', 'in_progress') and c.newest_version_id <> e.course_version_id
        and v.number < private.newest_version(c.id) then private.newest_version(c.id) end as newer_version,
    array(
        select p.lesson_id from public.lesson_progress p
        where p.enrollment_id = e.id and p.status = 'completed' and e.status in ('enrolled', 'in_progress')
    ) as done
from public.enrollment_details e
join public.courses c on c.id = e.course_id
left join public.course_versions v on v.id = e.course_version_id
where e.member_id = (select auth.uid())
order by coalesce(e.last_accessed_at, e.enrolled_at) desc, e.id;

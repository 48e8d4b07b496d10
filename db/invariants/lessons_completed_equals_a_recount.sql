-- The lessons_completed of every enrollment equals a recount of its completed lessons that count for it.
select e.id, e.lessons_completed, coalesce(p.done, 0) as recounted
from public.enrollments e
left join (
    select p.enrollment_id, count(*) as done
    from public.lesson_progress p
    join public.lessons l on l.id = p.lesson_id
    join public.enrollments o on o.id = p.enrollment_id
    left join public.course_versions v on v.id = o.course_version_id
    where p.status = 'completed' and case
        when v.id is null then l.require_completion and l.state = 'live'
        else l.id = any (v.required_lesson_ids) and l.id <> all (v.released_lesson_ids) end
    group by p.enrollment_id
) p on p.enrollment_id = e.id
where e.lessons_completed <> coalesce(p.done, 0)

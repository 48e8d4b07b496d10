-- The counters of every course equal a recount of its enrollments and lessons.
select c.id, c.total_enrollments, c.active_enrollments, c.completion_count, c.required_lessons, e.total, e.active, e.done, l.required
from public.courses c
left join (
    select course_id, count(*) as total, count(*) filter (where status in ('enrolled', 'in_progress')) as active,
        count(*) filter (where status = 'completed') as done
    from public.enrollments group by course_id
) e on e.course_id = c.id
left join (
    select course_id, count(*) as required from public.lessons where require_completion and state = 'live' group by course_id
) l on l.course_id = c.id
where (c.total_enrollments, c.active_enrollments, c.completion_count, c.required_lessons)
    is distinct from (coalesce(e.total, 0), coalesce(e.active, 0), coalesce(e.done, 0), coalesce(l.required, 0))

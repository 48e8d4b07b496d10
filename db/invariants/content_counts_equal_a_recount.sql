-- What is counted of lessons and modules equals a recount.
select 'lesson' as part, c.lesson_id as id, c.views_count::bigint as started, c.completion_count::bigint as completed, r.started as really_started,
    r.completed as really_completed
from public.lesson_counters c
cross join lateral (
    select count(*) filter (where g.status <> 'not_started') as started, count(*) filter (where g.status = 'completed') as completed
    from public.lesson_progress g where g.lesson_id = c.lesson_id
) r
where (c.views_count, c.completion_count) is distinct from (r.started, r.completed)
union all
select 'module', c.module_id, 0, c.completion_count, 0, r.completed
from public.module_counters c
cross join lateral (
    select count(*) as completed from (
        select g.enrollment_id from public.lesson_progress g join public.lessons l on l.id = g.lesson_id
        where l.module_id = c.module_id and l.require_completion and l.state = 'live' and g.status = 'completed'
        group by g.enrollment_id
        having count(*) = (select count(*) from public.lessons w where w.module_id = c.module_id and w.require_completion and w.state = 'live')
    ) done
) r
where c.completion_count is distinct from r.completed
union all
select 'not counted', l.id, 0, 0, 0, 0 from public.lessons l
where not exists (select 1 from public.content_counts c where c.lesson_id = l.id)

-- The score, progress, time, completion and number of attempts of a SCORM registration follow from its attempts that count.
select e.id, e.score, e.progress, e.total_time_seconds, e.attempts, e.completion_status, e.success_status
from public.scorm_enrollments e
left join (
    select
        a.scorm_enrollment_id, count(*) as attempts, max(a.score) as score, max(a.progress) as progress,
        sum(a.total_time_seconds) as total, bool_or(a.completion_status = 'completed') as completed,
        bool_or(a.success_status = 'passed') as passed
    from public.scorm_attempts a where a.credit group by a.scorm_enrollment_id
) a on a.scorm_enrollment_id = e.id
where (e.score, e.progress, e.total_time_seconds, e.attempts, e.completion_status = 'completed', e.success_status = 'passed')
    is distinct from (
        a.score, coalesce(a.progress, 0), coalesce(a.total, 0), coalesce(a.attempts, 0)::integer, coalesce(a.completed, false),
        coalesce(a.passed, false)
    )

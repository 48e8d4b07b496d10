-- What an enrollment at a partner says of its modules equals a recount of them.
select e.id, e.modules, e.modules_completed, e.modules_progress
from public.partner_lms_enrollments e
left join (
    select m.partner_enrollment_id, count(*) as modules, count(*) filter (where m.status = 'completed') as completed, sum(m.progress) as progress
    from public.external_module_progress m group by m.partner_enrollment_id
) m on m.partner_enrollment_id = e.id
where (e.modules, e.modules_completed, e.modules_progress)
    is distinct from (coalesce(m.modules, 0)::integer, coalesce(m.completed, 0)::integer, coalesce(m.progress, 0))

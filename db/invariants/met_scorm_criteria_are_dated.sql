-- No SCORM registration is left undated when an attempt that counts meets the rule of its package.
select e.id, e.status
from public.scorm_enrollments e
join public.scorm_packages p on p.id = e.scorm_package_id
where e.criterion_met_at is null and exists (
    select 1 from public.scorm_attempts a
    where a.scorm_enrollment_id = e.id and a.credit
      and private.scorm_rule_met(p.completion_rule, a.completion_status, a.success_status)
)

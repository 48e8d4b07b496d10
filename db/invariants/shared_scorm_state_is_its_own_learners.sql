-- What packages share about a learner was written by registrations of that learner.
select 'objective' as kind, o.member_id, o.target_id, e.member_id as writer
from public.scorm_global_objectives o join public.scorm_enrollments e on e.id = o.scorm_enrollment_id
where e.member_id is distinct from o.member_id
union all
select 'data', d.member_id, d.target_id, e.member_id
from public.scorm_shared_data d join public.scorm_enrollments e on e.id = d.scorm_enrollment_id
where e.member_id is distinct from d.member_id

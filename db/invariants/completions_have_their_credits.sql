-- Every completed enrollment has been credited by each rule of its course, or in its type, that held when it was completed.
select e.id, e.course_id, e.completed_at, r.id as rule
from public.credit_rules r
join public.enrollments e on e.course_id = r.course_id and e.status = 'completed'
    and e.completed_at >= r.valid_from and (r.valid_until is null or e.completed_at < r.valid_until)
where r.basis = 'completion'
  and not exists (
      select 1 from public.credit_awards a join public.credit_rules b on b.id = a.rule_id and b.course_id is not null
      where a.enrollment_id = e.id and a.credit_type_id = r.credit_type_id
  )

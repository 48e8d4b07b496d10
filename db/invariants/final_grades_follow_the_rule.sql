-- Final grades are what the rule gives, where nothing waits to be computed.
select e.id, e.final_grade, f.final_grade as by_the_rule
from public.enrollments e
cross join lateral private.final_grades(e.course_id, array[e.id]) f
where exists (select 1 from public.gradebook_cells c where c.enrollment_id = e.id)
  and not exists (select 1 from private.gradebook_work w where w.course_id = e.course_id and w.wanted)
  and not exists (select 1 from private.gradebook_stale s where s.enrollment_id = e.id)
  and not exists (select 1 from public.gradebooks g where g.course_id = e.course_id and g.missing_work = 'zero_after_due')
  and e.final_grade is distinct from f.final_grade

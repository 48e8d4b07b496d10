-- An enrollment has the name of its cohort, and its dates while the course is not completed.
select e.id, e.cohort_name, k.name, e.cohort_start_date, k.starts_at, e.cohort_end_date, k.ends_at
from public.enrollments e
join public.course_cohorts k on k.id = e.cohort_id
where e.cohort_name <> k.name
   or (e.completed_at is null and (e.cohort_start_date, e.cohort_end_date) is distinct from (k.starts_at, k.ends_at))

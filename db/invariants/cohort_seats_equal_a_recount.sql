-- The seats taken in every cohort equal a recount of its enrollments, and nobody is one too many.
select k.id, k.seats_taken, r.taken, k.capacity
from public.course_cohorts k
cross join lateral (
    select count(*) as taken from public.enrollments e
    where e.cohort_id = k.id and e.status in ('enrolled', 'in_progress', 'completed')
) r
where k.seats_taken <> r.taken or r.taken > k.capacity

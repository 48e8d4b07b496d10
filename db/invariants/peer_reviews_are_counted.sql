-- The state of every work in peer review says how many reviews came that count.
select s.submission_id, s.received, c.came
from public.peer_review_states s
cross join lateral (
    select count(*) as came from public.assignment_reviews r
    where r.submission_id = s.submission_id and r.review_type = 'peer' and r.status = 'completed' and r.left_out_at is null
) c
where s.received <> c.came

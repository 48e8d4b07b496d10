-- Nobody reviews his own work, nor grades it.
select r.id, r.reviewer_id
from public.assignment_reviews r join public.assignment_submissions s on s.id = r.submission_id
where r.reviewer_id = s.member_id
union all
select w.id, w.graded_by
from public.quiz_answers w join public.quiz_attempts t on t.id = w.quiz_attempt_id
where w.graded_by = t.member_id

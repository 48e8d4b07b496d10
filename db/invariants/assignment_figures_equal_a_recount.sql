-- Submissions, grades and their sum of every assignment equal a recount.
select a.id, a.submissions_count, a.graded_count, a.score_sum
from public.assignments a
left join (
    select assignment_id, count(*) as given, count(final_score) as graded, sum(final_score) as scores
    from public.assignment_submissions group by assignment_id
) s on s.assignment_id = a.id
where (a.submissions_count, a.graded_count, a.score_sum)
    is distinct from (coalesce(s.given, 0), coalesce(s.graded, 0), coalesce(s.scores, 0))

-- An attempt is worth what it asks; it is graded exactly when no answer waits, with the sum of its answers' points.
select t.id, t.status, t.total_points, t.points_earned, q.points as asked, w.points as earned, w.waiting
from public.quiz_attempts t
left join (
    select quiz_attempt_id, sum(points) as points from private.attempt_questions group by quiz_attempt_id
) q on q.quiz_attempt_id = t.id
left join (
    select quiz_attempt_id, sum(points_earned) as points, count(*) filter (where points_earned is null) as waiting
    from public.quiz_answers group by quiz_attempt_id
) w on w.quiz_attempt_id = t.id
where t.total_points is distinct from coalesce(q.points, 0)
   or (t.status = 'submitted' and coalesce(w.waiting, 0) = 0)
   or (
       t.status not in ('in_progress', 'submitted')
       and (t.points_earned is distinct from coalesce(w.points, 0) or coalesce(w.waiting, 0) > 0
           or t.passed is distinct from (t.score >= t.passing_score))
   )

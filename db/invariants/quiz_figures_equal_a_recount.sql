-- Points, attempts, grades and passes of every quiz equal a recount.
select z.id, z.total_points, z.attempts_count, z.graded_count, z.passed_count, z.score_sum
from public.quizzes z
left join (
    select quiz_id, sum(points * coalesce(draw_count, 1)) as points from public.quiz_questions group by quiz_id
) q on q.quiz_id = z.id
left join (
    select quiz_id, count(*) as begun, count(score) as graded, count(*) filter (where passed) as passed, sum(score) as scores
    from public.quiz_attempts group by quiz_id
) t on t.quiz_id = z.id
where (z.total_points, z.attempts_count, z.graded_count, z.passed_count, z.score_sum) is distinct from
    (coalesce(q.points, 0), coalesce(t.begun, 0), coalesce(t.graded, 0), coalesce(t.passed, 0), coalesce(t.scores, 0))

-- Points, attempts, grades and passes of every quiz equal a recount.
select z.id, z.total_points, c.attempts_count, c.graded_count, c.passed_count, c.score_sum
from public.quizzes z
join public.quiz_counters c on c.quiz_id = z.id
left join (
    select quiz_id, sum(points * coalesce(draw_count, 1)) as points from public.quiz_questions group by quiz_id
) q on q.quiz_id = z.id
left join (
    select quiz_id, count(*) as begun, count(score) as graded, count(*) filter (where passed) as passed, sum(score) as scores
    from public.quiz_attempts group by quiz_id
) t on t.quiz_id = z.id
where (z.total_points, c.attempts_count, c.graded_count, c.passed_count, c.score_sum) is distinct from
    (coalesce(q.points, 0), coalesce(t.begun, 0), coalesce(t.graded, 0), coalesce(t.passed, 0), coalesce(t.scores, 0))

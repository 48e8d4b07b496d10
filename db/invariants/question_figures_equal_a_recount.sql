-- What is counted of versions, gathered and not yet gathered, equals a recount of attempts and graded answers.
select coalesce(k.version_id, r.version_id) as version_id, k.asked, r.asked as really_asked, k.answered, r.answered as really_answered,
    k.full_points, r.full_points as really_full, k.share_sum, r.share_sum as really_share
from (
    select f.question_version_id as version_id, sum(f.asked) as asked, sum(f.answered) as answered, sum(f.full_points) as full_points,
        sum(f.share_sum) as share_sum
    from (
        select question_version_id, asked, answered, full_points, share_sum from private.question_figures
        union all
        select question_version_id, asked, answered, full_points, share_sum from private.question_moves
    ) f group by f.question_version_id
) k
full join (
    select a.question_version_id as version_id, count(*) as asked, count(w.points_earned) as answered,
        count(*) filter (where w.points_earned = w.max_points) as full_points,
        coalesce(sum(w.points_earned / nullif(w.max_points, 0)), 0) as share_sum
    from private.attempt_questions a
    left join public.quiz_answers w on w.quiz_attempt_id = a.quiz_attempt_id and w.position = a.position
    group by a.question_version_id
) r on r.version_id = k.version_id
where (k.asked, k.answered, k.full_points) is distinct from (r.asked, r.answered, r.full_points)
   or abs(coalesce(k.share_sum, 0) - coalesce(r.share_sum, 0)) > 0.000001

-- Scores in the gradebook are those of the quizzes, by their policy, and of the work that was graded last.
select t.enrollment_id, i.id as item_id, c.source_percent, t.score
from public.gradebook_items i
join public.quizzes z on z.id = i.quiz_id
join lateral (
    select a.enrollment_id, case z.grading_policy
        when 'last' then (array_agg(a.score order by a.attempt_number desc) filter (where a.score is not null))[1]
        when 'average' then round(avg(a.score), 2)
        else max(a.score)
    end as score
    from public.quiz_attempts a where a.quiz_id = i.quiz_id group by a.enrollment_id
) t on true
left join public.gradebook_cells c on c.enrollment_id = t.enrollment_id and c.item_id = i.id
where c.source_percent is distinct from t.score
  and not exists (select 1 from private.gradebook_stale s where s.enrollment_id = t.enrollment_id)
  and not exists (select 1 from private.gradebook_work w where w.course_id = i.course_id and w.wanted and w.sources)
union all
select s.enrollment_id, i.id, c.source_percent, s.score
from public.gradebook_items i
join (
    select distinct on (t.enrollment_id, t.assignment_id) t.enrollment_id, t.assignment_id, t.final_score as score
    from public.assignment_submissions t join public.assignments a on a.id = t.assignment_id
    -- Without names a grade comes into its cell when the work is returned.
    where t.final_score is not null and (t.status = 'returned' or not a.anonymous_marking)
    order by t.enrollment_id, t.assignment_id, t.submission_number desc
) s on s.assignment_id = i.assignment_id
left join public.gradebook_cells c on c.enrollment_id = s.enrollment_id and c.item_id = i.id
where c.source_percent is distinct from s.score
  and not exists (select 1 from private.gradebook_stale x where x.enrollment_id = s.enrollment_id)

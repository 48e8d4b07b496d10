-- Nobody has spent more time on the pieces of lessons than has gone by since he opened the first.
select p.student_id, p.spent, f.first_opened
from (select student_id, sum(time_spent) as spent from public.learning_progress group by student_id) p
left join (
    select e.member_id, min(l.started_at) as first_opened
    from public.enrollments e join public.lesson_progress l on l.enrollment_id = e.id
    group by e.member_id
) f on f.member_id = p.student_id
where p.spent > 0 and p.spent > coalesce(extract(epoch from clock_timestamp() - f.first_opened), 0)

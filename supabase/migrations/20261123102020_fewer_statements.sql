-- A hand-in asks the gradebook and the quiz in fewer statements: what only other functions ask has a body that is read when it is made,
-- so that the statement that asks it takes it in (see 20261121137000).
-- Rollback: restore the functions of the earlier migrations.

create or replace function private.gradebook_columns(p_course uuid)
returns table (
    id uuid, category_id uuid, source text, quiz_id uuid, assignment_id uuid, title text, max_points numeric, weight numeric, due_at timestamptz,
    counts boolean, is_hidden boolean, is_draft boolean, place integer, category_name text, category_weight numeric, drop_lowest integer,
    weighting text
)
language sql stable
begin atomic
    select i.id, i.category_id, i.source, i.quiz_id, i.assignment_id, coalesce(i.title, z.title, a.title),
        coalesce(i.max_points, a.total_points, case when z.total_points > 0 then z.total_points else 100 end), i.weight,
        coalesce(i.due_at, z.available_until, a.due_date), i.counts, i.is_hidden, coalesce(z.status, a.status, '') = 'draft',
        (row_number() over (order by k.position, k.name, k.id, i.position, i.id))::integer, k.name, k.weight, k.drop_lowest, k.weighting
    from public.gradebook_items i
    join public.gradebook_categories k on k.id = i.category_id
    left join public.quizzes z on z.id = i.quiz_id
    left join public.assignments a on a.id = i.assignment_id
    where i.course_id = p_course;
end;

create or replace function private.category_grades(p_course uuid, p_enrollments uuid[])
returns table (enrollment_id uuid, category_id uuid, grade numeric, category_weight numeric)
language sql stable
begin atomic
    select l.enrollment_id, l.category_id, sum(l.item_weight * l.percent) / sum(l.item_weight), min(l.category_weight)
    from private.grade_lines(p_course, p_enrollments) l
    where l.state in ('counts', 'missing')
    group by l.enrollment_id, l.category_id;
end;

create or replace function private.counted_result(p_enrollment uuid, p_quiz public.quizzes)
returns table (
    passed boolean, graded boolean, score numeric, best numeric, passed_at timestamptz, graded_at timestamptz,
    taken integer, waiting integer, in_progress uuid, last_total numeric
)
language sql stable
begin atomic
    select
        case p_quiz.grading_policy
            when 'last' then (array_agg(t.passed order by t.attempt_number desc) filter (where t.score is not null))[1]
            when 'average' then round(avg(t.score), 2) >= p_quiz.passing_score
            else bool_or(t.passed)
        end,
        count(t.score) > 0,
        case p_quiz.grading_policy
            when 'last' then (array_agg(t.score order by t.attempt_number desc) filter (where t.score is not null))[1]
            when 'average' then round(avg(t.score), 2)
            else max(t.score)
        end,
        max(t.score),
        case p_quiz.grading_policy
            when 'best' then min(t.submitted_at) filter (where t.passed)
            else max(t.submitted_at) filter (where t.score is not null)
        end,
        min(t.submitted_at) filter (where t.score is not null),
        count(*)::integer,
        (count(*) filter (where t.status = 'submitted'))::integer,
        (array_agg(t.id) filter (where t.status = 'in_progress'))[1],
        (array_agg(t.total_points order by t.attempt_number desc))[1]
    from public.quiz_attempts t where t.enrollment_id = p_enrollment and t.quiz_id = p_quiz.id;
end;

create or replace function private.judged_lines(p_course uuid, p_enrollments uuid[])
returns table (
    enrollment_id uuid, item_id uuid, category_id uuid, percent numeric, state text, share numeric, category_weight numeric,
    drop_lowest integer, counting boolean
)
language sql stable
begin atomic
    with columns as materialized (
        select c.*, c.weight * case when c.weighting = 'points' then c.max_points else 1 end as share from private.gradebook_columns(p_course) c
        where not c.is_draft
    ), extended as materialized (
        select x.assignment_id, x.enrollment_id, x.until from private.extended_until(p_course) x
        where exists (select 1 from public.gradebooks g where g.course_id = p_course and g.missing_work = 'zero_after_due')
    -- Theirs alone, so that it costs nothing how many others take the course.
    ), had as materialized (
        select c.enrollment_id, c.item_id, c.points, c.out_of, c.source_percent, c.excused, c.waiting
        from public.gradebook_cells c where c.enrollment_id = any (p_enrollments)
    ), given as (
        select e.id as enrollment_id, k.id as item_id, k.category_id, k.share, k.category_weight, k.drop_lowest,
            case when c.points is not null then least(100, c.points * 100 / coalesce(c.out_of, k.max_points)) else c.source_percent end as percent,
            case
                when c.excused then 'excused'
                when k.is_hidden then 'hidden'
                when not k.counts or k.share = 0 then 'apart'
                when c.points is not null or c.source_percent is not null then 'counts'
                when c.waiting then 'waiting'
                when g.missing_work = 'zero_after_due' and coalesce(y.available_until, greatest(k.due_at, x.until)) < now() then 'missing'
                else 'nothing'
            end as state
        from unnest(p_enrollments) as e (id)
        cross join columns k
        left join had c on c.enrollment_id = e.id and c.item_id = k.id
        left join public.gradebooks g on g.course_id = p_course
        left join extended x on x.assignment_id = k.assignment_id and x.enrollment_id = e.id
        left join public.quiz_accommodations y on y.quiz_id = k.quiz_id and y.enrollment_id = e.id
            and g.missing_work = 'zero_after_due'
    )
    select g.enrollment_id, g.item_id, g.category_id, case when g.state = 'missing' then 0 else g.percent end, g.state, g.share,
        g.category_weight, g.drop_lowest, g.state in ('counts', 'missing')
    from given g;
end;

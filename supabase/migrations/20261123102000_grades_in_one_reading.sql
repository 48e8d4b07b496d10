-- Who has what in a gradebook, worked out in one reading: nothing is ranked where nothing is dropped, later deadlines are looked for
-- only where missing work counts as 0, and a window of the grid has its cells and final grades from the same lines.
-- Rollback: restore private.grade_lines of 20261122100000; drop the functions that are new.

create function private.judged_lines(p_course uuid, p_enrollments uuid[])
returns table (
    enrollment_id uuid, item_id uuid, category_id uuid, percent numeric, state text, share numeric, category_weight numeric,
    drop_lowest integer, counting boolean
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
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
    from given g
$$;
comment on function private.judged_lines(uuid, uuid[]) is
    'What some learners have in each item of a course, in percent, and whether it counts, before the lowest of a category are dropped.';

create or replace function private.grade_lines(p_course uuid, p_enrollments uuid[])
returns table (
    enrollment_id uuid, item_id uuid, category_id uuid, percent numeric, state text, item_weight numeric, category_weight numeric
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if not exists (select 1 from public.gradebook_categories k where k.course_id = p_course and k.drop_lowest > 0) then
        return query
        select j.enrollment_id, j.item_id, j.category_id, j.percent, j.state, j.share, j.category_weight
        from private.judged_lines(p_course, p_enrollments) j;
        return;
    end if;
    return query
    with judged as materialized (
        select * from private.judged_lines(p_course, p_enrollments)
    ), ranked as materialized (
        select j.enrollment_id, j.item_id, j.category_id, j.percent, j.share, j.drop_lowest,
            row_number() over (partition by j.enrollment_id, j.category_id order by j.percent, j.item_id) as place,
            count(*) over w as n, min(j.share) over w as least_share, max(j.share) over w as most_share
        from judged j where j.counting and j.drop_lowest > 0
        window w as (partition by j.enrollment_id, j.category_id)
    ), uneven as (
        select r.enrollment_id, unnest(private.best_items(array_agg(r.item_id), array_agg(r.percent), array_agg(r.share), min(r.drop_lowest))) as item_id
        from ranked r
        where r.n > 1 and r.least_share <> r.most_share
        group by r.enrollment_id, r.category_id
    ), dropped as (
        select r.enrollment_id, r.item_id from ranked r
        where r.least_share = r.most_share and r.place <= least(r.drop_lowest, r.n - 1)
        union all
        select r.enrollment_id, r.item_id from ranked r
        where r.least_share <> r.most_share and r.n > 1
          and not exists (select 1 from uneven u where u.enrollment_id = r.enrollment_id and u.item_id = r.item_id)
    )
    select j.enrollment_id, j.item_id, j.category_id, j.percent, case when d.item_id is null then j.state else 'dropped' end, j.share,
        j.category_weight
    from judged j
    left join dropped d on d.enrollment_id = j.enrollment_id and d.item_id = j.item_id;
end
$$;

create function public.gradebook_window(p_course uuid, p_enrollments uuid[])
returns table (
    enrollment_id uuid, final_grade numeric, items uuid[], points double precision[], states text[], revisions integer[],
    overridden boolean[], waiting boolean[], commented boolean[]
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform private.may_grade(p_course);
    return query
    with lines as materialized (
        select * from private.grade_lines(p_course, array(
            select e.id from public.enrollments e where e.course_id = p_course and e.id = any (p_enrollments)
        ))
    ), finals as (
        select g.enrollment_id, round(sum(g.weight * g.grade) / nullif(sum(g.weight), 0), 2) as final_grade
        from (
            select l.enrollment_id, sum(l.item_weight * l.percent) / sum(l.item_weight) as grade, min(l.category_weight) as weight
            from lines l where l.state in ('counts', 'missing') group by l.enrollment_id, l.category_id
        ) g
        group by g.enrollment_id
    ), had as materialized (
        select c.* from public.gradebook_cells c where c.enrollment_id = any (p_enrollments)
    ), shown as (
        select l.enrollment_id, array_agg(l.item_id) as items,
            array_agg(round(case when c.points is not null then least(k.max_points, c.points * k.max_points / coalesce(c.out_of, k.max_points))
                else c.source_percent * k.max_points / 100 end, 2)::double precision) as points,
            array_agg(l.state) as states, array_agg(coalesce(c.revision, 0)) as revisions,
            array_agg(c.points is not null and k.source <> 'own') as overridden, array_agg(coalesce(c.waiting, false)) as waiting,
            array_agg(c.comment is not null) as commented
        from lines l
        join private.gradebook_columns(p_course) k on k.id = l.item_id
        left join had c on c.enrollment_id = l.enrollment_id and c.item_id = l.item_id
        where l.state <> 'nothing' or c.item_id is not null
        group by l.enrollment_id
    )
    select s.enrollment_id, f.final_grade, s.items, s.points, s.states, s.revisions, s.overridden, s.waiting, s.commented
    from shown s left join finals f on f.enrollment_id = s.enrollment_id;
end
$$;
comment on function public.gradebook_window(uuid, uuid[]) is
    'What some learners of a course that the caller teaches have: the final grade as the rule gives it now and, item by item, what the grid shows '
    'of a cell. The lists of a row have one order. A learner who has nothing at all is left out.';
revoke all on function private.judged_lines(uuid, uuid[]), public.gradebook_window(uuid, uuid[]) from public;
grant execute on function public.gradebook_window(uuid, uuid[]) to authenticated;

-- The rule of the final grade, stated once, and what keeps enrollments.final_grade by it.
--
-- A category's grade is the weighted mean of its items that count, in percent; an item weighs its own weight, times its
-- points where the category goes by points. Of n items, drop_lowest are left out: those without which the mean is highest, and
-- one always stays. The final grade is the mean of the categories' grades by their weights; a category with nothing that
-- counts is left out. Excused and hidden items, and those set not to count, are left out. What has no score is left out too,
-- or counts as 0 once it is due and does not wait for a grade.
-- Rollback: drop the triggers and functions below.

create function private.gradebook_columns(p_course uuid)
returns table (
    id uuid, category_id uuid, source text, quiz_id uuid, assignment_id uuid, title text, max_points numeric, weight numeric, due_at timestamptz,
    counts boolean, is_hidden boolean, is_draft boolean, place integer, category_name text, category_weight numeric, drop_lowest integer,
    weighting text
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select i.id, i.category_id, i.source, i.quiz_id, i.assignment_id, coalesce(i.title, z.title, a.title),
        coalesce(i.max_points, a.total_points, case when z.total_points > 0 then z.total_points else 100 end), i.weight,
        coalesce(i.due_at, z.available_until, a.due_date), i.counts, i.is_hidden, coalesce(z.status, a.status, '') = 'draft',
        (row_number() over (order by k.position, k.name, k.id, i.position, i.id))::integer, k.name, k.weight, k.drop_lowest, k.weighting
    from public.gradebook_items i
    join public.gradebook_categories k on k.id = i.category_id
    left join public.quizzes z on z.id = i.quiz_id
    left join public.assignments a on a.id = i.assignment_id
    where i.course_id = p_course
$$;
comment on function private.gradebook_columns(uuid) is 'The items of a course in order, with what their quiz, assignment and category say. Drafts too.';

create function private.best_items(p_items uuid[], p_percents numeric[], p_weights numeric[], p_drop integer) returns uuid[]
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
    v_keep integer := greatest(1, cardinality(p_items) - p_drop);
    v_mean numeric := 0;
    v_best uuid[];
    v_chosen uuid[];
    v_reached numeric;
begin
    -- Dinkelbach: whichever items exceed the mean reached so far by most reach a higher one, until none does.
    loop
        select array_agg(x.item), sum(x.weight * x.percent) / sum(x.weight) into v_chosen, v_reached
        from (
            select u.item, u.percent, u.weight from unnest(p_items, p_percents, p_weights) as u (item, percent, weight)
            order by u.weight * (u.percent - v_mean) desc, u.weight desc, u.item limit v_keep
        ) x;
        exit when v_best is not null and v_reached <= v_mean;
        v_best := v_chosen;
        v_mean := v_reached;
    end loop;
    return v_best;
end
$$;
comment on function private.best_items(uuid[], numeric[], numeric[], integer) is
    'Those of some weighted items whose mean is the highest when so many are dropped. Leaving out the lowest by itself may lower the mean.';

create function private.grade_lines(p_course uuid, p_enrollments uuid[])
returns table (
    enrollment_id uuid, item_id uuid, category_id uuid, percent numeric, state text, item_weight numeric, category_weight numeric
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with columns as materialized (
        select c.*, c.weight * case when c.weighting = 'points' then c.max_points else 1 end as share from private.gradebook_columns(p_course) c
        where not c.is_draft
    ), given as (
        select e.id as enrollment_id, k.id as item_id, k.category_id, k.share, k.category_weight, k.drop_lowest,
            case when c.points is not null then least(100, c.points * 100 / coalesce(c.out_of, k.max_points)) else c.source_percent end as percent,
            case
                when c.excused then 'excused'
                when k.is_hidden then 'hidden'
                when not k.counts or k.share = 0 then 'apart'
                when c.points is not null or c.source_percent is not null then 'counts'
                when c.waiting then 'waiting'
                when g.missing_work = 'zero_after_due' and coalesce(x.due_date, y.available_until, k.due_at) < now() then 'missing'
                else 'nothing'
            end as state
        from unnest(p_enrollments) as e (id)
        cross join columns k
        left join public.gradebook_cells c on c.enrollment_id = e.id and c.item_id = k.id
        left join public.gradebooks g on g.course_id = p_course
        left join public.assignment_extensions x on x.assignment_id = k.assignment_id and x.enrollment_id = e.id
        left join public.quiz_accommodations y on y.quiz_id = k.quiz_id and y.enrollment_id = e.id
    ), judged as (
        select g.enrollment_id, g.item_id, g.category_id, g.share, g.category_weight, g.drop_lowest, g.state,
            case when g.state = 'missing' then 0 else g.percent end as percent, g.state in ('counts', 'missing') as counting
        from given g
    ), ranked as (
        select j.*, row_number() over w as place, count(*) over w_all as n, min(j.share) over w_all as least_share, max(j.share) over w_all as most_share
        from judged j
        window w as (partition by j.enrollment_id, j.category_id, j.counting order by j.percent, j.item_id),
            w_all as (partition by j.enrollment_id, j.category_id, j.counting)
    ), uneven as (
        select r.enrollment_id, unnest(private.best_items(array_agg(r.item_id), array_agg(r.percent), array_agg(r.share), min(r.drop_lowest))) as item_id
        from ranked r
        where r.counting and r.drop_lowest > 0 and r.n > 1 and r.least_share <> r.most_share
        group by r.enrollment_id, r.category_id
    )
    select r.enrollment_id, r.item_id, r.category_id, r.percent,
        case
            when not r.counting or r.drop_lowest = 0 then r.state
            when r.least_share = r.most_share then case when r.place <= least(r.drop_lowest, r.n - 1) then 'dropped' else r.state end
            when u.item_id is null and r.n > 1 then 'dropped'
            else r.state
        end,
        r.share, r.category_weight
    from ranked r
    left join uneven u on u.enrollment_id = r.enrollment_id and u.item_id = r.item_id
$$;
comment on function private.grade_lines(uuid, uuid[]) is
    'What becomes of each item of some learners of a course: percent, and counts, missing (as 0), dropped, excused, hidden, apart (set not to count), waiting, nothing.';

create function private.category_grades(p_course uuid, p_enrollments uuid[])
returns table (enrollment_id uuid, category_id uuid, grade numeric, category_weight numeric)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select l.enrollment_id, l.category_id, sum(l.item_weight * l.percent) / sum(l.item_weight), min(l.category_weight)
    from private.grade_lines(p_course, p_enrollments) l
    where l.state in ('counts', 'missing')
    group by l.enrollment_id, l.category_id
$$;
comment on function private.category_grades(uuid, uuid[]) is 'The grade of each category of some learners, in percent and not rounded; none where nothing counts.';

create function private.final_grades(p_course uuid, p_enrollments uuid[])
returns table (enrollment_id uuid, final_grade numeric)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select e.id, round(sum(k.category_weight * k.grade) / nullif(sum(k.category_weight), 0), 2)
    from unnest(p_enrollments) as e (id)
    left join private.category_grades(p_course, p_enrollments) k on k.enrollment_id = e.id
    group by e.id
$$;
comment on function private.final_grades(uuid, uuid[]) is 'The final grade of some learners of a course, in percent; null while nothing counts.';

-- Keeping --------------------------------------------------------------------------------------------------------

create function private.write_final_grades(p_course uuid, p_enrollments uuid[]) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_changed integer;
begin
    update public.enrollments e set final_grade = f.final_grade
    from private.final_grades(p_course, p_enrollments) f
    where e.id = f.enrollment_id and e.final_grade is distinct from f.final_grade
      -- What was there before the gradebook stays until there is something to compute from.
      and (f.final_grade is not null or exists (select 1 from public.gradebook_cells c where c.enrollment_id = e.id));
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;
comment on function private.write_final_grades(uuid, uuid[]) is 'Writes final grades that changed; answers how many.';

create function private.gather_scores(p_course uuid, p_enrollments uuid[], p_items uuid[] default null) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    insert into public.gradebook_cells as c (enrollment_id, item_id, course_id, source_percent, waiting)
    select t.enrollment_id, i.id, i.course_id, r.score, r.score is null and r.waiting > 0
    from public.gradebook_items i
    join public.quizzes z on z.id = i.quiz_id
    join lateral (
        select distinct a.enrollment_id from public.quiz_attempts a
        where a.quiz_id = i.quiz_id and a.enrollment_id = any (p_enrollments) and a.status <> 'in_progress'
    ) t on true
    cross join lateral private.counted_result(t.enrollment_id, z) r
    where i.course_id = p_course and i.source = 'quiz' and (p_items is null or i.id = any (p_items))
    union all
    select t.enrollment_id, i.id, i.course_id, t.score, t.score is null and t.waiting
    from public.gradebook_items i
    join lateral (
        select s.enrollment_id, (array_agg(s.final_score order by s.submission_number desc) filter (where s.final_score is not null))[1] as score,
            bool_or(s.status in ('submitted', 'grading')) as waiting
        from public.assignment_submissions s
        where s.assignment_id = i.assignment_id and s.enrollment_id = any (p_enrollments)
        group by s.enrollment_id
    ) t on true
    where i.course_id = p_course and i.source = 'assignment' and (p_items is null or i.id = any (p_items))
    on conflict (enrollment_id, item_id) do update set source_percent = excluded.source_percent, waiting = excluded.waiting
        where (c.source_percent, c.waiting) is distinct from (excluded.source_percent, excluded.waiting)
$$;
comment on function private.gather_scores(uuid, uuid[], uuid[]) is
    'Brings scores of quizzes (by their policy) and assignments (the last that is graded) into the cells of some learners.';

create function private.follow_scores() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_courses uuid[];
    v_enrollments uuid[];
    v_items uuid[];
begin
    if tg_table_name = 'quiz_attempts' then
        select array_agg(distinct n.course_id), array_agg(distinct n.enrollment_id), array_agg(distinct i.id) into v_courses, v_enrollments, v_items
        from moved_after n join moved_before o on o.id = n.id join public.gradebook_items i on i.quiz_id = n.quiz_id
        where n.status <> 'in_progress' and (n.score is distinct from o.score or (n.status = 'submitted') <> (o.status = 'submitted'));
    else
        select array_agg(distinct n.course_id), array_agg(distinct n.enrollment_id), array_agg(distinct i.id) into v_courses, v_enrollments, v_items
        from moved_after n join moved_before o on o.id = n.id join public.gradebook_items i on i.assignment_id = n.assignment_id
        where (n.final_score, n.status) is distinct from (o.final_score, o.status);
    end if;
    if v_enrollments is null then
        return null;
    elsif cardinality(v_enrollments) > 20 or cardinality(v_courses) > 1 then
        insert into private.gradebook_stale (enrollment_id) select unnest(v_enrollments) order by 1 on conflict do nothing;
    else
        perform private.gather_scores(v_courses[1], v_enrollments, v_items);
        perform private.write_final_grades(v_courses[1], v_enrollments);
    end if;
    return null;
end
$$;
comment on function private.follow_scores() is
    'Trigger: what was graded reaches its cell and the final grade at once; of more than twenty people together, a moment later.';
create trigger gradebook_follows_attempts after update on public.quiz_attempts
    referencing old table as moved_before new table as moved_after for each statement execute function private.follow_scores();
create trigger gradebook_follows_submissions after update on public.assignment_submissions
    referencing old table as moved_before new table as moved_after for each statement execute function private.follow_scores();

create function private.follow_new_work() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.gather_scores(new.course_id, array[new.enrollment_id], array(
        select i.id from public.gradebook_items i where i.course_id = new.course_id
          and case when tg_table_name = 'quiz_attempts' then i.quiz_id = (to_jsonb(new) ->> 'quiz_id')::uuid
              else i.assignment_id = (to_jsonb(new) ->> 'assignment_id')::uuid end
    ));
    perform private.write_final_grades(new.course_id, array[new.enrollment_id]);
    return null;
end
$$;
comment on function private.follow_new_work() is 'Trigger: work that waits for a grade is no missing work.';
create trigger gradebook_follows_handing_in after insert on public.assignment_submissions
    for each row execute function private.follow_new_work();
create trigger gradebook_follows_new_attempts after insert on public.quiz_attempts
    for each row when (new.status <> 'in_progress') execute function private.follow_new_work();

-- A course that is completed has the final grade that credits are awarded by.
create function private.settle_final_grade() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_final numeric;
begin
    if exists (select 1 from public.gradebook_items i where i.course_id = new.course_id) then
        perform private.gather_scores(new.course_id, array[new.id]);
        select f.final_grade into v_final from private.final_grades(new.course_id, array[new.id]) f;
        new.final_grade := coalesce(v_final, new.final_grade);
    end if;
    return new;
end
$$;
comment on function private.settle_final_grade() is 'Trigger: whoever completes a course has his final grade in the same moment.';
create trigger gradebook_settles_completion before update of status on public.enrollments
    for each row when (new.status = 'completed' and old.status <> 'completed') execute function private.settle_final_grade();

-- The whole course -------------------------------------------------------------------------------------------------

create function private.mark_gradebook(p_course uuid, p_sources boolean default false) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    insert into private.gradebook_work as w (course_id, sources) values (p_course, p_sources)
    on conflict (course_id) do update set marked = w.marked + 1, after = null, wanted = true, sources = w.sources or excluded.sources
$$;
comment on function private.mark_gradebook(uuid, boolean) is 'Has all final grades of a course computed anew in the background.';

create function private.gradebook_setup_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_row jsonb := case when tg_op = 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
    v_course uuid := coalesce(v_row ->> 'of_course_id', v_row ->> 'course_id')::uuid;
begin
    if exists (select 1 from public.courses c where c.id = v_course) then
        perform private.mark_gradebook(v_course, tg_table_name = 'quizzes');
    end if;
    return null;
end
$$;
comment on function private.gradebook_setup_changed() is 'Trigger: weights, items, due dates or points changed, so final grades do.';
create trigger gradebook_setup_changed after insert or update of missing_work on public.gradebooks
    for each row execute function private.gradebook_setup_changed();
create trigger gradebook_setup_changed after update of weight, drop_lowest, weighting on public.gradebook_categories
    for each row when ((old.weight, old.drop_lowest, old.weighting) is distinct from (new.weight, new.drop_lowest, new.weighting))
    execute function private.gradebook_setup_changed();
create trigger gradebook_setup_changed after update on public.gradebook_items
    for each row when ((old.category_id, old.max_points, old.due_at, old.weight, old.counts, old.is_hidden)
        is distinct from (new.category_id, new.max_points, new.due_at, new.weight, new.counts, new.is_hidden))
    execute function private.gradebook_setup_changed();
create trigger gradebook_item_added after insert on public.gradebook_items
    for each row when (new.source = 'own' and new.due_at is not null) execute function private.gradebook_setup_changed();
create trigger gradebook_item_removed after delete on public.gradebook_items
    for each row execute function private.gradebook_setup_changed();
create trigger gradebook_setup_changed after update of total_points, available_until, status, grading_policy on public.quizzes
    for each row when ((old.total_points, old.available_until, old.status = 'draft', old.grading_policy)
        is distinct from (new.total_points, new.available_until, new.status = 'draft', new.grading_policy))
    execute function private.gradebook_setup_changed();
create trigger gradebook_setup_changed after update of total_points, due_date, status on public.assignments
    for each row when ((old.total_points, old.due_date, old.status = 'draft') is distinct from (new.total_points, new.due_date, new.status = 'draft'))
    execute function private.gradebook_setup_changed();

create function private.settle_gradebooks(p_limit integer default 500) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_seen private.gradebook_work;
    v_work private.gradebook_work;
    v_enrollments uuid[];
    v_course uuid;
    v_done integer := 0;
begin
    -- Those whose scores moved in large numbers; whom somebody is at comes with the next call.
    v_enrollments := array(
        select e.id from public.enrollments e where e.id in (
            select s.enrollment_id from private.gradebook_stale s order by s.marked_at limit p_limit
        ) order by e.id for no key update skip locked
    );
    if cardinality(v_enrollments) > 0 then
        delete from private.gradebook_stale s where s.enrollment_id = any (v_enrollments);
        for v_course in select distinct e.course_id from public.enrollments e where e.id = any (v_enrollments) order by 1 loop
            perform private.gather_scores(v_course, x.ids), private.write_final_grades(v_course, x.ids)
            from (select array_agg(e.id order by e.id) as ids from public.enrollments e where e.id = any (v_enrollments) and e.course_id = v_course) x;
        end loop;
        return cardinality(v_enrollments);
    end if;
    select * into v_seen from private.gradebook_work w where w.wanted order by w.course_id limit 1;
    if v_seen.course_id is null then
        return 0;
    end if;
    -- People before the mark, which whoever changes the setup holds: nobody waits for somebody who waits for him.
    v_enrollments := array(
        select e.id from public.enrollments e
        where e.course_id = v_seen.course_id and e.id > coalesce(v_seen.after, '00000000-0000-0000-0000-000000000000')
        order by e.id limit p_limit for no key update
    );
    select * into v_work from private.gradebook_work w
    where w.course_id = v_seen.course_id and w.wanted and (w.marked, w.after) is not distinct from (v_seen.marked, v_seen.after)
    for no key update skip locked;
    if v_work.course_id is null then
        return 1;
    end if;
    if v_work.sources then
        perform private.gather_scores(v_work.course_id, v_enrollments);
    end if;
    perform private.write_final_grades(v_work.course_id, v_enrollments);
    v_done := cardinality(v_enrollments);
    update private.gradebook_work w set
        after = v_enrollments[v_done], wanted = v_done = p_limit,
        sources = w.sources and v_done = p_limit, computed_at = case when v_done < p_limit then now() else w.computed_at end
    where w.course_id = v_work.course_id;
    return greatest(v_done, 1);
end
$$;
comment on function private.settle_gradebooks(integer) is
    'Computes the next final grades that wait for it; answers how many it looked at, 0 when nothing waits.';

create function private.mark_due_gradebooks() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_course uuid;
    v_marked integer := 0;
begin
    for v_course in
        select g.course_id from public.gradebooks g
        left join private.gradebook_work w on w.course_id = g.course_id
        where g.missing_work = 'zero_after_due' and not coalesce(w.wanted, false) and (
            exists (
                select 1 from private.gradebook_columns(g.course_id) c
                where c.due_at <= now() and c.due_at > coalesce(w.computed_at, '-infinity')
            ) or exists (
                select 1 from public.assignment_extensions x
                where x.course_id = g.course_id and x.due_date <= now() and x.due_date > coalesce(w.computed_at, '-infinity')
            ) or exists (
                select 1 from public.quiz_accommodations y
                where y.course_id = g.course_id and y.available_until <= now() and y.available_until > coalesce(w.computed_at, '-infinity')
            ) or exists (
                select 1 from public.enrollments e where e.course_id = g.course_id and e.enrolled_at > coalesce(w.computed_at, '-infinity')
            )
        )
    loop
        perform private.mark_gradebook(v_course);
        v_marked := v_marked + 1;
    end loop;
    return v_marked;
end
$$;
comment on function private.mark_due_gradebooks() is
    'Where missing work counts as 0: courses in which something became due, or somebody came, since final grades were computed.';
grant execute on function private.settle_gradebooks(integer), private.mark_due_gradebooks(), private.final_grades(uuid, uuid[]) to service_role;

-- Reading and writing cells: what a team sees of its learners, the one way in which grades are written, and a learner's own page.
-- Rollback: drop the functions below.

create function private.may_grade(p_course uuid) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if p_course is null or not (p_course in (select private.my_taught_course_ids()) or private.is_admin()) then
        perform private.refuse('CG404', 'no_such_gradebook', 'There is no such gradebook of a course that you teach.');
    end if;
end
$$;
comment on function private.may_grade(uuid) is 'Raises CG404 unless the caller teaches the course or is an administrator.';

create function public.gradebook_columns(p_course uuid)
returns table (
    id uuid, category_id uuid, source text, quiz_id uuid, assignment_id uuid, title text, max_points numeric, weight numeric, due_at timestamptz,
    counts boolean, is_hidden boolean, is_draft boolean, place integer, category_name text, category_weight numeric, drop_lowest integer,
    weighting text
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.may_grade(p_course);
    return query select * from private.gradebook_columns(p_course) c order by c.place;
end
$$;
comment on function public.gradebook_columns(uuid) is 'The items of a course that the caller teaches, in order.';

create function public.gradebook_people(p_course uuid, p_words text, p_cohort uuid, p_missing boolean, p_item uuid)
returns table (
    enrollment_id uuid, first_name text, last_name text, email text, cohort_name text, status text, final_grade numeric, sort_name text,
    sort_value numeric
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.may_grade(p_course);
    return query
    select e.id, p.first_name, p.last_name, p.email::text, e.cohort_name, e.status, e.final_grade,
        private.fold(p.last_name || ' ' || p.first_name) collate "C",
        coalesce(case when p_item is null then e.final_grade
            else case when c.points is not null then least(100, c.points * 100 / coalesce(c.out_of, k.max_points)) else c.source_percent end end, -1)
    from public.enrollments e
    join public.profiles p on p.id = e.member_id
    left join private.gradebook_columns(p_course) k on k.id = p_item
    left join public.gradebook_cells c on c.enrollment_id = e.id and c.item_id = k.id
    where e.course_id = p_course and e.status <> 'archived' and e.status <> 'dropped'
      and (p_cohort is null or e.cohort_id = p_cohort)
      and (coalesce(p_words, '') = ''
          or position(private.fold(p_words) in private.fold(p.first_name || ' ' || p.last_name || ' ' || p.email::text)) > 0)
      and (not p_missing or e.id in (
          select n.id from public.enrollments n cross join private.gradebook_columns(p_course) i
          left join public.gradebook_cells d on d.enrollment_id = n.id and d.item_id = i.id
          left join public.assignment_extensions x on x.assignment_id = i.assignment_id and x.enrollment_id = n.id
          left join public.quiz_accommodations y on y.quiz_id = i.quiz_id and y.enrollment_id = n.id
          where n.course_id = p_course and not i.is_draft and i.counts and coalesce(x.due_date, y.available_until, i.due_at, now()) <= now()
            and d.points is null and d.source_percent is null and not coalesce(d.excused, false) and not coalesce(d.waiting, false)
      ));
end
$$;
comment on function public.gradebook_people(uuid, text, uuid, boolean, uuid) is
    'The learners of a course that the caller teaches, as far as they match, with what they are sorted by; missing: something that is not ahead has nothing.';

create function public.gradebook_cells_of(p_course uuid, p_enrollments uuid[])
returns table (
    enrollment_id uuid, item_id uuid, percent numeric, state text, points numeric, overridden boolean, source_percent numeric,
    waiting boolean, comment text, reason text, revision integer
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.may_grade(p_course);
    return query
    select l.enrollment_id, l.item_id, round(l.percent, 2), l.state,
        round(case when c.points is not null then least(k.max_points, c.points * k.max_points / coalesce(c.out_of, k.max_points))
            else c.source_percent * k.max_points / 100 end, 2),
        c.points is not null and k.source <> 'own', c.source_percent, coalesce(c.waiting, false), c.comment, c.reason, coalesce(c.revision, 0)
    from private.grade_lines(p_course, array(
        select e.id from public.enrollments e where e.course_id = p_course and e.id = any (p_enrollments)
    )) l
    join private.gradebook_columns(p_course) k on k.id = l.item_id
    left join public.gradebook_cells c on c.enrollment_id = l.enrollment_id and c.item_id = l.item_id
    where l.state <> 'nothing' or c.item_id is not null;
end
$$;
comment on function public.gradebook_cells_of(uuid, uuid[]) is 'What some learners have in the items of a course that the caller teaches, and what becomes of it.';

create function public.gradebook_finals(p_course uuid, p_enrollments uuid[])
returns table (enrollment_id uuid, final_grade numeric)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.may_grade(p_course);
    return query select f.enrollment_id, f.final_grade from private.final_grades(p_course, array(
        select e.id from public.enrollments e where e.course_id = p_course and e.id = any (p_enrollments)
    )) f;
end
$$;
comment on function public.gradebook_finals(uuid, uuid[]) is 'Final grades of some learners of a course that the caller teaches, as the rule gives them now.';

create function public.gradebook_averages(p_course uuid)
returns table (kind text, id uuid, average numeric, counted bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_people uuid[];
begin
    perform private.may_grade(p_course);
    v_people := array(
        select e.id from public.enrollments e where e.course_id = p_course and e.status <> 'archived' and e.status <> 'dropped' order by e.id
    );
    return query
    with lines as materialized (
        select * from private.grade_lines(p_course, v_people)
    ), categories as materialized (
        select l.enrollment_id, l.category_id, sum(l.item_weight * l.percent) / sum(l.item_weight) as grade, min(l.category_weight) as weight
        from lines l where l.state in ('counts', 'missing') group by l.enrollment_id, l.category_id
    ), finals as (
        select c.enrollment_id, sum(c.weight * c.grade) / nullif(sum(c.weight), 0) as grade from categories c group by c.enrollment_id
    )
    select 'item', l.item_id, round(avg(l.percent), 2), count(l.percent) from lines l where l.state <> 'excused' group by l.item_id
    union all
    select 'category', c.category_id, round(avg(c.grade), 2), count(*) from categories c group by c.category_id
    union all
    select 'course', p_course, round(avg(f.grade), 2), count(f.grade) from finals f;
end
$$;
comment on function public.gradebook_averages(uuid) is 'Averages in percent of each item, each category and the final grade over the learners of a course that the caller teaches.';

-- Writing --------------------------------------------------------------------------------------------------------

create function private.check_grades(p_course uuid, p_cells jsonb, p_reason text) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_wrong record;
begin
    if jsonb_typeof(p_cells) is distinct from 'array' or jsonb_array_length(p_cells) > 60000 then
        perform private.refuse('CG422', 'no_cells', 'Give a list of at most 60000 cells.');
    elsif length(p_reason) > 500 then
        perform private.refuse('CG422', 'too_long', 'A reason has at most 500 characters.');
    end if;
    select g.e, g.i, g.points, g.comment, k.max_points, k.title, k.id is null or e.id is null as unknown, e.member_id = auth.uid() as own,
        k.source <> 'own' and nullif(btrim(p_reason), '') is null and (
            g.excused is distinct from coalesce(c.excused, false) or g.points is distinct from c.points
        ) as silent
    into v_wrong
    from jsonb_to_recordset(p_cells) as g (e uuid, i uuid, points numeric, excused boolean, comment text)
    left join private.gradebook_columns(p_course) k on k.id = g.i
    left join public.enrollments e on e.id = g.e and e.course_id = p_course
    left join public.gradebook_cells c on c.enrollment_id = g.e and c.item_id = g.i
    where k.id is null or e.id is null or e.member_id = auth.uid() or g.excused is null
        or g.points = 'NaN' or g.points < 0 or g.points > k.max_points or length(g.comment) > 2000
        or (k.source <> 'own' and nullif(btrim(p_reason), '') is null and (
            g.excused is distinct from coalesce(c.excused, false) or g.points is distinct from c.points
        ))
    limit 1;
    if not found then
        return;
    elsif v_wrong.unknown then
        perform private.refuse('CG422', 'no_such_cell', 'There is no such learner or no such column in this gradebook.');
    elsif v_wrong.own then
        perform private.refuse('CG403', 'own_work', 'You cannot grade your own work. Ask another instructor.');
    elsif v_wrong.points = 'NaN' or v_wrong.points not between 0 and v_wrong.max_points then
        perform private.refuse('CG422', 'points_out_of_range', '“' || v_wrong.title || '” takes from 0 to ' || trim_scale(v_wrong.max_points) || ' points.');
    elsif length(v_wrong.comment) > 2000 then
        perform private.refuse('CG422', 'too_long', 'A comment has at most 2000 characters.');
    elsif v_wrong.silent then
        perform private.refuse('CG422', 'reason_needed', '“' || v_wrong.title || '” has its score from the work itself. Say why you put something else.');
    end if;
    perform private.refuse('CG422', 'no_cells', 'Each cell says whether it is excused.');
end
$$;
comment on function private.check_grades(uuid, jsonb, text) is 'Refuses cells that are not of the course, out of range, of the caller himself, or without a reason where one is needed.';

create function public.set_grades(p_course uuid, p_cells jsonb, p_reason text default null)
returns table (enrollment_id uuid, item_id uuid, outcome text)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_saved uuid[];
begin
    perform private.may_grade(p_course);
    -- Whoever writes a cell holds its learner first: what is compared below stays as it is.
    perform 1 from public.enrollments e
    where e.course_id = p_course and e.id in (select g.e from jsonb_to_recordset(p_cells) as g (e uuid)) order by e.id for no key update;
    perform private.check_grades(p_course, p_cells, p_reason);
    return query
    with given as materialized (
        select distinct on (g.e, g.i) g.e, g.i, round(g.points, 2) as points, g.excused, coalesce(g.revision, 0) as revision,
            case when g.comment is null then c.comment else nullif(btrim(g.comment), '') end as comment,
            case when k.source <> 'own' and g.points is not null then k.max_points end as out_of,
            c.revision as was, row(c.points, coalesce(c.excused, false), c.comment) as before, k.source
        from jsonb_to_recordset(p_cells) as g (e uuid, i uuid, points numeric, excused boolean, comment text, revision integer)
        join private.gradebook_columns(p_course) k on k.id = g.i
        left join public.gradebook_cells c on c.enrollment_id = g.e and c.item_id = g.i
        order by g.e, g.i
    ), judged as materialized (
        select g.*, case
            when row(g.points, g.excused, g.comment) is not distinct from g.before then 'same'
            when g.revision <> coalesce(g.was, 0) then 'conflict'
            else 'saved' end as outcome
        from given g
    ), written as (
        insert into public.gradebook_cells as c
            (enrollment_id, item_id, course_id, points, out_of, excused, comment, reason, changed_by, changed_at, revision)
        select j.e, j.i, p_course, j.points, j.out_of, j.excused, j.comment, nullif(btrim(p_reason), ''), auth.uid(), now(), 1
        from judged j where j.outcome = 'saved' order by j.e, j.i
        on conflict on constraint gradebook_cells_pkey do update set points = excluded.points, out_of = excluded.out_of, excused = excluded.excused,
            comment = excluded.comment, reason = excluded.reason, changed_by = excluded.changed_by, changed_at = excluded.changed_at,
            revision = c.revision + 1
        returning c.enrollment_id
    )
    select j.e, j.i, j.outcome from judged j where (select count(*) from written) >= 0;
    v_saved := array(select distinct g.e from jsonb_to_recordset(p_cells) as g (e uuid) order by 1);
    perform private.write_final_grades(p_course, v_saved);
end
$$;
comment on function public.set_grades(uuid, jsonb, text) is
    'Writes cells [{e: enrollment, i: item, points, excused, comment, revision}] of a course that the caller teaches, all or none. '
    'Each comes back as saved, same, or conflict: somebody changed it since that revision, and it stays as he left it.';

create function public.apply_gradebook_import(p_import uuid, p_reason text) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_import public.gradebook_imports;
    v_changed integer;
    v_conflicts integer;
begin
    select * into v_import from public.gradebook_imports
    where id = p_import and created_by = auth.uid() for no key update;
    if v_import.id is null then
        perform private.refuse('CG404', 'no_such_import', 'There is no such file of yours, or a day has passed. Choose it again.');
    elsif v_import.applied_at is not null then
        perform private.refuse('CG409', 'import_done', 'These grades are in the gradebook already.');
    elsif coalesce(length(btrim(p_reason)), 0) not between 1 and 500 then
        perform private.refuse('CG422', 'reason_needed', 'Say where these grades come from, in at most 500 characters.');
    end if;
    select count(*) filter (where s.outcome = 'saved'), count(*) filter (where s.outcome = 'conflict') into v_changed, v_conflicts
    from public.set_grades(v_import.course_id, v_import.cells, p_reason) s;
    if v_conflicts > 0 then
        perform private.refuse('CG409', 'changed_meanwhile', v_conflicts || ' of these grades ' || case when v_conflicts = 1 then 'was' else 'were' end
            || ' changed by somebody since the file was looked at. Nothing was written. Look at the file again.');
    end if;
    update public.gradebook_imports set applied_at = now(), reason = btrim(p_reason), cells = '[]' where id = p_import;
    return v_changed;
end
$$;
comment on function public.apply_gradebook_import(uuid, text) is 'Writes what a file of grades would change, all or nothing; answers how many cells.';

-- History --------------------------------------------------------------------------------------------------------

create function public.gradebook_cell_history(p_enrollment uuid, p_item uuid)
returns table (at timestamptz, who text, what text, before jsonb, after jsonb, reason text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_item public.gradebook_items;
begin
    select i.* into v_item from public.gradebook_items i
    join public.enrollments e on e.id = p_enrollment and e.course_id = i.course_id where i.id = p_item;
    perform private.may_grade(v_item.course_id);
    return query
    select l.at, nullif(btrim(p.first_name || ' ' || p.last_name), ''), l.table_name, l.before - v.hidden, l.after - v.hidden,
        coalesce(d.after ->> 'reason', case when l.table_name = 'quiz_grade_changes' then d.after ->> 'reason' end)
    from public.audit_logs l
    cross join (values (array['comment', 'reason', 'ip_address', 'user_agent', 'instructor_feedback', 'submission_text', 'submission_html',
        'submission_url', 'file_attachments', 'instructor_feedback_html', 'rubric_scores'])) as v (hidden)
    left join public.audit_personal_values d on d.audit_id = l.id
    left join public.profiles p on p.id = l.actor
    where (l.table_name = 'gradebook_cells' and l.record_id = p_enrollment || ' ' || p_item)
       or (l.table_name = 'quiz_attempts' and l.operation = 'UPDATE' and l.changed && '{score}' and l.record_id = any (array(
           select t.id::text from public.quiz_attempts t where t.quiz_id = v_item.quiz_id and t.enrollment_id = p_enrollment
       )))
       or (l.table_name = 'assignment_submissions' and l.operation = 'UPDATE' and l.changed && '{final_score}' and l.record_id = any (array(
           select s.id::text from public.assignment_submissions s
           where s.assignment_id = v_item.assignment_id and s.enrollment_id = p_enrollment
       )))
    order by l.id desc limit 100;
end
$$;
comment on function public.gradebook_cell_history(uuid, uuid) is
    'Who changed a cell of a course that the caller teaches, when, from what to what and why, newest first, from the audit log.';

-- The learner's own ------------------------------------------------------------------------------------------------

create function public.my_grades(p_course uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'enrollment_id', e.id,
        'final_grade', (select f.final_grade from private.final_grades(p_course, array[e.id]) f),
        'missing_work', coalesce((select g.missing_work from public.gradebooks g where g.course_id = p_course), 'nothing'),
        'categories', coalesce((
            select jsonb_agg(jsonb_build_object('id', k.id, 'name', k.name, 'weight', k.weight, 'drop_lowest', k.drop_lowest,
                'weighting', k.weighting, 'grade', round(g.grade, 2)) order by k.position, k.name)
            from public.gradebook_categories k
            left join private.category_grades(p_course, array[e.id]) g on g.category_id = k.id
            where k.course_id = p_course and exists (
                select 1 from private.gradebook_columns(p_course) i where i.category_id = k.id and not i.is_hidden and not i.is_draft
            )
        ), '[]'),
        'items', coalesce((
            select jsonb_agg(jsonb_build_object('id', i.id, 'category_id', i.category_id, 'title', i.title, 'source', i.source,
                'quiz_id', i.quiz_id, 'assignment_id', i.assignment_id, 'max_points', i.max_points, 'due_at', i.due_at, 'weight', i.weight,
                'percent', round(l.percent, 2), 'points', round(l.percent * i.max_points / 100, 2), 'state', l.state, 'share', l.item_weight,
                'overridden', i.source <> 'own' and c.points is not null, 'waiting', coalesce(c.waiting, false), 'comment', c.comment
            ) order by i.place)
            from private.grade_lines(p_course, array[e.id]) l
            join private.gradebook_columns(p_course) i on i.id = l.item_id
            left join public.gradebook_cells c on c.enrollment_id = e.id and c.item_id = i.id
            where not i.is_hidden
        ), '[]')
    )
    from private.current_enrollment(auth.uid(), p_course) e where e.id is not null
$$;
comment on function public.my_grades(uuid) is 'The caller''s own grades in a course: items that are not hidden, categories, and the final grade; null for who does not take it.';

grant execute on function public.gradebook_columns(uuid), public.gradebook_people(uuid, text, uuid, boolean, uuid),
    public.gradebook_cells_of(uuid, uuid[]), public.gradebook_finals(uuid, uuid[]), public.gradebook_averages(uuid),
    public.set_grades(uuid, jsonb, text), public.apply_gradebook_import(uuid, text), public.gradebook_cell_history(uuid, uuid),
    public.my_grades(uuid) to authenticated;

-- Marking and handing in hold what they touch in one order, so that nobody waits in a circle; nobody marks the work of his own
-- group; points that change before anything is graded hold for what was handed in; and what one of a group is granted counts for
-- the group in the gradebook too, at once.
-- Rollback: drop the functions and triggers that are new here; restore the others of the earlier migrations.

create function private.is_my_work(p_submission uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select exists (
        select 1 from public.assignment_submissions s
        where s.id in (select private.shared_submission_ids(p_submission)) and s.member_id = auth.uid()
    )
$$;
comment on function private.is_my_work(uuid) is 'Whether work is the caller''s, or that of a group whose grade is his too.';

create or replace function public.grade_submission(
    p_submission uuid, p_points numeric default null, p_rubric_scores jsonb default null, p_feedback_html text default null,
    p_status text default 'graded'
) returns public.assignment_submissions
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_submission public.assignment_submissions;
    v_assignment public.assignments;
    v_points numeric;
begin
    select * into v_submission from public.assignment_submissions where id = p_submission;
    if v_submission.id is null or not (v_submission.course_id in (select private.my_taught_course_ids()) or private.is_admin()) then
        perform private.refuse('CG404', 'no_such_submission', 'There is no such work in a course that you teach.');
    elsif private.is_my_work(p_submission) then
        perform private.refuse('CG403', 'own_work', 'You cannot grade your own work. Ask another instructor.');
    elsif coalesce(p_status, '') not in ('graded', 'returned', 'resubmission_requested') then
        perform private.refuse('CG422', 'no_such_status', 'Grade work, return it, or ask for it again.');
    elsif length(p_feedback_html) > 50000 then
        perform private.refuse('CG422', 'too_long', 'A feedback has at most 50000 characters.');
    end if;
    v_assignment := private.hold_work(p_submission);
    select * into v_submission from public.assignment_submissions where id = p_submission for no key update;
    if p_status <> 'resubmission_requested' or p_points is not null or p_rubric_scores is not null then
        v_points := private.review_points(v_assignment, v_submission.max_points, p_points, p_rubric_scores);
    end if;
    if v_submission.points_earned is not null and v_points is distinct from v_submission.points_earned
        and btrim(coalesce(current_setting('collegium.grade_reason', true), '')) = ''
    then
        perform private.refuse('CG422', 'reason_needed', 'This work has a grade. Say why you change it.');
    end if;
    update public.assignment_submissions set
        status = p_status, points_earned = v_points, rubric_scores = p_rubric_scores,
        graded_at = case when v_points is not null then now() end, graded_by = auth.uid(),
        instructor_feedback_html = coalesce(p_feedback_html, instructor_feedback_html)
    where id = p_submission returning * into v_submission;
    if v_points is not null then
        insert into public.assignment_reviews as r
            (submission_id, course_id, reviewer_id, review_type, status, completed_at, rubric_scores, points, feedback_html)
        values (p_submission, v_submission.course_id, auth.uid(), 'instructor', 'completed', now(), p_rubric_scores, v_points, p_feedback_html)
        on conflict (submission_id, reviewer_id) do update
            set status = 'completed', review_type = 'instructor', completed_at = now(), rubric_scores = excluded.rubric_scores,
                points = excluded.points, feedback_html = coalesce(excluded.feedback_html, r.feedback_html);
    end if;
    return v_submission;
end
$$;

create or replace function private.keep_annotation() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_submission public.assignment_submissions;
begin
    if tg_op = 'INSERT' then
        -- Where there is no such work, the policy or the foreign key refuses; whoever may not see the work learns nothing of it here.
        select s.course_id into new.course_id from public.assignment_submissions s where s.id = new.submission_id;
        if auth.uid() is not null and not (new.course_id in (select private.my_taught_course_ids()) or private.is_admin()) then
            return new;
        end if;
        -- The first comment moves the state of the work, and so the figures of its assignment and the cells of its learners.
        perform private.hold_work(s.id) from public.assignment_submissions s where s.id = new.submission_id and s.status = 'submitted';
    end if;
    -- A row's lock, so that nothing is said of the work while it is given back.
    select * into v_submission from public.assignment_submissions
    where id = coalesce(new.submission_id, old.submission_id) for no key update;
    if tg_op = 'INSERT' then
        if private.is_my_work(new.submission_id) then
            perform private.refuse('CG403', 'own_work', 'You cannot mark your own work. Ask another instructor.');
        elsif new.file_number > jsonb_array_length(v_submission.file_attachments) then
            perform private.refuse('CG422', 'no_such_file', 'The work has no such file.');
        elsif (select count(*) from public.submission_annotations a where a.submission_id = new.submission_id) >= 500 then
            perform private.refuse('CG409', 'too_many_comments', 'There are 500 comments on this work already. Say the rest in the feedback.');
        end if;
        return new;
    elsif v_submission.status in ('returned', 'resubmission_requested') then
        perform private.refuse('CG409', 'given_back',
            'The learner has this comment already, so it stays as it is. You can add another one.');
    end if;
    if tg_op = 'DELETE' then
        return old;
    end if;
    return new;
end
$$;

create or replace function public.confirm_peer_grade(p_submission uuid) returns numeric
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_submission public.assignment_submissions;
    v_assignment public.assignments;
    v_state public.peer_review_states;
    v_share numeric;
    v_own public.assignment_reviews;
    v_peers record;
    v_scores jsonb;
    v_points numeric;
begin
    select * into v_submission from public.assignment_submissions where id = p_submission;
    select * into v_state from public.peer_review_states where submission_id = p_submission;
    if v_state.submission_id is null or not (v_state.course_id in (select private.my_taught_course_ids()) or private.is_admin()) then
        perform private.refuse('CG404', 'no_such_submission', 'There is no such work in a course that you teach.');
    elsif private.is_my_work(p_submission) then
        perform private.refuse('CG403', 'own_work', 'You cannot grade your own work. Ask another instructor.');
    end if;
    -- Before any row.
    perform private.hold_requirements(v_submission.course_id, false);
    perform private.hold_peer_reviews(v_submission.assignment_id);
    v_assignment := private.hold_work(p_submission);
    select * into v_submission from public.assignment_submissions where id = p_submission for no key update;
    select * into v_state from public.peer_review_states where submission_id = p_submission for no key update;
    select grade_share into v_share from public.peer_review_settings where assignment_id = v_assignment.id;
    select * into v_peers from private.peer_mean(p_submission);
    select * into v_own from public.assignment_reviews r
    where r.submission_id = p_submission and r.review_type = 'instructor' and r.status = 'completed' and r.points is not null
    order by r.completed_at desc limit 1;
    if v_share = 0 then
        perform private.refuse('CG409', 'only_informs', 'Here the reviews only inform. Say in the settings what share of the grade they are.');
    elsif v_state.state = 'waiting' then
        perform private.refuse('CG409', 'reviews_under_way', 'Reviews of this work are still under way.');
    elsif v_peers.points is null then
        perform private.refuse('CG409', 'no_reviews', 'No review of this work has come. Grade it yourself.');
    elsif v_share < 100 and v_own.id is null then
        perform private.refuse('CG409', 'grade_first', 'The rest of the grade is yours: grade the work first, then confirm.');
    end if;
    if v_assignment.rubric is not null then
        select jsonb_object_agg(k ->> 'criterion', least((k ->> 'points')::numeric, private.mix_points(
            (v_own.rubric_scores ->> (k ->> 'criterion'))::numeric, (v_peers.rubric_scores ->> (k ->> 'criterion'))::numeric, v_share)))
        into v_scores from jsonb_array_elements(v_assignment.rubric) k;
    end if;
    v_points := private.review_points(v_assignment, v_submission.max_points,
        case when v_scores is null then private.mix_points(v_own.points, v_peers.points, v_share) end, v_scores);
    perform set_config('collegium.grade_reason', trim_scale(v_share) || ' % of it is the mean of ' || v_peers.reviews
        || case when v_peers.reviews = 1 then ' peer review, ' else ' peer reviews, ' end || v_peers.points || ' points.', true);
    update public.assignment_submissions set
        status = case when status = 'returned' then 'returned' else 'graded' end, points_earned = v_points, rubric_scores = v_scores,
        graded_at = now(), graded_by = auth.uid()
    where id = p_submission;
    perform set_config('collegium.grade_reason', '', true);
    update public.peer_review_states set
        peer_points = v_peers.points, own_points = v_own.points, grade_share = v_share, confirmed_at = now(), confirmed_by = auth.uid()
    where submission_id = p_submission;
    return v_points;
end
$$;

create or replace function public.submit_assignment(
    p_assignment uuid, p_text text default null, p_html text default null, p_url text default null, p_files jsonb default '[]',
    p_number integer default null
) returns public.assignment_submissions
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_assignment public.assignments;
    v_enrollment public.enrollments;
    v_now timestamptz;
    v_standing record;
    v_people uuid[];
    v_made public.assignment_submissions;
begin
    select * into v_assignment from public.assignments where id = p_assignment;
    v_enrollment := private.enrollment_to_hand_in(v_assignment);
    perform private.check_submission(v_assignment, p_text, p_html, p_url, p_files);
    -- One at a time: of two tabs, or two of a group, the second counts what the first handed in. All of a group are held in the
    -- order in which those who mark hold them, and then what its settings are: they stay so until this is in.
    select * into v_standing from private.assignment_standing(v_assignment, v_enrollment.id, clock_timestamp());
    v_people := array_append(v_standing.people, v_enrollment.id);
    perform 1 from public.enrollments e where e.id = any (v_people) order by e.id for no key update;
    perform 1 from public.assignment_groups g where g.id = v_standing.group_id for no key update;
    select * into v_assignment from public.assignments where id = p_assignment for no key update;
    perform private.check_submission(v_assignment, p_text, p_html, p_url, p_files);
    v_now := clock_timestamp();
    select * into v_standing from private.assignment_standing(v_assignment, v_enrollment.id, v_now);
    if v_standing.state = 'not_published' then
        perform private.refuse('CG403', 'not_enrolled', 'There is no such assignment in a course that you are enrolled in.');
    elsif not v_standing.people <@ v_people then
        perform private.refuse('CG409', 'group_changed', 'Your group was changed in this moment. Reload the page and hand in again.');
    end if;
    perform private.refuse_to_take(v_standing.state);
    if p_number is not null and p_number <> v_standing.taken + 1 then
        perform private.refuse('CG409', 'handed_in_meanwhile',
            'This was handed in already, in another tab or by somebody of your group. Reload the page to see it.');
    end if;
    insert into public.assignment_submissions (assignment_id, enrollment_id, course_id, member_id, submission_number, submitted_at, due_date,
        submission_text, submission_html, submission_url, file_attachments, max_points, late_penalty_applied,
        group_id, submitted_by, penalty_due, penalty_days, penalty_per_day, penalty_from)
    select p_assignment, e.id, e.course_id, e.member_id, v_standing.taken + 1, v_now,
        -- What is asked for again has no deadline of its own.
        case when not v_standing.requested then v_standing.due_at end,
        p_text, p_html, p_url, p_files, v_assignment.total_points, v_standing.penalty,
        v_standing.group_id, auth.uid(), v_standing.penalty_due, v_standing.penalty_days, v_standing.penalty_per_day, v_standing.penalty_from
    from public.enrollments e
    where e.id = any (v_standing.people) and e.status in ('enrolled', 'in_progress', 'completed')
    order by e.id;
    delete from public.assignment_drafts where assignment_id = p_assignment and enrollment_id = v_enrollment.id;
    select * into v_made from public.assignment_submissions s
    where s.assignment_id = p_assignment and s.enrollment_id = v_enrollment.id and s.submission_number = v_standing.taken + 1;
    return v_made;
end
$$;

-- Points and rubric ------------------------------------------------------------------------------------------

drop trigger keep_graded_assignment on public.assignments;
create or replace function private.keep_graded_assignment() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if old.graded_count = 0 then
        -- What reviewers gave, and what their samples say, was given by these.
        if exists (
            select 1 from public.peer_review_states s join public.assignment_reviews r on r.submission_id = s.submission_id
            where s.assignment_id = new.id and r.review_type = 'peer' and r.status = 'completed'
        ) or exists (select 1 from public.peer_samples m where m.assignment_id = new.id) then
            perform private.refuse('CG409', 'assignment_reviewed',
                'Reviewers go by this rubric and these points: reviews or samples are there. Remove the samples, or make a new assignment.');
        end if;
        return new;
    end if;
    perform private.refuse('CG409', 'assignment_graded', 'Work has been graded by this rubric and these points. Make a new assignment instead.');
    return null;
end
$$;
create trigger keep_graded_assignment before update on public.assignments
    for each row when ((old.rubric, old.total_points) is distinct from (new.rubric, new.total_points))
    execute function private.keep_graded_assignment();

create function private.share_total_points() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.assignment_submissions set max_points = new.total_points where assignment_id = new.id and max_points <> new.total_points;
    return null;
end
$$;
comment on function private.share_total_points() is
    'Trigger: what was handed in and is not graded yet is worth what the assignment is worth by now; else no rubric of it adds up.';
create trigger share_total_points after update of total_points on public.assignments
    for each row when (old.total_points <> new.total_points) execute function private.share_total_points();
-- What was handed in before points changed, where nothing is graded yet.
update public.assignment_submissions s set max_points = a.total_points
from public.assignments a where a.id = s.assignment_id and a.graded_count = 0 and s.max_points <> a.total_points;

-- Later deadlines in the gradebook ---------------------------------------------------------------------------

create function private.extended_until(p_course uuid) returns table (assignment_id uuid, enrollment_id uuid, until timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select x.assignment_id, coalesce(o.enrollment_id, x.enrollment_id), max(x.due_date)
    from public.assignment_extensions x
    join public.assignments a on a.id = x.assignment_id and a.due_date is not null
    left join public.assignment_group_members m on a.group_mode and m.assignment_id = x.assignment_id and m.enrollment_id = x.enrollment_id
    left join public.assignment_group_members o on o.group_id = m.group_id
    where x.course_id = p_course and x.due_date is not null
    group by x.assignment_id, coalesce(o.enrollment_id, x.enrollment_id)
$$;
comment on function private.extended_until(uuid) is
    'Who has a later deadline in an assignment of a course; what one of a group is granted holds for all of it, as when it is handed in.';

create or replace function private.grade_lines(p_course uuid, p_enrollments uuid[])
returns table (
    enrollment_id uuid, item_id uuid, category_id uuid, percent numeric, state text, item_weight numeric, category_weight numeric
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with columns as materialized (
        select c.*, c.weight * case when c.weighting = 'points' then c.max_points else 1 end as share from private.gradebook_columns(p_course) c
        where not c.is_draft
    ), extended as materialized (
        select x.assignment_id, x.enrollment_id, x.until from private.extended_until(p_course) x
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
        left join public.gradebook_cells c on c.enrollment_id = e.id and c.item_id = k.id
        left join public.gradebooks g on g.course_id = p_course
        left join extended x on x.assignment_id = k.assignment_id and x.enrollment_id = e.id
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

create or replace function public.gradebook_people(p_course uuid, p_words text, p_cohort uuid, p_missing boolean, p_item uuid)
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
          left join private.extended_until(p_course) x on x.assignment_id = i.assignment_id and x.enrollment_id = n.id
          left join public.quiz_accommodations y on y.quiz_id = i.quiz_id and y.enrollment_id = n.id
          where n.course_id = p_course and not i.is_draft and i.counts and coalesce(y.available_until, greatest(i.due_at, x.until), now()) <= now()
            and d.points is null and d.source_percent is null and not coalesce(d.excused, false) and not coalesce(d.waiting, false)
      ));
end
$$;

create function private.follow_extension() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_row jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
begin
    if exists (select 1 from public.gradebooks g where g.course_id = (v_row ->> 'course_id')::uuid and g.missing_work = 'zero_after_due') then
        insert into private.gradebook_stale (enrollment_id)
        select e.id from public.enrollments e
        where e.id = (v_row ->> 'enrollment_id')::uuid or e.id in (
            select o.enrollment_id from public.assignment_group_members m
            join public.assignment_group_members o on o.group_id = m.group_id
            where m.assignment_id = (v_row ->> 'assignment_id')::uuid and m.enrollment_id = (v_row ->> 'enrollment_id')::uuid
        )
        order by 1 on conflict do nothing;
    end if;
    return null;
end
$$;
comment on function private.follow_extension() is
    'Trigger: who has another deadline, and his group, has another final grade in a moment where missing work counts as 0.';
create trigger gradebook_follows_extensions after insert or delete or update of due_date on public.assignment_extensions
    for each row execute function private.follow_extension();
create trigger gradebook_follows_accommodations after insert or delete or update of available_until on public.quiz_accommodations
    for each row execute function private.follow_extension();

create or replace function private.write_final_grades(p_course uuid, p_enrollments uuid[]) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_changed integer;
begin
    update public.enrollments e set final_grade = f.final_grade
    from private.final_grades(p_course, p_enrollments) f
    where e.id = f.enrollment_id and e.final_grade is distinct from f.final_grade
      -- What was there before the gradebook stays until there is something to compute from; a nought without a cell is what was
      -- missing, and goes when it is missing no more.
      and (f.final_grade is not null or e.final_grade = 0 or exists (select 1 from public.gradebook_cells c where c.enrollment_id = e.id));
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;

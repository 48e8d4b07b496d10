-- While an assignment is marked without names, whose work it is stands behind the database too: rows of it are not read by those who
-- mark, functions give them the work under a label, and the gradebook takes its grade when it is returned. Administrators, who answer
-- for the site, read the rows.
-- Rollback: put grade_submission (20261122100000), follow_submission (20261121140050), gather_scores (20261121143010),
-- assignment_standings (20261121140080) and both policies (20261121102200, 20261121140000) back, and drop what is made here.

create index idx_assignments_nameless on public.assignments (course_id) where anonymous_marking;

-- Labels -----------------------------------------------------------------------------------------------------

create table private.label_salt (
    only_one boolean primary key default true check (only_one),
    salt uuid not null default gen_random_uuid()
);
comment on table private.label_salt is
    'What labels are made with: whoever knows every enrollment and how a label is made still cannot say whose it is.';
alter table private.label_salt enable row level security;
revoke all on private.label_salt from anon, authenticated, service_role;
insert into private.label_salt default values;

create function private.nameless_key(p_assignment uuid, p_of uuid) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select left(encode(sha256(convert_to(s.salt::text || p_assignment::text || p_of::text, 'UTF8')), 'hex'), 32)::uuid from private.label_salt s
$$;
comment on function private.nameless_key(uuid, uuid) is
    'What stands for an enrollment or a group in an assignment that is marked without names: the same each time, and of another assignment another.';

create function private.nameless_label(p_assignment uuid, p_enrollment uuid, p_group uuid) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select case when p_group is null then 'Learner ' else 'Group ' end
        || upper(left(private.nameless_key(p_assignment, coalesce(p_group, p_enrollment))::text, 5))
$$;
comment on function private.nameless_label(uuid, uuid, uuid) is 'The label of a learner, or of his group, in an assignment that is marked without names.';

-- Rows -------------------------------------------------------------------------------------------------------

create function private.my_nameless_assignment_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select a.id from public.assignments a
    where a.anonymous_marking and a.course_id in (select private.my_taught_course_ids())
$$;
comment on function private.my_nameless_assignment_ids() is 'Assignments of the courses that the person who asks teaches that are marked without names.';
grant execute on function private.my_nameless_assignment_ids() to authenticated;

alter policy "Members view own submissions" on public.assignment_submissions
    using (
        member_id = (select auth.uid())
        or (select private.is_admin())
        or (
            (course_id = any (array(select private.my_taught_course_ids())) or member_id = any (array(select private.my_managed_member_ids())))
            and (status = 'returned' or assignment_id <> all (array(select private.my_nameless_assignment_ids())))
        )
    );

-- A file's owner is whoever handed it in.
alter policy "People view uses of their files and in what is open to them" on public.media_file_uses
    using (
        owner_id = (select auth.uid())
        or (select private.is_admin())
        or (
            course_id = any (array(select private.my_taught_course_ids()))
            and (place <> 'submission' or exists (select 1 from public.assignment_submissions s where s.id = ref_id))
        )
        or (place = 'block' and exists (select 1 from public.content_blocks b where b.id = ref_id))
        or (place = 'course' and exists (select 1 from public.courses c where c.id = ref_id))
        or (place = 'question' and (
            ref_id = any (array(select private.my_asked_version_ids()))
            or exists (select 1 from public.question_versions v where v.id = ref_id)
        ))
        or (place = 'explanation' and (
            ref_id = any (array(select private.my_answered_version_ids()))
            or exists (select 1 from public.question_keys k where k.question_version_id = ref_id)
        ))
        or (place = 'assignment' and exists (select 1 from public.assignments a where a.id = ref_id))
    );

-- Work, as those see it who mark it --------------------------------------------------------------------------

create function private.marks_in(p_course uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select coalesce(p_course in (select private.my_taught_course_ids()), false) or private.is_admin() $$;
comment on function private.marks_in(uuid) is 'Whether the person who asks marks work in a course.';

create function private.is_newest_line(p_work public.assignment_submissions) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select not exists (
        select 1 from public.assignment_submissions l
        where l.enrollment_id = p_work.enrollment_id and l.assignment_id = p_work.assignment_id and l.submission_number > p_work.submission_number
    ) and (p_work.group_id is null or p_work.graded_apart or not exists (
        select 1 from public.assignment_submissions o
        where o.group_id = p_work.group_id and o.assignment_id = p_work.assignment_id and o.submission_number = p_work.submission_number
          and not o.graded_apart and o.id < p_work.id
    ))
$$;
comment on function private.is_newest_line(public.assignment_submissions) is
    'Whether work is the newest of its learner, and of a group the row that stands for it in lists.';

create function public.handed_in_work(
    p_course uuid, p_assignment uuid, p_state text, p_late boolean, p_words text, p_place text, p_key uuid, p_limit integer
)
returns table (
    key uuid, who text, members text[], place text, group_name text, submission_id uuid, submission_number integer, status text,
    submitted_at timestamptz, late_days integer, late_penalty_applied numeric, points_earned numeric, max_points numeric, final_score numeric,
    graded_at timestamptz, graded_by text, email text, hidden boolean
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select n.key, n.who, n.members, n.place, n.group_name, s.id, s.submission_number, s.status,
        s.submitted_at, coalesce(s.late_days, 0), coalesce(s.late_penalty_applied, 0), s.points_earned, s.max_points, s.final_score,
        s.graded_at, concat_ws(' ', m.first_name, m.last_name), case when n.hidden then '' else p.email::text end, n.hidden
    from public.enrollments e
    join public.assignments a on a.id = p_assignment and a.course_id = e.course_id
    join public.profiles p on p.id = e.member_id
    left join lateral (
        select t.* from public.assignment_submissions t
        where t.enrollment_id = e.id and t.course_id = e.course_id and t.assignment_id = p_assignment
        order by t.submission_number desc limit 1
    ) s on true
    left join public.assignment_groups g on g.id = s.group_id and not s.graded_apart
    left join public.profiles m on m.id = s.graded_by
    cross join lateral (
        -- Without names a label stands for each, also in the order and in the address of the next page.
        select h.hidden, case when h.hidden then private.nameless_key(a.id, coalesce(g.id, e.id)) else e.id end as key,
            case when h.hidden then '{}' else coalesce(o.names, array[concat_ws(' ', p.first_name, p.last_name)]) end as members,
            case when h.hidden then null else g.name end as group_name,
            case when h.hidden then h.label else coalesce(g.name, concat_ws(' ', p.first_name, p.last_name)) end as who,
            lower(case when h.hidden then h.label else coalesce(g.name, concat_ws(' ', p.last_name, p.first_name)) end) as place
        from (
            select a.anonymous_marking and s.status is distinct from 'returned' as hidden,
                case when a.anonymous_marking then private.nameless_label(a.id, e.id, g.id) end as label
        ) h cross join (
            select array_agg(concat_ws(' ', q.first_name, q.last_name) order by q.last_name, q.first_name) as names
            from public.assignment_submissions o join public.profiles q on q.id = o.member_id
            where g.id is not null and o.group_id = s.group_id and o.assignment_id = s.assignment_id
              and o.submission_number = s.submission_number and not o.graded_apart
        ) o
    ) n
    where e.course_id = p_course and private.marks_in(p_course)
      and (s.id is not null or e.status in ('enrolled', 'in_progress', 'completed'))
      and (g.id is null or not exists (
          select 1 from public.assignment_submissions o
          where o.group_id = s.group_id and o.assignment_id = s.assignment_id and o.submission_number = s.submission_number
            and not o.graded_apart and o.id < s.id
      ))
      and case p_state
          when 'waiting' then s.status in ('submitted', 'grading') when 'graded' then s.status in ('graded', 'returned')
          when 'again' then s.status = 'resubmission_requested' when 'nothing' then s.id is null else true
      end
      and (not p_late or coalesce(s.is_late, false))
      and (p_words = '' or n.who ilike p_words or array_to_string(n.members, ' ') ilike p_words or (not n.hidden and p.email::text ilike p_words))
      and (p_place is null or (n.place, n.key) > (p_place, p_key))
    order by n.place, n.key
    limit p_limit
$$;
comment on function public.handed_in_work(uuid, uuid, text, boolean, text, text, uuid, integer) is
    'The newest work of each learner of an assignment, a group as one line, for those who mark it; without names a label and a key stand for who it is.';

create function public.handed_in_counts(p_course uuid, p_assignment uuid)
returns table (waiting bigint, graded bigint, again bigint, nothing bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select
        count(*) filter (where s.status in ('submitted', 'grading')), count(*) filter (where s.status in ('graded', 'returned')),
        count(*) filter (where s.status = 'resubmission_requested'), count(*) filter (where s.id is null)
    from public.enrollments e
    left join lateral (
        select t.* from public.assignment_submissions t
        where t.enrollment_id = e.id and t.course_id = e.course_id and t.assignment_id = p_assignment
        order by t.submission_number desc limit 1
    ) s on true
    where e.course_id = p_course and private.marks_in(p_course)
      and (s.id is not null or e.status in ('enrolled', 'in_progress', 'completed'))
      and (s.group_id is null or s.graded_apart or not exists (
          select 1 from public.assignment_submissions o
          where o.group_id = s.group_id and o.assignment_id = s.assignment_id and o.submission_number = s.submission_number
            and not o.graded_apart and o.id < s.id
      ))
$$;
comment on function public.handed_in_counts(uuid, uuid) is 'How many lines the list of an assignment has in each state, for those who mark it.';

create function public.work_that_waits()
returns table (id uuid, title text, course_id uuid, course_title text, waiting bigint, oldest timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select a.id, a.title, a.course_id, c.title, count(*), min(s.submitted_at)
    from public.assignment_submissions s
    join public.assignments a on a.id = s.assignment_id
    join public.courses c on c.id = a.course_id
    where s.status in ('submitted', 'grading') and private.is_newest_line(s)
      and (s.course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    group by a.id, c.title
    order by min(s.submitted_at), a.id
    limit 200
$$;
comment on function public.work_that_waits() is 'Assignments of the courses that one teaches in which work waits for a grade, the longest wait first.';

create function public.neighbouring_work(p_assignment uuid, p_at timestamptz, p_id uuid, p_step integer) returns uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_found uuid;
begin
    if not exists (select 1 from public.assignments a where a.id = p_assignment and private.marks_in(a.course_id)) then
        return null;
    elsif p_step < 0 then
        select s.id into v_found from public.assignment_submissions s
        where s.assignment_id = p_assignment and s.status in ('submitted', 'grading') and (s.submitted_at, s.id) < (p_at, p_id)
          and private.is_newest_line(s)
        order by s.submitted_at desc, s.id desc limit 1;
    else
        select s.id into v_found from public.assignment_submissions s
        where s.assignment_id = p_assignment and s.status in ('submitted', 'grading')
          and (p_at is null or (s.submitted_at, s.id) > (p_at, p_id)) and private.is_newest_line(s)
        order by s.submitted_at, s.id limit 1;
    end if;
    return v_found;
end
$$;
comment on function public.neighbouring_work(uuid, timestamptz, uuid, integer) is
    'The work of an assignment that waits for a grade next after a moment (a step above 0; without a moment the first), or before it; null where there is none.';

create function public.work_to_mark(p_submission uuid)
returns table (
    id uuid, assignment_id uuid, course_id uuid, submission_number integer, submitted_at timestamptz, due_date timestamptz, late_days integer,
    submission_text text, submission_html text, submission_url text, file_attachments jsonb, status text, max_points numeric, points_earned numeric,
    score numeric, late_penalty_applied numeric, final_score numeric, graded_at timestamptz, instructor_feedback_html text, rubric_scores jsonb,
    rubric_comments jsonb, in_group boolean, graded_apart boolean, penalty_days integer, penalty_per_day numeric, penalty_from integer, title text,
    rubric jsonb, passing_percentage numeric, course_title text, mine boolean, graded_by text, hidden boolean, label text
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select s.id, s.assignment_id, s.course_id, s.submission_number, s.submitted_at, s.due_date, s.late_days,
        s.submission_text, s.submission_html, s.submission_url,
        case when h.shown then s.file_attachments else (
            -- The names of files may tell whose they are, and their keys do.
            select coalesce(jsonb_agg(jsonb_build_object(
                'file_type', lower(substring(f.file ->> 'file_name' from '\.([A-Za-z0-9]+)$')), 'file_size', f.file -> 'file_size'
            ) order by f.n), '[]')
            from jsonb_array_elements(s.file_attachments) with ordinality as f (file, n)
        ) end,
        s.status, s.max_points, s.points_earned,
        s.score, s.late_penalty_applied, s.final_score, s.graded_at, s.instructor_feedback_html, s.rubric_scores,
        s.rubric_comments, s.group_id is not null, s.graded_apart, s.penalty_days, s.penalty_per_day, s.penalty_from, a.title,
        a.rubric, a.passing_percentage, c.title, s.member_id = auth.uid(),
        coalesce(case when s.member_id <> auth.uid() then nullif(concat_ws(' ', p.first_name, p.last_name), '') end, i.display_name),
        a.anonymous_marking and s.status <> 'returned',
        private.nameless_label(a.id, s.enrollment_id, case when not s.graded_apart then s.group_id end)
    from public.assignment_submissions s
    join public.assignments a on a.id = s.assignment_id
    join public.courses c on c.id = s.course_id
    left join public.profiles p on p.id = s.graded_by
    left join public.instructor_profiles i on i.profile_id = s.graded_by
    cross join lateral (select not a.anonymous_marking or s.status = 'returned' or s.member_id = auth.uid() as shown) h
    where s.id = p_submission and (
        s.member_id = auth.uid() or private.marks_in(s.course_id) or (h.shown and s.member_id in (select private.my_managed_member_ids()))
    )
$$;
comment on function public.work_to_mark(uuid) is
    'Work that one handed in, or that one marks, with its assignment; where it is marked without names, without what tells whose it is.';

create function public.earlier_work(p_submission uuid)
returns table (
    id uuid, submission_number integer, submitted_at timestamptz, status text, points_earned numeric, max_points numeric, final_score numeric
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    -- No way from a piece without a name to one that has it, nor back.
    select o.id, o.submission_number, o.submitted_at, o.status, o.points_earned, o.max_points, o.final_score
    from public.assignment_submissions s
    join public.assignments a on a.id = s.assignment_id
    join public.assignment_submissions o on o.enrollment_id = s.enrollment_id and o.assignment_id = s.assignment_id
    where s.id = p_submission and (
        s.member_id = auth.uid()
        or (private.marks_in(s.course_id) and (not a.anonymous_marking or (o.status = 'returned') = (s.status = 'returned')))
    )
    order by o.submission_number desc limit 100
$$;
comment on function public.earlier_work(uuid) is
    'What the same person handed in for the same assignment, the newest first; without names only what is as nameless as the work itself.';

create function public.names_wait(p_assignment uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select exists (
        select 1 from public.assignment_submissions s
        where s.assignment_id = p_assignment and s.status in ('submitted', 'grading') and private.marks_in(s.course_id)
    )
$$;
comment on function public.names_wait(uuid) is 'Whether work of an assignment that one marks waits for a grade, so that its names wait too.';

create function public.handed_in_group_ids(p_assignment uuid) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select distinct s.group_id from public.assignment_submissions s
    where s.assignment_id = p_assignment and s.group_id is not null and private.marks_in(s.course_id)
$$;
comment on function public.handed_in_group_ids(uuid) is 'Groups of an assignment that one marks that have handed in: they stay as they are.';

create function private.without_author(p_work public.assignment_submissions) returns public.assignment_submissions
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if p_work.status <> 'returned' and exists (select 1 from public.assignments a where a.id = p_work.assignment_id and a.anonymous_marking) then
        p_work.member_id := null;
        p_work.enrollment_id := null;
        p_work.submitted_by := null;
        p_work.group_id := null;
        p_work.file_attachments := '[]';
    end if;
    return p_work;
end
$$;
comment on function private.without_author(public.assignment_submissions) is 'Work as it is answered to who marks it: without whose it is while that is hidden.';

grant execute on function public.handed_in_work(uuid, uuid, text, boolean, text, text, uuid, integer), public.handed_in_counts(uuid, uuid),
    public.work_that_waits(), public.neighbouring_work(uuid, timestamptz, uuid, integer), public.work_to_mark(uuid), public.earlier_work(uuid),
    public.names_wait(uuid), public.handed_in_group_ids(uuid) to authenticated;

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
    return private.without_author(v_submission);
end
$$;

-- When a grade counts ------------------------------------------------------------------------------------------

create or replace function private.follow_submission() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_assignment public.assignments;
begin
    if tg_op = 'INSERT' then
        update public.assignments set submissions_count = submissions_count + 1 where id = new.assignment_id;
        return null;
    end if;
    update public.assignments set
        graded_count = graded_count + (new.final_score is not null)::integer - (old.final_score is not null)::integer,
        score_sum = score_sum + coalesce(new.final_score, 0) - coalesce(old.final_score, 0)
    where id = new.assignment_id
    returning * into v_assignment;
    -- Without names a grade is a grade when its work is returned: what a lesson, the gradebook and credits make of it would name the learner.
    if new.status = any (case when v_assignment.anonymous_marking then array['returned'] else array['graded', 'returned'] end)
        and new.final_score >= v_assignment.passing_percentage and exists (
        select 1 from public.enrollments e
        where e.id = new.enrollment_id and private.completes_by(e.course_version_id, v_assignment.lesson_id, 'assignment_passed')
    ) then
        perform private.complete_lesson(new.enrollment_id, v_assignment.lesson_id);
    end if;
    return null;
end
$$;

create or replace function public.assignment_standings(p_enrollment uuid)
returns table (
    assignment_id uuid, lesson_id uuid, title text, taken integer, waiting boolean, requested boolean, score numeric, points_have numeric,
    points_needed numeric, points_total numeric
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select a.id, a.lesson_id, a.title, s.taken, s.waiting, s.requested, s.best, round(s.best * a.total_points / 100, 2),
        round(a.passing_percentage * a.total_points / 100, 2), a.total_points
    from public.enrollments e
    join public.assignments a on a.course_id = e.course_id and a.status = 'published'
    cross join lateral (
        select count(*)::integer as taken, coalesce(bool_or(t.status in ('submitted', 'grading') or (a.anonymous_marking and t.status = 'graded')), false) as waiting,
            coalesce((array_agg(t.status order by t.submission_number desc))[1] = 'resubmission_requested', false) as requested,
            max(t.final_score) filter (where t.status = 'returned' or (t.status = 'graded' and not a.anonymous_marking)) as best
        from public.assignment_submissions t
        where t.enrollment_id = e.id and t.assignment_id = a.id
          and (t.status = 'returned' or e.member_id = auth.uid() or not a.anonymous_marking)
    ) s
    where e.id = p_enrollment
      and (e.member_id = auth.uid() or e.course_id in (select private.my_taught_course_ids()) or private.is_admin())
    order by a.created_at, a.id
$$;

create or replace function private.gather_scores(p_course uuid, p_enrollments uuid[], p_items uuid[] default null) returns void
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
    -- Without names: a grade when its work is returned, and until then nothing but that there is work.
    select t.enrollment_id, i.id, i.course_id, t.score, t.score is null and t.waiting
    from public.gradebook_items i
    join public.assignments a on a.id = i.assignment_id
    join lateral (
        select s.enrollment_id, (array_agg(s.final_score order by s.submission_number desc) filter (
                where s.final_score is not null and (s.status = 'returned' or not a.anonymous_marking)
            ))[1] as score,
            bool_or(s.status in ('submitted', 'grading') or (a.anonymous_marking and s.status <> 'returned')) as waiting
        from public.assignment_submissions s
        where s.assignment_id = i.assignment_id and s.enrollment_id = any (p_enrollments)
        group by s.enrollment_id
    ) t on true
    where i.course_id = p_course and i.source = 'assignment' and (p_items is null or i.id = any (p_items))
    on conflict (enrollment_id, item_id) do update set source_percent = excluded.source_percent, waiting = excluded.waiting
        where (c.source_percent, c.waiting) is distinct from (excluded.source_percent, excluded.waiting)
$$;
comment on function private.gather_scores(uuid, uuid[], uuid[]) is
    'Brings scores of quizzes (by their policy) and assignments (the last that is graded, or returned where it is marked without names) into the cells of some learners.';

create function private.names_were_shown() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_work record;
begin
    perform private.mark_gradebook(new.course_id, true);
    if not new.anonymous_marking and new.lesson_id is not null then
        perform private.hold_requirements(new.course_id, false);
        for v_work in
            select distinct s.enrollment_id from public.assignment_submissions s
            join public.enrollments e on e.id = s.enrollment_id
            where s.assignment_id = new.id and s.status = 'graded' and s.final_score >= new.passing_percentage
              and private.completes_by(e.course_version_id, new.lesson_id, 'assignment_passed')
            order by s.enrollment_id
        loop
            perform private.complete_lesson(v_work.enrollment_id, new.lesson_id);
        end loop;
    end if;
    return null;
end
$$;
comment on function private.names_were_shown() is
    'Trigger: with names shown, grades that waited for them count: in the lesson at once, in the gradebook in a moment. With names hidden, they wait.';
create trigger names_were_shown after update of anonymous_marking on public.assignments
    for each row when (old.anonymous_marking <> new.anonymous_marking) execute function private.names_were_shown();

-- What is in gradebooks already.
select private.mark_gradebook(a.course_id, true) from public.assignments a where a.anonymous_marking group by a.course_id;

-- Marking: comments on what was handed in, a comment for each criterion, each change of a grade with its reason, and a grade that is
-- never written over one that somebody gave meanwhile.
-- Rollback: drop the tables, functions, triggers and the column below, and put public.grade_submission back from
-- 20261121102250_submissions.sql.

alter table public.assignment_submissions add column rubric_comments jsonb;
alter table public.assignment_submissions add constraint assignment_submissions_rubric_comments
    check (jsonb_typeof(rubric_comments) = 'object' and length(rubric_comments::text) <= 60000) not valid;
alter table public.assignment_submissions validate constraint assignment_submissions_rubric_comments;
comment on column public.assignment_submissions.rubric_comments is 'What was said of a criterion: {criterion: text}; criteria without a word are not in it.';
update private.audit_tables set personal_columns = personal_columns || '{rubric_comments}' where table_name = 'assignment_submissions';
-- The next that waits, and the list of an assignment.
create index idx_assignment_submissions_waiting on public.assignment_submissions (assignment_id, submitted_at, id)
    where status in ('submitted', 'grading');

-- Comments on the work -------------------------------------------------------------------------------------

create function private.are_rects(p_rects jsonb) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select case when jsonb_typeof(p_rects) = 'array' then (
        select count(*) <= 60 and coalesce(bool_and(
            case when jsonb_typeof(r) = 'array' then jsonb_array_length(r) = 4 and (
                select bool_and(case when jsonb_typeof(n) = 'number' then (n #>> '{}')::numeric between 0 and 1 else false end)
                from jsonb_array_elements(r) n
            ) else false end
        ), true)
        from jsonb_array_elements(p_rects) r
    ) else false end
$$;
comment on function private.are_rects(jsonb) is
    'Whether something is at most 60 rectangles [left, top, width, height] in shares of a page, 0 to 1; one without width and height is a point.';
grant execute on function private.are_rects(jsonb) to authenticated, service_role;

create function private.my_marked_submission_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select s.id from public.assignment_submissions s
    where s.member_id = auth.uid() and s.status in ('graded', 'returned', 'resubmission_requested')
    union
    -- The work of a group stands once for each member; what is said of it is said on one of them.
    select o.id from public.assignment_submissions s
    join public.assignment_submissions o on o.group_id = s.group_id and o.assignment_id = s.assignment_id
        and o.submission_number = s.submission_number and not o.graded_apart
    where s.member_id = auth.uid() and s.status in ('graded', 'returned', 'resubmission_requested')
$$;
comment on function private.my_marked_submission_ids() is 'Work of the person who asks that was graded, returned or asked for again: he reads what was said of it.';
grant execute on function private.my_marked_submission_ids() to authenticated;

create function private.shared_submission_ids(p_submission uuid) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select p_submission
    union
    select o.id from public.assignment_submissions s
    join public.assignment_submissions o on o.group_id = s.group_id and o.assignment_id = s.assignment_id
        and o.submission_number = s.submission_number and not o.graded_apart
    where s.id = p_submission
$$;
comment on function private.shared_submission_ids(uuid) is
    'Work, and the rows of the same work for the others of its group; ids alone, so that what is said of it is found whoever opens it.';
grant execute on function private.shared_submission_ids(uuid) to authenticated;

create table public.submission_annotations (
    id uuid primary key default private.uuid_v7(),
    submission_id uuid not null,
    course_id uuid not null,
    author_id uuid default auth.uid() references public.profiles (id) on delete set null,
    kind text not null default 'comment' check (kind in ('comment', 'highlight')),
    file_number integer check (file_number between 1 and 20),
    page integer check (page between 1 and 5000),
    rects jsonb check (rects is null or (private.are_rects(rects) and length(rects::text) <= 8000)),
    text_start integer check (text_start >= 0),
    text_end integer check (text_end <= 400000),
    quote text not null default '' check (length(quote) <= 2000),
    body text not null default '' check (length(body) <= 5000),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint annotations_stand_on_a_page_or_in_the_text check (
        (num_nonnulls(file_number, page, rects) = 3 and num_nonnulls(text_start, text_end) = 0)
        or (num_nonnulls(file_number, page, rects) = 0 and num_nonnulls(text_start, text_end) = 2 and text_start < text_end)
    ),
    constraint comments_say_something check (kind = 'highlight' or btrim(body) <> ''),
    constraint submission_annotations_submission foreign key (submission_id, course_id)
        references public.assignment_submissions (id, course_id) on delete restrict
);
comment on table public.submission_annotations is
    'What those who mark say on the work itself: on a page of a file, or in the text. Its author reads it once the work is graded, returned or asked for again.';
comment on column public.submission_annotations.kind is 'highlight: a passage is marked, and nothing need be said of it.';
comment on column public.submission_annotations.file_number is 'The file by its place in file_attachments, from 1.';
comment on column public.submission_annotations.rects is 'Where on the page, see private.are_rects(); none for the page as a whole.';
comment on column public.submission_annotations.text_start is 'First character in the text as it is shown, from 0, in UTF-16 units; the quote finds it again should the text be shown otherwise.';
comment on column public.submission_annotations.text_end is 'The character after the last.';
create index idx_submission_annotations_submission on public.submission_annotations (submission_id, course_id);
create index idx_submission_annotations_course on public.submission_annotations (course_id);
create index idx_submission_annotations_author on public.submission_annotations (author_id);
create trigger update_submission_annotations_updated_at before update on public.submission_annotations
    for each row execute function public.update_updated_at_column();

create function private.keep_annotation() returns trigger
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
        -- The first comment moves the state of the work, and so the figures of its assignment, which is held before its work.
        perform 1 from public.assignments a where a.id = (
            select s.assignment_id from public.assignment_submissions s where s.id = new.submission_id and s.status = 'submitted'
        ) for no key update;
    end if;
    -- A row's lock, so that nothing is said of the work while it is given back.
    select * into v_submission from public.assignment_submissions
    where id = coalesce(new.submission_id, old.submission_id) for no key update;
    if tg_op = 'INSERT' then
        if v_submission.member_id = auth.uid() then
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
comment on function private.keep_annotation() is
    'Trigger: gives a comment the course of its work; nobody comments on his own, and what was given back is not changed any more.';
create trigger keep_annotation before insert or update or delete on public.submission_annotations
    for each row execute function private.keep_annotation();

create function private.begin_marking() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.assignment_submissions set status = 'grading' where id = new.submission_id and status = 'submitted';
    return null;
end
$$;
comment on function private.begin_marking() is 'Trigger: with the first comment the work is being graded.';
create trigger begin_marking after insert on public.submission_annotations
    for each row execute function private.begin_marking();

alter table public.submission_annotations enable row level security;
revoke all on public.submission_annotations from anon, authenticated, service_role;
grant select on public.submission_annotations to authenticated, service_role;
grant delete, insert (id, submission_id, kind, file_number, page, rects, text_start, text_end, quote, body), update (kind, body)
    on public.submission_annotations to authenticated;

create policy "Teams and, once it is marked, learners read comments" on public.submission_annotations for select to authenticated
    using (
        submission_id = any (array(select private.my_marked_submission_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );
create policy "Teams comment on work" on public.submission_annotations for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Teams change own comments" on public.submission_annotations for update to authenticated
    using (
        author_id = (select auth.uid())
        and (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    );
create policy "Teams remove own comments" on public.submission_annotations for delete to authenticated
    using (
        author_id = (select auth.uid())
        and (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    );
select private.audit_table('submission_annotations', 'log_submission_annotation_changes',
    'submission_id > assignment_submissions.member_id', p_personal => '{quote,body}');

-- Each change of a grade -----------------------------------------------------------------------------------

create table public.submission_grade_changes (
    id uuid primary key default private.uuid_v7(),
    submission_id uuid not null,
    course_id uuid not null,
    status_before text not null check (length(status_before) <= 30),
    status_after text not null check (length(status_after) <= 30),
    points_before numeric(8, 2),
    points_after numeric(8, 2),
    reason text not null check (length(reason) between 1 and 1000),
    changed_by uuid references public.profiles (id) on delete set null,
    changed_at timestamptz not null default clock_timestamp(),
    constraint submission_grade_changes_submission foreign key (submission_id, course_id)
        references public.assignment_submissions (id, course_id) on delete restrict
);
comment on table public.submission_grade_changes is 'Each time that work was graded, returned or asked for again: points before and after, by whom and why. Append-only.';
create index idx_submission_grade_changes_submission on public.submission_grade_changes (submission_id, course_id);
create index idx_submission_grade_changes_course on public.submission_grade_changes (course_id);
create index idx_submission_grade_changes_changed_by on public.submission_grade_changes (changed_by);
alter table public.submission_grade_changes enable row level security;
revoke all on public.submission_grade_changes from anon, authenticated, service_role;
grant select on public.submission_grade_changes to authenticated, service_role;
create policy "Teams view changes of grades" on public.submission_grade_changes for select to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
select private.audit_table('submission_grade_changes', 'log_submission_grade_change_changes',
    'submission_id > assignment_submissions.member_id', p_personal => '{reason}');

create function private.follow_marking() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_assignment public.assignments;
begin
    insert into public.submission_grade_changes
        (submission_id, course_id, status_before, status_after, points_before, points_after, reason, changed_by)
    values (new.id, new.course_id, old.status, new.status, old.points_earned, new.points_earned,
        coalesce(nullif(btrim(left(current_setting('collegium.grade_reason', true), 1000)), ''), case new.status
            when 'returned' then 'Returned.' when 'resubmission_requested' then 'Asked for again.' else 'Graded.' end), auth.uid());
    select * into v_assignment from public.assignments where id = new.assignment_id;
    if (old.status, old.points_earned) is distinct from (new.status, new.points_earned) then
        perform private.notify(new.member_id,
            case new.status when 'returned' then 'work_returned' when 'resubmission_requested' then 'work_asked_again' else 'work_graded' end,
            left(case new.status
                when 'returned' then '“' || v_assignment.title || '” came back to you'
                when 'resubmission_requested' then 'Hand in “' || v_assignment.title || '” again'
                else '“' || v_assignment.title || '” is graded' end, 200),
            case when new.final_score is not null then 'Your result: ' || trim_scale(new.final_score) || ' %.' else '' end,
            '/submissions/' || new.id);
    end if;
    return null;
end
$$;
comment on function private.follow_marking() is
    'Trigger: writes down each grading with its reason, and tells the learner.';
create trigger follow_marking after update on public.assignment_submissions
    for each row when (
        new.status in ('graded', 'returned', 'resubmission_requested')
        and (old.status, old.points_earned, old.graded_at, old.instructor_feedback_html)
            is distinct from (new.status, new.points_earned, new.graded_at, new.instructor_feedback_html)
    ) execute function private.follow_marking();

create function private.share_group_comments() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.assignment_submissions s set rubric_comments = new.rubric_comments
    where s.group_id = new.group_id and s.assignment_id = new.assignment_id and s.submission_number = new.submission_number
      and s.id <> new.id and not s.graded_apart and s.rubric_comments is distinct from new.rubric_comments;
    return null;
end
$$;
comment on function private.share_group_comments() is 'Trigger: what is said of a criterion is said to the group, except to those who are graded apart.';
create trigger share_group_comments after update of rubric_comments on public.assignment_submissions
    for each row when (new.group_id is not null and not new.graded_apart and old.rubric_comments is distinct from new.rubric_comments)
    execute function private.share_group_comments();

create function private.hold_work(p_submission uuid) returns public.assignments
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_assignment public.assignments;
    v_work public.assignment_submissions;
begin
    select * into v_work from public.assignment_submissions where id = p_submission;
    perform private.hold_requirements(v_work.course_id, false);
    -- A grade is copied to the group and may complete a lesson of each: all of them, in one order, before anything else. Then the
    -- assignment, whose figures move with each row, and only then the rows.
    perform 1 from public.enrollments e
    where e.id in (
        select s.enrollment_id from public.assignment_submissions s where s.id in (select private.shared_submission_ids(p_submission))
    )
    order by e.id for no key update;
    select * into v_assignment from public.assignments where id = v_work.assignment_id for no key update;
    return v_assignment;
end
$$;
comment on function private.hold_work(uuid) is 'Until the commit: who marks work holds its learners and its assignment, in the one order in which nobody waits in a circle.';

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
    elsif v_submission.member_id = auth.uid() then
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
comment on function public.grade_submission(uuid, numeric, jsonb, text, text) is
    'Grades work by the rubric, or by points where there is none; returns it, or asks for it again. The penalty for lateness is taken off by itself. '
    'A grade that is there is changed by public.mark_submission, which asks why.';

create function public.mark_submission(
    p_submission uuid, p_points numeric, p_rubric_scores jsonb, p_rubric_comments jsonb, p_feedback_html text, p_status text,
    p_reason text, p_seen timestamptz
) returns public.assignment_submissions
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_submission public.assignment_submissions;
    v_last public.submission_grade_changes;
    v_comments jsonb;
begin
    select * into v_submission from public.assignment_submissions where id = p_submission;
    if v_submission.id is null or not (v_submission.course_id in (select private.my_taught_course_ids()) or private.is_admin()) then
        perform private.refuse('CG404', 'no_such_submission', 'There is no such work in a course that you teach.');
    elsif length(p_reason) > 1000 then
        perform private.refuse('CG422', 'too_long', 'A reason has at most 1000 characters.');
    elsif jsonb_typeof(p_rubric_comments) <> 'object' or length(p_rubric_comments::text) > 60000 then
        perform private.refuse('CG422', 'too_long', 'The comments on the criteria are too long.');
    end if;
    perform private.hold_work(p_submission);
    perform 1 from public.assignment_submissions where id = p_submission for no key update;
    select * into v_last from public.submission_grade_changes c where c.submission_id = p_submission order by c.changed_at desc, c.id desc limit 1;
    if v_last.changed_at is distinct from p_seen then
        perform private.refuse('CG409', 'graded_meanwhile', coalesce(
            (select concat_ws(' ', p.first_name, p.last_name) from public.profiles p where p.id = v_last.changed_by), 'Somebody')
            || case when v_last.status_after = 'resubmission_requested' then ' asked for this work again meanwhile.'
                else ' gave ' || trim_scale(v_last.points_after) || ' points meanwhile.' end);
    end if;
    -- Nothing is kept for a criterion that is not in the rubric.
    select jsonb_object_agg(c.key, c.value) into v_comments
    from jsonb_each(p_rubric_comments) c
    where jsonb_typeof(c.value) = 'string' and btrim(c.value #>> '{}') <> '' and exists (
        select 1 from public.assignments a cross join lateral jsonb_array_elements(a.rubric) r
        where a.id = v_submission.assignment_id and r ->> 'criterion' = c.key
    );
    perform set_config('collegium.grade_reason', coalesce(p_reason, ''), true);
    update public.assignment_submissions set rubric_comments = v_comments
    where id = p_submission and rubric_comments is distinct from v_comments;
    v_submission := public.grade_submission(p_submission, p_points, p_rubric_scores, coalesce(p_feedback_html, ''), p_status);
    perform set_config('collegium.grade_reason', '', true);
    return v_submission;
end
$$;
comment on function public.mark_submission(uuid, numeric, jsonb, jsonb, text, text, text, timestamptz) is
    'Grades, returns or asks again, with a comment for each criterion and a reason where a grade changes, unless somebody did since p_seen '
    '(the last changed_at in submission_grade_changes, null for none). Raises CG403, CG404, CG409 or CG422.';
grant execute on function public.mark_submission(uuid, numeric, jsonb, jsonb, text, text, text, timestamptz) to authenticated;

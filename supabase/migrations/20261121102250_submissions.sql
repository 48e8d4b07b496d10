-- Handing in, grading and reviewing by peers: the only ways in which rows of submissions and reviews come about or change.
-- Rollback: drop the functions and triggers below.

create function private.are_files(p_files jsonb, p_member uuid, p_types text[], p_max_mb integer) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    -- A key outside the learner's own folder would have somebody else's file signed for him.
    select case when jsonb_typeof(p_files) = 'array' then (
        select count(*) <= 20 and coalesce(bool_and(coalesce(
            jsonb_typeof(f) = 'object' and f - array['file_name', 'file_key', 'file_size'] = '{}'
            and f ->> 'file_name' ~ '^[^/\\[:cntrl:]]{1,255}$'
            and (p_types is null or lower(substring(f ->> 'file_name' from '\.([A-Za-z0-9]+)$')) = any (p_types))
            and f ->> 'file_key' ~ ('^assignment-submissions/' || p_member || '/[A-Za-z0-9_-]+(\.[A-Za-z0-9]{1,10})?$')
            and length(f ->> 'file_key') <= 512
            and jsonb_typeof(f -> 'file_size') = 'number'
            and case when f ->> 'file_size' ~ '^[0-9]{1,12}$' then (f ->> 'file_size')::bigint between 1 and p_max_mb * 1048576::bigint end,
            false
        )), true)
        from jsonb_array_elements(p_files) f
    ) else false end
$$;
comment on function private.are_files(jsonb, uuid, text[], integer) is
    'Whether files are [{file_name, file_key, file_size}] of a learner''s own folder, of allowed types, none too large, at most 20.';

create function private.check_submission(p_assignment public.assignments, p_text text, p_html text, p_url text, p_files jsonb) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_files integer;
    v_written boolean := coalesce(btrim(p_text), '') <> '' or coalesce(btrim(p_html), '') <> '';
    v_linked boolean := p_url is not null;
    v_kind text := p_assignment.submission_type;
begin
    if not private.are_files(p_files, auth.uid(), p_assignment.allowed_file_types, p_assignment.max_file_size_mb) then
        perform private.refuse('CG422', 'files_not_allowed', 'Give at most 20 files of at most ' || p_assignment.max_file_size_mb || ' MB'
            || coalesce(' of the types ' || array_to_string(p_assignment.allowed_file_types, ', '), '') || '.');
    elsif v_linked and (p_url !~ '^https?://\S{3,}$' or length(p_url) > 2048) then
        perform private.refuse('CG422', 'no_address', 'Give an address that begins with https://.');
    end if;
    v_files := jsonb_array_length(p_files);
    if (v_kind = 'file_upload' and (v_files = 0 or v_written or v_linked))
        or (v_kind = 'text_entry' and (not v_written or v_files > 0 or v_linked))
        or (v_kind = 'url_submission' and (not v_linked or v_files > 0 or v_written))
        or (v_kind = 'both' and v_files = 0 and not v_written and not v_linked)
    then
        perform private.refuse('CG422', 'wrong_kind', 'Hand in ' || case v_kind
            when 'file_upload' then 'files' when 'text_entry' then 'a text' when 'url_submission' then 'an address'
            else 'files, a text or an address' end || ', as the assignment asks.');
    end if;
end
$$;
comment on function private.check_submission(public.assignments, text, text, text, jsonb) is
    'Refuses what an assignment does not take: wrong kind, type, size, or a file of somebody else.';

create function public.submit_assignment(
    p_assignment uuid, p_text text default null, p_html text default null, p_url text default null, p_files jsonb default '[]'
) returns public.assignment_submissions
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_assignment public.assignments;
    v_enrollment public.enrollments;
    v_extra public.assignment_extensions;
    v_last public.assignment_submissions;
    v_due timestamptz;
    v_now timestamptz;
begin
    select * into v_assignment from public.assignments where id = p_assignment and status = 'published';
    if v_assignment.lesson_id is not null then
        v_enrollment := private.my_enrollment_for(v_assignment.lesson_id);
    else
        select e.* into v_enrollment from private.my_open_enrollments() e
        where e.course_id = v_assignment.course_id order by e.completed_at desc nulls first, e.enrolled_at desc limit 1;
    end if;
    if v_enrollment.id is null then
        perform private.refuse('CG403', 'not_enrolled', 'There is no such assignment in a course that you are enrolled in.');
    end if;
    perform private.check_submission(v_assignment, p_text, p_html, p_url, p_files);
    -- One at a time: of two tabs the second counts what the first handed in.
    perform 1 from public.enrollments where id = v_enrollment.id for no key update;
    select * into v_extra from public.assignment_extensions where assignment_id = p_assignment and enrollment_id = v_enrollment.id;
    select * into v_last from public.assignment_submissions
    where enrollment_id = v_enrollment.id and assignment_id = p_assignment order by submission_number desc limit 1;
    v_due := coalesce(v_extra.due_date, v_assignment.due_date);
    v_now := clock_timestamp();
    if v_assignment.available_from > v_now then
        perform private.refuse('CG409', 'assignment_not_open', 'This assignment has not opened yet.');
    elsif v_now > v_due and not v_assignment.late_submission_allowed then
        perform private.refuse('CG409', 'too_late', 'The deadline is past and this assignment takes nothing late.');
    elsif v_last.submission_number >= v_assignment.max_submissions + coalesce(v_extra.extra_submissions, 0)
        and v_last.status <> 'resubmission_requested'
    then
        perform private.refuse('CG409', 'no_submissions_left', 'You have handed in as often as this assignment allows.');
    end if;
    insert into public.assignment_submissions (assignment_id, enrollment_id, course_id, member_id, submission_number, submitted_at, due_date,
        submission_text, submission_html, submission_url, file_attachments, max_points, late_penalty_applied)
    values (p_assignment, v_enrollment.id, v_enrollment.course_id, v_enrollment.member_id, coalesce(v_last.submission_number, 0) + 1, v_now, v_due,
        p_text, p_html, p_url, p_files, v_assignment.total_points,
        private.late_penalty(private.late_days(v_now, v_due), v_assignment.late_penalty_percentage))
    returning * into v_last;
    return v_last;
end
$$;
comment on function public.submit_assignment(uuid, text, text, text, jsonb) is
    'Hands in work of the caller. Time, deadline, lateness and penalty are the server''s. Raises CG403, CG409 or CG422 with the reason.';

-- Grading --------------------------------------------------------------------------------------------------

create function private.follow_submission() returns trigger
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
    if new.status = 'graded' and new.final_score >= v_assignment.passing_percentage and exists (
        select 1 from public.lessons l where l.id = v_assignment.lesson_id and l.completion_criteria = 'assignment_passed'
    ) then
        perform private.complete_lesson(new.enrollment_id, v_assignment.lesson_id);
    end if;
    return null;
end
$$;
comment on function private.follow_submission() is 'Trigger: moves an assignment''s figures by the difference and completes the lesson that a grade passes.';
create trigger trigger_count_submissions after insert on public.assignment_submissions
    for each row execute function private.follow_submission();
create trigger trigger_follow_submission_grade after update of points_earned, status on public.assignment_submissions
    for each row when ((old.final_score, old.status) is distinct from (new.final_score, new.status))
    execute function private.follow_submission();

create function private.review_points(p_assignment public.assignments, p_max numeric, p_points numeric, p_scores jsonb) returns numeric
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    v_points numeric := p_points;
begin
    if p_assignment.rubric is not null then
        v_points := private.rubric_score(p_assignment.rubric, p_scores);
        if v_points is null or v_points <> coalesce(p_points, v_points) then
            perform private.refuse('CG422', 'rubric_not_kept',
                'Give a score for each criterion of the rubric, none above its points, and no other sum than theirs.');
        end if;
    elsif p_scores is not null then
        perform private.refuse('CG422', 'no_rubric', 'This assignment has no rubric. Give points.');
    end if;
    if v_points is null or v_points = 'NaN' or v_points not between 0 and p_max then
        perform private.refuse('CG422', 'points_out_of_range', 'Give from 0 to ' || p_max || ' points.');
    end if;
    return round(v_points, 2);
end
$$;
comment on function private.review_points(public.assignments, numeric, numeric, jsonb) is
    'The points that a grade or a review gives: the sum of its rubric''s scores, or as given; refuses what is out of range.';

create function public.grade_submission(
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
    perform private.hold_requirements(v_submission.course_id, false);
    perform 1 from public.enrollments where id = v_submission.enrollment_id for no key update;
    select * into v_submission from public.assignment_submissions where id = p_submission for no key update;
    select * into v_assignment from public.assignments where id = v_submission.assignment_id for no key update;
    if p_status <> 'resubmission_requested' or p_points is not null or p_rubric_scores is not null then
        v_points := private.review_points(v_assignment, v_submission.max_points, p_points, p_rubric_scores);
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
    'Grades work by the rubric, or by points where there is none; returns it, or asks for it again. The penalty for lateness is taken off by itself.';

-- Peers ----------------------------------------------------------------------------------------------------

create function public.allot_peer_reviews(p_assignment uuid, p_due timestamptz default null) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_assignment public.assignments;
    v_work uuid[];
    v_people uuid[];
    v_each integer;
    v_missing record;
    v_made integer := 0;
begin
    select * into v_assignment from public.assignments where id = p_assignment for no key update;
    if v_assignment.id is null or not (v_assignment.course_id in (select private.my_taught_course_ids()) or private.is_admin()) then
        perform private.refuse('CG404', 'no_such_assignment', 'There is no such assignment in a course that you teach.');
    elsif not v_assignment.enable_peer_review then
        perform private.refuse('CG409', 'no_peer_review', 'This assignment is not reviewed by peers.');
    end if;
    -- The last work of each, in a random circle: who stands at 1 reviews those at 2, 3, and so everybody gives and gets as many.
    select array_agg(w.id order by w.chance), array_agg(w.member_id order by w.chance) into v_work, v_people
    from (
        select s.id, s.member_id, random() as chance from (
            select distinct on (t.member_id) t.id, t.member_id from public.assignment_submissions t
            where t.assignment_id = p_assignment order by t.member_id, t.submitted_at desc
        ) s
    ) w;
    v_each := least(v_assignment.peer_reviews_required, coalesce(cardinality(v_work), 0) - 1);
    if v_each > 0 and not exists (
        select 1 from public.assignment_reviews r join public.assignment_submissions s on s.id = r.submission_id
        where s.assignment_id = p_assignment and r.review_type = 'peer'
    ) then
        insert into public.assignment_reviews (submission_id, course_id, reviewer_id, review_type, due_at)
        select v_work[(i + k - 1) % cardinality(v_work) + 1], v_assignment.course_id, v_people[i], 'peer', p_due
        from generate_series(1, cardinality(v_work)) i cross join generate_series(1, v_each) k
        on conflict (submission_id, reviewer_id) do nothing;
        get diagnostics v_made = row_count;
    end if;
    -- Later comers, and work whose reviews were withdrawn: whoever has the fewest, one at a time.
    for v_missing in
        select w.id, w.author, v_each - (
            select count(*) from public.assignment_reviews r
            where r.submission_id = w.id and r.review_type = 'peer' and r.status <> 'withdrawn'
        ) as lack
        from unnest(v_work, v_people) as w (id, author)
    loop
        for i in 1 .. v_missing.lack loop
            insert into public.assignment_reviews (submission_id, course_id, reviewer_id, review_type, due_at)
            select v_missing.id, v_assignment.course_id, p.id, 'peer', p_due
            from unnest(v_people) as p (id)
            where p.id <> v_missing.author and not exists (
                select 1 from public.assignment_reviews r where r.submission_id = v_missing.id and r.reviewer_id = p.id
            )
            order by (
                select count(*) from public.assignment_reviews r join public.assignment_submissions s on s.id = r.submission_id
                where s.assignment_id = p_assignment and r.reviewer_id = p.id and r.status <> 'withdrawn'
            ), random()
            limit 1;
            v_made := v_made + found::integer;
        end loop;
    end loop;
    return v_made;
end
$$;
comment on function public.allot_peer_reviews(uuid, timestamptz) is
    'Gives every work its reviewers by chance, as many as asked for or as there are others; again for those who came later. Answers how many it made.';

create function public.withdraw_peer_review(p_review uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.assignment_reviews set status = 'withdrawn'
    where id = p_review and review_type = 'peer' and status = 'assigned'
      and (course_id in (select private.my_taught_course_ids()) or private.is_admin());
    if not found then
        perform private.refuse('CG404', 'no_such_review', 'There is no such review in a course that you teach, or it is done.');
    end if;
end
$$;
comment on function public.withdraw_peer_review(uuid) is 'Takes a review from somebody who does not write it; allot_peer_reviews then gives the work to another.';

create function public.peer_review_view(p_review uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    -- Names of files may tell whose they are, and their keys do: the reviewer has them by number.
    select jsonb_build_object(
        'id', r.id, 'status', r.status, 'due_at', r.due_at, 'title', a.title, 'description', a.description,
        'instructions_html', a.instructions_html, 'rubric', a.rubric, 'max_points', s.max_points,
        'submission_text', s.submission_text, 'submission_html', s.submission_html, 'submission_url', s.submission_url,
        'files', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'number', f.n, 'file_type', lower(substring(f.file ->> 'file_name' from '\.([A-Za-z0-9]+)$')), 'file_size', f.file -> 'file_size'
            ) order by f.n), '[]')
            from jsonb_array_elements(s.file_attachments) with ordinality as f (file, n)
        ),
        'rubric_scores', r.rubric_scores, 'points', r.points, 'feedback_html', r.feedback_html
    )
    from public.assignment_reviews r
    join public.assignment_submissions s on s.id = r.submission_id
    join public.assignments a on a.id = s.assignment_id
    where r.id = p_review and r.reviewer_id = auth.uid() and r.review_type = 'peer' and r.status <> 'withdrawn'
$$;
comment on function public.peer_review_view(uuid) is 'The work that a peer was given to review, without its author.';

create function public.submit_peer_review(
    p_review uuid, p_rubric_scores jsonb default null, p_points numeric default null, p_feedback_html text default null
) returns public.assignment_reviews
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_review public.assignment_reviews;
    v_submission public.assignment_submissions;
    v_assignment public.assignments;
begin
    select * into v_review from public.assignment_reviews
    where id = p_review and reviewer_id = auth.uid() and review_type = 'peer' for no key update;
    if v_review.id is null then
        perform private.refuse('CG404', 'no_such_review', 'There is no such review for you to write.');
    elsif v_review.status <> 'assigned' then
        perform private.refuse('CG409', 'review_over', 'This review is done or was withdrawn.');
    elsif length(p_feedback_html) > 50000 then
        perform private.refuse('CG422', 'too_long', 'A feedback has at most 50000 characters.');
    end if;
    select * into v_submission from public.assignment_submissions where id = v_review.submission_id;
    select * into v_assignment from public.assignments where id = v_submission.assignment_id;
    update public.assignment_reviews set
        status = 'completed', completed_at = now(), rubric_scores = p_rubric_scores, feedback_html = p_feedback_html,
        points = private.review_points(v_assignment, v_submission.max_points, p_points, p_rubric_scores)
    where id = p_review returning * into v_review;
    return v_review;
end
$$;
comment on function public.submit_peer_review(uuid, jsonb, numeric, text) is 'Writes the caller''s review of work that was given to him. It does not move the grade.';

create function public.reviews_of_submission(p_submission uuid)
returns table (points numeric, rubric_scores jsonb, feedback_html text, completed_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select 1 from public.assignment_submissions s where s.id = p_submission and s.member_id = auth.uid()) then
        perform private.refuse('CG404', 'no_such_submission', 'There is no such work of yours.');
    elsif exists (
        select 1 from public.assignment_submissions mine
        join public.assignment_submissions s on s.assignment_id = mine.assignment_id
        join public.assignment_reviews r on r.submission_id = s.id
        where mine.id = p_submission and r.reviewer_id = auth.uid() and r.review_type = 'peer' and r.status = 'assigned'
    ) then
        perform private.refuse('CG409', 'review_first', 'First write the reviews that were given to you. Then you see those of your work.');
    end if;
    return query
    select r.points, r.rubric_scores, r.feedback_html, r.completed_at from public.assignment_reviews r
    where r.submission_id = p_submission and r.review_type = 'peer' and r.status = 'completed' order by r.completed_at;
end
$$;
comment on function public.reviews_of_submission(uuid) is
    'What peers wrote of the caller''s work, without who they are, once he has written the reviews that were given to him.';

grant execute on function public.submit_assignment(uuid, text, text, text, jsonb),
    public.grade_submission(uuid, numeric, jsonb, text, text), public.allot_peer_reviews(uuid, timestamptz),
    public.withdraw_peer_review(uuid), public.peer_review_view(uuid), public.submit_peer_review(uuid, jsonb, numeric, text),
    public.reviews_of_submission(uuid) to authenticated;

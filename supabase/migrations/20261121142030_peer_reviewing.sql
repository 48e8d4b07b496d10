-- What a reviewer sees, keeps and hands in, and what an author reads. No answer tells who the other is.
-- Rollback: drop the functions that are new here; bring back peer_review_view, submit_peer_review and reviews_of_submission.

create function private.peer_files(p_files jsonb) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
    -- Names of files may tell whose they are, and their keys do: the reviewer has them by number.
    select coalesce(jsonb_agg(jsonb_build_object(
        'number', f.n, 'file_type', lower(substring(f.file ->> 'file_name' from '\.([A-Za-z0-9]+)$')), 'file_size', f.file -> 'file_size'
    ) order by f.n), '[]')
    from jsonb_array_elements(p_files) with ordinality as f (file, n)
$$;
comment on function private.peer_files(jsonb) is 'Files as a peer sees them: number, type and size, without name and key.';

create function private.open_samples(p_assignment uuid, p_member uuid) returns setof public.peer_samples
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select m.* from public.peer_samples m
    join public.peer_review_settings t on t.assignment_id = m.assignment_id and t.calibration
    left join public.assignment_submissions w on w.id = m.submission_id
    where m.assignment_id = p_assignment
      and not exists (select 1 from public.peer_calibrations c where c.sample_id = m.id and c.reviewer_id = p_member)
      -- Nobody marks his own work, nor that of his group.
      and not coalesce(w.member_id = p_member or exists (
          select 1 from public.assignment_submissions o
          where o.assignment_id = p_assignment and o.member_id = p_member and o.group_id = w.group_id
      ), false)
    order by m.position
$$;
comment on function private.open_samples(uuid, uuid) is 'Samples that somebody has to mark before he reviews.';

create function private.peer_weight(p_assignment uuid, p_member uuid) returns numeric
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select round(greatest(0.1, 1 - 2 * coalesce(avg(c.off), 0)), 3)
    from public.peer_calibrations c join public.peer_samples m on m.id = c.sample_id
    join public.peer_review_settings t on t.assignment_id = m.assignment_id and t.calibration
    where m.assignment_id = p_assignment and c.reviewer_id = p_member
$$;
comment on function private.peer_weight(uuid, uuid) is
    'What somebody''s reviews count: 1 less twice the share of the points by which he was off on average, at least 0.1; 1 without samples.';

create or replace function public.peer_review_view(p_review uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_assignment uuid := (
        select s.assignment_id from public.assignment_reviews r join public.assignment_submissions s on s.id = r.submission_id
        where r.id = p_review and r.reviewer_id = auth.uid() and r.review_type = 'peer' and r.status <> 'withdrawn'
    );
    v_view jsonb;
begin
    if exists (select 1 from private.open_samples(v_assignment, auth.uid())) then
        perform private.refuse('CG409', 'calibrate_first', 'First mark the samples of this assignment. Then you see the works that you review.');
    end if;
    select jsonb_build_object(
        'id', r.id, 'status', r.status, 'due_at', r.due_at, 'completed_at', r.completed_at, 'title', a.title, 'course_title', c.title,
        'description', a.description, 'instructions_html', a.instructions_html, 'rubric', a.rubric, 'max_points', s.max_points,
        'submission_text', s.submission_text, 'submission_html', s.submission_html, 'submission_url', s.submission_url,
        'files', private.peer_files(s.file_attachments),
        'rubric_scores', r.rubric_scores, 'points', r.points, 'feedback_html', r.feedback_html,
        'draft', (
            select jsonb_build_object('rubric_scores', d.rubric_scores, 'points', d.points, 'feedback', d.feedback, 'saved_at', d.saved_at)
            from public.peer_review_drafts d where d.review_id = r.id and d.reviewer_id = r.reviewer_id
        )
    ) into v_view
    from public.assignment_reviews r
    join public.assignment_submissions s on s.id = r.submission_id
    join public.assignments a on a.id = s.assignment_id
    join public.courses c on c.id = a.course_id
    where r.id = p_review and r.reviewer_id = auth.uid() and r.review_type = 'peer' and r.status <> 'withdrawn';
    return v_view;
end
$$;
comment on function public.peer_review_view(uuid) is
    'The work that a peer was given to review, without its author, and his draft; after the samples, where there are some. Raises CG409.';

create function private.peer_file(p_member uuid, p_review uuid, p_number integer) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select s.file_attachments -> (p_number - 1)
    from public.assignment_reviews r join public.assignment_submissions s on s.id = r.submission_id
    where r.id = p_review and r.reviewer_id = p_member and r.review_type = 'peer' and r.status <> 'withdrawn' and p_number between 1 and 20
      and not exists (select 1 from private.open_samples(s.assignment_id, p_member))
    union all
    select w.file_attachments -> (p_number - 1)
    from public.peer_samples m join public.assignment_submissions w on w.id = m.submission_id
    where m.id = p_review and p_number between 1 and 20 and exists (
        select 1 from public.assignment_submissions o where o.assignment_id = m.assignment_id and o.member_id = p_member
    )
$$;
comment on function private.peer_file(uuid, uuid, integer) is
    'A file of the work that a member reviews, or of a sample that he marks, with its key: for the site alone, which sends it without its name.';
grant execute on function private.peer_file(uuid, uuid, integer) to service_role;

create function private.my_open_review(p_review uuid) returns public.assignment_reviews
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_review public.assignment_reviews;
begin
    select * into v_review from public.assignment_reviews
    where id = p_review and reviewer_id = auth.uid() and review_type = 'peer' for no key update;
    if v_review.id is null then
        perform private.refuse('CG404', 'no_such_review', 'There is no such review for you to write.');
    elsif v_review.status = 'completed' then
        perform private.refuse('CG409', 'review_over', 'This review is handed in and cannot be changed.');
    elsif v_review.status <> 'assigned' then
        perform private.refuse('CG409', 'review_over', 'This review is no longer yours: its time was over and it was passed on.');
    end if;
    return v_review;
end
$$;
comment on function private.my_open_review(uuid) is 'A review that the caller has to write, held; refuses any other.';

create function public.save_peer_draft(p_review uuid, p_rubric_scores jsonb default null, p_points numeric default null, p_feedback text default '')
returns timestamptz
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_review public.assignment_reviews := private.my_open_review(p_review);
begin
    if length(p_feedback) > 20000 or length(p_rubric_scores::text) > 20000 then
        perform private.refuse('CG422', 'too_long', 'A draft has at most 20000 characters.');
    elsif p_points not between 0 and 999999 or jsonb_typeof(p_rubric_scores) <> 'object' then
        perform private.refuse('CG422', 'points_out_of_range', 'Give points from 0 to 999999.');
    end if;
    insert into public.peer_review_drafts (review_id, reviewer_id, points, rubric_scores, feedback)
    values (p_review, v_review.reviewer_id, p_points, p_rubric_scores, coalesce(p_feedback, ''))
    on conflict (review_id) do update set points = excluded.points, rubric_scores = excluded.rubric_scores, feedback = excluded.feedback, saved_at = now();
    return now();
end
$$;
comment on function public.save_peer_draft(uuid, jsonb, numeric, text) is 'Keeps what the caller has written so far of a review. Answers when.';

create or replace function public.submit_peer_review(
    p_review uuid, p_rubric_scores jsonb default null, p_points numeric default null, p_feedback_html text default null
) returns public.assignment_reviews
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_review public.assignment_reviews := private.my_open_review(p_review);
    v_submission public.assignment_submissions;
    v_assignment public.assignments;
begin
    if length(p_feedback_html) > 50000 then
        perform private.refuse('CG422', 'too_long', 'A feedback has at most 50000 characters.');
    end if;
    select * into v_submission from public.assignment_submissions where id = v_review.submission_id;
    select * into v_assignment from public.assignments where id = v_submission.assignment_id;
    if exists (select 1 from private.open_samples(v_assignment.id, auth.uid())) then
        perform private.refuse('CG409', 'calibrate_first', 'First mark the samples of this assignment. Then you see the works that you review.');
    end if;
    update public.assignment_reviews set
        status = 'completed', completed_at = now(), rubric_scores = p_rubric_scores, feedback_html = p_feedback_html,
        weight = private.peer_weight(v_assignment.id, auth.uid()),
        points = private.review_points(v_assignment, v_submission.max_points, p_points, p_rubric_scores)
    where id = p_review returning * into v_review;
    delete from public.peer_review_drafts where review_id = p_review;
    perform private.notify(u.member_id, 'peer_review_received', left('A review of your work has come: “' || v_assignment.title, 190) || '”',
        'You read it when you have written the reviews that were given to you.', '/peer-reviews')
    from private.authors_of(v_submission.id) u (member_id);
    return v_review;
end
$$;
comment on function public.submit_peer_review(uuid, jsonb, numeric, text) is
    'Writes the caller''s review of work that was given to him, once; keeps what it weighs. It does not move the grade.';

create or replace function public.reviews_of_submission(p_submission uuid)
returns table (points numeric, rubric_scores jsonb, feedback_html text, completed_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_mine public.assignment_submissions;
begin
    select * into v_mine from public.assignment_submissions s where s.id = p_submission and s.member_id = auth.uid();
    if v_mine.id is null then
        perform private.refuse('CG404', 'no_such_submission', 'There is no such work of yours.');
    elsif exists (
        select 1 from public.assignment_submissions s join public.assignment_reviews r on r.submission_id = s.id
        where s.assignment_id = v_mine.assignment_id and r.reviewer_id = auth.uid() and r.review_type = 'peer' and r.status = 'assigned'
    ) then
        perform private.refuse('CG409', 'review_first', 'First write the reviews that were given to you. Then you see those of your work.');
    end if;
    return query
    select r.points, r.rubric_scores, r.feedback_html, r.completed_at from public.assignment_reviews r
    where (r.submission_id = p_submission or r.submission_id in (
        -- Of a group one row stands for all, and the caller's last work may be newer than the one that was reviewed.
        select s.submission_id from public.peer_review_states s
        where s.assignment_id = v_mine.assignment_id and s.unit_id = coalesce(v_mine.group_id, v_mine.member_id)
    )) and private.counts_as_peer_review(r)
    order by r.completed_at;
end
$$;
comment on function public.reviews_of_submission(uuid) is
    'What peers wrote of the caller''s work, without who they are and what was left out, once he has written the reviews that were given to him.';

create function public.my_peer_reviews()
returns table (
    id uuid, assignment_id uuid, title text, course_title text, status text, due_at timestamptz, completed_at timestamptz, withdrawn_for text,
    has_draft boolean, samples_open integer
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select r.id, a.id, a.title, c.title, r.status, r.due_at, r.completed_at, r.withdrawn_for, d.review_id is not null,
        case when r.status = 'assigned' then (select count(*)::integer from private.open_samples(a.id, auth.uid())) else 0 end
    from public.assignment_reviews r
    join public.assignment_submissions s on s.id = r.submission_id
    join public.assignments a on a.id = s.assignment_id
    join public.courses c on c.id = a.course_id
    left join public.peer_review_drafts d on d.review_id = r.id
    where r.reviewer_id = auth.uid() and r.review_type = 'peer'
    order by r.status <> 'assigned', r.due_at, coalesce(r.completed_at, r.updated_at) desc, r.id
    limit 200
$$;
comment on function public.my_peer_reviews() is 'What the caller was given to review: what waits for him first, the soonest deadline on top.';

create function public.my_reviewed_works()
returns table (
    submission_id uuid, title text, course_title text, state text, reason text, required integer, received integer, to_write integer, criteria text[]
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select m.id, a.title, c.title, w.state, w.reason, w.required, w.received, (
        select count(*)::integer from public.peer_review_states o join public.assignment_reviews r on r.submission_id = o.submission_id
        where o.assignment_id = a.id and r.reviewer_id = auth.uid() and r.review_type = 'peer' and r.status = 'assigned'
    ), coalesce((select array_agg(k ->> 'criterion' order by n) from jsonb_array_elements(a.rubric) with ordinality as e (k, n)), '{}')
    from (
        select distinct on (s.assignment_id) s.* from public.assignment_submissions s
        where s.member_id = auth.uid() order by s.assignment_id, s.submitted_at desc
    ) m
    join public.peer_review_states w on w.assignment_id = m.assignment_id and w.unit_id = coalesce(m.group_id, m.member_id)
    join public.assignments a on a.id = m.assignment_id
    join public.courses c on c.id = a.course_id
    order by w.joined_at desc, m.id
    limit 100
$$;
comment on function public.my_reviewed_works() is 'How the caller''s own works stand in peer review; what was written of them comes by reviews_of_submission.';

-- Samples ----------------------------------------------------------------------------------------------------

create function public.my_peer_samples(p_assignment uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    -- The instructor's marks come with those that the caller has marked himself.
    select jsonb_agg(jsonb_build_object(
        'id', m.id, 'position', m.position, 'title', a.title, 'course_title', co.title, 'instructions_html', a.instructions_html,
        'description', a.description, 'rubric', a.rubric, 'max_points', a.total_points,
        'submission_text', coalesce(m.sample_text, w.submission_text), 'submission_html', w.submission_html,
        'submission_url', w.submission_url, 'files', private.peer_files(coalesce(w.file_attachments, '[]')),
        'mine', case when c.id is not null then jsonb_build_object('points', c.points, 'rubric_scores', c.rubric_scores, 'off', c.off) end,
        'theirs', case when c.id is not null then jsonb_build_object('points', m.points, 'rubric_scores', m.rubric_scores, 'feedback', m.feedback) end
    ) order by m.position)
    from public.peer_samples m
    join public.peer_review_settings t on t.assignment_id = m.assignment_id and t.calibration
    join public.assignments a on a.id = m.assignment_id
    join public.courses co on co.id = a.course_id
    left join public.assignment_submissions w on w.id = m.submission_id
    left join public.peer_calibrations c on c.sample_id = m.id and c.reviewer_id = auth.uid()
    where m.assignment_id = p_assignment
      and exists (select 1 from public.assignment_submissions o where o.assignment_id = p_assignment and o.member_id = auth.uid())
      and (c.id is not null or exists (select 1 from private.open_samples(p_assignment, auth.uid()) o where o.id = m.id))
$$;
comment on function public.my_peer_samples(uuid) is 'The samples that the caller marks before he reviews, and the instructor''s marks of those that he has marked.';

create function public.mark_peer_sample(p_sample uuid, p_rubric_scores jsonb default null, p_points numeric default null) returns numeric
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_sample public.peer_samples;
    v_assignment public.assignments;
    v_points numeric;
    v_off numeric;
begin
    select * into v_sample from public.peer_samples where id = p_sample for share;
    if v_sample.id is null
        or not exists (select 1 from public.assignment_submissions o where o.assignment_id = v_sample.assignment_id and o.member_id = auth.uid())
    then
        perform private.refuse('CG404', 'no_such_sample', 'There is no such sample for you to mark.');
    elsif not exists (select 1 from private.open_samples(v_sample.assignment_id, auth.uid()) o where o.id = p_sample) then
        perform private.refuse('CG409', 'marked_already', 'You have marked this sample already.');
    end if;
    select * into v_assignment from public.assignments where id = v_sample.assignment_id;
    v_points := private.review_points(v_assignment, v_assignment.total_points, p_points, p_rubric_scores);
    v_off := case when v_assignment.rubric is null or v_sample.rubric_scores is null then abs(v_points - v_sample.points) else (
        select sum(abs((p_rubric_scores ->> (k ->> 'criterion'))::numeric - (v_sample.rubric_scores ->> (k ->> 'criterion'))::numeric))
        from jsonb_array_elements(v_assignment.rubric) k
    ) end / v_assignment.total_points;
    insert into public.peer_calibrations (sample_id, course_id, reviewer_id, points, rubric_scores, off)
    values (p_sample, v_sample.course_id, auth.uid(), v_points, p_rubric_scores, least(1, round(coalesce(v_off, 0), 4)));
    return round(v_off, 4);
end
$$;
comment on function public.mark_peer_sample(uuid, jsonb, numeric) is
    'Marks a sample, once. Answers how far it is from the instructor''s mark, as a share of all points, criterion by criterion.';
grant execute on function public.save_peer_draft(uuid, jsonb, numeric, text), public.my_peer_reviews(), public.my_reviewed_works(),
    public.my_peer_samples(uuid), public.mark_peer_sample(uuid, jsonb, numeric) to authenticated;

-- The instructor's samples, and the reviewers' mean as a grade.
-- Rollback: drop the functions below.

create function public.add_peer_sample(
    p_assignment uuid, p_submission uuid default null, p_text text default null, p_rubric_scores jsonb default null,
    p_points numeric default null, p_feedback text default ''
) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_assignment public.assignments;
    v_place integer;
    v_made uuid;
begin
    select * into v_assignment from public.assignments where id = p_assignment;
    if v_assignment.id is null or not (v_assignment.course_id in (select private.my_taught_course_ids()) or private.is_admin()) then
        perform private.refuse('CG404', 'no_such_assignment', 'There is no such assignment in a course that you teach.');
    elsif num_nonnulls(p_submission, nullif(btrim(p_text), '')) <> 1 or length(p_text) > 50000 then
        perform private.refuse('CG422', 'a_work_or_a_text', 'Choose a work that was handed in, or give a text of at most 50000 characters.');
    elsif p_submission is not null and not exists (
        select 1 from public.assignment_submissions s where s.id = p_submission and s.assignment_id = p_assignment
    ) then
        perform private.refuse('CG404', 'no_such_submission', 'No such work was handed in here.');
    elsif length(p_feedback) > 5000 then
        perform private.refuse('CG422', 'too_long', 'A comment has at most 5000 characters.');
    end if;
    perform private.hold_peer_reviews(p_assignment);
    if exists (
        select 1 from public.peer_review_states s join public.assignment_reviews r on r.submission_id = s.submission_id
        where s.assignment_id = p_assignment and r.review_type = 'peer' and r.status = 'completed'
    ) then
        perform private.refuse('CG409', 'reviewing_began', 'Reviews have come already. Samples are given before the first one.');
    end if;
    select min(n) into v_place from generate_series(1, 3) n
    where not exists (select 1 from public.peer_samples m where m.assignment_id = p_assignment and m.position = n);
    if v_place is null then
        perform private.refuse('CG409', 'enough_samples', 'Three samples are enough. Remove one first.');
    end if;
    insert into public.peer_samples (assignment_id, course_id, position, submission_id, sample_text, points, rubric_scores, feedback)
    values (p_assignment, v_assignment.course_id, v_place, p_submission, nullif(btrim(p_text), ''),
        private.review_points(v_assignment, v_assignment.total_points, p_points, p_rubric_scores), p_rubric_scores, coalesce(btrim(p_feedback), ''))
    returning id into v_made;
    return v_made;
end
$$;
comment on function public.add_peer_sample(uuid, uuid, text, jsonb, numeric, text) is
    'Gives reviewers a sample with the instructor''s mark: a work that was handed in, shown without its author, or a text. At most three, before the first review.';

create function public.remove_peer_sample(p_sample uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.hold_peer_reviews(m.assignment_id) from public.peer_samples m where m.id = p_sample;
    perform 1 from public.peer_samples m
    where m.id = p_sample and (m.course_id in (select private.my_taught_course_ids()) or private.is_admin()) for update;
    if not found then
        perform private.refuse('CG404', 'no_such_sample', 'There is no such sample in a course that you teach.');
    elsif exists (select 1 from public.peer_calibrations c where c.sample_id = p_sample) then
        perform private.refuse('CG409', 'sample_marked', 'Reviewers have marked this sample; what their reviews weigh comes from it. It stays.');
    end if;
    delete from public.peer_samples where id = p_sample;
end
$$;
comment on function public.remove_peer_sample(uuid) is 'Takes back a sample that nobody has marked.';

create function private.peer_mean(p_submission uuid) returns table (points numeric, rubric_scores jsonb, reviews integer)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with counted as (
        select r.* from public.assignment_reviews r where r.submission_id = p_submission and private.counts_as_peer_review(r) and r.points is not null
    )
    select round(sum(r.points * r.weight) / sum(r.weight), 2), (
        select jsonb_object_agg(m.criterion, m.points) from (
            select e.key as criterion, round(sum(e.value::numeric * o.weight) / sum(o.weight), 2) as points
            from counted o cross join lateral jsonb_each_text(o.rubric_scores) e group by e.key
        ) m
    ), count(*)::integer
    from counted r having count(*) > 0
$$;
comment on function private.peer_mean(uuid) is 'The mean of a work''s reviews, each with its weight, and of each criterion; without those left out.';

create function private.mix_points(p_own numeric, p_peers numeric, p_share numeric) returns numeric
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$ select round((coalesce(p_own, p_peers) * (100 - p_share) + p_peers * p_share) / 100, 2) $$;
comment on function private.mix_points(numeric, numeric, numeric) is 'A grade of which so many percent are the peers'' mean and the rest the instructor''s points.';

create function public.confirm_peer_grade(p_submission uuid) returns numeric
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
    elsif v_submission.member_id = auth.uid() then
        perform private.refuse('CG403', 'own_work', 'You cannot grade your own work. Ask another instructor.');
    end if;
    perform private.hold_requirements(v_submission.course_id, false);
    perform private.hold_peer_reviews(v_submission.assignment_id);
    perform 1 from public.enrollments where id = v_submission.enrollment_id for no key update;
    select * into v_submission from public.assignment_submissions where id = p_submission for no key update;
    select * into v_assignment from public.assignments where id = v_submission.assignment_id for no key update;
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
comment on function public.confirm_peer_grade(uuid) is
    'Makes the reviewers'' weighted mean its share of a work''s grade; the rest are the instructor''s own points. Again after a change it counts anew from those.';
grant execute on function public.add_peer_sample(uuid, uuid, text, jsonb, numeric, text), public.remove_peer_sample(uuid),
    public.confirm_peer_grade(uuid) to authenticated;

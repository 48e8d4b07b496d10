-- The step of peer review that the clock repeats, and what an instructor does by hand.
-- Rollback: drop the functions that are new here; bring back allot_peer_reviews and withdraw_peer_review as they were.

create function private.end_peer_reviews(p_assignment public.assignments, p_settings public.peer_review_settings, p_now timestamptz)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_open boolean;
    v_units integer;
    v_over boolean := p_now >= p_settings.ends_at or not p_assignment.enable_peer_review;
    v_stuck record;
    v_ended integer := 0;
begin
    select count(*) into v_units from public.peer_review_states where assignment_id = p_assignment.id;
    select exists (
        select 1 from public.peer_review_states s join public.assignment_reviews r on r.submission_id = s.submission_id
        where s.assignment_id = p_assignment.id and r.review_type = 'peer' and r.status = 'assigned'
    ) into v_open;
    -- Somebody who is writing yet may have room afterwards. When nobody is, or it was passed on often enough, waiting ends.
    for v_stuck in
        update public.peer_review_states s set state = 'fallback', settled_at = p_now, reason = case
            when not p_assignment.enable_peer_review then 'Peer review was switched off before all reviews had come.'
            when v_units <= s.required then 'Only ' || v_units || case when v_units = 1 then ' work was' else ' works were' end
                || ' handed in, too few for ' || s.required || case when s.required = 1 then ' review each.' else ' reviews each.' end
            when p_now >= p_settings.ends_at then 'The time for peer review was over before all reviews had come.'
            when g.lost > s.required * p_settings.passes then 'It was given to ' || g.lost || case when g.lost = 1 then ' person who' else ' people who' end
                || ' did not review it, as often as it is passed on.'
            else 'Nobody is left who can be asked: the others reviewed it already, have as many as anybody is given, or did not write theirs.' end
        from private.peer_gaps(p_assignment.id) g
        where s.submission_id = g.submission_id and g.open = 0
          and (v_over or not v_open or g.lost > s.required * p_settings.passes)
        returning s.submission_id, s.reason, s.received, s.required
    loop
        v_ended := v_ended + 1;
        perform private.notify(u.member_id, 'peer_review_fallback', left('Your instructor reviews “' || p_assignment.title, 190) || '”',
            'Of ' || v_stuck.required || case when v_stuck.required = 1 then ' review ' else ' reviews ' end || v_stuck.received || ' came. '
            || v_stuck.reason || ' Your instructor has been asked to review your work.', '/peer-reviews')
        from private.authors_of(v_stuck.submission_id) u (member_id);
    end loop;
    if v_ended > 0 then
        perform private.notify(t.id, 'peer_review_stuck',
            left(v_ended || case when v_ended = 1 then ' work waits' else ' works wait' end || ' for your review: “' || p_assignment.title, 190) || '”',
            'Their peer review ended before all reviews had come. The page says why and what you can do.',
            '/studio/' || p_assignment.course_id || '/assignments/' || p_assignment.id || '/peers?show=fallback')
        from (
            select c.instructor_id as id from public.courses c where c.id = p_assignment.course_id and c.instructor_id is not null
            union select i.profile_id from public.course_instructors i where i.course_id = p_assignment.course_id
        ) t;
    end if;
end
$$;
comment on function private.end_peer_reviews(public.assignments, public.peer_review_settings, timestamptz) is
    'Works that nobody can be asked for become the instructor''s: with the reason, a notice to him and one to the author.';

create function private.remind_peers(p_assignment public.assignments, p_now timestamptz) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$
    with due as (
        update public.assignment_reviews r set reminded_at = p_now
        from public.peer_review_states s
        where s.assignment_id = p_assignment.id and r.submission_id = s.submission_id and r.review_type = 'peer' and r.status = 'assigned'
          and r.reminded_at is null and r.due_at - least(interval '1 day', (r.due_at - r.assigned_at) / 2) <= p_now
        returning r.reviewer_id, r.due_at
    )
    select private.notify(d.reviewer_id, 'peer_review_reminder', left('Your reviews for “' || p_assignment.title, 170) || '” are due soon',
        count(*) || case when count(*) = 1 then ' review is' else ' reviews are' end
        || ' not written yet. After the deadline they pass to somebody else.', '/peer-reviews')
    from due d group by d.reviewer_id
$$;
comment on function private.remind_peers(public.assignments, timestamptz) is 'Reminds once, a day before the time-out or when half of a shorter time is over.';

create function private.take_back_peer_reviews(p_assignment public.assignments, p_settings public.peer_review_settings, p_now timestamptz)
returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$
    with gone as (
        update public.assignment_reviews r
        set status = 'withdrawn', withdrawn_for = case when p_assignment.enable_peer_review then 'timeout' else 'off' end
        from public.peer_review_states s
        where s.assignment_id = p_assignment.id and r.submission_id = s.submission_id and r.review_type = 'peer' and r.status = 'assigned'
          and (not p_assignment.enable_peer_review or p_now >= p_settings.ends_at
            or coalesce(r.due_at, r.assigned_at + make_interval(days => p_settings.review_days)) <= p_now)
        returning r.id, r.reviewer_id
    ), drafts as (
        delete from public.peer_review_drafts d using gone g where d.review_id = g.id
    )
    select private.notify(g.reviewer_id, 'peer_review_passed_on', left('Reviews for “' || p_assignment.title, 150) || '” are no longer yours',
        count(*) || case when count(*) = 1 then ' review was' else ' reviews were' end
        || case when p_assignment.enable_peer_review then ' not written in time and passed on.' else ' taken back: peer review was switched off.' end,
        '/peer-reviews')
    from gone g group by g.reviewer_id
$$;
comment on function private.take_back_peer_reviews(public.assignments, public.peer_review_settings, timestamptz) is
    'Takes back what was not written in time, and everything when peer review is over or switched off.';

create function private.hold_peer_reviews(p_assignment uuid) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$ select pg_advisory_xact_lock(hashtextextended('peer_reviews:' || p_assignment::text, 0)) $$;
comment on function private.hold_peer_reviews(uuid) is 'One at a time gives and takes reviews of an assignment. To be called before any of its rows is locked.';

create function private.step_peer_reviews(p_assignment uuid, p_now timestamptz default now(), p_due timestamptz default null) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_assignment public.assignments;
    v_settings public.peer_review_settings;
    v_first boolean;
    v_made integer := 0;
begin
    perform private.hold_peer_reviews(p_assignment);
    select * into v_assignment from public.assignments where id = p_assignment;
    select * into v_settings from public.peer_review_settings where assignment_id = p_assignment;
    v_first := v_settings.allotted_at is null;
    if v_settings.assignment_id is null or (v_first and not v_assignment.enable_peer_review)
        or not exists (select 1 from public.assignment_submissions s where s.assignment_id = p_assignment)
    then
        return 0;
    end if;
    update public.peer_review_settings set
        allotted_at = coalesce(allotted_at, p_now), stepped_at = p_now,
        ends_at = coalesce(ends_at, p_now + make_interval(days => 2 * review_days + passes * pass_days))
    where assignment_id = p_assignment returning * into v_settings;
    perform private.join_peer_reviews(v_assignment, v_settings, p_now);
    perform private.take_back_peer_reviews(v_assignment, v_settings, p_now);
    if v_assignment.enable_peer_review and p_now < v_settings.ends_at then
        if v_first then
            v_made := private.begin_peer_reviews(v_assignment, v_settings, p_now,
                least(v_settings.ends_at, coalesce(p_due, p_now + make_interval(days => v_settings.review_days))));
        else
            v_made := private.pass_on_peer_reviews(v_assignment, v_settings, p_now, p_due)
                + private.give_late_comers_their_share(v_assignment, v_settings, p_now);
        end if;
    end if;
    perform private.notify(n.reviewer_id, 'peer_review_allotted', left('Review the work of others: “' || v_assignment.title, 190) || '”',
        'You have ' || n.many || case when n.many = 1 then ' work' else ' works' end || ' to review. You do not see whose it is, and nobody is told who you are.',
        '/peer-reviews')
    from (
        select r.reviewer_id, count(*) as many
        from public.peer_review_states s join public.assignment_reviews r on r.submission_id = s.submission_id
        where v_made > 0 and s.assignment_id = p_assignment and r.review_type = 'peer' and r.status = 'assigned' and r.assigned_at = p_now
        group by r.reviewer_id
    ) n;
    perform private.remind_peers(v_assignment, p_now);
    perform private.end_peer_reviews(v_assignment, v_settings, p_now);
    return v_made;
end
$$;
comment on function private.step_peer_reviews(uuid, timestamptz, timestamptz) is
    'Brings an assignment''s peer review up to a moment: takes in, takes back, gives, reminds, ends. Harmless when nothing is due. Answers how many it gave.';

create function private.due_peer_reviews(p_now timestamptz default now()) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    -- Not yet allotted: the deadline and the wait are over, whatever extensions there are.
    select t.assignment_id from public.peer_review_settings t join public.assignments a on a.id = t.assignment_id
    where t.allotted_at is null and a.enable_peer_review and a.status <> 'draft' and a.due_date + make_interval(hours => t.wait_hours) <= p_now
      and exists (select 1 from public.assignment_submissions s where s.assignment_id = t.assignment_id)
    union
    -- A review is overdue or close to it.
    select s.assignment_id from public.assignment_reviews r join public.peer_review_states s on s.submission_id = r.submission_id
    where r.status = 'assigned' and r.review_type = 'peer'
      and (r.due_at <= p_now or r.due_at is null
        or (r.reminded_at is null and r.due_at <= p_now + interval '1 day'
            and r.due_at - least(interval '1 day', (r.due_at - r.assigned_at) / 2) <= p_now))
    union
    -- Somebody has written his and has room; it is over or switched off; or work has come since.
    select t.assignment_id from public.peer_review_settings t join public.assignments a on a.id = t.assignment_id
    where t.allotted_at is not null and (
        exists (
            select 1 from public.peer_review_states s
            where s.assignment_id = t.assignment_id and s.state = 'waiting' and (
                not a.enable_peer_review or t.ends_at <= p_now or exists (
                    select 1 from public.peer_review_states w join public.assignment_reviews r on r.submission_id = w.submission_id
                    where w.assignment_id = t.assignment_id and r.completed_at >= t.stepped_at
                )
            )
        )
        or exists (select 1 from public.assignment_submissions n where n.assignment_id = t.assignment_id and n.submitted_at >= t.stepped_at)
    )
$$;
comment on function private.due_peer_reviews(timestamptz) is 'Assignments in which a step of peer review has something to do.';
grant execute on function private.step_peer_reviews(uuid, timestamptz, timestamptz), private.due_peer_reviews(timestamptz) to service_role;

-- By hand ----------------------------------------------------------------------------------------------------

create function private.require_taught_review(p_review uuid) returns public.assignment_reviews
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_review public.assignment_reviews;
begin
    select * into v_review from public.assignment_reviews r
    where r.id = p_review and r.review_type = 'peer' and (r.course_id in (select private.my_taught_course_ids()) or private.is_admin());
    if v_review.id is null then
        perform private.refuse('CG404', 'no_such_review', 'There is no such review in a course that you teach.');
    end if;
    perform private.hold_peer_reviews((select s.assignment_id from public.assignment_submissions s where s.id = v_review.submission_id));
    select * into v_review from public.assignment_reviews r where r.id = p_review for no key update;
    return v_review;
end
$$;
comment on function private.require_taught_review(uuid) is 'A peer''s review in a course that the caller teaches, held; refuses any other.';
alter function private.require_taught_review(uuid) volatile;

create or replace function public.allot_peer_reviews(p_assignment uuid, p_due timestamptz default null) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_assignment public.assignments;
begin
    select * into v_assignment from public.assignments where id = p_assignment;
    if v_assignment.id is null or not (v_assignment.course_id in (select private.my_taught_course_ids()) or private.is_admin()) then
        perform private.refuse('CG404', 'no_such_assignment', 'There is no such assignment in a course that you teach.');
    elsif not v_assignment.enable_peer_review then
        perform private.refuse('CG409', 'no_peer_review', 'This assignment is not reviewed by peers.');
    elsif p_due <= now() then
        perform private.refuse('CG422', 'due_before_now', 'Give a deadline for the reviews that is still to come.');
    end if;
    return private.step_peer_reviews(p_assignment, now(), p_due);
end
$$;
comment on function public.allot_peer_reviews(uuid, timestamptz) is
    'Begins peer review now, or brings it up to date: gives what is missing to those who have room. Answers how many reviews it gave.';

create or replace function public.withdraw_peer_review(p_review uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_review public.assignment_reviews := private.require_taught_review(p_review);
    v_assignment public.assignments;
begin
    select a.* into v_assignment from public.assignments a join public.assignment_submissions s on s.assignment_id = a.id
    where s.id = v_review.submission_id;
    update public.assignment_reviews set status = 'withdrawn', withdrawn_for = 'instructor' where id = p_review and status = 'assigned';
    if not found then
        perform private.refuse('CG409', 'review_over', 'This review is done or was taken back already.');
    end if;
    delete from public.peer_review_drafts where review_id = p_review;
    perform private.notify(v_review.reviewer_id, 'peer_review_passed_on', left('A review for “' || v_assignment.title, 150) || '” is no longer yours',
        'Your instructor passed it on to somebody else.', '/peer-reviews');
    perform private.step_peer_reviews(v_assignment.id);
end
$$;
comment on function public.withdraw_peer_review(uuid) is 'Takes a review from somebody who does not write it, and passes it on to whoever has room.';

create function public.remind_peer_reviewer(p_review uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_review public.assignment_reviews := private.require_taught_review(p_review);
begin
    if v_review.status <> 'assigned' then
        perform private.refuse('CG409', 'review_over', 'This review is done or was taken back already.');
    elsif v_review.reminded_at > now() - interval '1 hour' then
        perform private.refuse('CG409', 'reminded_just_now', 'This person was reminded less than an hour ago.');
    end if;
    update public.assignment_reviews set reminded_at = now() where id = p_review;
    perform private.notify(v_review.reviewer_id, 'peer_review_reminder', left('Your review for “' || a.title, 180) || '” is awaited',
        'Your instructor asks you to write it. After its deadline it passes to somebody else.', '/peer-reviews/' || p_review)
    from public.assignments a join public.assignment_submissions s on s.assignment_id = a.id where s.id = v_review.submission_id;
end
$$;
comment on function public.remind_peer_reviewer(uuid) is 'Reminds somebody of a review that is not written yet, at most once an hour.';

create function public.leave_out_peer_review(p_review uuid, p_reason text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_review public.assignment_reviews := private.require_taught_review(p_review);
begin
    if v_review.status <> 'completed' or v_review.left_out_at is not null then
        perform private.refuse('CG409', 'nothing_to_leave_out', 'This review is not written, or is left out already.');
    elsif coalesce(length(btrim(p_reason)), 0) not between 1 and 1000 then
        perform private.refuse('CG422', 'reason_needed', 'Say in at most 1000 characters why this review is left out.');
    end if;
    update public.assignment_reviews set left_out_at = now(), left_out_by = auth.uid(), left_out_reason = btrim(p_reason) where id = p_review;
    perform private.step_peer_reviews(s.assignment_id) from public.assignment_submissions s where s.id = v_review.submission_id;
end
$$;
comment on function public.leave_out_peer_review(uuid, text) is
    'Leaves an unfair review out, for a reason: its author does not read it, the mean is without it, and another is sought.';

create function public.put_back_peer_review(p_review uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_review public.assignment_reviews := private.require_taught_review(p_review);
begin
    if v_review.left_out_at is null then
        perform private.refuse('CG409', 'not_left_out', 'This review is not left out.');
    end if;
    update public.assignment_reviews set left_out_at = null, left_out_by = null, left_out_reason = null where id = p_review;
end
$$;
comment on function public.put_back_peer_review(uuid) is 'Counts a review again that was left out.';
grant execute on function public.remind_peer_reviewer(uuid), public.leave_out_peer_review(uuid, text), public.put_back_peer_review(uuid)
    to authenticated;

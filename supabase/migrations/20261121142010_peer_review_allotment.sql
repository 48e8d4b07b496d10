-- Allotting reviews, taking back what is not written, passing it on, and ending: one step that may be repeated at any time.
-- Rollback: drop the functions that are new here; bring back allot_peer_reviews and withdraw_peer_review as they were.

create function private.peer_units(p_assignment uuid)
returns table (unit_id uuid, submission_id uuid, member_id uuid, size integer, submitted_at timestamptz, active boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    -- The last work of each; of a group, one row of it stands for all.
    select u.unit, (array_agg(u.id) over w)[1], u.member_id, count(*) over (partition by u.unit), min(u.submitted_at) over (partition by u.unit),
        u.active
    from (
        select distinct on (t.member_id) t.id, t.member_id, t.submitted_at, coalesce(t.group_id, t.member_id) as unit,
            e.status in ('enrolled', 'in_progress', 'completed') as active
        from public.assignment_submissions t join public.enrollments e on e.id = t.enrollment_id
        where t.assignment_id = p_assignment order by t.member_id, t.submitted_at desc, t.submission_number desc
    ) u
    window w as (partition by u.unit order by u.active desc, u.member_id)
$$;
comment on function private.peer_units(uuid) is 'Who handed in, by unit: a group or a person. active: still in the course.';

create function private.authors_of(p_submission uuid) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select s.member_id from public.assignment_submissions s where s.id = p_submission
    union
    select o.member_id from public.assignment_submissions s join public.assignment_submissions o on o.group_id = s.group_id
    where s.id = p_submission
$$;
comment on function private.authors_of(uuid) is 'Who handed a work in: one person, or the members of a group.';

create function private.begin_peer_reviews(p_assignment public.assignments, p_settings public.peer_review_settings, p_now timestamptz, p_due timestamptz)
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_made integer;
begin
    -- In a random circle who stands at 1 reviews those at 2, 3, …: everybody gives and gets as many, nobody a work twice. In a
    -- group the reviews go round among its members.
    insert into public.assignment_reviews (submission_id, course_id, reviewer_id, review_type, assigned_at, due_at)
    with circle as (
        select s.unit_id, s.submission_id, s.required, row_number() over (order by random(), s.unit_id) - 1 as place, count(*) over () as n
        from public.peer_review_states s where s.assignment_id = p_assignment.id and s.state = 'waiting'
    ), people as (
        select u.unit_id, u.member_id, row_number() over (partition by u.unit_id order by random(), u.member_id) - 1 as seat,
            count(*) over (partition by u.unit_id) as size
        from private.peer_units(p_assignment.id) u where u.active
    )
    select w.submission_id, p_assignment.course_id, p.member_id, 'peer', p_now, p_due
    from circle g
    cross join lateral generate_series(1, least(g.required, g.n - 1)) k
    join circle w on w.place = (g.place + k) % g.n
    join people p on p.unit_id = g.unit_id and p.seat = k % p.size
    on conflict (submission_id, reviewer_id) do nothing;
    get diagnostics v_made = row_count;
    return v_made;
end
$$;
comment on function private.begin_peer_reviews(public.assignments, public.peer_review_settings, timestamptz, timestamptz) is
    'The first allotment: each unit reviews the next ones of a random circle. Answers how many reviews it made.';

create function private.join_peer_reviews(p_assignment public.assignments, p_settings public.peer_review_settings, p_now timestamptz)
returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$
    insert into public.peer_review_states
        (submission_id, assignment_id, course_id, unit_id, required, received, state, reason, joined_at, settled_at)
    select n.submission_id, p_assignment.id, p_assignment.course_id, n.unit_id, p_assignment.peer_reviews_required, n.came, n.state,
        case when n.state <> 'fallback' then null when not n.active then 'Its author has left the course.'
            else 'It came when the others’ reviews were nearly over.' end,
        p_now, case when n.state <> 'waiting' then p_now end
    from (
        select u.unit_id, u.submission_id, u.active, c.came, case
            when c.came >= p_assignment.peer_reviews_required then 'complete'
            when not u.active or u.submitted_at > p_settings.allotted_at + make_interval(days => p_settings.review_days)
                or p_now >= p_settings.ends_at then 'fallback'
            else 'waiting' end as state
        from (
            select v.unit_id, v.submission_id, min(v.submitted_at) as submitted_at, bool_or(v.active) as active
            from private.peer_units(p_assignment.id) v group by v.unit_id, v.submission_id
        ) u
        cross join lateral (
            select count(*) as came from public.assignment_reviews r
            where r.submission_id = u.submission_id and private.counts_as_peer_review(r)
        ) c
    ) n
    on conflict do nothing
$$;
comment on function private.join_peer_reviews(public.assignments, public.peer_review_settings, timestamptz) is
    'Takes in work that is not in the peer review yet; what comes too late, or from who has left, is the instructor''s at once.';

create function private.peer_pool(p_assignment uuid, p_extra integer)
returns table (member_id uuid, unit_id uuid, load integer, share integer, room integer, joined_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    -- Who has written all of his can be given more, and who joined late owes his share. Who was silent is not asked again.
    select u.member_id, u.unit_id, coalesce(g.load, 0), h.share,
        case when g.silent then 0 else greatest(0, case when g.pending = 0 and g.done > 0 then h.share + p_extra else h.share end - coalesce(g.load, 0)) end,
        s.joined_at
    from private.peer_units(p_assignment) u
    join public.peer_review_states s on s.assignment_id = p_assignment and s.unit_id = u.unit_id
    cross join lateral (select ceil(s.required::numeric / u.size)::integer as share) h
    left join (
        select r.reviewer_id, count(*) filter (where r.status <> 'withdrawn')::integer as load,
            count(*) filter (where r.status = 'assigned') as pending, count(*) filter (where private.counts_as_peer_review(r)) as done,
            bool_or(r.status = 'withdrawn' or r.left_out_at is not null) as silent
        from public.peer_review_states w join public.assignment_reviews r on r.submission_id = w.submission_id and r.review_type = 'peer'
        where w.assignment_id = p_assignment group by r.reviewer_id
    ) g on g.reviewer_id = u.member_id
    where u.active
$$;
comment on function private.peer_pool(uuid, integer) is 'Who may be given a review: load, what he owes (share), and for how many more he has room.';

create function private.peer_gaps(p_assignment uuid)
returns table (submission_id uuid, unit_id uuid, has integer, lost integer, open integer, lack integer)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select s.submission_id, s.unit_id, c.has, c.lost, c.open, s.required - c.has
    from public.peer_review_states s
    cross join lateral (
        select count(*) filter (where r.status = 'assigned' or private.counts_as_peer_review(r))::integer as has,
            count(*) filter (where r.status = 'withdrawn' or r.left_out_at is not null)::integer as lost,
            count(*) filter (where r.status = 'assigned')::integer as open
        from public.assignment_reviews r where r.submission_id = s.submission_id and r.review_type = 'peer'
    ) c
    where s.assignment_id = p_assignment and s.state = 'waiting' and c.has < s.required
$$;
comment on function private.peer_gaps(uuid) is 'Works that wait and have fewer reviews, written or given, than they need; lost are those that were not written or left out.';

create function private.pass_on_peer_reviews(p_assignment public.assignments, p_settings public.peer_review_settings, p_now timestamptz, p_due timestamptz)
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_people uuid[];
    v_units uuid[];
    v_head integer := 1;
    v_at integer;
    v_gap record;
    v_made integer := 0;
begin
    -- A queue in which everybody stands once for each review that he has room for, those with the fewest first.
    select array_agg(q.member_id order by q.place, q.chance), array_agg(q.unit_id order by q.place, q.chance) into v_people, v_units
    from (
        select p.member_id, p.unit_id, p.load + lap as place, random() as chance
        from private.peer_pool(p_assignment.id, p_settings.extra_reviews) p cross join lateral generate_series(1, p.room) lap
    ) q;
    for v_gap in
        select g.submission_id, g.unit_id, g.lost from private.peer_gaps(p_assignment.id) g
        join public.peer_review_states s on s.submission_id = g.submission_id
        cross join lateral generate_series(1, g.lack) slot
        where g.lost <= s.required * p_settings.passes
        order by g.has + slot, g.submission_id
    loop
        v_at := v_head;
        while v_at <= coalesce(cardinality(v_people), 0) loop
            if v_units[v_at] <> v_gap.unit_id and not exists (
                select 1 from public.assignment_reviews r where r.submission_id = v_gap.submission_id and r.reviewer_id = v_people[v_at]
            ) then
                insert into public.assignment_reviews (submission_id, course_id, reviewer_id, review_type, assigned_at, due_at)
                values (v_gap.submission_id, p_assignment.course_id, v_people[v_at], 'peer', p_now, least(p_settings.ends_at, coalesce(p_due,
                    p_now + make_interval(days => case when v_gap.lost > 0 then p_settings.pass_days else p_settings.review_days end))));
                v_people[v_at] := v_people[v_head];
                v_units[v_at] := v_units[v_head];
                v_head := v_head + 1;
                v_made := v_made + 1;
                exit;
            end if;
            v_at := v_at + 1;
        end loop;
    end loop;
    return v_made;
end
$$;
comment on function private.pass_on_peer_reviews(public.assignments, public.peer_review_settings, timestamptz, timestamptz) is
    'Gives what is missing to those who have room: one pass over the gaps, each with at most one look at each place in the queue.';

create function private.give_late_comers_their_share(p_assignment public.assignments, p_settings public.peer_review_settings, p_now timestamptz)
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_owes record;
    v_made integer := 0;
begin
    for v_owes in
        select p.member_id, p.unit_id from private.peer_pool(p_assignment.id, 0) p
        cross join lateral generate_series(1, p.share - p.load)
        where p.joined_at = p_now and p.room > 0
    loop
        -- Best the works of those who review his: who gives one more gets one more. Then those that have the fewest.
        insert into public.assignment_reviews (submission_id, course_id, reviewer_id, review_type, assigned_at, due_at)
        select s.submission_id, p_assignment.course_id, v_owes.member_id, 'peer', p_now,
            least(p_settings.ends_at, p_now + make_interval(days => p_settings.review_days))
        from public.peer_review_states s
        cross join lateral (
            select count(*) filter (where r.status <> 'withdrawn') as has, coalesce(bool_or(r.reviewer_id = v_owes.member_id), false) as mine
            from public.assignment_reviews r where r.submission_id = s.submission_id and r.review_type = 'peer'
        ) c
        where s.assignment_id = p_assignment.id and s.unit_id <> v_owes.unit_id and not c.mine
        order by exists (
            select 1 from public.peer_review_states o join public.assignment_reviews r on r.submission_id = o.submission_id
            join private.peer_units(p_assignment.id) u on u.unit_id = s.unit_id and u.member_id = r.reviewer_id
            where o.assignment_id = p_assignment.id and o.unit_id = v_owes.unit_id
        ) desc, c.has, random()
        limit 1;
        v_made := v_made + found::integer;
    end loop;
    return v_made;
end
$$;
comment on function private.give_late_comers_their_share(public.assignments, public.peer_review_settings, timestamptz) is
    'Who joined in this step and met no gap reviews all the same: as many as he gets, where there are works for it.';

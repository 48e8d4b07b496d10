-- Whether somebody attended a session, for how long and whether it counts follows from the union of the intervals that stand.
select a.id, a.session_id, a.member_id, a.duration_minutes, r.seconds
from public.session_attendance a
join public.live_sessions s on s.id = a.session_id
cross join lateral (
    select s.session_date - make_interval(mins => s.attendance_tolerance_minutes) as opens,
        s.session_date + make_interval(mins => s.duration_minutes + s.attendance_tolerance_minutes) as shuts
) w
cross join lateral (
    -- Counted by sweeping over the moments at which somebody came or went, not with ranges.
    select count(*) as moments, coalesce(floor(sum(extract(epoch from m.next_at - m.at)) filter (where m.there > 0)), 0) as seconds
    from (
        select e.at, lead(e.at) over (order by e.at) as next_at, sum(sum(e.step)) over (order by e.at) as there
        from public.attendance_intervals i
        cross join lateral (values
            (greatest(i.joined_at, w.opens), case when i.left_at is null then 0 else 1 end),
            (least(coalesce(i.left_at, i.joined_at), w.shuts), case when i.left_at is null then 0 else -1 end)
        ) as e (at, step)
        where i.attendance_id = a.id and i.voided_at is null and i.joined_at < w.shuts and coalesce(i.left_at, w.opens) >= w.opens
        group by e.at
    ) m
) r
where (a.attended, a.duration_minutes, a.eligible_for_credit) is distinct from (
    r.moments > 0, floor(r.seconds / 60)::integer, r.seconds * 100 >= s.credit_threshold_percentage * s.duration_minutes * 60
)

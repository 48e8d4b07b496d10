-- The counters of every live session equal a recount of its attendance.
select s.id, s.registered_count, r.registered, s.attendance_count, r.attended, s.attendance_minutes, r.minutes
from public.live_sessions s
cross join lateral (
    select count(*) filter (where a.cancelled_at is null) as registered,
        count(*) filter (where a.attended) as attended,
        coalesce(sum(a.duration_minutes), 0) as minutes
    from public.session_attendance a where a.session_id = s.id
) r
where (s.registered_count, s.attendance_count, s.attendance_minutes) is distinct from (r.registered, r.attended, r.minutes)

-- Credits for a live session that stand are of an attendance that counts, and are reckoned from its minutes.
select a.id, s.id as attendance, s.duration_minutes, a.figures
from public.credit_awards a
join public.session_attendance s on s.id = a.attendance_id
where a.reverses is null
  and not exists (select 1 from public.credit_awards b where b.reverses = a.id)
  and (not s.eligible_for_credit or (a.figures ->> 'minutes')::integer <> s.duration_minutes)

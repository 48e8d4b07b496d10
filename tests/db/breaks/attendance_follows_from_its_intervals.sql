update public.session_attendance set duration_minutes = 30 where member_id = %(owner)s and session_id = %(live_now)s;

update public.live_sessions set attendance_count = attendance_count + 1 where id = %(live)s;

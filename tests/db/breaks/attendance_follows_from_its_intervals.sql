update public.session_attendance set eligible_for_credit = true where id = %(attendance)s;

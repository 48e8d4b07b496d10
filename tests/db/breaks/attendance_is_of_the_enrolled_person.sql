update public.session_attendance set enrollment_id = %(learner_seminar_enrollment)s where id = %(attendance)s;

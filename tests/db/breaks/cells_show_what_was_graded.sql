update public.assignment_submissions set points_earned = 50, graded_at = now(), status = 'graded' where id = %(submission)s;
update public.gradebook_cells set source_percent = 0.01 where enrollment_id = %(short_enrollment)s and source_percent = 50;

drop trigger log_enrollment_changes on public.enrollments;

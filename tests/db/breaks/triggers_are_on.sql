alter table public.enrollments disable trigger check_enrollment;

drop trigger update_courses_updated_at on public.courses;

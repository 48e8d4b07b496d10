alter table public.lessons disable trigger keep_held_lessons;
delete from public.lessons where id = %(locked)s;
update public.course_versions set released_lesson_ids = '{}';

alter table public.course_prerequisites disable trigger course_prerequisites_without_circle;
insert into public.course_prerequisites (course_id, requires_course_id) values (%(open)s, %(members)s), (%(members)s, %(open)s);

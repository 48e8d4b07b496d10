alter table public.skill_prerequisites disable trigger skill_prerequisites_without_circle;
insert into public.skill_prerequisites (skill_id, prerequisite_id) values (%(needed_skill)s, %(skill)s);

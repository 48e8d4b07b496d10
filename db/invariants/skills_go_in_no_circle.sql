-- No skill is a part of itself or needs itself first, also through others.
with recursive part (start, id) as (
    select id, parent_id from public.skills where parent_id is not null
    union
    select p.start, s.parent_id from part p join public.skills s on s.id = p.id where s.parent_id is not null
), needed (start, id) as (
    select skill_id, prerequisite_id from public.skill_prerequisites
    union
    select n.start, q.prerequisite_id from needed n join public.skill_prerequisites q on q.skill_id = n.id
)
select start as skill, 'part' as circle from part where start = id
union all
select start, 'prerequisite' from needed where start = id

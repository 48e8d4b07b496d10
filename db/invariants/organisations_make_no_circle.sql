-- No organisation is part of itself, through however many others.
with recursive above (id, part) as (
    select o.parent_id, o.id from public.organisations o where o.parent_id is not null
    union
    select o.parent_id, a.part from above a join public.organisations o on o.id = a.id where o.parent_id is not null
)
select part from above where id = part

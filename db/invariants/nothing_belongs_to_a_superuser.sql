-- No table, view or function of public and private belongs to a superuser: a definer function would run with all rights.
select o.object, r.rolname as owner
from (
    select p.oid::regprocedure::text, p.proowner from pg_proc p
    where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
    union all
    select c.oid::regclass::text, c.relowner from pg_class c
    where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm', 'S')
) as o (object, owner)
join pg_roles r on r.oid = o.owner
where r.rolsuper

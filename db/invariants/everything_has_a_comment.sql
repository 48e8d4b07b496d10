-- Every table, view and function of public and private says what it is for.
select c.oid::regclass::text as object
from pg_class c
where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm')
  and not c.relispartition and coalesce(obj_description(c.oid, 'pg_class'), '') = ''
union all
select p.oid::regprocedure::text
from pg_proc p
where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
  and coalesce(obj_description(p.oid, 'pg_proc'), '') = ''

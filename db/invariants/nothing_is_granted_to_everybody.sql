-- Nothing of public and private is granted to PUBLIC: no table, no column, no function.
select p.oid::regprocedure::text as object, a.privilege_type as "right"
from pg_proc p cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace) and a.grantee = 0
union all
select c.oid::regclass::text, a.privilege_type
from pg_class c cross join aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and a.grantee = 0
union all
select c.oid::regclass::text || '.' || t.attname, a.privilege_type
from pg_class c join pg_attribute t on t.attrelid = c.oid cross join aclexplode(t.attacl) a
where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and a.grantee = 0

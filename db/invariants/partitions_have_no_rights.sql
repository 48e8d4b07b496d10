-- Nobody but the owner has a right to a partition; rows go through the table that it is a part of.
select c.oid::regclass::text as partition, a.grantee::regrole::text as role, a.privilege_type as "right"
from pg_class c cross join aclexplode(c.relacl) a
where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relispartition and c.relkind = 'r'
  and a.grantee <> c.relowner

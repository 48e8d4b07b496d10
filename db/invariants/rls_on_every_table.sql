-- Row-level security is enabled on every table of public and private, partitions too.
select c.oid::regclass::text as "table"
from pg_class c
where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p') and not c.relrowsecurity

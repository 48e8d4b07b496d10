-- Every policy says for which role it is; none is for PUBLIC.
select p.polrelid::regclass::text as "table", p.polname as policy
from pg_policy p
where 0 = any (p.polroles)

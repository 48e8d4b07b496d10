-- A role has one permissive policy at most for a verb on a table: two would be joined by "or".
select p.polrelid::regclass::text as "table", r.role::regrole::text as role, v.verb, array_agg(p.polname) as policies
from pg_policy p
cross join unnest(p.polroles) as r (role)
join (values ('r', 'select'), ('a', 'insert'), ('w', 'update'), ('d', 'delete')) as v (command, verb)
    on p.polcmd = '*' or p.polcmd::text = v.command
where p.polpermissive
group by p.polrelid, r.role, v.verb
having count(*) > 1

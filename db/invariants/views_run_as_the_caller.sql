-- Every view of public runs with the rights of whoever asks (security_invoker).
select c.oid::regclass::text as view
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind = 'v'
  and not coalesce(c.reloptions, '{}') && array['security_invoker=true', 'security_invoker=on']

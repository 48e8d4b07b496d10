-- No trigger of public is disabled: rules and counters hang on them.
select t.tgrelid::regclass::text as "table", t.tgname as trigger
from pg_trigger t
join pg_class c on c.oid = t.tgrelid
where c.relnamespace = 'public'::regnamespace and not t.tgisinternal and t.tgenabled not in ('O', 'A')

-- Every table of public is audited by a trigger for each row, or stands in private.audit_exempt with its reason, not both.
select c.oid::regclass::text as "table"
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
  and (
      exists (
          select 1 from pg_trigger t
          where t.tgrelid = c.oid and t.tgfoid = 'public.log_audit_trail()'::regprocedure and t.tgenabled in ('O', 'A')
            and t.tgtype & 1 = 1
      )
      and exists (select 1 from private.audit_tables a where a.table_name = c.relname)
  ) = exists (select 1 from private.audit_exempt x where x.table_name = c.relname)

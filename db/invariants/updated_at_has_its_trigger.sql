-- Every table with updated_at stamps it by trigger (reviewed exception: video_analytics, stamped by the statement of the heartbeats).
select c.oid::regclass::text as "table"
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attname = 'updated_at' and not a.attisdropped
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
  and c.oid <> 'public.video_analytics'::regclass
  and not exists (
      select 1 from pg_trigger t
      where t.tgrelid = c.oid and t.tgfoid = 'public.update_updated_at_column()'::regprocedure
        -- Before, for each row, on update.
        and t.tgtype & 19 = 19 and t.tgenabled in ('O', 'A')
  )

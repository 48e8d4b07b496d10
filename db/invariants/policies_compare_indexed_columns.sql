-- Every column of its table that a policy filters by leads an index, or is what a partial index is about.
select c.oid::regclass::text as "table", p.polname as policy, a.attname as "column"
from pg_policy p
join pg_class c on c.oid = p.polrelid
join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = p.oid
    and d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid
join pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
where p.polqual is not null
  and not exists (
      select 1 from pg_index i
      where i.indrelid = c.oid and i.indisvalid
        and (
            i.indkey[0] = a.attnum
            or pg_get_expr(i.indpred, i.indrelid) ~ ('\m' || a.attname || '\M')
        )
  )

-- The columns of every foreign key lead an index, so that what is referred to can be changed without reading everything.
select f.conrelid::regclass::text as "table", f.conname as foreign_key
from pg_constraint f
where f.contype = 'f' and f.connamespace in ('public'::regnamespace, 'private'::regnamespace)
  and not exists (
      select 1 from pg_index i
      where i.indrelid = f.conrelid and i.indpred is null and i.indisvalid
        and (i.indkey::int2[])[0:cardinality(f.conkey) - 1] @> f.conkey
  )

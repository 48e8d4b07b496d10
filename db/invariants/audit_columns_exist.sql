-- What private.audit_tables says is personal, secret, ignored or the person is a column of that table (search_text and updated_at need not be).
select a.table_name, n.name as "column"
from private.audit_tables a
cross join lateral unnest(
    array_remove(array_append(a.personal_columns || a.secret_columns || a.ignored_columns || a.key_columns, a.subject_column), null)
) n (name)
where n.name not in ('search_text', 'updated_at') and not exists (
    select 1 from pg_attribute c
    where c.attrelid = to_regclass(case when a.table_name like '%.%' then a.table_name else 'public.' || a.table_name end)
      and c.attname = n.name and c.attnum > 0 and not c.attisdropped
)

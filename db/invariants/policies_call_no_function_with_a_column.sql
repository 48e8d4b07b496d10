-- No policy calls a function of ours with an argument: it would run for every row. Functions without one run once.
select p.polrelid::regclass::text as "table", p.polname as policy, found.call
from pg_policy p
cross join lateral (
    select (regexp_matches(
        concat_ws(' ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)),
        '((?:private|public|auth|extensions)\.\w+\([^)]+\))', 'g'
    ))[1] as call
) found

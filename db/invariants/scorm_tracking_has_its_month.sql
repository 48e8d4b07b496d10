-- This month and the next have a partition for what SCORM packages say, and the default one holds nothing.
select to_char(m.month, 'YYYY-MM') as month
from (
    select date_trunc('month', now() at time zone 'UTC') union all
    select date_trunc('month', now() at time zone 'UTC') + interval '1 month'
) as m (month)
where to_regclass('public.scorm_tracking_' || to_char(m.month, 'YYYY_MM')) is null
union all
select to_char("timestamp" at time zone 'UTC', 'YYYY-MM') || ' in default' from public.scorm_tracking
where tableoid = 'public.scorm_tracking_default'::regclass

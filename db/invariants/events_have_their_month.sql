-- This month and the next have a partition for events, and the default one holds none.
select to_char(m.month, 'YYYY-MM') as month
from (
    select date_trunc('month', now() at time zone 'UTC') union all
    select date_trunc('month', now() at time zone 'UTC') + interval '1 month'
) as m (month)
where to_regclass('public.video_events_' || to_char(m.month, 'YYYY_MM')) is null
union all
select to_char(occurred_at at time zone 'UTC', 'YYYY-MM') || ' in default' from public.video_events
where tableoid = 'public.video_events_default'::regclass

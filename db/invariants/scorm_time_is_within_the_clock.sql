-- No SCORM attempt has counted more time than has passed since it was opened, and its SCOs together have what it has.
select a.id, a.total_time_seconds, a.opened_at
from public.scorm_attempts a
left join (
    select r.attempt_id, sum(r.total_time_seconds) as total from public.scorm_sco_results r group by r.attempt_id
) r on r.attempt_id = a.id
where a.total_time_seconds > extract(epoch from clock_timestamp() - a.opened_at) + 1 or a.total_time_seconds <> coalesce(r.total, 0)

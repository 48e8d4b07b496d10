-- A dispatch counts exactly the learners who have a place in it.
select d.id, d.registrations, r.places
from public.scorm_dispatches d
cross join lateral (
    select count(*) as places from public.scorm_dispatch_registrations r where r.scorm_dispatch_id = d.id and r.released_at is null
) r
where d.registrations <> r.places

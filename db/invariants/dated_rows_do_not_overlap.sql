-- Nobody holds a designation, or belongs to an organisation, twice on one day.
select 'holding' as kind, a.id, b.id as other
from public.designation_holders a
join public.designation_holders b on b.member_id = a.member_id and b.designation_id = a.designation_id and b.id > a.id
    and daterange(b.since, b.until) && daterange(a.since, a.until)
union all
select 'belonging', a.id, b.id
from public.organisation_members a
join public.organisation_members b on b.member_id = a.member_id and b.organisation_id = a.organisation_id and b.id > a.id
    and daterange(b.since, b.until) && daterange(a.since, a.until)

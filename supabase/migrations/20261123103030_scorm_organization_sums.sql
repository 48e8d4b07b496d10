-- What the SCOs of an attempt come to: of the organisation that is played, which need not be the default one.
-- Rollback: restore private.scorm_sum of 20261122105100.

create or replace function private.scorm_sum(p_package uuid, p_attempt uuid, out completion text, out success text, out score numeric, out progress numeric)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    with expected as (
        select i.identifier as sco from public.scorm_attempts a
        join public.scorm_items i on i.scorm_package_id = p_package and i.kind = 'sco'
            and i.organization = private.scorm_organization(a.scorm_enrollment_id)
        where a.id = p_attempt
    ), result as (
        select r.*, i.kind = 'organization' as is_root from public.scorm_sco_results r
        left join public.scorm_items i on i.scorm_package_id = p_package and i.identifier = r.sco
        where r.attempt_id = p_attempt
    ), summed as (
        select
            true as is_root, r.completion_status as completion, r.success_status as success, r.score, r.progress
        from result r where r.is_root
        union all
        select
            false,
            case when count(*) filter (where r.completion_status = 'completed') >= greatest((select count(*) from expected), 1) then 'completed'
                when bool_or(r.completion_status <> 'unknown') then 'incomplete' else 'unknown' end,
            case when bool_or(r.success_status = 'failed') then 'failed'
                when bool_and(r.success_status = 'passed' or r.completion_status = 'completed') and bool_or(r.success_status = 'passed')
                    and count(*) >= (select count(*) from expected) then 'passed'
                else 'unknown' end,
            round(avg(r.score), 2),
            round(least(100, sum(r.progress) / greatest((select count(*) from expected), count(*), 1)), 2)
        from result r where not coalesce(r.is_root, false)
    )
    select s.completion, s.success, s.score, s.progress into completion, success, score, progress
    from summed s order by s.is_root desc limit 1;
end
$$;
comment on function private.scorm_sum(uuid, uuid) is
    'What the SCOs of an attempt come to, before the association''s mark and before corrections: complete when all SCOs of the organisation '
    'that is played are, failed when one is, the mean of the scores; or what the engine wrote for the organisation.';

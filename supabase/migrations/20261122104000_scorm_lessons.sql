-- The lesson's page of a package: how each of its parts stands and what it has not said; an instructor's preview.
-- Rollback: drop the functions, restore the view.

create function public.scorm_parts(p_scorm_enrollment uuid)
returns table (
    sco text, title text, place integer, opened boolean, completion_status text, success_status text, score numeric, progress numeric,
    said_completion boolean, said_success boolean, said_score boolean
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with recursive registration as (
        select e.id, e.scorm_package_id, e.cmi_data, a.id as attempt_id from public.scorm_enrollments e
        left join public.scorm_attempts a on a.scorm_enrollment_id = e.id and a.credit and a.ended_at is null
        where e.id = p_scorm_enrollment
          and (e.id in (select private.my_scorm_enrollment_ids()) or private.is_admin())
    ), tree (id, scorm_package_id, identifier, title, kind, place) as (
        select i.id, i.scorm_package_id, i.identifier, i.title, i.kind, array[i.item_order] from public.scorm_items i
        join registration r on r.scorm_package_id = i.scorm_package_id where i.is_default
        union all
        select i.id, i.scorm_package_id, i.identifier, i.title, i.kind, tree.place || i.item_order from tree
        join public.scorm_items i on i.parent_id = tree.id and i.scorm_package_id = tree.scorm_package_id
        where cardinality(tree.place) < 50
    ), part as (
        select t.identifier, t.title, t.place from tree t where t.kind = 'sco'
        union all
        -- A package without items has one SCO without a name.
        select '', p.title, array[1] from registration r join public.scorm_packages p on p.id = r.scorm_package_id
        where not exists (select 1 from public.scorm_items i where i.scorm_package_id = r.scorm_package_id)
    )
    select
        p.identifier, p.title, (row_number() over (order by p.place))::integer, s.sco is not null,
        coalesce(s.completion_status, 'unknown'), coalesce(s.success_status, 'unknown'), s.score, coalesce(s.progress, 0),
        coalesce(d.said ?| array['cmi.completion_status', 'cmi.core.lesson_status'], false),
        coalesce(d.said ? 'cmi.success_status' or d.said ->> 'cmi.core.lesson_status' in ('passed', 'failed'), false),
        coalesce(d.said ?| array['cmi.score.scaled', 'cmi.score.raw', 'cmi.core.score.raw'], false)
    from part p cross join registration r
    left join public.scorm_sco_results s on s.attempt_id = r.attempt_id and s.sco = p.identifier
    left join lateral (select r.cmi_data -> p.identifier as said) d on true
    order by p.place
$$;
comment on function public.scorm_parts(uuid) is
    'How each SCO of a registration stands in the current attempt, and what its package has said, for the learner and those who may see his records. '
    'Titles only: what else the package holds a learner is not told.';
grant execute on function public.scorm_parts(uuid) to authenticated;

create function public.preview_scorm_package(p_scorm_package uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_row uuid;
begin
    if not (p_scorm_package in (select private.my_managed_scorm_package_ids()) or private.is_admin()) then
        perform private.refuse('CG404', 'no_such_package', 'There is no such package of yours.');
    end if;
    insert into public.scorm_enrollments (member_id, scorm_package_id) values (auth.uid(), p_scorm_package)
    on conflict on constraint one_registration do nothing
    returning id into v_row;
    if v_row is null then
        select id into v_row from public.scorm_enrollments
        where member_id = auth.uid() and scorm_package_id = p_scorm_package and enrollment_id is null and lesson_id is null;
    end if;
    return public.open_scorm_enrollment(v_row, 'browse');
end
$$;
comment on function public.preview_scorm_package(uuid) is
    'Opens a package in the mode browse for somebody who may attach it to lessons: nothing of it counts. Raises CG404, CG409 package_not_ready.';
grant execute on function public.preview_scorm_package(uuid) to authenticated;

-- Who has only looked at a package outside of a course is not somebody who takes it.
create or replace view public.scorm_completion_summary with (security_invoker = true) as
select
    p.id as scorm_package_id, p.title, p.version, p.is_active,
    count(e.id) as total_enrollments,
    count(e.id) filter (where e.status = 'in_progress') as in_progress,
    count(e.id) filter (where e.completion_status = 'completed') as completed,
    count(e.id) filter (where e.success_status = 'passed') as passed,
    count(e.id) filter (where e.success_status = 'failed') as failed,
    round(count(e.id) filter (where e.completion_status = 'completed') * 100.0 / nullif(count(e.id), 0), 2) as completion_rate,
    round(avg(e.score), 2) as average_score,
    round(avg(e.total_time_seconds) filter (where e.attempts > 0), 2) as average_time_seconds
from public.scorm_packages p
left join public.scorm_enrollments e on e.scorm_package_id = p.id and (e.enrollment_id is not null or e.attempts > 0)
group by p.id;

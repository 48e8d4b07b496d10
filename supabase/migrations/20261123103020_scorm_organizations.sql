-- Which organisation of a package a lesson plays: a package may hold several, and the manifest's default is only the first proposal.
-- A registration keeps the one that it began with.
-- Rollback: drop the columns and what is new; restore the other functions of the earlier migrations.

alter table public.lesson_scorm_packages add column organization text;
alter table public.lesson_scorm_packages add constraint organization_length check (length(organization) between 1 and 255) not valid;
alter table public.lesson_scorm_packages validate constraint organization_length;
comment on column public.lesson_scorm_packages.organization is
    'Identifier of the organisation that those play who begin now; null: the default one of the package, as also where a newer version has it no more.';
alter table public.scorm_enrollments add column organization text;
alter table public.scorm_enrollments add constraint organization_length check (length(organization) between 1 and 255) not valid;
alter table public.scorm_enrollments validate constraint organization_length;
comment on column public.scorm_enrollments.organization is
    'Identifier of the organisation of its package that is played, from the beginning to the end; null: the default one.';
grant insert (organization), update (organization) on public.lesson_scorm_packages to authenticated;
grant select (organization) on public.scorm_enrollments to authenticated;

create or replace function private.check_scorm_lesson() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- The lesson keeps its type until we have committed.
    perform 1 from public.lessons where id = new.lesson_id and lesson_type = 'scorm' for share;
    if not found then
        perform private.refuse('CG422', 'not_a_scorm_lesson', 'Only a lesson of the type SCORM plays a package. Change its type first.');
    elsif not exists (select 1 from public.scorm_packages where id = new.scorm_package_id and is_active and replaced_by is null) then
        perform private.refuse('CG409', 'package_not_active', 'This package is not in use any more. Choose another one.');
    elsif new.organization is not null and not exists (
        select 1 from public.scorm_items i
        where i.scorm_package_id = new.scorm_package_id and i.identifier = new.organization and i.kind = 'organization'
    ) then
        perform private.refuse('CG422', 'no_such_organization', 'The package has no such organisation. Choose one of those on its page.');
    end if;
    return new;
end
$$;

-- What is played --------------------------------------------------------------------------------------------------

create function private.scorm_organization_for(p_lesson uuid, p_package uuid) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select i.identifier from public.lesson_scorm_packages l
    join public.scorm_items i on i.scorm_package_id = p_package and i.identifier = l.organization and i.kind = 'organization'
    where l.lesson_id = p_lesson and not i.is_default
$$;
comment on function private.scorm_organization_for(uuid, uuid) is
    'The organisation of a package that somebody gets who begins it in a lesson now; null: its default one.';

create or replace function private.scorm_organization(p_scorm_enrollment uuid) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select o.identifier from public.scorm_enrollments e
    join public.scorm_items o on o.scorm_package_id = e.scorm_package_id
        and case when e.organization is null then o.is_default else o.identifier = e.organization end
    where e.id = p_scorm_enrollment
$$;

create or replace function public.open_scorm(p_lesson uuid, p_mode text default 'normal', p_new_attempt boolean default false) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment public.enrollments := private.my_enrollment_for(p_lesson);
    v_package uuid;
    v_row uuid;
begin
    perform private.hold_requirements(v_enrollment.course_id, false);
    -- Who began a package finishes it, also when a newer one has come.
    select id into v_row from public.scorm_enrollments
    where enrollment_id = v_enrollment.id and lesson_id = p_lesson order by created_at desc, id desc limit 1;
    if v_row is null then
        v_package := private.scorm_package_for(p_lesson);
        if v_package is null then
            perform private.refuse('CG409', 'package_not_ready', 'This lesson has no package that is ready to be played.');
        end if;
        insert into public.scorm_enrollments (member_id, scorm_package_id, enrollment_id, lesson_id, course_id, organization)
        values (
            auth.uid(), v_package, v_enrollment.id, p_lesson, v_enrollment.course_id, private.scorm_organization_for(p_lesson, v_package)
        )
        on conflict on constraint one_registration do nothing
        returning id into v_row;
        if v_row is null then
            -- Two tabs at once: the other one won and this one sees its row.
            select id into v_row from public.scorm_enrollments
            where member_id = auth.uid() and scorm_package_id = v_package and enrollment_id = v_enrollment.id and lesson_id = p_lesson;
        end if;
    end if;
    return public.open_scorm_enrollment(v_row, p_mode, p_new_attempt);
end
$$;

drop function public.preview_scorm_package(uuid);
create function public.preview_scorm_package(p_scorm_package uuid, p_organization text default null) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_row uuid;
begin
    if not (p_scorm_package in (select private.my_managed_scorm_package_ids()) or private.is_admin()) then
        perform private.refuse('CG404', 'no_such_package', 'There is no such package of yours.');
    elsif p_organization is not null and not exists (
        select 1 from public.scorm_items i
        where i.scorm_package_id = p_scorm_package and i.identifier = p_organization and i.kind = 'organization'
    ) then
        perform private.refuse('CG404', 'no_such_organization', 'The package has no such organisation.');
    end if;
    insert into public.scorm_enrollments (member_id, scorm_package_id) values (auth.uid(), p_scorm_package)
    on conflict on constraint one_registration do nothing
    returning id into v_row;
    if v_row is null then
        select id into v_row from public.scorm_enrollments
        where member_id = auth.uid() and scorm_package_id = p_scorm_package and enrollment_id is null and lesson_id is null;
    end if;
    update public.scorm_enrollments e set organization = p_organization
    where e.id = v_row and e.organization is distinct from p_organization;
    return public.open_scorm_enrollment(v_row, 'browse');
end
$$;
comment on function public.preview_scorm_package(uuid, text) is
    'Opens a package, or one of its organisations, in the mode browse for somebody who may attach it to lessons: nothing of it counts. '
    'Raises CG404, CG409 package_not_ready.';
grant execute on function public.preview_scorm_package(uuid, text) to authenticated;

create or replace function public.scorm_parts(p_scorm_enrollment uuid)
returns table (
    sco text, title text, place integer, opened boolean, completion_status text, success_status text, score numeric, progress numeric,
    said_completion boolean, said_success boolean, said_score boolean
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with recursive registration as (
        select e.id, e.scorm_package_id, e.cmi_data, a.id as attempt_id, private.scorm_organization(e.id) as organization
        from public.scorm_enrollments e
        left join public.scorm_attempts a on a.scorm_enrollment_id = e.id and a.credit and a.ended_at is null
        where e.id = p_scorm_enrollment
          and (e.id in (select private.my_scorm_enrollment_ids()) or private.is_admin())
    ), tree (id, scorm_package_id, identifier, title, kind, place) as (
        select i.id, i.scorm_package_id, i.identifier, i.title, i.kind, array[i.item_order] from public.scorm_items i
        join registration r on r.scorm_package_id = i.scorm_package_id and r.organization = i.identifier
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

create or replace function public.move_scorm_learners(p_package uuid, p_registrations uuid[], p_reason text) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_reason text := btrim(p_reason);
    v_to public.scorm_packages;
    v_old public.scorm_enrollments;
    v_moved integer := 0;
begin
    if not (p_package in (select private.my_managed_scorm_package_ids()) or private.is_admin()) then
        perform private.refuse('CG404', 'no_such_package', 'There is no such package of yours.');
    elsif coalesce(length(v_reason), 0) not between 1 and 500 then
        perform private.refuse('CG422', 'reason_missing', 'Say why, in at most 500 characters. It is kept with the change.');
    end if;
    with recursive line (id, replaced_by, depth) as (
        select p.id, p.replaced_by, 0 from public.scorm_packages p where p.id = p_package
        union all
        select p.id, p.replaced_by, line.depth + 1 from line join public.scorm_packages p on p.id = line.replaced_by where line.depth < 1000
    )
    select p.* into v_to from line join public.scorm_packages p on p.id = line.id
    where line.depth > 0 and p.is_active and p.import_state = 'ready' order by line.depth desc limit 1;
    if v_to.id is null then
        perform private.refuse('CG409', 'no_newer_version', 'There is no newer version of this package that is in use.');
    end if;
    for v_old in
        select e.* from public.scorm_enrollments e
        where e.scorm_package_id = p_package and e.enrollment_id is not null
          and (e.course_id in (select private.my_taught_course_ids()) or private.is_admin())
          and (e.id = any (p_registrations) or (p_registrations is null and e.criterion_met_at is null))
          and not exists (
              select 1 from public.scorm_enrollments n
              where n.enrollment_id = e.enrollment_id and n.lesson_id = e.lesson_id and (n.created_at, n.id) > (e.created_at, e.id)
          )
        order by e.id for no key update of e
    loop
        insert into public.scorm_enrollments (member_id, scorm_package_id, enrollment_id, lesson_id, course_id, organization)
        values (
            v_old.member_id, v_to.id, v_old.enrollment_id, v_old.lesson_id, v_old.course_id,
            private.scorm_organization_for(v_old.lesson_id, v_to.id)
        )
        on conflict on constraint one_registration do nothing;
        if found then
            v_moved := v_moved + 1;
            -- A player that is open on the older version is not the current one any more.
            update public.scorm_enrollments set
                session_id = null, session_attempt_id = null, session_opened_at = null, session_web_id = null
            where id = v_old.id;
        end if;
    end loop;
    if v_moved > 0 then
        insert into public.scorm_package_history (scorm_package_id, kind, reason, made_by, details)
        values (p_package, 'moved', v_reason, auth.uid(), jsonb_build_object('to', v_to.id, 'people', v_moved));
    end if;
    return v_moved;
end
$$;

-- What attempts come to: all SCOs of the organisation that is played -------------------------------------------------

create or replace function private.scorm_attempts_under(p_package uuid, p_passing numeric)
returns table (attempt_id uuid, scorm_enrollment_id uuid, completion text, success text)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with expected as (
        select o.identifier as organization, o.is_default, greatest(count(i.id), 1) as scos, count(i.id) as named
        from public.scorm_items o
        left join public.scorm_items i on i.scorm_package_id = p_package and i.organization = o.identifier and i.kind = 'sco'
        where o.scorm_package_id = p_package and o.kind = 'organization' group by o.identifier, o.is_default
        union all
        -- A package without items has one SCO, and none with a name.
        select null, true, 1, 0 where not exists (select 1 from public.scorm_items i where i.scorm_package_id = p_package)
    ), attempt as (
        select a.*, x.scos, x.named from public.scorm_enrollments e
        join public.scorm_attempts a on a.scorm_enrollment_id = e.id and a.credit
        join expected x on case when e.organization is null then x.is_default else x.organization = e.organization end
        where e.scorm_package_id = p_package
    ), result as (
        select r.*, a.scos, a.named, coalesce(i.kind = 'organization', false) as is_root from attempt a
        join public.scorm_sco_results r on r.attempt_id = a.id
        left join public.scorm_items i on i.scorm_package_id = p_package and i.identifier = r.sco
    ), summed as (
        -- As private.scorm_sum sums an attempt, for all at once.
        select r.attempt_id,
            coalesce(max(r.completion_status) filter (where r.is_root), case
                when count(*) filter (where not r.is_root and r.completion_status = 'completed') >= max(r.scos) then 'completed'
                when bool_or(not r.is_root and r.completion_status <> 'unknown') then 'incomplete' else 'unknown' end) as completion,
            coalesce(max(r.success_status) filter (where r.is_root), case
                when bool_or(not r.is_root and r.success_status = 'failed') then 'failed'
                when bool_and(r.is_root or r.success_status = 'passed' or r.completion_status = 'completed')
                    and bool_or(not r.is_root and r.success_status = 'passed')
                    and count(*) filter (where not r.is_root) >= max(r.named) then 'passed'
                else 'unknown' end) as success,
            case when bool_or(r.is_root) then max(r.score) filter (where r.is_root)
                else round(avg(r.score) filter (where not r.is_root), 2) end as score
        from result r group by r.attempt_id
    ), said as (
        select a.id, a.scorm_enrollment_id, a.completion_status, coalesce(s.completion, 'unknown') as completion,
            coalesce(s.success, 'unknown') as success, s.score,
            exists (select 1 from public.scorm_rescores r where r.attempt_id = a.id and r.state = 'approved') as is_corrected
        from attempt a left join summed s on s.attempt_id = a.id
    ), held as (
        select s.id, s.scorm_enrollment_id, s.completion_status, s.success, c.success as corrected_success,
            coalesce(c.completion, s.completion) as completion, coalesce(c.score, s.score) as score
        from said s left join lateral private.scorm_correction(s.id, s.completion, s.success, s.score) c on s.is_corrected
    )
    select h.id, h.scorm_enrollment_id,
        case when h.completion_status = 'completed' then 'completed' else h.completion end,
        case
            when h.corrected_success is not null then h.corrected_success
            when p_passing is not null and h.score is not null and (h.completion = 'completed' or h.success <> 'unknown')
                then case when h.score >= p_passing then 'passed' else 'failed' end
            else h.success
        end
    from held h
$$;

-- Places in a dispatch that nobody really took. The partner's file names the address, and whoever has it can come under any name: what
-- was opened for a moment and never again is no learner, and its place goes to the next who asks.
-- Rollback: drop the column and private.free_scorm_places; restore private.open_scorm_dispatch of 20261122107000.

alter table public.scorm_dispatch_registrations add column released_at timestamptz;
comment on column public.scorm_dispatch_registrations.released_at is
    'Since when his place is free again; null: he has it. When he comes back he takes one, as long as there are places; what he did is kept.';

create function private.free_scorm_places(p_dispatch uuid, p_needed boolean) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_free integer;
begin
    if not p_needed then
        return 0;
    end if;
    -- By our own clock: when he opened it, and when the last that he did arrived.
    update public.scorm_dispatch_registrations r set released_at = now() from public.scorm_enrollments e
    where r.scorm_dispatch_id = p_dispatch and r.released_at is null and r.launches = 1
      and r.last_launched_at < now() - interval '2 days'
      and e.dispatch_registration_id = r.id and e.completion_status <> 'completed' and e.success_status = 'unknown'
      and coalesce(e.last_accessed_at, r.last_launched_at) < r.last_launched_at + interval '1 minute';
    get diagnostics v_free = row_count;
    update public.scorm_dispatches set registrations = registrations - v_free where id = p_dispatch and v_free > 0;
    return v_free;
end
$$;
comment on function private.free_scorm_places(uuid, boolean) is
    'When places are needed, gives back those of learners who came once, two days ago or earlier, stayed for less than a minute and finished '
    'nothing; answers how many. The caller holds the row of the dispatch.';

create or replace function private.open_scorm_dispatch(p_dispatch uuid, p_student bytea, p_registration uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_dispatch public.scorm_dispatches;
    v_registration public.scorm_dispatch_registrations;
    v_package uuid;
    v_row uuid;
begin
    select * into v_dispatch from public.scorm_dispatches where id = p_dispatch for no key update;
    if v_dispatch.id is null then
        perform private.refuse('CG404', 'no_such_dispatch', 'This address leads to nothing. Ask whoever gave you the package for a new one.');
    elsif v_dispatch.revoked_at is not null then
        perform private.refuse('CG403', 'dispatch_revoked', 'This package is not offered here any more. Ask your training department.');
    elsif v_dispatch.expires_at <= now() then
        perform private.refuse('CG403', 'dispatch_expired', 'The time for which this package was offered is over. Ask your training department.');
    elsif v_dispatch.launches >= v_dispatch.max_launches then
        perform private.refuse('CG403', 'no_launches_left', 'This package was opened as often as was agreed. Ask your training department.');
    end if;
    -- The ticket alone is not enough: it must be of this learner and of this dispatch.
    select * into v_registration from public.scorm_dispatch_registrations
    where id = p_registration and scorm_dispatch_id = v_dispatch.id and student = p_student;
    if v_registration.id is null or v_registration.released_at is not null then
        if v_dispatch.registrations - private.free_scorm_places(v_dispatch.id, v_dispatch.registrations >= v_dispatch.max_registrations)
            >= v_dispatch.max_registrations
        then
            perform private.refuse('CG403', 'no_places_left', 'All places in this package are taken. Ask your training department.');
        end if;
        update public.scorm_dispatches set registrations = registrations + 1 where id = v_dispatch.id;
    end if;
    if v_registration.id is null then
        -- Who begins gets the newest version of the package that is in use.
        with recursive line (id, replaced_by, depth) as (
            select p.id, p.replaced_by, 1 from public.scorm_packages p where p.id = v_dispatch.scorm_package_id
            union all
            select p.id, p.replaced_by, line.depth + 1 from line join public.scorm_packages p on p.id = line.replaced_by
            where line.depth < 50
        )
        select line.id into v_package from line join public.scorm_packages p on p.id = line.id
        where p.is_active and p.import_state = 'ready' order by line.depth desc limit 1;
        if v_package is null then
            perform private.refuse('CG409', 'package_not_ready', 'This package is not ready to be played.');
        end if;
        insert into public.scorm_dispatch_registrations (scorm_dispatch_id, student, number)
        select v_dispatch.id, p_student, coalesce(max(r.number), 0) + 1 from public.scorm_dispatch_registrations r
        where r.scorm_dispatch_id = v_dispatch.id and r.student = p_student
        returning * into v_registration;
        insert into public.scorm_enrollments (scorm_package_id, dispatch_registration_id) values (v_package, v_registration.id)
        returning id into v_row;
    else
        select id into v_row from public.scorm_enrollments where dispatch_registration_id = v_registration.id;
    end if;
    update public.scorm_dispatches set launches = launches + 1 where id = v_dispatch.id;
    update public.scorm_dispatch_registrations set launches = launches + 1, last_launched_at = now(), released_at = null where id = v_registration.id;
    return private.open_scorm_player(v_row, 'normal', false) || jsonb_build_object('dispatch_registration_id', v_registration.id);
end
$$;

-- Packages for partners: a dispatch is a package given to one partner, as a small SCORM 1.2 package that is launched here. Whoever
-- comes through it has no account: a registration of the dispatch stands where a member would.
-- Rollback: drop the tables, the functions and the column below; restore one_registration, member_id not null and the functions that
-- are replaced here.

create table public.scorm_dispatches (
    id uuid primary key default gen_random_uuid(),
    scorm_package_id uuid not null references public.scorm_packages (id) on delete restrict,
    partner text not null check (length(btrim(partner)) between 1 and 200),
    note text check (length(note) <= 2000),
    max_registrations integer not null default 500 check (max_registrations between 1 and 100000),
    max_launches integer check (max_launches between 1 and 10000000),
    expires_at timestamptz,
    revoked_at timestamptz,
    registrations integer not null default 0 check (registrations >= 0),
    launches integer not null default 0 check (launches >= 0),
    created_by uuid default auth.uid() references public.profiles (id) on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table public.scorm_dispatches is
    'A package given to a partner, whose learning system launches it here. The address in what the partner gets is signed with the key of the site and the id.';
comment on column public.scorm_dispatches.max_registrations is 'How many learners may begin it. Those who have begun go on.';
comment on column public.scorm_dispatches.max_launches is 'How often it may be opened altogether; null: without limit.';
comment on column public.scorm_dispatches.expires_at is 'From then on nobody opens it. Who has it open finishes what is open.';
comment on column public.scorm_dispatches.revoked_at is 'Set for good; whoever has it open cannot save any more.';
comment on column public.scorm_dispatches.registrations is 'Counted as they begin, under the lock of this row, so that no two pass the last place.';
create index idx_scorm_dispatches_package on public.scorm_dispatches (scorm_package_id, created_at desc, id);
create index idx_scorm_dispatches_created_by on public.scorm_dispatches (created_by);
create trigger update_scorm_dispatches_updated_at before update on public.scorm_dispatches
    for each row execute function public.update_updated_at_column();

create table public.scorm_dispatch_registrations (
    id uuid primary key default gen_random_uuid(),
    scorm_dispatch_id uuid not null references public.scorm_dispatches (id) on delete restrict,
    student bytea not null check (length(student) = 32),
    number integer not null check (number > 0),
    launches integer not null default 0 check (launches >= 0),
    created_at timestamptz not null default now(),
    last_launched_at timestamptz not null default now(),
    constraint scorm_dispatch_registrations_number unique (scorm_dispatch_id, student, number)
);
comment on table public.scorm_dispatch_registrations is
    'A learner of a partner, known by nothing but a keyed hash of the identifier that the partner''s system uses.';
comment on column public.scorm_dispatch_registrations.number is
    'One learner has a further registration when his system has lost the ticket to the one before, as when it begins a new attempt.';
create index idx_scorm_dispatch_registrations_recent on public.scorm_dispatch_registrations (scorm_dispatch_id, last_launched_at desc, id desc);

alter table public.scorm_enrollments
    add column dispatch_registration_id uuid references public.scorm_dispatch_registrations (id) on delete restrict,
    alter column member_id drop not null,
    drop constraint one_registration,
    add constraint one_registration
        unique nulls not distinct (member_id, scorm_package_id, enrollment_id, lesson_id, dispatch_registration_id),
    add constraint somebody_is_registered check (num_nonnulls(member_id, dispatch_registration_id) = 1) not valid,
    add constraint partners_learners_are_in_no_course check (dispatch_registration_id is null or course_id is null) not valid;
alter table public.scorm_enrollments validate constraint somebody_is_registered;
alter table public.scorm_enrollments validate constraint partners_learners_are_in_no_course;
comment on column public.scorm_enrollments.dispatch_registration_id is 'Instead of a member: a learner of a partner, who has no account.';
create unique index idx_scorm_enrollments_dispatch on public.scorm_enrollments (dispatch_registration_id);
grant select (dispatch_registration_id) on public.scorm_enrollments to authenticated;

-- Whose is what --------------------------------------------------------------------------------------------

create function private.my_own_scorm_package_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select p.id from public.scorm_packages p where p.created_by = auth.uid() and private.is_teacher() $$;
comment on function private.my_own_scorm_package_ids() is
    'Packages that the person who asks brought: only he and administrators give them to partners.';

create function private.my_scorm_dispatch_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select d.id from public.scorm_dispatches d where d.scorm_package_id in (select private.my_own_scorm_package_ids()) $$;
comment on function private.my_scorm_dispatch_ids() is 'Dispatches of packages that the person who asks brought.';

create function private.my_dispatch_registration_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select r.id from public.scorm_dispatch_registrations r where r.scorm_dispatch_id in (select private.my_scorm_dispatch_ids())
$$;
comment on function private.my_dispatch_registration_ids() is 'Learners of partners in dispatches of the person who asks.';
grant execute on function private.my_own_scorm_package_ids(), private.my_scorm_dispatch_ids(), private.my_dispatch_registration_ids()
    to authenticated, service_role;

create or replace function private.my_scorm_enrollment_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select id from public.scorm_enrollments where member_id = auth.uid()
    union
    select id from public.scorm_enrollments where course_id in (select private.my_taught_course_ids())
    union
    select id from public.scorm_enrollments where member_id in (select private.my_managed_member_ids())
    union
    select id from public.scorm_enrollments where dispatch_registration_id in (select private.my_dispatch_registration_ids())
$$;
comment on function private.my_scorm_enrollment_ids() is
    'Registrations whose records the person who asks may see: his own, those in courses that he teaches, those of people whom he manages, those of partners to whom he gave a package.';

alter table public.scorm_dispatches enable row level security;
alter table public.scorm_dispatch_registrations enable row level security;
revoke all on public.scorm_dispatches, public.scorm_dispatch_registrations from anon, authenticated, service_role;
grant select, insert, update on public.scorm_dispatches, public.scorm_dispatch_registrations to service_role;
grant select on public.scorm_dispatches, public.scorm_dispatch_registrations to authenticated;
grant insert (id, scorm_package_id, partner, note, max_registrations, max_launches, expires_at)
    on public.scorm_dispatches to authenticated;

create policy "Owners of packages view dispatches" on public.scorm_dispatches for select to authenticated
    using (scorm_package_id = any (array(select private.my_own_scorm_package_ids())) or (select private.is_admin()));
create policy "Owners of packages give them to partners" on public.scorm_dispatches for insert to authenticated
    with check (scorm_package_id = any (array(select private.my_own_scorm_package_ids())) or (select private.is_admin()));
create policy "Owners of packages view learners of partners" on public.scorm_dispatch_registrations for select to authenticated
    using (scorm_dispatch_id = any (array(select private.my_scorm_dispatch_ids())) or (select private.is_admin()));
alter policy "Students view own SCORM enrollments" on public.scorm_enrollments
    using (
        member_id = (select auth.uid())
        or course_id = any (array(select private.my_taught_course_ids()))
        or member_id = any (array(select private.my_managed_member_ids()))
        or dispatch_registration_id = any (array(select private.my_dispatch_registration_ids()))
        or (select private.is_admin())
    );

select private.audit_table('scorm_dispatches', 'log_scorm_dispatch_changes', p_ignored => '{registrations,launches}');
insert into private.audit_exempt (table_name, reason) values
    ('scorm_dispatch_registrations', 'Counts how often an unknown person came; what he reached is audited in scorm_enrollments.');

create function public.change_scorm_dispatch(
    p_dispatch uuid, p_partner text, p_note text, p_max_registrations integer, p_max_launches integer, p_expires_at timestamptz
)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_revoked_at timestamptz;
begin
    select d.revoked_at into v_revoked_at from public.scorm_dispatches d
    where d.id = p_dispatch and (d.id in (select private.my_scorm_dispatch_ids()) or private.is_admin()) for no key update;
    if not found then
        perform private.refuse('CG404', 'no_such_dispatch', 'You have given this package to no such partner.');
    elsif v_revoked_at is not null then
        perform private.refuse('CG409', 'dispatch_revoked', 'This was revoked and stays so. Give the package to the partner again.');
    end if;
    update public.scorm_dispatches set partner = p_partner, note = p_note, max_registrations = p_max_registrations,
        max_launches = p_max_launches, expires_at = p_expires_at
    where id = p_dispatch;
end
$$;
comment on function public.change_scorm_dispatch(uuid, text, text, integer, integer, timestamptz) is
    'Changes what was agreed with a partner, also below what is used already: then nobody new begins. Raises CG404, CG409 dispatch_revoked.';
grant execute on function public.change_scorm_dispatch(uuid, text, text, integer, integer, timestamptz) to authenticated;

create function public.revoke_scorm_dispatch(p_dispatch uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.scorm_dispatches d set revoked_at = coalesce(d.revoked_at, now())
    where d.id = p_dispatch and (d.id in (select private.my_scorm_dispatch_ids()) or private.is_admin());
    if not found then
        perform private.refuse('CG404', 'no_such_dispatch', 'You have given this package to no such partner.');
    end if;
    -- Whoever has it open is told with his next commit.
    update public.scorm_enrollments e set session_id = null, session_attempt_id = null, session_opened_at = null, session_web_id = null
    from public.scorm_dispatch_registrations r
    where r.scorm_dispatch_id = p_dispatch and e.dispatch_registration_id = r.id and e.session_id is not null;
end
$$;
comment on function public.revoke_scorm_dispatch(uuid) is 'Ends a dispatch for good: nobody opens it, and what is open saves nothing more. Raises CG404.';
grant execute on function public.revoke_scorm_dispatch(uuid) to authenticated;

create function private.keep_given_package() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select 1 from public.scorm_dispatches d where d.scorm_package_id = old.id)
        or exists (
            select 1 from public.scorm_enrollments e
            where e.scorm_package_id = old.id and e.dispatch_registration_id is not null
        )
    then
        perform private.refuse('CG409', 'package_given', 'This package was given to partners, and what their learners did is evidence. Retire it instead.');
    end if;
    return old;
end
$$;
comment on function private.keep_given_package() is 'Trigger: a package that was given to a partner stays.';
create trigger keep_given_package before delete on public.scorm_packages for each row execute function private.keep_given_package();

-- Opening a player: what is the same for members and for learners of partners ------------------------------------------

create function private.open_scorm_player(p_scorm_enrollment uuid, p_mode text, p_new_attempt boolean) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_row public.scorm_enrollments;
    v_package public.scorm_packages;
    v_attempt public.scorm_attempts;
    v_open public.enrollments;
begin
    select * into v_row from public.scorm_enrollments where id = p_scorm_enrollment;
    select * into v_package from public.scorm_packages where id = v_row.scorm_package_id;
    if v_package.import_state <> 'ready' then
        perform private.refuse('CG409', 'package_not_ready', 'This package is not ready to be played.');
    end if;
    select * into v_row from public.scorm_enrollments where id = v_row.id for no key update;
    select * into v_attempt from public.scorm_attempts
    where scorm_enrollment_id = v_row.id and mode = p_mode and ended_at is null order by attempt_number desc limit 1;
    if p_mode = 'normal' and (v_attempt.id is null or p_new_attempt) then
        if v_row.attempts >= coalesce(v_package.max_attempts, 1000) then
            perform private.refuse('CG409', 'no_attempts_left', 'You have used all attempts at this package.');
        end if;
        update public.scorm_attempts set ended_at = now(), cmi_data = v_row.cmi_data where id = v_attempt.id;
        v_attempt := null;
        v_row.cmi_data := '{}';
    end if;
    if v_attempt.id is null then
        insert into public.scorm_attempts (scorm_enrollment_id, attempt_number, mode, credit, opened_at)
        values (v_row.id, case p_mode when 'normal' then v_row.attempts + 1 else 1 end, p_mode, p_mode = 'normal', clock_timestamp())
        returning * into v_attempt;
    end if;
    update public.scorm_sco_results set session_seconds = 0 where scorm_enrollment_id = v_row.id and session_seconds > 0;
    update public.scorm_enrollments set
        session_id = gen_random_uuid(), session_attempt_id = v_attempt.id, session_opened_at = clock_timestamp(), session_seconds = 0,
        -- Only a session of our own ends under our eyes; null for others.
        session_web_id = (
            select w.id from public.web_sessions w where w.id = (auth.jwt() ->> 'session_id')::uuid and w.user_id = auth.uid()
        ),
        started_at = coalesce(started_at, now()), last_accessed_at = now()
    where id = v_row.id;
    if p_mode = 'normal' then
        perform private.sum_scorm_attempts(v_row.id, v_row.cmi_data, 0);
        if v_row.lesson_id is not null then
            select * into v_open from public.enrollments where id = v_row.enrollment_id;
            perform private.start_lesson(v_open, v_row.lesson_id);
            -- The lesson may ask since today for what was reached before.
            perform private.complete_scorm_lesson(v_row.id);
        end if;
    end if;
    select * into v_row from public.scorm_enrollments where id = v_row.id;
    return jsonb_build_object(
        'session_id', v_row.session_id, 'scorm_enrollment_id', v_row.id, 'scorm_package_id', v_row.scorm_package_id,
        'attempt_id', v_attempt.id, 'attempt_number', v_attempt.attempt_number, 'mode', v_attempt.mode, 'credit', v_attempt.credit,
        'seq', v_row.commit_seq, 'sco', coalesce(private.first_sco(v_row.scorm_package_id), ''), 'standard', v_package.standard, 'edition', v_package.edition,
        'entry', case when p_mode = 'browse' or v_row.cmi_data = '{}' then 'ab-initio' else 'resume' end,
        'cmi_data', case when p_mode = 'browse' then '{}'::jsonb else v_row.cmi_data end,
        'total_time_seconds', (
            select coalesce(jsonb_object_agg(r.sco, r.total_time_seconds), '{}') from public.scorm_sco_results r
            where r.attempt_id = v_attempt.id
        ),
        'status', v_row.status, 'score', v_row.score, 'progress', v_row.progress
    );
end
$$;
comment on function private.open_scorm_player(uuid, text, boolean) is
    'Opens the player on a registration and makes any other player on it stale. Whoever calls has checked whose it is.';

create or replace function public.open_scorm_enrollment(p_scorm_enrollment uuid, p_mode text default 'normal', p_new_attempt boolean default false)
returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_row public.scorm_enrollments;
    v_open public.enrollments;
begin
    select * into v_row from public.scorm_enrollments where id = p_scorm_enrollment and member_id = auth.uid();
    if v_row.id is null then
        perform private.refuse('CG404', 'no_such_scorm_enrollment', 'There is no such registration of yours.');
    elsif coalesce(p_mode, '') not in ('normal', 'browse', 'review') then
        perform private.refuse('CG422', 'no_such_mode', 'A package is opened in the mode normal, browse or review.');
    end if;
    if v_row.lesson_id is not null then
        v_open := private.my_enrollment_for(v_row.lesson_id);
        if v_open.id <> v_row.enrollment_id then
            perform private.refuse('CG403', 'not_enrolled', 'This registration belongs to another enrollment of yours. Open the lesson again.');
        end if;
        perform private.hold_requirements(v_row.course_id, false);
    end if;
    return private.open_scorm_player(v_row.id, p_mode, p_new_attempt);
end
$$;

create function private.open_scorm_dispatch(p_dispatch uuid, p_student bytea, p_registration uuid) returns jsonb
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
    if v_registration.id is null then
        if v_dispatch.registrations >= v_dispatch.max_registrations then
            perform private.refuse('CG403', 'no_places_left', 'All places in this package are taken. Ask your training department.');
        end if;
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
        update public.scorm_dispatches set registrations = registrations + 1 where id = v_dispatch.id;
    else
        select id into v_row from public.scorm_enrollments where dispatch_registration_id = v_registration.id;
    end if;
    update public.scorm_dispatches set launches = launches + 1 where id = v_dispatch.id;
    update public.scorm_dispatch_registrations set launches = launches + 1, last_launched_at = now() where id = v_registration.id;
    return private.open_scorm_player(v_row, 'normal', false) || jsonb_build_object('dispatch_registration_id', v_registration.id);
end
$$;
comment on function private.open_scorm_dispatch(uuid, bytea, uuid) is
    'Opens the player for a learner of a partner, within the caps and the time of the dispatch. Raises CG403, CG404 or CG409. The caller has checked the signature.';
grant execute on function private.open_scorm_dispatch(uuid, bytea, uuid) to service_role;

-- Partner learning systems: who they are, which of their courses stand for which of ours, what our people did there, what
-- they certified, and every synchronisation. Partners' words arrive through the service; learners read their own.
-- Rollback: drop the tables, the view and the functions below.

-- partner_lms_providers ------------------------------------------------------------------------------------

create table public.partner_lms_providers (
    id uuid primary key default gen_random_uuid(),
    name text not null unique check (length(name) between 1 and 200),
    slug text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 120),
    kind text not null default 'custom' check (kind in (
        'moodle', 'canvas', 'blackboard', 'docebo', 'talentlms', 'litmos', 'absorb', 'open_edx', 'scorm_cloud', 'lti', 'custom'
    )),
    base_url text not null check (base_url ~ '^https://[^\s/@]+(/\S*)?$' and length(base_url) <= 1024),
    credentials_ref text check (credentials_ref ~ '^[a-z][a-z0-9_.-]{0,119}$'),
    is_active boolean not null default true,
    last_synced_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table public.partner_lms_providers is 'Other learning systems in which our people learn.';
comment on column public.partner_lms_providers.base_url is 'Always https and without a name or password in it.';
comment on column public.partner_lms_providers.credentials_ref is 'Under which name the site''s settings keep the key. Never the key itself.';
comment on column public.partner_lms_providers.last_synced_at is 'Moved by finish_sync_log when a synchronisation has completed.';
create index idx_partner_lms_providers_active on public.partner_lms_providers (id) where is_active;
create trigger update_partner_lms_providers_updated_at before update on public.partner_lms_providers
    for each row execute function public.update_updated_at_column();

-- partner_courses ------------------------------------------------------------------------------------------

create table public.partner_courses (
    id uuid primary key default gen_random_uuid(),
    provider_id uuid not null references public.partner_lms_providers (id) on delete restrict,
    external_id text not null check (length(external_id) between 1 and 255),
    course_name text not null check (length(course_name) between 1 and 300),
    description text check (length(description) <= 20000),
    course_url text check (course_url ~ '^https://[^\s@]+$' and length(course_url) <= 1024),
    payload_sha256 bytea check (length(payload_sha256) = 32),
    is_active boolean not null default true,
    synced_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint partner_courses_external unique (provider_id, external_id)
);
comment on table public.partner_courses is 'Courses of partners, as their systems list them.';
comment on column public.partner_courses.payload_sha256 is 'Digest of what the partner sent last: equal means nothing changed.';
create index idx_partner_courses_active on public.partner_courses (id) where is_active;
create trigger update_partner_courses_updated_at before update on public.partner_courses
    for each row execute function public.update_updated_at_column();

-- partner_course_mappings ----------------------------------------------------------------------------------

create table public.partner_course_mappings (
    id uuid primary key default gen_random_uuid(),
    partner_course_id uuid not null references public.partner_courses (id) on delete cascade,
    internal_program_id uuid references public.programs (id) on delete cascade,
    internal_course_id uuid references public.courses (id) on delete cascade,
    scorm_package_id uuid references public.scorm_packages (id) on delete cascade,
    mapping_type text not null default 'equivalent' check (mapping_type in ('equivalent', 'prerequisite', 'supplement', 'partial')),
    grants_completion boolean not null default false,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint mappings_lead_somewhere check (num_nonnulls(internal_program_id, internal_course_id, scorm_package_id) >= 1),
    constraint only_equivalent_courses_grant check (
        not grants_completion or (mapping_type = 'equivalent' and internal_course_id is not null)
    ),
    constraint one_mapping unique nulls not distinct (partner_course_id, internal_program_id, internal_course_id, scorm_package_id)
);
comment on table public.partner_course_mappings is 'What a partner''s course is to ours: to a program, a course, a package, or several of them.';
comment on column public.partner_course_mappings.grants_completion is
    'An administrator has decided that completing there may count here. Nothing is granted without it.';
create index idx_partner_course_mappings_program on public.partner_course_mappings (internal_program_id);
create index idx_partner_course_mappings_course on public.partner_course_mappings (internal_course_id);
create index idx_partner_course_mappings_package on public.partner_course_mappings (scorm_package_id);
create index idx_partner_course_mappings_active on public.partner_course_mappings (id) where is_active;
create trigger update_partner_course_mappings_updated_at before update on public.partner_course_mappings
    for each row execute function public.update_updated_at_column();

-- partner_lms_enrollments ----------------------------------------------------------------------------------

create table public.partner_lms_enrollments (
    id uuid primary key default private.uuid_v7(),
    member_id uuid not null references public.profiles (id) on delete restrict,
    partner_course_id uuid not null references public.partner_courses (id) on delete restrict,
    external_id text check (length(external_id) between 1 and 255),
    status text not null default 'enrolled' check (status in ('enrolled', 'in_progress', 'completed', 'failed', 'dropped', 'expired')),
    progress numeric(5, 2) not null default 0 check (progress between 0 and 100),
    score numeric(5, 2) check (score between 0 and 100),
    module_count integer check (module_count > 0),
    modules integer not null default 0 check (modules >= 0),
    modules_completed integer not null default 0 check (modules_completed between 0 and modules),
    modules_progress numeric(12, 2) not null default 0 check (modules_progress between 0 and modules * 100),
    enrolled_at timestamptz not null default now(),
    started_at timestamptz,
    completed_at timestamptz,
    last_synced_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint one_partner_enrollment unique (member_id, partner_course_id),
    constraint partner_lms_enrollments_external unique (partner_course_id, external_id),
    constraint partner_completions_are_dated check (status <> 'completed' or completed_at is not null),
    constraint progress_follows_from_modules check (
        modules = 0 or progress = round(modules_progress / greatest(modules, coalesce(module_count, 0)), 2)
    )
);
comment on table public.partner_lms_enrollments is 'Our people in partners'' courses, as the partners report it.';
comment on column public.partner_lms_enrollments.module_count is 'How many modules the course has, as the partner says. Without it the modules alone never complete the course.';
comment on column public.partner_lms_enrollments.progress is
    'The mean of the modules once there are any (recount_partner_progress), before that what the partner reports.';
comment on column public.partner_lms_enrollments.modules_progress is 'Sum of the modules'' progress; kept by the difference.';
create function private.recount_partner_progress() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if new.modules > 0 then
        new.progress := round(new.modules_progress / greatest(new.modules, coalesce(new.module_count, 0)), 2);
    end if;
    if new.status in ('enrolled', 'in_progress') and new.modules_completed >= new.module_count then
        new.status := 'completed';
        new.completed_at := coalesce(new.completed_at, now());
    end if;
    return new;
end
$$;
comment on function private.recount_partner_progress() is
    'Trigger: progress is the mean of the modules once there are any, and an enrollment whose modules are all completed is completed. Never back.';
create trigger recount_partner_progress before insert or update on public.partner_lms_enrollments
    for each row execute function private.recount_partner_progress();
create trigger update_partner_lms_enrollments_updated_at before update on public.partner_lms_enrollments
    for each row execute function public.update_updated_at_column();

-- external_module_progress ---------------------------------------------------------------------------------

create table public.external_module_progress (
    id uuid primary key default private.uuid_v7(),
    partner_enrollment_id uuid not null references public.partner_lms_enrollments (id) on delete restrict,
    module_id text not null check (length(module_id) between 1 and 255),
    module_name text check (length(module_name) <= 300),
    status text not null default 'not_started' check (status in ('not_started', 'in_progress', 'completed', 'failed')),
    progress numeric(5, 2) not null default 0 check (progress between 0 and 100),
    score numeric(5, 2) check (score between 0 and 100),
    completed_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint external_module_progress_module unique (partner_enrollment_id, module_id)
);
comment on table public.external_module_progress is 'Where somebody stands in each module of a partner''s course.';
create trigger update_external_module_progress_updated_at before update on public.external_module_progress
    for each row execute function public.update_updated_at_column();

create function public.sync_partner_progress() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_modules integer := 0;
    v_completed integer := 0;
    v_progress numeric := 0;
begin
    if tg_op <> 'DELETE' then
        v_modules := v_modules + 1;
        v_completed := v_completed + (new.status = 'completed')::integer;
        v_progress := v_progress + new.progress;
    end if;
    if tg_op <> 'INSERT' then
        v_modules := v_modules - 1;
        v_completed := v_completed - (old.status = 'completed')::integer;
        v_progress := v_progress - old.progress;
    end if;
    update public.partner_lms_enrollments e set
        modules = e.modules + v_modules,
        modules_completed = e.modules_completed + v_completed,
        modules_progress = e.modules_progress + v_progress,
        started_at = coalesce(e.started_at, case when tg_op <> 'DELETE' and new.status <> 'not_started' then now() end),
        status = case when e.status = 'enrolled' and tg_op <> 'DELETE' and new.status <> 'not_started' then 'in_progress' else e.status end
    where e.id = coalesce(new.partner_enrollment_id, old.partner_enrollment_id);
    return null;
end
$$;
comment on function public.sync_partner_progress() is
    'Trigger: moves the one enrollment that a module belongs to, by the difference; recount_partner_progress does the rest.';
create trigger trigger_sync_partner_progress after insert on public.external_module_progress
    for each row execute function public.sync_partner_progress();
create trigger trigger_sync_partner_progress_on_removal after delete on public.external_module_progress
    for each row execute function public.sync_partner_progress();
create trigger trigger_sync_partner_progress_on_change after update of status, progress on public.external_module_progress
    for each row when (old.status is distinct from new.status or old.progress is distinct from new.progress)
    execute function public.sync_partner_progress();

create function private.keep_partner_enrollment_of_module() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.refuse('CG409', 'module_stays', 'A module''s progress stays with its enrollment.');
    return null;
end
$$;
comment on function private.keep_partner_enrollment_of_module() is 'Trigger: a module''s progress is not moved to another enrollment, where it would be counted twice.';
create trigger keep_partner_enrollment_of_module before update of partner_enrollment_id on public.external_module_progress
    for each row when (old.partner_enrollment_id <> new.partner_enrollment_id)
    execute function private.keep_partner_enrollment_of_module();

create function private.courses_granted_by(p_partner_enrollment uuid) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select distinct m.internal_course_id
    from public.partner_lms_enrollments e
    join public.partner_course_mappings m on m.partner_course_id = e.partner_course_id
        and m.is_active and m.grants_completion and m.mapping_type = 'equivalent'
    where e.id = p_partner_enrollment and e.status = 'completed'
$$;
comment on function private.courses_granted_by(uuid) is
    'Our courses that a completed enrollment at a partner may stand in for: only where an administrator has flagged the mapping. It grants nothing itself.';
grant execute on function private.courses_granted_by(uuid) to service_role;

-- lms_sync_log ---------------------------------------------------------------------------------------------

create table public.lms_sync_log (
    id uuid primary key default private.uuid_v7(),
    provider_id uuid not null references public.partner_lms_providers (id) on delete restrict,
    sync_type text not null check (sync_type in ('courses', 'enrollments', 'progress', 'credentials', 'full')),
    status text not null default 'running' check (status in ('running', 'completed', 'partial', 'failed')),
    records_processed integer not null default 0 check (records_processed >= 0),
    records_failed integer not null default 0 check (records_failed between 0 and records_processed),
    error_message text check (length(error_message) between 1 and 2000),
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    constraint finished_syncs_are_dated check ((status = 'running') = (finished_at is null)),
    constraint failed_syncs_say_why check (status <> 'failed' or error_message is not null),
    constraint errors_without_secrets check (
        error_message !~* '(authorization|bearer|basic|token|secret|password|passwd|api[_-]?key)["'']?\s*[:=]\s*\S|://[^/\s]*:[^/\s]*@'
    )
);
comment on table public.lms_sync_log is 'Each synchronisation with a partner. A row is written at the start and once more at its end.';
comment on column public.lms_sync_log.error_message is 'In words, without what was sent: what looks like a key or a password is refused.';
create index idx_lms_sync_log_provider on public.lms_sync_log (provider_id, started_at desc);

create function private.finish_sync_log() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if old.status <> 'running' then
        perform private.refuse('CG409', 'sync_finished', 'This synchronisation has ended. Its record is not changed.');
    elsif (new.id, new.provider_id, new.sync_type, new.started_at) is distinct from (old.id, old.provider_id, old.sync_type, old.started_at) then
        perform private.refuse('CG409', 'sync_stays', 'What is synchronised with whom, and since when, is not changed.');
    end if;
    if new.status in ('completed', 'partial') then
        update public.partner_lms_providers set last_synced_at = greatest(last_synced_at, new.finished_at) where id = new.provider_id;
    end if;
    return new;
end
$$;
comment on function private.finish_sync_log() is 'Trigger: a synchronisation that has ended stays as it was written, and its partner is as new as it.';
create trigger finish_sync_log before update on public.lms_sync_log
    for each row execute function private.finish_sync_log();

-- partner_credentials --------------------------------------------------------------------------------------

create table public.partner_credentials (
    id uuid primary key default private.uuid_v7(),
    member_id uuid not null references public.profiles (id) on delete restrict,
    provider_id uuid not null references public.partner_lms_providers (id) on delete restrict,
    partner_enrollment_id uuid references public.partner_lms_enrollments (id) on delete restrict,
    external_id text not null check (length(external_id) between 1 and 255),
    credential_name text not null check (length(credential_name) between 1 and 300),
    issued_date date not null,
    expires_date date,
    verification_url text check (verification_url ~ '^https://[^\s@]+$' and length(verification_url) <= 1024),
    created_at timestamptz not null default now(),
    constraint partner_credentials_external unique (provider_id, external_id),
    constraint credentials_expire_after_their_issue check (expires_date >= issued_date)
);
comment on table public.partner_credentials is 'Certificates that partners issued to our people. Ours stand in certificates.';
create index idx_partner_credentials_member on public.partner_credentials (member_id, issued_date desc);
create index idx_partner_credentials_enrollment on public.partner_credentials (partner_enrollment_id);

-- partner_enrollment_summary -------------------------------------------------------------------------------

create view public.partner_enrollment_summary with (security_invoker = true) as
select
    e.id as partner_enrollment_id, e.member_id,
    s.first_name || ' ' || s.last_name as student_name, s.email as student_email,
    c.provider_id, p.name as provider_name, e.partner_course_id, c.course_name,
    e.status, e.progress, e.score, e.modules, e.modules_completed,
    e.enrolled_at, e.started_at, e.completed_at, e.last_synced_at,
    (select count(*) from public.partner_credentials k where k.partner_enrollment_id = e.id) as credentials
from public.partner_lms_enrollments e
-- Whoever may see the enrollment sees it, also when he may not read the profile or the partner has been switched off.
left join public.partner_courses c on c.id = e.partner_course_id
left join public.partner_lms_providers p on p.id = c.provider_id
left join public.profiles s on s.id = e.member_id;
comment on view public.partner_enrollment_summary is 'Enrollments at partners with the person, the course and what came of it, as far as whoever asks may see.';

-- Row-level security ---------------------------------------------------------------------------------------

create function private.my_partner_enrollment_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select id from public.partner_lms_enrollments where member_id = auth.uid()
    union
    select id from public.partner_lms_enrollments where member_id in (select private.my_managed_member_ids())
$$;
comment on function private.my_partner_enrollment_ids() is 'Enrollments at partners of the person who asks and of people whom he manages.';
grant execute on function private.my_partner_enrollment_ids() to authenticated, service_role;

alter table public.partner_lms_providers enable row level security;
alter table public.partner_courses enable row level security;
alter table public.partner_course_mappings enable row level security;
alter table public.partner_lms_enrollments enable row level security;
alter table public.external_module_progress enable row level security;
alter table public.lms_sync_log enable row level security;
alter table public.partner_credentials enable row level security;
revoke all on public.partner_lms_providers, public.partner_courses, public.partner_course_mappings, public.partner_lms_enrollments,
    public.external_module_progress, public.lms_sync_log, public.partner_credentials, public.partner_enrollment_summary
    from anon, authenticated, service_role;
grant select, insert, update, delete on public.partner_lms_providers, public.partner_courses, public.partner_course_mappings,
    public.external_module_progress to service_role;
grant select, insert, update on public.partner_lms_enrollments, public.partner_credentials, public.lms_sync_log to service_role;
grant select on public.partner_enrollment_summary to authenticated, service_role;

-- What people did elsewhere comes from the partners through the service; learners write none of it.
grant select (id, name, slug, kind, base_url, is_active, last_synced_at, created_at, updated_at) on public.partner_lms_providers to authenticated;
grant insert (id, name, slug, kind, base_url, credentials_ref, is_active), update (name, slug, kind, base_url, credentials_ref, is_active)
    on public.partner_lms_providers to authenticated;
grant select on public.partner_courses, public.partner_lms_enrollments, public.external_module_progress, public.lms_sync_log,
    public.partner_credentials to authenticated;
grant insert (id, provider_id, external_id, course_name, description, course_url, is_active),
    update (course_name, description, course_url, is_active) on public.partner_courses to authenticated;
grant select, insert, update, delete on public.partner_course_mappings to authenticated;

create policy "People view active partners" on public.partner_lms_providers for select to authenticated
    using (is_active or (select private.is_admin()));
create policy "Admins add partners" on public.partner_lms_providers for insert to authenticated
    with check ((select private.is_admin()));
create policy "Admins change partners" on public.partner_lms_providers for update to authenticated
    using ((select private.is_admin())) with check ((select private.is_admin()));

create policy "People view active partner courses" on public.partner_courses for select to authenticated
    using (is_active or (select private.is_admin()));
create policy "Admins add partner courses" on public.partner_courses for insert to authenticated
    with check ((select private.is_admin()));
create policy "Admins change partner courses" on public.partner_courses for update to authenticated
    using ((select private.is_admin())) with check ((select private.is_admin()));

create policy "People view active mappings" on public.partner_course_mappings for select to authenticated
    using (is_active or (select private.is_admin()));
create policy "Admins add mappings" on public.partner_course_mappings for insert to authenticated
    with check ((select private.is_admin()));
create policy "Admins change mappings" on public.partner_course_mappings for update to authenticated
    using ((select private.is_admin())) with check ((select private.is_admin()));
create policy "Admins remove mappings" on public.partner_course_mappings for delete to authenticated
    using ((select private.is_admin()));

create policy "Students view own partner enrollments" on public.partner_lms_enrollments for select to authenticated
    using (
        member_id = (select auth.uid())
        or member_id = any (array(select private.my_managed_member_ids()))
        or (select private.is_admin())
    );
create policy "Students view own module progress" on public.external_module_progress for select to authenticated
    using (partner_enrollment_id = any (array(select private.my_partner_enrollment_ids())) or (select private.is_admin()));
create policy "Students view own partner credentials" on public.partner_credentials for select to authenticated
    using (
        member_id = (select auth.uid())
        or member_id = any (array(select private.my_managed_member_ids()))
        or (select private.is_admin())
    );
create policy "Admins view synchronisations" on public.lms_sync_log for select to authenticated
    using ((select private.is_admin()));

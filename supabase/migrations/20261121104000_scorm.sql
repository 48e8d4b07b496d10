-- SCORM and AICC packages: what was imported, which lesson plays it, who may see and attach it. What a learner does with
-- one stands in the next migration.
-- Rollback: drop the tables and functions below, and the constraint on lessons.

-- scorm_packages -------------------------------------------------------------------------------------------

create table public.scorm_packages (
    id uuid primary key default gen_random_uuid(),
    title text not null check (length(title) between 1 and 300),
    description text check (length(description) <= 20000),
    version text not null default '1.2' check (version in ('1.2', '2004', 'aicc')),
    edition smallint check (edition between 2 and 4),
    standard text not null generated always as (
        case version when '1.2' then 'scorm_12' when '2004' then 'scorm_2004' else 'aicc' end
    ) stored,
    package_url text check (length(package_url) <= 1024),
    launch_url text check (length(launch_url) <= 1024),
    passing_score numeric(5, 2) check (passing_score between 0 and 100),
    completion_rule text not null default 'finished'
        check (completion_rule in ('finished', 'completed', 'passed', 'completed_and_passed', 'launched')),
    max_attempts integer check (max_attempts between 1 and 1000),
    is_active boolean not null default true,
    is_shared boolean not null default false,
    manifest jsonb not null default '{}' check (jsonb_typeof(manifest) = 'object'),
    storage_prefix text unique check (storage_prefix ~ '^[a-z0-9]+([/_-][a-z0-9]+)*/$' and length(storage_prefix) <= 200),
    sha256 bytea check (length(sha256) = 32),
    size_bytes bigint check (size_bytes between 1 and 2147483648),
    file_count integer check (file_count > 0),
    import_state text not null default 'waiting' check (import_state in ('waiting', 'importing', 'ready', 'failed')),
    import_progress smallint not null default 0 check (import_progress between 0 and 100),
    import_errors jsonb not null default '[]' check (jsonb_typeof(import_errors) = 'array' and length(import_errors::text) <= 200000),
    import_warnings jsonb not null default '[]' check (jsonb_typeof(import_warnings) = 'array' and length(import_warnings::text) <= 200000),
    imported_at timestamptz,
    replaced_by uuid references public.scorm_packages (id) on delete restrict,
    created_by uuid default auth.uid() references public.profiles (id) on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint editions_are_of_2004 check (edition is null or version = '2004'),
    constraint ready_packages_were_imported check (import_state <> 'ready' or (imported_at is not null and storage_prefix is not null)),
    constraint failed_imports_say_why check (import_state <> 'failed' or import_errors <> '[]'),
    constraint packages_replace_others check (replaced_by <> id)
);
comment on table public.scorm_packages is
    'SCORM 1.2, SCORM 2004 and AICC packages. One can be opened when its import is ready; what it says is recorded in scorm_enrollments and scorm_tracking.';
comment on column public.scorm_packages.version is 'Of the standard, not of the package: 1.2, 2004 or aicc. A new version of a package is a row that replaced_by names.';
comment on column public.scorm_packages.package_url is 'Where the package came from, as somebody said. The site never fetches it.';
comment on column public.scorm_packages.launch_url is 'What the manifest launches by default, relative to storage_prefix once imported.';
comment on column public.scorm_packages.passing_score is 'The association''s own mark, in percent of the score of the whole package; it overrules what the package calls passed.';
comment on column public.scorm_packages.completion_rule is
    'What meets scorm_completed: finished (completed and not failed, or passed), completed, passed, both within one attempt, or launched for packages that never report.';
comment on column public.scorm_packages.is_shared is 'Any instructor may attach it to his lessons.';
comment on column public.scorm_packages.manifest is 'The manifest as read: metadata, resources, dependencies. Organisations and items are rows of scorm_items.';
comment on column public.scorm_packages.import_errors is 'Array of {file, element, message}.';
comment on column public.scorm_packages.replaced_by is 'The package that those who begin now get. Who began this one finishes it.';
create index idx_scorm_packages_created_by on public.scorm_packages (created_by);
create index idx_scorm_packages_replaced_by on public.scorm_packages (replaced_by);
create index idx_scorm_packages_shared on public.scorm_packages (id) where is_shared;
create trigger update_scorm_packages_updated_at before update on public.scorm_packages
    for each row execute function public.update_updated_at_column();

-- scorm_items ----------------------------------------------------------------------------------------------

create table public.scorm_items (
    id uuid primary key default gen_random_uuid(),
    scorm_package_id uuid not null references public.scorm_packages (id) on delete cascade,
    identifier text not null check (length(identifier) between 1 and 255),
    organization text not null check (length(organization) between 1 and 255),
    parent_id uuid,
    item_order integer not null check (item_order > 0),
    kind text not null check (kind in ('organization', 'cluster', 'sco', 'asset')),
    is_default boolean not null default false,
    title text not null default '' check (length(title) <= 1000),
    is_visible boolean not null default true,
    launch_href text check (length(launch_href) <= 2000),
    parameters text check (length(parameters) <= 1000),
    launch_data text check (length(launch_data) <= 4096),
    prerequisites text check (length(prerequisites) <= 200),
    mastery_score numeric(7, 4) check (mastery_score between -1 and 100),
    completion_threshold numeric(5, 4) check (completion_threshold between 0 and 1),
    max_time_allowed interval check (max_time_allowed >= interval '0'),
    time_limit_action text check (time_limit_action in (
        'exit,message', 'exit,no message', 'continue,message', 'continue,no message'
    )),
    sequencing jsonb not null default '{}' check (jsonb_typeof(sequencing) = 'object' and length(sequencing::text) <= 200000),
    created_at timestamptz not null default now(),
    constraint scorm_items_identifier unique (scorm_package_id, identifier),
    constraint scorm_items_id_package unique (id, scorm_package_id),
    constraint scorm_items_parent foreign key (parent_id, scorm_package_id)
        references public.scorm_items (id, scorm_package_id) on delete cascade,
    constraint organizations_have_no_parent check ((kind = 'organization') = (parent_id is null)),
    constraint organizations_name_themselves check (kind <> 'organization' or organization = identifier),
    constraint what_is_launched_has_a_file check ((kind in ('sco', 'asset')) = (launch_href is not null)),
    constraint only_organizations_are_default check (not is_default or kind = 'organization')
);
comment on table public.scorm_items is 'The activity tree of a package: organisations, the items under them, and which of them are SCOs.';
comment on column public.scorm_items.organization is 'Identifier of the organisation that the item lies under.';
comment on column public.scorm_items.item_order is 'Place among the children of the same parent.';
comment on column public.scorm_items.mastery_score is 'In the standard''s own scale: adlcp:masteryscore 0 to 100 in SCORM 1.2 and AICC, a scaled measure -1 to 1 in SCORM 2004.';
comment on column public.scorm_items.sequencing is 'SCORM 2004 sequencing as read: controls, rules, limits, rollup, objectives, randomisation, delivery.';
create index idx_scorm_items_parent on public.scorm_items (parent_id, scorm_package_id);
create unique index idx_scorm_items_default on public.scorm_items (scorm_package_id) where is_default;

-- lesson_scorm_packages ------------------------------------------------------------------------------------

create table public.lesson_scorm_packages (
    lesson_id uuid primary key,
    course_id uuid not null,
    scorm_package_id uuid not null references public.scorm_packages (id) on delete restrict,
    created_at timestamptz not null default now(),
    constraint lesson_scorm_packages_lesson foreign key (lesson_id, course_id)
        references public.lessons (id, course_id) on delete cascade
);
comment on table public.lesson_scorm_packages is
    'The package that a lesson of type scorm plays. Not a column of lessons: who may attach which package is another question than who may edit a lesson.';
create index idx_lesson_scorm_packages_lesson on public.lesson_scorm_packages (lesson_id, course_id);
create index idx_lesson_scorm_packages_course on public.lesson_scorm_packages (course_id);
create index idx_lesson_scorm_packages_package on public.lesson_scorm_packages (scorm_package_id);

create function private.check_scorm_lesson() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- The lesson keeps its type until we have committed.
    perform 1 from public.lessons where id = new.lesson_id and lesson_type = 'scorm' for share;
    if not found then
        perform private.refuse('CG422', 'not_a_scorm_lesson', 'Only a lesson of the type SCORM plays a package. Change its type first.');
    elsif not exists (select 1 from public.scorm_packages where id = new.scorm_package_id and is_active and replaced_by is null) then
        perform private.refuse('CG409', 'package_not_active', 'This package is not in use any more. Choose another one.');
    end if;
    return new;
end
$$;
comment on function private.check_scorm_lesson() is 'Trigger: only lessons of type scorm play packages, and only packages that are in use.';
create trigger check_scorm_lesson before insert or update on public.lesson_scorm_packages
    for each row execute function private.check_scorm_lesson();

create function private.keep_scorm_lesson_type() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select 1 from public.lesson_scorm_packages where lesson_id = new.id) then
        perform private.refuse('CG409', 'lesson_has_a_package', 'This lesson plays a SCORM package. Remove the package before you change its type.');
    end if;
    return new;
end
$$;
comment on function private.keep_scorm_lesson_type() is 'Trigger: a lesson that plays a package stays of the type scorm.';
create trigger keep_scorm_lesson_type before update of lesson_type on public.lessons
    for each row when (old.lesson_type = 'scorm' and new.lesson_type <> 'scorm')
    execute function private.keep_scorm_lesson_type();

alter table public.lessons add constraint scorm_completion_needs_scorm
    check (completion_criteria <> 'scorm_completed' or lesson_type = 'scorm') not valid;
alter table public.lessons validate constraint scorm_completion_needs_scorm;

-- Row-level security ---------------------------------------------------------------------------------------

create function private.my_managed_scorm_package_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select p.id from public.scorm_packages p
    where private.is_teacher() and (p.created_by = auth.uid() or p.is_shared)
    union
    select l.scorm_package_id from public.lesson_scorm_packages l
    where l.course_id in (select private.my_taught_course_ids())
$$;
comment on function private.my_managed_scorm_package_ids() is
    'Packages that the person who asks may attach to lessons and whose inside he may see: his own, shared ones, those of courses that he teaches.';
grant execute on function private.my_managed_scorm_package_ids() to authenticated, service_role;

alter table public.scorm_packages enable row level security;
alter table public.scorm_items enable row level security;
alter table public.lesson_scorm_packages enable row level security;
revoke all on public.scorm_packages, public.scorm_items, public.lesson_scorm_packages from anon, authenticated, service_role;
grant select, insert, update, delete on public.scorm_packages, public.scorm_items, public.lesson_scorm_packages to service_role;

-- Where files lie, and the manifest that names them, are the player's business.
grant select (id, title, description, version, edition, standard, passing_score, completion_rule, max_attempts, is_active, is_shared,
    size_bytes, file_count, import_state, import_progress, import_errors, import_warnings, imported_at, replaced_by, created_by,
    created_at, updated_at) on public.scorm_packages to authenticated;
grant insert (id, title, description, version, package_url, launch_url, passing_score, max_attempts, is_active)
    on public.scorm_packages to authenticated;
-- What decides whether somebody has passed moves only by a function that re-scores.
grant update (title, description, is_active, is_shared) on public.scorm_packages to authenticated;
grant select on public.scorm_items, public.lesson_scorm_packages to authenticated;
grant insert (lesson_id, course_id, scorm_package_id), update (lesson_id, course_id, scorm_package_id), delete
    on public.lesson_scorm_packages to authenticated;

create policy "Instructors add packages" on public.scorm_packages for insert to authenticated
    with check ((created_by = (select auth.uid()) and (select private.is_teacher())) or (select private.is_admin()));
create policy "Instructors change own packages" on public.scorm_packages for update to authenticated
    using ((created_by = (select auth.uid()) and (select private.is_teacher())) or (select private.is_admin()))
    with check ((created_by = (select auth.uid()) and (select private.is_teacher())) or (select private.is_admin()));

create policy "Instructors view the items of packages" on public.scorm_items for select to authenticated
    using (scorm_package_id = any (array(select private.my_managed_scorm_package_ids())) or (select private.is_admin()));

create policy "People view which package a lesson plays" on public.lesson_scorm_packages for select to authenticated
    using (
        course_id = any (array(select private.my_enrolled_course_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );
create policy "Instructors attach packages" on public.lesson_scorm_packages for insert to authenticated
    with check (
        (
            course_id = any (array(select private.my_taught_course_ids()))
            and scorm_package_id = any (array(select private.my_managed_scorm_package_ids()))
        )
        or (select private.is_admin())
    );
create policy "Instructors change packages of lessons" on public.lesson_scorm_packages for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (
        (
            course_id = any (array(select private.my_taught_course_ids()))
            and scorm_package_id = any (array(select private.my_managed_scorm_package_ids()))
        )
        or (select private.is_admin())
    );
create policy "Instructors remove packages from lessons" on public.lesson_scorm_packages for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

-- SCORM and AICC packages as they come in: the archive that was uploaded, the import as it goes on, the files that were unpacked,
-- and new versions, which take the place of the one before them.
-- Rollback: drop the functions, the trigger, the table and the columns below; set the constraints on scorm_items back.

-- What an import needs to know -----------------------------------------------------------------------------

alter table public.scorm_packages
    add column file_id uuid references public.media_files (id) on delete set null,
    add column file_name text constraint scorm_packages_file_name check (length(file_name) between 1 and 255),
    add column import_step text not null default '' constraint scorm_packages_import_step check (length(import_step) <= 200),
    add column import_run uuid,
    add column new_version_of uuid references public.scorm_packages (id) on delete set null,
    add column unpacked_bytes bigint constraint scorm_packages_unpacked_bytes check (unpacked_bytes >= 0);
comment on column public.scorm_packages.file_id is 'The archive in the library of whoever uploaded it, as long as it is there.';
comment on column public.scorm_packages.file_name is 'What the archive was called.';
comment on column public.scorm_packages.import_step is 'What the import is doing now, in words.';
comment on column public.scorm_packages.import_run is 'The run of the import that may write; one that is not it any more gives up.';
comment on column public.scorm_packages.new_version_of is 'The package whose place this one was uploaded to take, once it is ready.';
comment on column public.scorm_packages.size_bytes is 'Of the archive.';
comment on column public.scorm_packages.unpacked_bytes is 'Of all its files.';
comment on column public.scorm_packages.import_errors is 'Array of {file, line, element, message}; line 0 means the whole file.';
create index idx_scorm_packages_file on public.scorm_packages (file_id);
create index idx_scorm_packages_new_version_of on public.scorm_packages (new_version_of);
create index idx_scorm_packages_newest on public.scorm_packages (created_at desc, id desc);
grant select (file_name, import_step, new_version_of, unpacked_bytes) on public.scorm_packages to authenticated;

-- Packages of the field say more than the smallest maximum of the standard.
alter table public.scorm_items
    drop constraint scorm_items_parameters_check,
    drop constraint scorm_items_launch_data_check,
    drop constraint scorm_items_prerequisites_check;
alter table public.scorm_items
    add constraint scorm_items_parameters_check check (length(parameters) <= 4000) not valid,
    add constraint scorm_items_launch_data_check check (length(launch_data) <= 64000) not valid,
    add constraint scorm_items_prerequisites_check check (length(prerequisites) <= 4000) not valid;
alter table public.scorm_items validate constraint scorm_items_parameters_check;
alter table public.scorm_items validate constraint scorm_items_launch_data_check;
alter table public.scorm_items validate constraint scorm_items_prerequisites_check;

-- scorm_package_files --------------------------------------------------------------------------------------

create table public.scorm_package_files (
    scorm_package_id uuid not null references public.scorm_packages (id) on delete cascade,
    path text not null check (length(path) between 1 and 1024),
    storage_key text not null check (length(storage_key) between 1 and 1024),
    size_bytes bigint not null check (size_bytes >= 0),
    media_type text not null check (length(media_type) between 3 and 127),
    primary key (scorm_package_id, path)
);
comment on table public.scorm_package_files is 'The files of a package, so that serving one needs no look into the store.';
comment on column public.scorm_package_files.path is 'As the package names it. No two of a package differ in case alone.';
comment on column public.scorm_package_files.storage_key is 'Where it lies: under the package''s storage_prefix, by another name where the store would not take its own.';
create index idx_scorm_package_files_any_case on public.scorm_package_files (scorm_package_id, lower(path));
alter table public.scorm_package_files enable row level security;
revoke all on public.scorm_package_files from anon, authenticated, service_role;
grant select, insert, delete on public.scorm_package_files to service_role;
grant select (scorm_package_id, path, size_bytes, media_type) on public.scorm_package_files to authenticated;
create policy "Instructors view the files of packages" on public.scorm_package_files for select to authenticated
    using (scorm_package_id = any (array(select private.my_managed_scorm_package_ids())) or (select private.is_admin()));

insert into private.audit_exempt (table_name, reason) values
    ('scorm_package_files', 'Written by an import, thousands at a time; that a package was imported is logged.');

create function private.forget_stored_package() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.defer_job('packages.remove', jsonb_build_object('prefix', old.storage_prefix));
    return null;
end
$$;
comment on function private.forget_stored_package() is 'Trigger: has the files of a deleted package removed after the transaction.';
create trigger forget_stored_package after delete on public.scorm_packages
    for each row when (old.storage_prefix is not null) execute function private.forget_stored_package();

-- Who sees a newer version ---------------------------------------------------------------------------------

create or replace function private.my_managed_scorm_package_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with recursive managed (id) as (
        (
            select p.id from public.scorm_packages p
            where private.is_teacher() and (p.created_by = auth.uid() or p.is_shared)
            union
            select l.scorm_package_id from public.lesson_scorm_packages l
            where l.course_id in (select private.my_taught_course_ids())
        )
        union
        -- What replaced it is what those play who begin now.
        select p.replaced_by from managed join public.scorm_packages p on p.id = managed.id where p.replaced_by is not null
    )
    select id from managed
$$;
comment on function private.my_managed_scorm_package_ids() is
    'Packages that the person who asks may attach to lessons and whose inside he may see: his own, shared ones, those of courses that he teaches, and what replaced them.';

-- Beginning, trying again, giving up -----------------------------------------------------------------------

create function public.begin_package_import(p_file uuid, p_new_version_of uuid default null) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_file public.media_files;
    v_before public.scorm_packages;
    v_id uuid;
begin
    if not private.is_teacher() then
        perform private.refuse('CG403', 'teachers_only', 'Only instructors import packages. Ask the association''s office to make you one.');
    end if;
    perform pg_advisory_xact_lock(hashtextextended('scorm_imports:' || auth.uid()::text, 0));
    if (
        select count(*) from public.scorm_packages p
        where p.created_by = auth.uid() and p.import_state in ('waiting', 'importing') and p.file_id is not null
          and p.updated_at > now() - interval '10 minutes'
    ) >= 5 then
        perform private.refuse('CG409', 'imports_under_way', 'Five imports of yours are under way. Wait until one of them is done.');
    end if;
    select * into v_file from public.media_files f
    where f.id = p_file and f.owner_id = auth.uid() and f.purpose = 'package' and f.state = 'ready';
    if v_file.id is null then
        perform private.refuse('CG404', 'no_such_file', 'This archive is not in your media library. Upload it again.');
    end if;
    if p_new_version_of is not null then
        select * into v_before from public.scorm_packages p
        where p.id = p_new_version_of and (p.created_by = auth.uid() or private.is_admin());
        if v_before.id is null then
            perform private.refuse('CG404', 'no_such_package', 'There is no such package of yours. Whoever uploaded a package uploads its new versions.');
        elsif v_before.import_state <> 'ready' or v_before.replaced_by is not null then
            perform private.refuse('CG409', 'not_the_newest', 'This is not the newest version, or it was never ready. Open the newest one and upload the new version there.');
        end if;
    end if;
    insert into public.scorm_packages (title, created_by, file_id, file_name, size_bytes, sha256, new_version_of, is_shared)
    values (
        coalesce(nullif(left(regexp_replace(v_file.filename, '\.(zip|pif)$', '', 'i'), 300), ''), 'Package'), auth.uid(), v_file.id, v_file.filename,
        nullif(least(v_file.byte_size, 2147483648), 0), decode(v_file.sha256, 'hex'), v_before.id, false
    )
    returning id into v_id;
    perform private.defer_job('packages.import', jsonb_build_object('package_id', v_id));
    return v_id;
end
$$;
comment on function public.begin_package_import(uuid, uuid) is
    'Has an archive of the caller''s library imported as a package, or as the new version of one of his; answers the package. Raises CG403, CG404, CG409.';

create function public.retry_package_import(p_package uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_package public.scorm_packages;
begin
    select * into v_package from public.scorm_packages p
    where p.id = p_package and (p.created_by = auth.uid() or private.is_admin()) for update;
    -- One that has not moved for ten minutes was left by a worker that is gone.
    if v_package.id is null or not (
        v_package.import_state = 'failed'
        or (v_package.import_state in ('waiting', 'importing') and v_package.updated_at < now() - interval '10 minutes')
    ) then
        perform private.refuse('CG409', 'not_failed', 'There is nothing to try again. Reload the page to see how the import stands.');
    elsif v_package.file_id is null then
        perform private.refuse('CG409', 'archive_gone', 'The archive is not in the media library any more. Upload it again.');
    end if;
    update public.scorm_packages set
        import_state = 'waiting', import_progress = 0, import_step = '', import_errors = '[]', import_warnings = '[]', import_run = null
    where id = p_package;
    perform private.defer_job('packages.import', jsonb_build_object('package_id', p_package));
end
$$;
comment on function public.retry_package_import(uuid) is 'Has an import done again that failed or was broken off. Raises CG409.';

create function public.delete_scorm_package(p_package uuid) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_package public.scorm_packages;
    v_people integer;
begin
    select * into v_package from public.scorm_packages p
    where p.id = p_package and (p.created_by = auth.uid() or private.is_admin()) for update;
    if v_package.id is null then
        perform private.refuse('CG404', 'no_such_package', 'There is no such package of yours.');
    end if;
    select count(distinct e.member_id) into v_people from public.scorm_enrollments e where e.scorm_package_id = p_package;
    if v_people > 0 then
        perform private.refuse('CG409', 'package_has_evidence', case v_people when 1 then 'One person has' else v_people || ' people have' end
            || ' begun this package, and what they did is evidence. Retire it instead: nobody new begins it then.');
    elsif exists (select 1 from public.lesson_scorm_packages l where l.scorm_package_id = p_package) then
        perform private.refuse('CG409', 'package_in_use', 'A lesson plays this package. Choose another one there first.');
    end if;
    -- The version before it takes its place again.
    update public.scorm_packages set replaced_by = v_package.replaced_by where replaced_by = p_package;
    delete from public.scorm_packages where id = p_package;
    return v_package.title;
end
$$;
comment on function public.delete_scorm_package(uuid) is
    'Deletes a package that nobody has begun and no lesson plays, or gives its import up; answers its title. Raises CG404, CG409.';

-- Done -----------------------------------------------------------------------------------------------------

create function private.take_package_over(p_package uuid) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_before public.scorm_packages;
begin
    with recursive line (id, replaced_by, depth) as (
        select p.id, p.replaced_by, 1 from public.scorm_packages n join public.scorm_packages p on p.id = n.new_version_of
        where n.id = p_package
        union all
        select p.id, p.replaced_by, line.depth + 1 from line join public.scorm_packages p on p.id = line.replaced_by
        where line.depth < 1000
    )
    select p.* into v_before from line join public.scorm_packages p on p.id = line.id
    where line.replaced_by is null and line.id <> p_package for update of p;
    if v_before.id is null then
        return null;
    end if;
    update public.scorm_packages set replaced_by = p_package where id = v_before.id;
    update public.scorm_packages set
        completion_rule = v_before.completion_rule, passing_score = v_before.passing_score, max_attempts = v_before.max_attempts,
        is_shared = v_before.is_shared
    where id = p_package;
    return v_before.id;
end
$$;
comment on function private.take_package_over(uuid) is
    'Puts a package that is ready in the place of the newest of its line, with the rule of that one; answers which it was.';
grant execute on function public.begin_package_import(uuid, uuid), public.retry_package_import(uuid), public.delete_scorm_package(uuid)
    to authenticated;
grant execute on function private.take_package_over(uuid) to service_role;

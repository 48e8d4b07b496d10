-- Courses that come in as files or as copies: who asked for it, how far it is, and what was told.
-- Rollback: drop the functions and the table below, and the line in private.audit_exempt.

create table public.course_imports (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null references public.profiles (id) on delete cascade,
    kind text check (kind in ('collegium', 'common_cartridge', 'copy')),
    file_id uuid references public.media_files (id) on delete set null,
    file_name text not null check (length(file_name) between 1 and 255),
    file_size bigint check (file_size > 0),
    sha256 text check (sha256 ~ '^[0-9a-f]{64}$'),
    source_course_id uuid references public.courses (id) on delete set null,
    wished_title text check (length(wished_title) between 1 and 200),
    state text not null default 'reading'
        check (state in ('reading', 'ready', 'refused', 'importing', 'done', 'failed', 'cancelled')),
    progress smallint not null default 0 check (progress between 0 and 100),
    step text not null default '' check (length(step) <= 200),
    report jsonb check (jsonb_typeof(report) = 'object' and length(report::text) <= 4000000),
    problem text check (length(problem) between 1 and 2000),
    course_id uuid references public.courses (id) on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    finished_at timestamptz,
    constraint refusals_say_why check (state not in ('refused', 'failed') or problem is not null),
    constraint read_packages_have_a_report check (state <> 'ready' or (report is not null and kind is not null))
);
comment on table public.course_imports is
    'Courses that come in as files or as copies. A package is read first (a dry run), and imported when its owner says so.';
comment on column public.course_imports.kind is 'What the file turned out to be; copy: a course of this site was copied.';
comment on column public.course_imports.sha256 is 'Of the file, to tell whether it was imported before.';
comment on column public.course_imports.source_course_id is 'The course that is copied.';
comment on column public.course_imports.wished_title is 'The title of a copy.';
comment on column public.course_imports.report is 'What will happen, or did: title, modules with their lessons, files, findings.';
comment on column public.course_imports.problem is 'Why it was refused or failed, in words for its owner.';
comment on column public.course_imports.course_id is 'The draft that was made.';
create index idx_course_imports_owner on public.course_imports (owner_id, created_at desc, id desc);
create index idx_course_imports_file on public.course_imports (file_id);
create index idx_course_imports_source on public.course_imports (source_course_id);
create index idx_course_imports_course on public.course_imports (course_id);
create trigger update_course_imports_updated_at before update on public.course_imports
    for each row execute function public.update_updated_at_column();

alter table public.course_imports enable row level security;
revoke all on public.course_imports from anon, authenticated, service_role;
grant select on public.course_imports to authenticated;
grant select, insert, update, delete on public.course_imports to service_role;
create policy "People view their own imports" on public.course_imports for select to authenticated
    using (owner_id = (select auth.uid()) or (select private.is_admin()));

insert into private.audit_exempt (table_name, reason) values
    ('course_imports', 'A log of its own: what somebody imported and what came of it. The course that is made is logged.');

create function private.check_import_room() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not private.is_teacher() then
        perform private.refuse('CG403', 'teachers_only', 'Only instructors import and copy courses. Ask the association''s office to make you one.');
    end if;
    perform pg_advisory_xact_lock(hashtextextended('course_imports:' || auth.uid()::text, 0));
    if (select count(*) from public.course_imports i where i.owner_id = auth.uid() and i.state in ('reading', 'importing')) >= 3 then
        perform private.refuse('CG409', 'imports_under_way', 'Three imports of yours are under way. Wait until one of them is done, or cancel it.');
    end if;
end
$$;
comment on function private.check_import_room() is 'Raises CG403 for who teaches nothing, CG409 for who has three imports under way.';

create function public.begin_course_import(p_file uuid) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_file public.media_files;
    v_id uuid;
begin
    perform private.check_import_room();
    select * into v_file from public.media_files f
    where f.id = p_file and f.owner_id = auth.uid() and f.purpose = 'package' and f.state = 'ready';
    if v_file.id is null then
        perform private.refuse('CG404', 'no_such_package', 'This package is not in your media library. Upload it again.');
    end if;
    insert into public.course_imports (owner_id, file_id, file_name, file_size, sha256)
    values (auth.uid(), v_file.id, v_file.filename, v_file.byte_size, v_file.sha256)
    returning id into v_id;
    perform private.defer_job('exchange.read', jsonb_build_object('import_id', v_id));
    return v_id;
end
$$;
comment on function public.begin_course_import(uuid) is
    'Has a package of the caller''s library read, without writing anything; answers the import. Raises CG403, CG404, CG409.';
grant execute on function public.begin_course_import(uuid) to authenticated;

create function public.begin_course_copy(p_course uuid, p_title text) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_title text := btrim(p_title);
    v_course public.courses;
    v_id uuid;
begin
    perform private.check_import_room();
    select * into v_course from public.courses c
    where c.id = p_course and (c.id = any (array(select private.my_taught_course_ids())) or private.is_admin());
    if v_course.id is null then
        perform private.refuse('CG404', 'no_such_course', 'There is no such course, or you do not teach it.');
    elsif v_title is null or length(v_title) not between 1 and 200 or v_title ~ '[[:cntrl:]]' then
        perform private.refuse('CG422', 'title_missing', 'Give the copy a title of at most 200 characters.');
    end if;
    insert into public.course_imports (owner_id, kind, file_name, source_course_id, wished_title, state)
    values (auth.uid(), 'copy', v_course.title, v_course.id, v_title, 'importing')
    returning id into v_id;
    perform private.defer_job('exchange.make', jsonb_build_object('import_id', v_id));
    return v_id;
end
$$;
comment on function public.begin_course_copy(uuid, text) is
    'Has a course copied that the caller teaches; answers the import. Raises CG403, CG404, CG409, CG422.';
grant execute on function public.begin_course_copy(uuid, text) to authenticated;

create function public.run_course_import(p_import uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- One that has not moved for ten minutes was left by a worker that is gone.
    update public.course_imports set state = 'importing', progress = 0, step = '', problem = null
    where id = p_import and owner_id = auth.uid()
      and (state = 'ready' or (state = 'importing' and updated_at < now() - interval '10 minutes'));
    if not found then
        perform private.refuse('CG409', 'not_ready', 'This package cannot be imported now. Reload the page to see how it stands.');
    end if;
    perform private.defer_job('exchange.make', jsonb_build_object('import_id', p_import));
end
$$;
comment on function public.run_course_import(uuid) is
    'Has a package imported that was read, or tried again what was broken off. Raises CG409.';
grant execute on function public.run_course_import(uuid) to authenticated;

create function public.cancel_course_import(p_import uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.course_imports set state = 'cancelled', step = '', finished_at = now()
    where id = p_import and owner_id = auth.uid() and state in ('reading', 'ready', 'importing');
    if not found then
        perform private.refuse('CG409', 'nothing_to_cancel', 'There is nothing to cancel any more. Reload the page to see how it stands.');
    end if;
end
$$;
comment on function public.cancel_course_import(uuid) is 'Gives up an import that has not ended; nothing of it stays. Raises CG409.';
grant execute on function public.cancel_course_import(uuid) to authenticated;

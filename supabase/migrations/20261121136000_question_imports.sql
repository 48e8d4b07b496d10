-- Questions that come in as files: who asked for it, how far it is, what was found, and what was made of it.
-- Rollback: drop the functions and the table below, and the line in private.audit_exempt.

create table public.question_imports (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null references public.profiles (id) on delete cascade,
    course_id uuid not null references public.courses (id) on delete cascade,
    format text check (format in ('gift', 'moodle_xml', 'qti', 'csv', 'several')),
    file_id uuid references public.media_files (id) on delete set null,
    file_name text not null check (length(file_name) between 1 and 255),
    file_size bigint not null check (file_size > 0),
    content bytea check (octet_length(content) <= 8000000),
    state text not null default 'reading'
        check (state in ('reading', 'ready', 'refused', 'importing', 'done', 'failed', 'cancelled')),
    progress smallint not null default 0 check (progress between 0 and 100),
    step text not null default '' check (length(step) <= 200),
    report jsonb check (jsonb_typeof(report) = 'object' and length(report::text) <= 8000000),
    chosen integer[] check (cardinality(chosen) between 1 and 2000),
    made integer check (made >= 0),
    problem text check (length(problem) between 1 and 2000),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    finished_at timestamptz,
    constraint refusals_say_why check (state not in ('refused', 'failed') or problem is not null),
    constraint read_files_have_a_report check (state <> 'ready' or (report is not null and format is not null)),
    constraint what_is_imported_was_chosen check (state not in ('importing', 'done') or chosen is not null)
);
comment on table public.question_imports is
    'Questions that come in as files. A file is read first (a dry run); then its owner chooses what goes into the bank of the course.';
comment on column public.question_imports.format is 'What the file turned out to be; several: a zip with files of more than one format.';
comment on column public.question_imports.file_id is 'A package in the media library; null where the file itself was sent.';
comment on column public.question_imports.content is 'A small file as it was sent, until the import has ended.';
comment on column public.question_imports.report is 'Each question found: its type, the beginning of its text, remarks, and whether the bank has it.';
comment on column public.question_imports.chosen is 'Which of the questions are taken, by their number in the report.';
comment on column public.question_imports.made is 'How many questions were put into the bank.';
comment on column public.question_imports.problem is 'Why it was refused or failed, in words for its owner.';
create index idx_question_imports_owner on public.question_imports (owner_id, course_id, created_at desc, id desc);
create index idx_question_imports_course on public.question_imports (course_id);
create index idx_question_imports_file on public.question_imports (file_id);
create trigger update_question_imports_updated_at before update on public.question_imports
    for each row execute function public.update_updated_at_column();

alter table public.question_imports enable row level security;
revoke all on public.question_imports from anon, authenticated, service_role;
grant select on public.question_imports to authenticated;
grant select, insert, update, delete on public.question_imports to service_role;
create policy "People view their own imports of questions" on public.question_imports for select to authenticated
    using (owner_id = (select auth.uid()) or (select private.is_admin()));

insert into private.audit_exempt (table_name, reason) values
    ('question_imports', 'A log of its own: what somebody imported and what came of it. The questions that are made are logged.');

create function public.begin_question_import(p_course uuid, p_name text, p_content bytea, p_file uuid) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_name text := left(btrim(regexp_replace(coalesce(p_name, ''), '[[:cntrl:]]+', ' ', 'g')), 255);
    v_size bigint := octet_length(p_content);
    v_id uuid;
begin
    if not exists (
        select 1 from public.courses c
        where c.id = p_course and (c.id = any (array(select private.my_taught_course_ids())) or private.is_admin())
    ) then
        perform private.refuse('CG404', 'no_such_course', 'There is no such course, or you do not teach it.');
    end if;
    perform pg_advisory_xact_lock(hashtextextended('question_imports:' || auth.uid()::text, 0));
    if (select count(*) from public.question_imports i where i.owner_id = auth.uid() and i.state in ('reading', 'importing')) >= 3 then
        perform private.refuse('CG409', 'imports_under_way', 'Three imports of yours are under way. Wait until one of them is done, or cancel it.');
    end if;
    if p_file is not null then
        select f.filename, f.byte_size into v_name, v_size from public.media_files f
        where f.id = p_file and f.owner_id = auth.uid() and f.purpose = 'package' and f.state = 'ready';
        if not found then
            perform private.refuse('CG404', 'no_such_package', 'This package is not in your media library. Upload it again.');
        end if;
    elsif coalesce(v_size, 0) = 0 then
        perform private.refuse('CG422', 'file_missing', 'The file is empty. Choose a file with questions.');
    elsif v_size > 8000000 then
        perform private.refuse('CG413', 'too_large', 'The file is too large to be sent like this. Pack it as a zip and choose that.');
    end if;
    -- What nobody came back to in a month is given up, so that sent files do not stay for ever.
    update public.question_imports set state = 'cancelled', content = null, step = '', finished_at = now()
    where owner_id = auth.uid() and state = 'ready' and created_at < now() - interval '30 days';
    insert into public.question_imports (owner_id, course_id, file_id, file_name, file_size, content)
    values (auth.uid(), p_course, p_file, coalesce(nullif(v_name, ''), 'questions'), v_size, case when p_file is null then p_content end)
    returning id into v_id;
    perform private.defer_job('questions.read', jsonb_build_object('import_id', v_id));
    return v_id;
end
$$;
comment on function public.begin_question_import(uuid, text, bytea, uuid) is
    'Has a file with questions read for a course that the caller teaches, sent here or a package of the library; answers the import. '
    'Raises CG404, CG409, CG413, CG422.';
grant execute on function public.begin_question_import(uuid, text, bytea, uuid) to authenticated;

create function public.run_question_import(p_import uuid, p_chosen integer[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_chosen integer[] := array(select distinct n from unnest(p_chosen) n where n between 1 and 100000 order by n);
begin
    if cardinality(v_chosen) not between 1 and 2000 then
        perform private.refuse('CG422', 'nothing_chosen', 'Choose at least one question, and at most 2,000.');
    end if;
    -- One that has not moved for ten minutes was left by a worker that is gone.
    update public.question_imports set state = 'importing', chosen = v_chosen, progress = 0, step = '', problem = null
    where id = p_import and owner_id = auth.uid()
      and (state = 'ready' or (state = 'importing' and updated_at < now() - interval '10 minutes'));
    if not found then
        perform private.refuse('CG409', 'not_ready', 'This file cannot be imported now. Reload the page to see how it stands.');
    end if;
    perform private.defer_job('questions.make', jsonb_build_object('import_id', p_import));
end
$$;
comment on function public.run_question_import(uuid, integer[]) is
    'Has the chosen questions of a file that was read put into the bank, or tries again what was broken off. Raises CG409, CG422.';
grant execute on function public.run_question_import(uuid, integer[]) to authenticated;

create function public.cancel_question_import(p_import uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.question_imports set state = 'cancelled', content = null, step = '', finished_at = now()
    where id = p_import and owner_id = auth.uid() and state in ('reading', 'ready', 'importing');
    if not found then
        perform private.refuse('CG409', 'nothing_to_cancel', 'There is nothing to cancel any more. Reload the page to see how it stands.');
    end if;
end
$$;
comment on function public.cancel_question_import(uuid) is 'Gives up an import that has not ended; nothing of it stays. Raises CG409.';
grant execute on function public.cancel_question_import(uuid) to authenticated;

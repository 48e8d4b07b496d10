-- Questions of files go into an organisation's bank too, by the same reading and the same choice.
-- Rollback: remove imports into organisations, drop what is added here and put public.begin_question_import back from 20261121136000.

alter table public.question_imports add column organisation_id uuid;
alter table public.question_imports alter column course_id drop not null;
alter table public.question_imports
    add constraint question_imports_organisation foreign key (organisation_id) references public.organisations (id) on delete cascade not valid,
    add constraint an_import_is_into_one_bank check (num_nonnulls(course_id, organisation_id) = 1) not valid;
alter table public.question_imports validate constraint question_imports_organisation;
alter table public.question_imports validate constraint an_import_is_into_one_bank;
comment on column public.question_imports.course_id is 'The course into whose bank it goes; null for an organisation''s.';
comment on column public.question_imports.organisation_id is 'The organisation into whose bank it goes; null for a course''s.';
create index idx_question_imports_organisation on public.question_imports (organisation_id);
create index idx_question_imports_owner_organisation on public.question_imports (owner_id, organisation_id, created_at desc, id desc)
    where organisation_id is not null;

drop function public.begin_question_import(uuid, text, bytea, uuid);
create function public.begin_question_import(p_course uuid, p_name text, p_content bytea, p_file uuid, p_organisation uuid default null) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_name text := left(btrim(regexp_replace(coalesce(p_name, ''), '[[:cntrl:]]+', ' ', 'g')), 255);
    v_size bigint := octet_length(p_content);
    v_id uuid;
begin
    if num_nonnulls(p_course, p_organisation) <> 1
        or (p_course is not null and not (p_course in (select private.my_taught_course_ids())
            or (private.is_admin() and exists (select 1 from public.courses c where c.id = p_course))))
    then
        perform private.refuse('CG404', 'no_such_course', 'There is no such course, or you do not teach it.');
    elsif p_organisation is not null and not (p_organisation in (select private.my_managed_organisation_ids())
        or (private.is_admin() and exists (select 1 from public.organisations o where o.id = p_organisation)))
    then
        perform private.refuse('CG404', 'no_such_organisation', 'There is no such organisation that you manage.');
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
    insert into public.question_imports (owner_id, course_id, organisation_id, file_id, file_name, file_size, content)
    values (auth.uid(), p_course, p_organisation, p_file, coalesce(nullif(v_name, ''), 'questions'), v_size, case when p_file is null then p_content end)
    returning id into v_id;
    perform private.defer_job('questions.read', jsonb_build_object('import_id', v_id));
    return v_id;
end
$$;
comment on function public.begin_question_import(uuid, text, bytea, uuid, uuid) is
    'Has a file with questions read, sent here or a package of the library, for the bank of a course that the caller teaches or of an '
    'organisation that he manages (one of both); answers the import. Raises CG404, CG409, CG413, CG422.';
grant execute on function public.begin_question_import(uuid, text, bytea, uuid, uuid) to authenticated;

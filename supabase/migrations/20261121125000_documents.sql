-- Files with a lesson: attachments come from the media library and may be put away and brought back; a
-- lesson of type pdf has one document, and what each learner has seen of it stands in document_reading.
--
-- The rule of pages. A page counts as seen when it was in view for a second; a screen shows two pages that are really read, so
-- within one opening the pages that are new never exceed twice the seconds since it. What counts is the union of the pages, so
-- a report that comes twice, late, or from another tab changes nothing.
-- lesson_attachments is small (a few rows a lesson), so its indexes are built at once.
-- Rollback: drop the tables and functions below and the column removed_at; bring back the two policies and
-- public.note_download of 20261121120000_lesson_states.sql.

-- Attachments ----------------------------------------------------------------------------------------------

alter table public.lesson_attachments add column removed_at timestamptz;
comment on column public.lesson_attachments.removed_at is
    'When it was put away: learners do not see it any more, and its instructors may bring it back for a day.';
create index idx_lesson_attachments_removed on public.lesson_attachments (removed_at) where removed_at is not null;
grant update (removed_at) on public.lesson_attachments to authenticated;

-- Whoever may see the lesson's title: the sub-select is held by the policies of lessons and courses.
alter policy "Public can view open attachments" on public.lesson_attachments
    using (removed_at is null and not requires_enrollment and exists (select 1 from public.lessons l where l.id = lesson_id));
alter policy "Learners view attachments that are open to them" on public.lesson_attachments
    using (
        course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
        or (removed_at is null and (
            lesson_id = any (array(select private.my_open_lesson_ids()))
            or (not requires_enrollment and exists (select 1 from public.lessons l join public.courses c on c.id = l.course_id
                where l.id = lesson_id and c.status = 'published'))
        ))
    );

create or replace function public.note_download(p_attachment uuid) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_key text;
begin
    update public.lesson_attachments a set download_count = a.download_count + 1
    where a.id = p_attachment and (
        a.course_id = any (array(select private.my_taught_course_ids()))
        or private.is_admin()
        or (a.removed_at is null and (
            a.lesson_id = any (array(select private.my_open_lesson_ids()))
            or (not a.requires_enrollment and exists (
                select 1 from public.lessons l join public.courses c on c.id = l.course_id
                where l.id = a.lesson_id and l.state = 'live' and c.status = 'published'
            ))
        ))
    )
    returning a.file_url into v_key;
    if v_key is null then
        perform private.refuse('CG404', 'no_such_attachment', 'There is no file here that you may download. Enrol in the course first.');
    end if;
    return v_key;
end
$$;

create function private.usable_file(p_file uuid, p_lesson uuid) returns public.media_files
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_course uuid := (select l.course_id from public.lessons l where l.id = p_lesson);
    v_file public.media_files;
begin
    if v_course is null or not (v_course = any (array(select private.my_taught_course_ids())) or private.is_admin()) then
        perform private.refuse('CG404', 'no_such_lesson', 'There is no such lesson in a course that you teach.');
    end if;
    select f.* into v_file from public.media_files f
    where f.id = p_file
      and (f.owner_id = auth.uid() or f.course_id = any (array(select private.my_taught_course_ids())) or private.is_admin());
    if v_file.id is null then
        perform private.refuse('CG404', 'no_such_file', 'This file is not in your media library.');
    elsif v_file.state <> 'ready' then
        perform private.refuse('CG409', 'file_not_ready', 'This file is not ready yet. Wait until it has been checked, then try again.');
    end if;
    return v_file;
end
$$;
comment on function private.usable_file(uuid, uuid) is
    'A checked file that the caller may put to a lesson that he teaches; raises CG404 or CG409.';

create function public.attach_file(
    p_lesson uuid, p_file uuid, p_description text default null, p_requires_enrollment boolean default true
) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_file public.media_files := private.usable_file(p_file, p_lesson);
    v_lesson public.lessons;
    v_id uuid;
begin
    -- Two files at once take turns, so that each finds its own place and the limit holds.
    select * into v_lesson from public.lessons where id = p_lesson for no key update;
    if (select count(*) from public.lesson_attachments a where a.lesson_id = p_lesson and a.removed_at is null) >= 50 then
        perform private.refuse('CG409', 'too_many_attachments', 'A lesson has room for 50 files. Remove one, or put several into an archive.');
    end if;
    insert into public.lesson_attachments (
        lesson_id, course_id, file_name, file_url, file_type, file_size_bytes, description, requires_enrollment, attachment_order
    )
    values (
        p_lesson, v_lesson.course_id, v_file.filename, v_file.storage_key, v_file.mime_type, v_file.byte_size,
        nullif(btrim(p_description), ''), coalesce(p_requires_enrollment, true),
        (select coalesce(max(a.attachment_order), 0) + 1 from public.lesson_attachments a where a.lesson_id = p_lesson)
    )
    returning id into v_id;
    return v_id;
end
$$;
comment on function public.attach_file(uuid, uuid, text, boolean) is
    'Puts a file of the caller''s library with a lesson that he teaches, after those that are there. Raises CG404 or CG409.';
grant execute on function public.attach_file(uuid, uuid, text, boolean) to authenticated;

create function private.forget_removed_attachments(p_most integer default 500) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_gone integer;
begin
    delete from public.lesson_attachments where id in (
        select a.id from public.lesson_attachments a where a.removed_at < now() - interval '1 day'
        order by a.removed_at limit p_most for update skip locked
    );
    get diagnostics v_gone = row_count;
    return v_gone;
end
$$;
comment on function private.forget_removed_attachments(integer) is
    'Forgets attachments that were removed more than a day ago, some at a time; how many. Their files stay in the library.';
grant execute on function private.forget_removed_attachments(integer) to service_role;

-- Documents ------------------------------------------------------------------------------------------------

create table public.lesson_documents (
    id uuid primary key default gen_random_uuid(),
    lesson_id uuid not null,
    course_id uuid not null,
    file_id uuid not null references public.media_files (id) on delete restrict,
    file_key text not null check (length(file_key) between 1 and 512),
    file_name text not null check (length(file_name) between 1 and 255),
    file_size_bytes bigint not null check (file_size_bytes between 1 and 10737418240),
    page_count integer not null check (page_count between 1 and 5000),
    page_sizes jsonb not null check (jsonb_typeof(page_sizes) = 'array' and length(page_sizes::text) <= 200000),
    allow_download boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint one_document_a_lesson unique (lesson_id),
    constraint lesson_documents_lesson foreign key (lesson_id, course_id)
        references public.lessons (id, course_id) on delete cascade
);
comment on table public.lesson_documents is 'The document of a lesson of type pdf, which is read in the page.';
comment on column public.lesson_documents.file_key is 'The key of the stored file, copied from the library by public.place_document.';
comment on column public.lesson_documents.page_count is 'Counted by the server when the document was put in.';
comment on column public.lesson_documents.page_sizes is
    'Array of [first page, width, height] in points, a new entry where the size changes: pages have their place before they are fetched.';
comment on column public.lesson_documents.allow_download is 'Whether readers are offered the file itself.';
create index idx_lesson_documents_lesson on public.lesson_documents (lesson_id, course_id);
create index idx_lesson_documents_course on public.lesson_documents (course_id);
create index idx_lesson_documents_file on public.lesson_documents (file_id);
create trigger update_lesson_documents_updated_at before update on public.lesson_documents
    for each row execute function public.update_updated_at_column();

-- The media library is told where a document is used, as it is of attachments and videos.
alter table public.media_file_uses drop constraint media_file_uses_place_check;
alter table public.media_file_uses add constraint media_file_uses_place_check
    check (place in ('block', 'course', 'video', 'attachment', 'collection', 'document')) not valid;
alter table public.media_file_uses validate constraint media_file_uses_place_check;
create trigger note_document_file after insert or delete or update of file_key, lesson_id, course_id on public.lesson_documents
    for each row execute function private.note_stored_file('document', 'file_key');

create function public.place_document(p_lesson uuid, p_file uuid, p_pages integer, p_sizes jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_file public.media_files := private.usable_file(p_file, p_lesson);
    v_lesson public.lessons;
begin
    select * into v_lesson from public.lessons where id = p_lesson;
    if v_lesson.lesson_type <> 'pdf' then
        perform private.refuse('CG409', 'not_a_document', 'Only a lesson of the type “Document” is read page by page. Attach the file instead.');
    elsif v_file.mime_type <> 'application/pdf' then
        perform private.refuse('CG422', 'not_a_pdf', 'This file is not a PDF.');
    end if;
    insert into public.lesson_documents as d (
        lesson_id, course_id, file_id, file_key, file_name, file_size_bytes, page_count, page_sizes
    )
    values (
        p_lesson, v_lesson.course_id, v_file.id, v_file.storage_key, v_file.filename, v_file.byte_size, p_pages, p_sizes
    )
    on conflict (lesson_id) do update set
        file_id = excluded.file_id, file_key = excluded.file_key, file_name = excluded.file_name,
        file_size_bytes = excluded.file_size_bytes, page_count = excluded.page_count, page_sizes = excluded.page_sizes;
end
$$;
comment on function public.place_document(uuid, uuid, integer, jsonb) is
    'Puts a PDF of the caller''s library into a lesson that he teaches, instead of the one that is there. Raises CG404, CG409 or CG422.';
grant execute on function public.place_document(uuid, uuid, integer, jsonb) to authenticated;

-- Reading --------------------------------------------------------------------------------------------------

create table public.document_reading (
    user_id uuid not null references public.profiles (id) on delete cascade,
    lesson_id uuid not null,
    course_id uuid not null,
    enrollment_id uuid not null references public.enrollments (id) on delete cascade,
    page_count integer not null check (page_count between 1 and 5000),
    pages_seen int4multirange not null default '{}',
    pages_seen_count integer generated always as (private.covered_seconds(pages_seen)) stored,
    last_page integer not null default 1 check (last_page between 1 and 5000),
    last_offset numeric(4, 3) not null default 0 check (last_offset between 0 and 1),
    opened_at timestamptz not null default now(),
    opened_pages integer not null default 0 check (opened_pages >= 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (user_id, lesson_id),
    constraint document_reading_lesson foreign key (lesson_id, course_id)
        references public.lessons (id, course_id) on delete restrict,
    constraint pages_seen_lie_in_the_document check (pages_seen <@ int4multirange(int4range(1, page_count + 1)))
) with (fillfactor = 70);
comment on table public.document_reading is 'One row for a person and a document: where he is, and which pages he has seen.';
comment on column public.document_reading.pages_seen is 'Pages that were in view for a second or longer, as a set: [1,4) are the pages 1 to 3.';
comment on column public.document_reading.pages_seen_count is 'Size of pages_seen.';
comment on column public.document_reading.page_count is 'Pages of the document when it was last opened.';
comment on column public.document_reading.last_offset is 'How far down the page the upper edge of the view was: 0 is its top.';
comment on column public.document_reading.opened_at is 'When the document was last opened, in whatever tab: what new pages are held against.';
comment on column public.document_reading.opened_pages is 'Pages that were new since then.';
create index idx_document_reading_lesson on public.document_reading (lesson_id, course_id);
create index idx_document_reading_course on public.document_reading (course_id);
create index idx_document_reading_enrollment on public.document_reading (enrollment_id);
create trigger update_document_reading_updated_at before update on public.document_reading
    for each row execute function public.update_updated_at_column();

create function public.open_document(p_lesson uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment public.enrollments := private.my_enrollment_for(p_lesson);
    v_document public.lesson_documents;
    v_row public.document_reading;
begin
    select * into v_document from public.lesson_documents where lesson_id = p_lesson;
    if v_document.id is null then
        perform private.refuse('CG404', 'no_such_document', 'This lesson has no document.');
    end if;
    insert into public.document_reading as r (user_id, lesson_id, course_id, enrollment_id, page_count, opened_at)
    values (auth.uid(), p_lesson, v_document.course_id, v_enrollment.id, v_document.page_count, clock_timestamp())
    on conflict (user_id, lesson_id) do update set
        enrollment_id = excluded.enrollment_id,
        page_count = excluded.page_count,
        -- Of a document that was replaced, pages that it still has count on.
        pages_seen = r.pages_seen * int4multirange(int4range(1, excluded.page_count + 1)),
        last_page = least(r.last_page, excluded.page_count),
        opened_at = excluded.opened_at,
        opened_pages = 0
    returning * into v_row;
    perform private.start_lesson(v_enrollment, p_lesson);
    return jsonb_build_object(
        'page', v_row.last_page, 'offset', v_row.last_offset, 'pages', v_row.page_count,
        'seen', v_row.pages_seen::text, 'seen_count', v_row.pages_seen_count
    );
end
$$;
comment on function public.open_document(uuid) is
    'Notes that the caller opened the document of a lesson that is open to him; answers where he was. Raises CG403 or CG404.';

create function public.note_reading(p_lesson uuid, p_page integer, p_offset numeric, p_seen integer[] default '{}') returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment public.enrollments := private.my_enrollment_for(p_lesson);
    v_row public.document_reading;
    v_new int4multirange;
    v_count integer;
    v_wait integer := 0;
begin
    if coalesce(cardinality(p_seen), 0) > 5000 then
        perform private.refuse('CG422', 'too_many_pages', 'A report names at most 5000 pages.');
    end if;
    -- Locked until the end: of two tabs the second adds to what the first has written.
    select * into v_row from public.document_reading where user_id = auth.uid() and lesson_id = p_lesson for no key update;
    if v_row.user_id is null then
        perform private.refuse('CG409', 'not_opened', 'Open the document before you report what you read.');
    end if;
    select coalesce(range_agg(int4range(s.page, s.page + 1)), '{}') - v_row.pages_seen into v_new
    from unnest(p_seen) s (page) where s.page between 1 and v_row.page_count;
    v_count := private.covered_seconds(v_new);
    if v_count > 0 and v_row.opened_pages + v_count > 2 * extract(epoch from clock_timestamp() - v_row.opened_at) then
        v_wait := greatest(1, ceil((v_row.opened_pages + v_count) / 2.0 - extract(epoch from clock_timestamp() - v_row.opened_at)))::integer;
        v_new := '{}';
        v_count := 0;
    end if;
    update public.document_reading r set
        enrollment_id = v_enrollment.id,
        pages_seen = r.pages_seen + v_new,
        opened_pages = r.opened_pages + v_count,
        last_page = least(greatest(coalesce(p_page, r.last_page), 1), r.page_count),
        last_offset = least(greatest(coalesce(p_offset, r.last_offset), 0), 1)
    where r.user_id = auth.uid() and r.lesson_id = p_lesson
    returning * into v_row;
    return jsonb_build_object(
        'counted', v_wait = 0, 'retry_after', nullif(v_wait, 0),
        'seen_count', v_row.pages_seen_count, 'pages', v_row.page_count
    );
end
$$;
comment on function public.note_reading(uuid, integer, numeric, integer[]) is
    'Keeps where the caller is in a document and which pages he has seen. Pages that came faster than anybody reads are not counted: '
    'counted is false and retry_after says in how many seconds they would be. Raises CG403, CG409 or CG422.';
grant execute on function public.open_document(uuid), public.note_reading(uuid, integer, numeric, integer[]) to authenticated;

-- Access ---------------------------------------------------------------------------------------------------

alter table public.lesson_documents enable row level security;
alter table public.document_reading enable row level security;
revoke all on public.lesson_documents, public.document_reading from anon, authenticated, service_role;
grant select, insert, update, delete on public.lesson_documents, public.document_reading to service_role;
grant select on public.lesson_documents to anon, authenticated;
grant update (allow_download), delete on public.lesson_documents to authenticated;
grant select on public.document_reading to authenticated;

create policy "Public can view preview documents" on public.lesson_documents for select to anon
    using (exists (select 1 from public.lessons l where l.id = lesson_id and l.is_preview));
create policy "Learners view documents that are open to them" on public.lesson_documents for select to authenticated
    using (
        lesson_id = any (array(select private.my_open_lesson_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
        or exists (select 1 from public.lessons l where l.id = lesson_id and l.is_preview)
    );
create policy "Instructors allow downloads" on public.lesson_documents for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove documents" on public.lesson_documents for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Learners view own reading" on public.document_reading for select to authenticated
    using (
        user_id = (select auth.uid())
        or course_id = any (array(select private.my_taught_course_ids()))
        or user_id = any (array(select private.my_managed_member_ids()))
        or (select private.is_admin())
    );

select private.audit_table('lesson_documents', 'log_lesson_document_changes', p_ignored => '{page_sizes}');
insert into private.audit_exempt (table_name, reason) values
    ('document_reading', 'Changes while somebody reads; the completion of the lesson is logged in lesson_progress.');

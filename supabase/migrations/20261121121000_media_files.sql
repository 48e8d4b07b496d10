-- Files that people upload: what each of them is, how far one under way has come, and where it is used.
-- Rollback: drop the triggers note_…_files, the tables and functions below, and their lines in private.audit_tables and
-- private.audit_exempt.

create function private.is_file_name(p_name text) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select length(p_name) between 1 and 200 and btrim(p_name, ' .') <> ''
        and p_name !~ '[[:cntrl:]/\\\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]'
$$;
comment on function private.is_file_name(text) is
    'Whether a text can stand as the name of a file: no folder in it, and nothing that hides or turns its letters.';
grant execute on function private.is_file_name(text) to authenticated, service_role;

-- media_files ----------------------------------------------------------------------------------------------

create table public.media_files (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid references public.profiles (id) on delete set null,
    course_id uuid references public.courses (id) on delete set null,
    purpose text not null check (purpose in
        ('lesson_image', 'lesson_video', 'attachment', 'lesson_pdf', 'captions', 'thumbnail', 'collection', 'package')),
    filename text not null check (private.is_file_name(filename)),
    kind text not null check (kind in ('image', 'video', 'audio', 'document', 'captions', 'archive')),
    mime_type text not null default 'application/octet-stream'
        check (mime_type ~ '^[a-z]+/[A-Za-z0-9.+-]+$' and length(mime_type) <= 127),
    byte_size bigint not null check (byte_size between 1 and 10737418240),
    sha256 text check (sha256 ~ '^[0-9a-f]{64}$'),
    storage_key text unique check (length(storage_key) between 3 and 512),
    thumbnail_key text check (length(thumbnail_key) between 3 and 512),
    state text not null default 'uploading' check (state in ('uploading', 'checking', 'ready', 'refused')),
    refusal text check (length(refusal) between 1 and 500),
    width integer check (width between 1 and 100000),
    height integer check (height between 1 and 100000),
    duration double precision check (duration >= 0 and duration < 1000000),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint ready_files_are_stored check (state <> 'ready' or (storage_key is not null and sha256 is not null)),
    constraint refused_files_say_why check ((state = 'refused') = (refusal is not null))
);
comment on table public.media_files is 'The media library: every file that somebody uploaded, checked by its content before anything may use it.';
comment on column public.media_files.owner_id is 'Who uploaded it; null when that person is no longer there.';
comment on column public.media_files.course_id is 'The course whose team shares it; null for a file of one person alone.';
comment on column public.media_files.byte_size is 'Bytes as stored; until it is stored, as announced. Quotas count it from the beginning.';
comment on column public.media_files.storage_key is 'Where it lies in the file store; null until it passed its check.';
comment on column public.media_files.thumbnail_key is 'A small picture of it, where one could be made.';
comment on column public.media_files.refusal is 'Why it was refused, in words for the person who sent it.';
comment on column public.media_files.duration is 'Seconds of a video or a sound.';
create index idx_media_files_owner on public.media_files (owner_id, created_at desc, id);
create index idx_media_files_course on public.media_files (course_id, created_at desc, id);
create index idx_media_files_unfinished on public.media_files (state, updated_at) where state <> 'ready';
create trigger update_media_files_updated_at before update on public.media_files
    for each row execute function public.update_updated_at_column();

-- uploads --------------------------------------------------------------------------------------------------

create table public.uploads (
    file_id uuid primary key references public.media_files (id) on delete cascade,
    owner_id uuid not null references public.profiles (id) on delete cascade,
    length bigint not null check (length between 1 and 10737418240),
    received bigint not null default 0,
    expires_at timestamptz not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint received_within_length check (received between 0 and length)
);
comment on table public.uploads is 'How far each upload has come. A finished one stays until it expires, for a client that missed the last answer.';
comment on column public.uploads.received is 'Bytes that are on disk, written through: what was acknowledged. The file under way may be longer.';
create index idx_uploads_owner on public.uploads (owner_id);
create index idx_uploads_expiry on public.uploads (expires_at);
create trigger update_uploads_updated_at before update on public.uploads
    for each row execute function public.update_updated_at_column();

-- media_file_uses ------------------------------------------------------------------------------------------

create table public.media_file_uses (
    file_id uuid not null references public.media_files (id) on delete restrict,
    place text not null check (place in ('block', 'course', 'video', 'attachment', 'collection')),
    ref_id uuid not null,
    owner_id uuid references public.profiles (id) on delete set null,
    course_id uuid references public.courses (id) on delete cascade,
    lesson_id uuid references public.lessons (id) on delete cascade,
    created_at timestamptz not null default now(),
    primary key (place, ref_id, file_id)
);
comment on table public.media_file_uses is
    'Where each file is used. Kept by triggers on the tables that name files; a file in use cannot be deleted.';
comment on column public.media_file_uses.place is
    'block: content_blocks. course: the picture, film or syllabus of courses. video: lesson_videos. attachment: lesson_attachments. collection: videos.';
comment on column public.media_file_uses.ref_id is 'The row of that table.';
comment on column public.media_file_uses.owner_id is 'Whose file it is, as in media_files.';
create index idx_media_file_uses_file on public.media_file_uses (file_id);
create index idx_media_file_uses_ref on public.media_file_uses (ref_id);
create index idx_media_file_uses_owner on public.media_file_uses (owner_id);
create index idx_media_file_uses_course on public.media_file_uses (course_id);
create index idx_media_file_uses_lesson on public.media_file_uses (lesson_id);

create function private.files_in(p_text text) returns uuid[]
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select coalesce(array_agg(distinct m[1]::uuid), '{}')
    from regexp_matches(p_text, '/files/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})', 'g') m
$$;
comment on function private.files_in(text) is 'The files that a text names by their address, /files/<id>.';
grant execute on function private.files_in(text) to service_role;

create function private.put_file_uses(p_place text, p_ref uuid, p_course uuid, p_lesson uuid, p_files uuid[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    delete from public.media_file_uses u where u.ref_id = p_ref and u.place = p_place and u.file_id <> all (p_files);
    -- Who could name any file would open it to himself by a lesson of his own.
    if auth.uid() is not null and not private.is_admin() and exists (
        select 1 from public.media_files f
        where f.id = any (p_files)
          and f.owner_id is distinct from auth.uid()
          and (f.course_id is null or f.course_id <> all (array(select private.my_taught_course_ids())))
          and not exists (
              select 1 from public.media_file_uses u
              where u.file_id = f.id and (u.course_id = p_course or (u.ref_id = p_ref and u.place = p_place))
          )
    ) then
        perform private.refuse('CG422', 'file_of_another_course',
            'A file in this belongs to another course. Upload it here, or choose one from the media library.');
    end if;
    insert into public.media_file_uses (file_id, place, ref_id, owner_id, course_id, lesson_id)
    select f.id, p_place, p_ref, f.owner_id, p_course, p_lesson from public.media_files f where f.id = any (p_files)
    on conflict (file_id, place, ref_id) do update set course_id = excluded.course_id, lesson_id = excluded.lesson_id;
end
$$;
comment on function private.put_file_uses(text, uuid, uuid, uuid, uuid[]) is
    'Says which files a row names from now on. Raises CG422 for a file that the person who asks may not use there.';

create function private.note_block_files() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'DELETE' then
        perform private.put_file_uses('block', old.id, null, null, '{}');
    else
        perform private.put_file_uses('block', new.id, new.course_id, new.lesson_id, private.files_in(new.content::text));
    end if;
    return null;
end
$$;
comment on function private.note_block_files() is 'Trigger: keeps media_file_uses for a piece of a lesson.';
create trigger note_block_files after insert or delete or update of content, lesson_id, course_id on public.content_blocks
    for each row execute function private.note_block_files();

create function private.note_course_files() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'DELETE' then
        perform private.put_file_uses('course', old.id, null, null, '{}');
    else
        perform private.put_file_uses('course', new.id, new.id, null,
            private.files_in(concat_ws(' ', new.thumbnail_url, new.promo_video_url, new.syllabus_url)));
    end if;
    return null;
end
$$;
comment on function private.note_course_files() is 'Trigger: keeps media_file_uses for the picture, film and syllabus of a course.';
create trigger note_course_files after insert or delete or update of thumbnail_url, promo_video_url, syllabus_url on public.courses
    for each row execute function private.note_course_files();

create function private.note_stored_file() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    -- The table's place, the column with the key, and the columns of course and lesson, where it has them.
    v_new jsonb := case when tg_op = 'DELETE' then '{}' else to_jsonb(new) end;
    v_row uuid := case when tg_op = 'DELETE' then old.id else new.id end;
    v_key text := v_new ->> tg_argv[1];
begin
    perform private.put_file_uses(tg_argv[0], v_row, (v_new ->> 'course_id')::uuid, (v_new ->> 'lesson_id')::uuid,
        array(select f.id from public.media_files f where f.storage_key = v_key));
    return null;
end
$$;
comment on function private.note_stored_file() is 'Trigger: keeps media_file_uses for a row that names a stored file by its key.';
create trigger note_video_file after insert or delete or update of source_key, lesson_id, course_id on public.lesson_videos
    for each row execute function private.note_stored_file('video', 'source_key');
create trigger note_attachment_file after insert or delete or update of file_url, lesson_id, course_id on public.lesson_attachments
    for each row execute function private.note_stored_file('attachment', 'file_url');
create trigger note_collected_file after insert or delete or update of file_url on public.videos
    for each row execute function private.note_stored_file('collection', 'file_url');

create function private.file_uses_in_words(p_file uuid) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select string_agg(w.words, ', ' order by w.words) from (
        select distinct coalesce('the lesson "' || l.title || '"', 'the course "' || c.title || '"', 'a collection') as words
        from public.media_file_uses u
        left join public.lessons l on l.id = u.lesson_id
        left join public.courses c on c.id = u.course_id
        where u.file_id = p_file
        order by 1 limit 5
    ) w
$$;
comment on function private.file_uses_in_words(uuid) is 'Up to five places where a file is used, for people; null when it is used nowhere.';

create function private.refuse_used_file() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_places text := private.file_uses_in_words(old.id);
begin
    if v_places is not null then
        perform private.refuse('CG409', 'file_in_use', left('"' || old.filename || '" is used in ' || v_places || '. Take it out there first, then delete it.', 900));
    end if;
    return old;
end
$$;
comment on function private.refuse_used_file() is 'Trigger: a file that is used somewhere stays, and the refusal says where.';
create trigger refuse_used_file before delete on public.media_files
    for each row execute function private.refuse_used_file();

create function private.forget_stored_file() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.defer_job('uploads.remove', jsonb_build_object(
        'file_id', old.id, 'keys', to_jsonb(array_remove(array[old.storage_key, old.thumbnail_key], null))
    ));
    return null;
end
$$;
comment on function private.forget_stored_file() is 'Trigger: has the bytes of a deleted file removed after the transaction.';
create trigger forget_stored_file after delete on public.media_files
    for each row execute function private.forget_stored_file();

-- Access ---------------------------------------------------------------------------------------------------

alter table public.media_files enable row level security;
alter table public.uploads enable row level security;
alter table public.media_file_uses enable row level security;
revoke all on public.media_files, public.uploads, public.media_file_uses from anon, authenticated, service_role;
grant select, insert, update, delete on public.media_files, public.uploads to service_role;
grant select on public.media_file_uses to service_role;
grant select, delete on public.media_files to authenticated;
grant update (filename) on public.media_files to authenticated;
grant select (id, filename, kind, mime_type, byte_size, sha256, storage_key, thumbnail_key, state, width, height, duration)
    on public.media_files to anon;
grant select on public.uploads to authenticated;
grant select on public.media_file_uses to authenticated;
grant select (file_id, place, ref_id) on public.media_file_uses to anon;

-- Whoever sees a piece of a lesson or a course's title page may fetch the files that stand in it, and no others.
create policy "Public can view files of what is open" on public.media_files for select to anon
    using (state = 'ready' and exists (select 1 from public.media_file_uses u where u.file_id = media_files.id));
create policy "People view files that are theirs or open to them" on public.media_files for select to authenticated
    using (
        owner_id = (select auth.uid())
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
        or (state = 'ready' and exists (select 1 from public.media_file_uses u where u.file_id = media_files.id))
    );
create policy "Owners and teams rename files" on public.media_files for update to authenticated
    using (owner_id = (select auth.uid()) or course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (owner_id = (select auth.uid()) or course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Owners and teams delete files" on public.media_files for delete to authenticated
    using (owner_id = (select auth.uid()) or course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

create policy "People view their own uploads" on public.uploads for select to authenticated
    using (owner_id = (select auth.uid()));

create policy "Public can view uses in what is open" on public.media_file_uses for select to anon
    using (
        (place = 'block' and exists (select 1 from public.content_blocks b where b.id = ref_id))
        or (place = 'course' and exists (select 1 from public.courses c where c.id = ref_id))
    );
create policy "People view uses of their files and in what is open to them" on public.media_file_uses for select to authenticated
    using (
        owner_id = (select auth.uid())
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
        or (place = 'block' and exists (select 1 from public.content_blocks b where b.id = ref_id))
        or (place = 'course' and exists (select 1 from public.courses c where c.id = ref_id))
    );

select private.audit_table('media_files', 'log_media_file_changes', 'owner_id',
    p_personal => '{filename}',
    p_ignored => '{mime_type,byte_size,sha256,storage_key,thumbnail_key,width,height,duration}');
insert into private.audit_exempt (table_name, reason) values
    ('uploads', 'Bytes on their way; what became of them is logged in media_files.'),
    ('media_file_uses', 'Follows from what names the files, which is logged.');

-- Programs: ordered paths of courses. What a course or a lesson asks for first. What can be downloaded with a lesson, and
-- where a lesson elsewhere is.
-- Rollback: drop the tables and functions below, drop the columns, and restore private.waits_for,
-- private.refuse_unlock_circle and private.lesson_locks of the catalogue's and the learning records' migrations.

alter table public.courses
    add column enable_discussion_forum boolean not null default false,
    add column enable_peer_review boolean not null default false;
comment on column public.courses.enable_peer_review is 'Whether learners of the course may be asked to review each other''s assignments.';
grant insert (enable_discussion_forum, enable_peer_review), update (enable_discussion_forum, enable_peer_review)
    on public.courses to authenticated;

alter table public.lessons
    add column learning_objectives jsonb not null default '[]'
        check (jsonb_typeof(learning_objectives) = 'array' and length(learning_objectives::text) <= 20000),
    add column enable_video_controls boolean not null default true,
    add column allow_download boolean not null default false;
comment on column public.lessons.enable_video_controls is 'Whether the player shows its controls.';
comment on column public.lessons.allow_download is 'Whether learners may keep the video as a file.';

-- Everybody who looks at the catalogue reads them. Both tables are small.
alter table public.courses add constraint objectives_have_a_length check (length(learning_objectives::text) <= 20000) not valid;
alter table public.courses validate constraint objectives_have_a_length;
alter table public.course_modules add constraint module_objectives_have_a_length check (length(learning_objectives::text) <= 20000) not valid;
alter table public.course_modules validate constraint module_objectives_have_a_length;

-- programs -------------------------------------------------------------------------------------------------

create table public.programs (
    id uuid primary key default gen_random_uuid(),
    title text not null check (length(title) between 1 and 200),
    slug text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 120),
    description text not null default '' check (length(description) <= 20000),
    designation_id uuid references public.member_designations (id) on delete restrict,
    status text not null default 'draft' check (status in ('draft', 'published', 'archived')),
    owner_id uuid references public.profiles (id) on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table public.programs is 'An ordered path of courses, towards a designation or for its own sake.';
comment on column public.programs.owner_id is 'Who put it together and may change it; administrators may too.';
create index idx_programs_status on public.programs (title, id) where status = 'published';
create index idx_programs_owner on public.programs (owner_id);
create index idx_programs_designation on public.programs (designation_id);
create trigger update_programs_updated_at before update on public.programs
    for each row execute function public.update_updated_at_column();

create table public.program_courses (
    program_id uuid not null references public.programs (id) on delete cascade,
    course_id uuid not null references public.courses (id) on delete restrict,
    course_order integer not null check (course_order > 0),
    is_required boolean not null default true,
    created_at timestamptz not null default now(),
    primary key (program_id, course_id),
    -- Reordering moves many rows in one statement.
    constraint unique_program_course_order unique (program_id, course_order) deferrable initially immediate
);
comment on table public.program_courses is 'The courses of a program, in order.';
comment on column public.program_courses.is_required is 'Required, or an elective.';
create index idx_program_courses_course on public.program_courses (course_id);

create function private.my_program_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select id from public.programs where owner_id = auth.uid() and private.is_teacher() $$;
comment on function private.my_program_ids() is 'Programs that the person who asks put together and may change.';
grant execute on function private.my_program_ids() to authenticated, service_role;

alter table public.programs enable row level security;
alter table public.program_courses enable row level security;
revoke all on public.programs, public.program_courses from anon, authenticated, service_role;
grant select on public.programs, public.program_courses to anon;
grant select, insert, update, delete on public.programs, public.program_courses to authenticated, service_role;

create policy "Public can view published programs" on public.programs for select to anon
    using (status = 'published');
create policy "People view published and own programs" on public.programs for select to authenticated
    using (status = 'published' or owner_id = (select auth.uid()) or (select private.is_admin()));
create policy "Instructors create own programs" on public.programs for insert to authenticated
    with check ((owner_id = (select auth.uid()) and (select private.is_teacher())) or (select private.is_admin()));
create policy "Instructors change own programs" on public.programs for update to authenticated
    using ((owner_id = (select auth.uid()) and (select private.is_teacher())) or (select private.is_admin()))
    with check ((owner_id = (select auth.uid()) and (select private.is_teacher())) or (select private.is_admin()));
create policy "Instructors remove own draft programs" on public.programs for delete to authenticated
    using ((status = 'draft' and owner_id = (select auth.uid()) and (select private.is_teacher())) or (select private.is_admin()));

create policy "Public can view courses of programs" on public.program_courses for select to anon
    using (exists (select 1 from public.programs p where p.id = program_id and p.status = 'published'));
create policy "People view courses of programs" on public.program_courses for select to authenticated
    using (exists (select 1 from public.programs p where p.id = program_id));
-- Only courses that one can see: whose course stands in a program cannot remove it.
create policy "Instructors add courses to programs" on public.program_courses for insert to authenticated
    with check (
        (program_id = any (array(select private.my_program_ids())) and exists (select 1 from public.courses c where c.id = course_id))
        or (select private.is_admin())
    );
create policy "Instructors change courses of programs" on public.program_courses for update to authenticated
    using (program_id = any (array(select private.my_program_ids())) or (select private.is_admin()))
    with check (
        (program_id = any (array(select private.my_program_ids())) and exists (select 1 from public.courses c where c.id = course_id))
        or (select private.is_admin())
    );
create policy "Instructors take courses out of programs" on public.program_courses for delete to authenticated
    using (program_id = any (array(select private.my_program_ids())) or (select private.is_admin()));

-- course_prerequisites -------------------------------------------------------------------------------------

create table public.course_prerequisites (
    id uuid primary key default gen_random_uuid(),
    course_id uuid not null references public.courses (id) on delete cascade,
    requires_course_id uuid references public.courses (id) on delete restrict,
    requirement text check (length(requirement) between 1 and 500),
    created_at timestamptz not null default now(),
    constraint a_course_or_words check (num_nonnulls(requires_course_id, requirement) = 1),
    constraint course_requires_another check (requires_course_id <> course_id),
    constraint unique_course_prerequisite unique (course_id, requires_course_id)
);
comment on table public.course_prerequisites is
    'What a course asks for first: a completed course, which is enforced, or something in words, which is told.';
create index idx_course_prerequisites_requires on public.course_prerequisites (requires_course_id);

create function private.refuse_course_prerequisite() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- The refusal at enrollment names the required course, so a hidden one must not be brought in by guessing its id.
    if auth.uid() is not null and not private.is_admin() and not exists (
        select 1 from public.courses c
        where c.id = new.requires_course_id
          and (c.status = 'published' or c.id = any (array(select private.my_taught_course_ids())))
    ) then
        perform private.refuse('CG404', 'no_such_course', 'The required course must be published, or one that you teach.');
    end if;
    -- Two halves of a circle written at once would not see each other.
    perform pg_advisory_xact_lock(hashtextextended('course_prerequisites', 0));
    if exists (
        with recursive before_it (id) as (
            select new.requires_course_id
            union
            select p.requires_course_id from before_it b join public.course_prerequisites p on p.course_id = b.id
            where p.requires_course_id is not null
        )
        select 1 from before_it where id = new.course_id
    ) then
        perform private.refuse('CG422', 'prerequisite_circle', 'This would make a circle: nobody could begin any of these courses.');
    end if;
    return null;
end
$$;
comment on function private.refuse_course_prerequisite() is
    'Trigger: refuses a required course that its author may not know, and requirements that go round in a circle.';
create constraint trigger course_prerequisites_without_circle
    after insert or update of course_id, requires_course_id on public.course_prerequisites
    for each row when (new.requires_course_id is not null) execute function private.refuse_course_prerequisite();
create trigger catalogue_prerequisites_changed after insert or update or delete on public.course_prerequisites
    for each statement execute function private.move_catalogue_version();

create function private.missing_prerequisites(p_member uuid, p_course uuid) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select p.requires_course_id from public.course_prerequisites p
    where p.course_id = p_course and p.requires_course_id is not null and not exists (
        select 1 from public.enrollments e
        where e.member_id = p_member and e.course_id = p.requires_course_id
          and e.status in ('completed', 'archived') and e.completed_at is not null
    )
$$;
comment on function private.missing_prerequisites(uuid, uuid) is 'Courses that a person must complete before he may enrol himself in a course.';

create function private.require_prerequisites(p_member uuid, p_course uuid) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_titles text;
begin
    select string_agg('"' || c.title || '"', ', ' order by c.title) into v_titles
    from private.missing_prerequisites(p_member, p_course) m (id) join public.courses c on c.id = m.id;
    if v_titles is not null then
        perform private.refuse('CG403', 'prerequisite_missing', 'Complete ' || v_titles || ' before you enrol in this course.');
    end if;
end
$$;
comment on function private.require_prerequisites(uuid, uuid) is
    'Raises CG403 with what a person must complete before he may enrol himself in a course, or order it.';

create function private.check_prerequisites() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- Who is enrolled already meets his own row.
    if not exists (
        select 1 from public.enrollments e
        where e.member_id = new.member_id and e.course_id = new.course_id and e.cohort_name is not distinct from new.cohort_name
    ) then
        perform private.require_prerequisites(new.member_id, new.course_id);
    end if;
    return new;
end
$$;
comment on function private.check_prerequisites() is
    'Trigger: who enrols himself must have completed the required courses. Administrators and imports may enrol anybody.';
-- By its name it follows check_enrollment, which refuses whoever would enrol somebody else.
create trigger check_prerequisites before insert on public.enrollments
    for each row when (new.enrollment_source = 'self_enrollment') execute function private.check_prerequisites();

-- lesson_prerequisites -------------------------------------------------------------------------------------

create table public.lesson_prerequisites (
    lesson_id uuid not null,
    requires_lesson_id uuid not null,
    course_id uuid not null,
    created_at timestamptz not null default now(),
    primary key (lesson_id, requires_lesson_id),
    constraint lesson_requires_another check (requires_lesson_id <> lesson_id),
    constraint lesson_prerequisites_lesson foreign key (lesson_id, course_id)
        references public.lessons (id, course_id) on delete cascade,
    constraint lesson_prerequisites_requires foreign key (requires_lesson_id, course_id)
        references public.lessons (id, course_id) on delete cascade
);
comment on table public.lesson_prerequisites is
    'Lessons of the same course that must be complete before a lesson opens, besides lessons.unlock_after_lesson_id.';
create index idx_lesson_prerequisites_lesson on public.lesson_prerequisites (lesson_id, course_id);
create index idx_lesson_prerequisites_requires on public.lesson_prerequisites (requires_lesson_id, course_id);
create index idx_lesson_prerequisites_course on public.lesson_prerequisites (course_id);

create or replace function private.waits_for(p_part uuid) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select l.unlock_after_lesson_id from public.lessons l where l.id = p_part and l.unlock_after_lesson_id is not null
    union all
    select p.requires_lesson_id from public.lesson_prerequisites p where p.lesson_id = p_part
    union all
    select m.unlock_after_module_id from public.lessons l join public.course_modules m on m.id = l.module_id
    where l.id = p_part and m.unlock_after_module_id is not null
    union all
    select m.unlock_after_module_id from public.course_modules m where m.id = p_part and m.unlock_after_module_id is not null
    union all
    select l.id from public.lessons l where l.module_id = p_part and l.require_completion
$$;

create function private.waits_for_itself(p_part uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    -- What must be complete before it opens. A lesson waits for its lessons and for the module that its own module
    -- waits for; a module is complete when its required lessons are.
    with recursive before_it (id) as (
        select w.id from private.waits_for(p_part) w (id)
        union
        select w.id from before_it b cross join lateral private.waits_for(b.id) w (id)
    )
    select exists (select 1 from before_it where id = p_part)
$$;
comment on function private.waits_for_itself(uuid) is 'Whether a lesson or module could never open, because it waits for itself.';
grant execute on function private.waits_for_itself(uuid) to service_role;

create or replace function private.refuse_unlock_circle() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- Two halves of a circle written at once would not see each other.
    perform pg_advisory_xact_lock(hashtextextended('unlocking:' || new.course_id::text, 0));
    if private.waits_for_itself(case when tg_table_name = 'lesson_prerequisites'
        then (to_jsonb(new) ->> 'lesson_id')::uuid else (to_jsonb(new) ->> 'id')::uuid end)
    then
        perform private.refuse('CG422', 'unlock_circle', 'This would make a circle: each part would wait for the other.');
    end if;
    return null;
end
$$;
comment on function private.refuse_unlock_circle() is
    'Trigger: refuses unlock_after references and prerequisites that go round in a circle, also through modules.';
create trigger catalogue_lesson_prerequisites_changed after insert or update or delete on public.lesson_prerequisites
    for each statement execute function private.move_catalogue_version();
create constraint trigger prerequisites_unlock_without_circle after insert or update on public.lesson_prerequisites
    for each row execute function private.refuse_unlock_circle();

-- lesson_attachments and lesson_links ----------------------------------------------------------------------

create table public.lesson_attachments (
    id uuid primary key default gen_random_uuid(),
    lesson_id uuid not null,
    course_id uuid not null,
    file_name text not null check (length(file_name) between 1 and 255 and file_name !~ '[[:cntrl:]/\\]'),
    file_url text not null check (length(file_url) between 1 and 512),
    file_type text not null check (file_type ~ '^[a-z]+/[A-Za-z0-9.+-]+$' and length(file_type) <= 127),
    file_size_bytes bigint check (file_size_bytes between 1 and 10737418240),
    description text check (length(description) <= 1000),
    attachment_order integer not null default 0 check (attachment_order >= 0),
    requires_enrollment boolean not null default true,
    download_count integer not null default 0 check (download_count >= 0),
    created_at timestamptz not null default now(),
    constraint lesson_attachments_lesson foreign key (lesson_id, course_id)
        references public.lessons (id, course_id) on delete cascade
);
comment on table public.lesson_attachments is 'Files to download with a lesson.';
comment on column public.lesson_attachments.file_url is
    'The key of the stored file. Written by the service alone: who could write it could have any file signed for him.';
comment on column public.lesson_attachments.requires_enrollment is 'False: whoever sees the lesson''s title may download it.';
comment on column public.lesson_attachments.download_count is 'Moved by public.note_download() alone.';
create index idx_lesson_attachments_lesson on public.lesson_attachments (lesson_id, course_id);
create index idx_lesson_attachments_course on public.lesson_attachments (course_id);
create index idx_lesson_attachments_open on public.lesson_attachments (lesson_id) where not requires_enrollment;

create table public.lesson_links (
    lesson_id uuid primary key,
    course_id uuid not null,
    content_url text not null check (content_url ~ '^https://[^[:space:][:cntrl:]/?#@]+([/?#][^[:space:][:cntrl:]]*)?$' and length(content_url) <= 1024),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint lesson_links_lesson foreign key (lesson_id, course_id)
        references public.lessons (id, course_id) on delete cascade
);
comment on table public.lesson_links is
    'Where the content of a lesson of type external_link or embedded_content is. Apart from lessons, whose rows everybody may read.';
create index idx_lesson_links_lesson on public.lesson_links (lesson_id, course_id);
create index idx_lesson_links_course on public.lesson_links (course_id);
create trigger update_lesson_links_updated_at before update on public.lesson_links
    for each row execute function public.update_updated_at_column();

create function public.note_download(p_attachment uuid) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_key text;
begin
    update public.lesson_attachments a set download_count = a.download_count + 1
    where a.id = p_attachment and (
        a.lesson_id = any (array(select private.my_open_lesson_ids()))
        or a.course_id = any (array(select private.my_taught_course_ids()))
        or private.is_admin()
        or (not a.requires_enrollment and exists (select 1 from public.courses c where c.id = a.course_id and c.status = 'published'))
    )
    returning a.file_url into v_key;
    if v_key is null then
        perform private.refuse('CG404', 'no_such_attachment', 'There is no file here that you may download. Enrol in the course first.');
    end if;
    return v_key;
end
$$;
comment on function public.note_download(uuid) is 'Counts a download and answers the key of the stored file, for those who may have it. Raises CG404.';
grant execute on function public.note_download(uuid) to anon, authenticated;

-- Access ---------------------------------------------------------------------------------------------------

alter table public.course_prerequisites enable row level security;
alter table public.lesson_prerequisites enable row level security;
alter table public.lesson_attachments enable row level security;
alter table public.lesson_links enable row level security;
revoke all on public.course_prerequisites, public.lesson_prerequisites, public.lesson_attachments, public.lesson_links
    from anon, authenticated, service_role;
grant select, insert, update, delete on public.course_prerequisites, public.lesson_prerequisites, public.lesson_attachments,
    public.lesson_links to service_role;
grant select on public.course_prerequisites, public.lesson_prerequisites, public.lesson_attachments, public.lesson_links to anon;
grant select, insert, update, delete on public.course_prerequisites, public.lesson_prerequisites, public.lesson_links to authenticated;
grant select, delete on public.lesson_attachments to authenticated;
grant update (file_name, description, attachment_order, requires_enrollment) on public.lesson_attachments to authenticated;

create policy "Public can view what courses require" on public.course_prerequisites for select to anon
    using (exists (select 1 from public.courses c where c.id = course_id and c.status = 'published'));
create policy "People view what courses require" on public.course_prerequisites for select to authenticated
    using (exists (select 1 from public.courses c where c.id = course_id));
create policy "Public can view what lessons require" on public.lesson_prerequisites for select to anon
    using (exists (select 1 from public.courses c where c.id = course_id and c.status = 'published'));
create policy "People view what lessons require" on public.lesson_prerequisites for select to authenticated
    using (exists (select 1 from public.courses c where c.id = course_id));
create policy "Public can view open attachments" on public.lesson_attachments for select to anon
    using (not requires_enrollment and exists (select 1 from public.courses c where c.id = course_id and c.status = 'published'));
create policy "Learners view attachments that are open to them" on public.lesson_attachments for select to authenticated
    using (
        lesson_id = any (array(select private.my_open_lesson_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
        or (not requires_enrollment and exists (select 1 from public.courses c where c.id = course_id and c.status = 'published'))
    );
create policy "Public can view preview links" on public.lesson_links for select to anon
    using (exists (select 1 from public.lessons l where l.id = lesson_id and l.is_preview));
create policy "Learners view links that are open to them" on public.lesson_links for select to authenticated
    using (
        lesson_id = any (array(select private.my_open_lesson_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
        or exists (select 1 from public.lessons l where l.id = lesson_id and l.is_preview)
    );

create policy "Instructors add requirements" on public.course_prerequisites for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors change requirements" on public.course_prerequisites for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove requirements" on public.course_prerequisites for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors add prerequisites" on public.lesson_prerequisites for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors change prerequisites" on public.lesson_prerequisites for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove prerequisites" on public.lesson_prerequisites for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors describe attachments" on public.lesson_attachments for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove attachments" on public.lesson_attachments for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors add links" on public.lesson_links for insert to authenticated
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors change links" on public.lesson_links for update to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
    with check (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
create policy "Instructors remove links" on public.lesson_links for delete to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

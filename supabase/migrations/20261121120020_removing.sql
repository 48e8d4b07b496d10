-- Removing and bringing back parts of a course, publishing what changed, and letting learners off a lesson.
-- Rollback: drop the table and functions below.

create function private.require_taught(p_course uuid) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if p_course is null
        or not (p_course in (select private.my_taught_course_ids()) or private.is_admin()
            or coalesce(current_setting('role', true) = 'service_role', false))
    then
        perform private.refuse('CG404', 'no_such_course', 'There is no such course that you teach.');
    end if;
end
$$;
comment on function private.require_taught(uuid) is 'Raises CG404 unless the caller teaches the course or is an administrator.';

create function public.remove_lesson(p_lesson uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_taught((select l.course_id from public.lessons l where l.id = p_lesson));
    update public.lessons set state = 'retired', retired_at = clock_timestamp(), returns_as = state
    where id = p_lesson and state <> 'retired';
end
$$;
comment on function public.remove_lesson(uuid) is
    'Takes a lesson out of its course. Who began a version that holds it keeps it; public.restore_lesson() brings it back. Raises CG404.';

create function private.make_room(p_lesson uuid) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    -- Where a removed lesson stood there may be another one by now: it and those after it move down.
    update public.lessons l set lesson_order = l.lesson_order + 1
    from public.lessons r
    where r.id = p_lesson and l.module_id = r.module_id and l.state <> 'retired' and l.lesson_order >= r.lesson_order
      and exists (
          select 1 from public.lessons o
          where o.module_id = r.module_id and o.state <> 'retired' and o.lesson_order = r.lesson_order
      )
$$;
comment on function private.make_room(uuid) is 'Frees the place of a removed lesson in its module.';

create function public.restore_lesson(p_lesson uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_lesson public.lessons;
begin
    select * into v_lesson from public.lessons where id = p_lesson;
    perform private.require_taught(v_lesson.course_id);
    if v_lesson.state <> 'retired' then
        return;
    end if;
    perform private.restore_module_row(v_lesson.module_id);
    perform private.make_room(p_lesson);
    update public.lessons set state = returns_as, retired_at = null, returns_as = null where id = p_lesson;
end
$$;
comment on function public.restore_lesson(uuid) is
    'Brings a removed lesson back to its place, with its module when that was removed too: as it was, or as a draft when changes were published meanwhile. Raises CG404, CG422.';

create function private.restore_module_row(p_module uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.course_modules m set module_order = m.module_order + 1
    from public.course_modules r
    where r.id = p_module and r.state = 'retired' and m.course_id = r.course_id and m.state <> 'retired'
      and m.module_order >= r.module_order
      and exists (
          select 1 from public.course_modules o
          where o.course_id = r.course_id and o.state <> 'retired' and o.module_order = r.module_order
      );
    update public.course_modules set state = returns_as, retired_at = null, returns_as = null
    where id = p_module and state = 'retired';
end
$$;
comment on function private.restore_module_row(uuid) is 'Brings a removed module back to its place, without lessons.';

create function public.remove_module(p_module uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_at timestamptz := clock_timestamp();
begin
    perform private.require_taught((select m.course_id from public.course_modules m where m.id = p_module));
    update public.lessons set state = 'retired', retired_at = v_at, returns_as = state
    where module_id = p_module and state <> 'retired';
    update public.course_modules set state = 'retired', retired_at = v_at, returns_as = state
    where id = p_module and state <> 'retired';
end
$$;
comment on function public.remove_module(uuid) is
    'Takes a module with its lessons out of its course, as public.remove_lesson() does; public.restore_module() brings it back. Raises CG404.';

create function public.restore_module(p_module uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_module public.course_modules;
begin
    select * into v_module from public.course_modules where id = p_module;
    perform private.require_taught(v_module.course_id);
    if v_module.state <> 'retired' then
        return;
    end if;
    perform private.restore_module_row(p_module);
    update public.lessons set state = returns_as, retired_at = null, returns_as = null
    where module_id = p_module and retired_at = v_module.retired_at;
end
$$;
comment on function public.restore_module(uuid) is
    'Brings a removed module back, with the lessons that were removed with it. Raises CG404, CG422.';

-- Publishing ---------------------------------------------------------------------------------------------------

create function private.make_live(p_course uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.hold_requirements(p_course, true);
    update public.course_modules set state = 'live' where course_id = p_course and state = 'draft';
    update public.lessons set state = 'live' where course_id = p_course and state = 'draft';
    -- From now on what was removed comes back as an addition.
    update public.lessons set returns_as = 'draft' where course_id = p_course and returns_as = 'live';
    update public.course_modules set returns_as = 'draft' where course_id = p_course and returns_as = 'live';
end
$$;
comment on function private.make_live(uuid) is 'Makes every draft of a course live.';

create function public.publish_course_changes(p_course uuid) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_version uuid;
begin
    perform private.require_taught(p_course);
    if not exists (select 1 from public.courses c where c.id = p_course and c.status = 'published') then
        perform private.refuse('CG409', 'not_published', 'This course is not published. Publish it first.');
    end if;
    perform private.refuse_problems(p_course);
    perform private.make_live(p_course);
    v_version := private.snapshot_course(p_course);
    perform private.note_status(p_course, 'published', 'published', null, auth.uid(), v_version);
    return v_version;
end
$$;
comment on function public.publish_course_changes(uuid) is
    'Makes the drafts of a published course live; answers the version that whoever begins now gets. Nobody who is in the course is moved. Raises CG404, CG409.';

create function private.publication_problems(p_course uuid)
returns table (code text, blocking boolean, lesson_id uuid, title text)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select 'no_required_lesson', true, null::uuid, null::text
    where not exists (
        select 1 from public.lessons l where l.course_id = p_course and l.state <> 'retired' and l.require_completion
    )
$$;
comment on function private.publication_problems(uuid) is
    'What is missing before a course, with its drafts, can be published: what forbids it, and what should be thought of.';

create function private.refuse_problems(p_course uuid) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select 1 from private.publication_problems(p_course) p where p.blocking) then
        perform private.refuse('CG409', 'not_ready', 'This course cannot be published yet. Its check list says what is missing.');
    end if;
end
$$;
comment on function private.refuse_problems(uuid) is 'Raises CG409 not_ready when something forbids to publish a course.';

create table public.course_status_changes (
    id uuid primary key default private.uuid_v7(),
    course_id uuid not null references public.courses (id) on delete cascade,
    changed_by uuid references public.profiles (id) on delete set null,
    from_status text not null check (from_status in ('draft', 'under_review', 'published', 'archived')),
    to_status text not null check (to_status in ('draft', 'under_review', 'published', 'archived')),
    note text check (length(note) between 1 and 2000),
    course_version_id uuid,
    created_at timestamptz not null default now(),
    constraint course_status_changes_version foreign key (course_version_id, course_id)
        references public.course_versions (id, course_id) on delete set null (course_version_id)
);
comment on table public.course_status_changes is
    'The way of a course: who sent it to review, decided, published, published changes, archived it, and with which note. Written by functions alone.';
comment on column public.course_status_changes.to_status is 'Equal to from_status when changes of a published course were published.';
comment on column public.course_status_changes.course_version_id is 'The version that whoever began after it got.';
create index idx_course_status_changes_course on public.course_status_changes (course_id, created_at desc, id desc);
create index idx_course_status_changes_changed_by on public.course_status_changes (changed_by);
create index idx_course_status_changes_version on public.course_status_changes (course_version_id, course_id);
alter table public.course_status_changes enable row level security;
revoke all on public.course_status_changes from anon, authenticated, service_role;
grant select on public.course_status_changes to authenticated, service_role;
create policy "Teams view the way of their courses" on public.course_status_changes for select to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
select private.audit_table('course_status_changes', 'log_course_status_changes', 'changed_by', p_personal => '{note}');

create function private.note_status(p_course uuid, p_from text, p_to text, p_note text, p_by uuid, p_version uuid) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    insert into public.course_status_changes (course_id, changed_by, from_status, to_status, note, course_version_id)
    values (p_course, (select p.id from public.profiles p where p.id = p_by), p_from, p_to, p_note, p_version)
$$;
comment on function private.note_status(uuid, text, text, text, uuid, uuid) is 'Adds a line to the way of a course.';

create function private.is_on_team(p_course uuid, p_person uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select exists (select 1 from public.courses c where c.id = p_course and c.instructor_id = p_person)
        or exists (select 1 from public.course_instructors t where t.course_id = p_course and t.profile_id = p_person)
$$;
comment on function private.is_on_team(uuid, uuid) is 'Whether somebody is the author of a course or one of its co-instructors.';

create function private.change_course_status(p_course uuid, p_to text, p_note text, p_by uuid, p_reviewed boolean) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_from text;
    v_note text := nullif(btrim(p_note), '');
    v_version uuid;
begin
    select c.status into v_from from public.courses c where c.id = p_course for no key update;
    if v_from is null then
        perform private.refuse('CG404', 'no_such_course', 'There is no such course that you teach.');
    elsif (v_from, p_to) not in (
        ('draft', 'under_review'), ('draft', 'published'), ('under_review', 'draft'), ('under_review', 'published'),
        ('published', 'archived'), ('published', 'draft'), ('archived', 'published'), ('archived', 'draft')
    ) then
        perform private.refuse('CG409', 'no_such_step', 'A course that is ' || replace(v_from, '_', ' ') || ' cannot become '
            || replace(coalesce(p_to, 'nothing'), '_', ' ') || '. Reload the page to see where it stands.');
    elsif length(v_note) > 2000 then
        perform private.refuse('CG422', 'note_too_long', 'A note has at most 2000 characters.');
    end if;
    if p_to = 'published' and v_from <> 'archived' and not p_reviewed then
        perform private.refuse('CG403', 'review_needed', 'Somebody else must approve this course. Submit it for review.');
    end if;
    if p_to in ('under_review', 'published') then
        perform private.refuse_problems(p_course);
    end if;
    if p_to = 'published' then
        perform private.make_live(p_course);
    end if;
    update public.courses set status = p_to where id = p_course;
    if p_to = 'published' then
        v_version := private.snapshot_course(p_course);
    end if;
    perform private.note_status(p_course, v_from, p_to, v_note, p_by, v_version);
end
$$;
comment on function private.change_course_status(uuid, text, text, uuid, boolean) is
    'The steps of a course, whoever takes them: public.set_course_status() says who may. p_reviewed: somebody else has approved it, or nobody need.';
grant execute on function private.change_course_status(uuid, text, text, uuid, boolean) to service_role;

create function public.set_course_status(p_course uuid, p_status text, p_note text default null) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_service boolean := coalesce(current_setting('role', true) = 'service_role', false);
    v_from text := (select c.status from public.courses c where c.id = p_course);
    v_on_team boolean := private.is_on_team(p_course, auth.uid());
    v_author boolean := exists (select 1 from public.courses c where c.id = p_course and c.instructor_id = auth.uid());
begin
    perform private.require_taught(p_course);
    if not (v_service or v_author or private.is_admin())
        and (v_from, p_status) not in (('draft', 'under_review'), ('under_review', 'draft'), ('under_review', 'published'), ('draft', 'published'))
    then
        perform private.refuse('CG403', 'authors_only', 'Only the author of the course or an administrator can do this.');
    elsif v_from = 'under_review' and p_status = 'draft' and not v_on_team and nullif(btrim(p_note), '') is null then
        perform private.refuse('CG422', 'note_needed', 'Say what should be changed, so that the author knows.');
    end if;
    perform private.change_course_status(
        p_course, p_status, p_note, auth.uid(), v_service or (private.is_admin() and not v_on_team)
    );
end
$$;
comment on function public.set_course_status(uuid, text, text) is
    'The only way to change the status of a course. A team submits and withdraws; an administrator who is not of the team decides; the author archives. '
    'Raises CG403, CG404, CG409 not_ready or no_such_step, CG422.';

-- Letting learners off -----------------------------------------------------------------------------------------

create table public.lesson_releases (
    id uuid primary key default private.uuid_v7(),
    course_id uuid not null references public.courses (id) on delete cascade,
    lesson_id uuid not null,
    reason text not null check (length(reason) between 1 and 500),
    released_by uuid references public.profiles (id) on delete set null,
    enrollments integer not null check (enrollments >= 0),
    created_at timestamptz not null default now()
);
comment on table public.lesson_releases is 'Lessons that learners were let off, by whom and why. Written by public.release_lesson() alone.';
comment on column public.lesson_releases.lesson_id is 'The lesson, or what was one: its row may be gone since.';
comment on column public.lesson_releases.enrollments is 'How many unfinished enrollments were let off.';
create index idx_lesson_releases_course on public.lesson_releases (course_id, created_at desc, id desc);
create index idx_lesson_releases_released_by on public.lesson_releases (released_by);
alter table public.lesson_releases enable row level security;
revoke all on public.lesson_releases from anon, authenticated, service_role;
grant select on public.lesson_releases to authenticated, service_role;
create policy "Teams view what they let learners off" on public.lesson_releases for select to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));
select private.audit_table('lesson_releases', 'log_lesson_releases', 'released_by', p_personal => '{reason}');

create function public.release_lesson(p_course uuid, p_lesson uuid, p_reason text) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_reason text := nullif(btrim(p_reason), '');
    v_enrollments integer;
begin
    perform private.require_taught(p_course);
    if v_reason is null or length(v_reason) > 500 then
        perform private.refuse('CG422', 'reason_needed', 'Say why learners are let off this lesson, in at most 500 characters.');
    elsif exists (
        select 1 from public.lessons l
        where l.id = p_lesson and l.course_id = p_course and l.require_completion and l.state = 'live'
    ) then
        perform private.refuse('CG409', 'still_required',
            'The course still requires this lesson. Make it optional or remove it first; then let learners off it.');
    end if;
    perform private.hold_requirements(p_course, true);
    perform 1 from public.enrollments e join public.course_versions v on v.id = e.course_version_id
    where v.course_id = p_course and p_lesson = any (v.required_lesson_ids) and p_lesson <> all (v.released_lesson_ids)
    order by e.id for no key update of e;
    select count(*) filter (where e.completed_at is null) into v_enrollments
    from public.enrollments e join public.course_versions v on v.id = e.course_version_id
    where v.course_id = p_course and p_lesson = any (v.required_lesson_ids) and p_lesson <> all (v.released_lesson_ids);
    update public.enrollments e set lessons_completed = e.lessons_completed - 1
    from public.course_versions v, public.lesson_progress p
    where v.id = e.course_version_id and v.course_id = p_course
      and p_lesson = any (v.required_lesson_ids) and p_lesson <> all (v.released_lesson_ids)
      and p.enrollment_id = e.id and p.lesson_id = p_lesson and p.status = 'completed';
    perform private.ask_of_versions(p_course, p_lesson, -1);
    perform private.complete_enrollments_when_met(p_course);
    insert into public.lesson_releases (course_id, lesson_id, reason, released_by, enrollments)
    values (p_course, p_lesson, v_reason, (select p.id from public.profiles p where p.id = auth.uid()), v_enrollments);
    return v_enrollments;
end
$$;
comment on function public.release_lesson(uuid, uuid, text) is
    'Lets everybody whose version asks for a lesson off it, for a stated reason: percentages move and who has done the rest is done. Answers how many were let off. Raises CG404, CG409, CG422.';

revoke insert (status), update (status) on public.courses from authenticated;
grant execute on function public.remove_lesson(uuid), public.restore_lesson(uuid), public.remove_module(uuid),
    public.restore_module(uuid), public.publish_course_changes(uuid), public.set_course_status(uuid, text, text),
    public.release_lesson(uuid, uuid, text) to authenticated, service_role;

-- Versions: what a learner began is what the learner finishes. A version is a frozen picture of a course, made when the
-- course is published and when somebody enrols after it changed; the course may later ask less of those who hold it, never
-- more.
-- Rollback: drop the table, the columns and the new functions; restore private.lesson_locks,
-- private.completion_requirements, public.update_enrollment_progress, private.complete_enrollments_when_met,
-- private.recount_lesson_in_enrollments and the view enrollment_details of the earlier migrations.

create table public.course_versions (
    id uuid primary key default gen_random_uuid(),
    course_id uuid not null references public.courses (id) on delete cascade,
    number integer not null check (number > 0),
    title text not null,
    ce_credits numeric(5, 2) not null check (ce_credits >= 0 and ce_credits <> 'NaN'),
    outline jsonb not null check (jsonb_typeof(outline) = 'array'),
    requirements jsonb not null check (jsonb_typeof(requirements) = 'array'),
    required_lesson_ids uuid[] not null check (cardinality(required_lesson_ids) > 0),
    digest bytea not null check (length(digest) = 32),
    required_lessons integer not null check (required_lessons >= 0),
    created_by uuid references public.profiles (id) on delete set null,
    created_at timestamptz not null default now(),
    constraint unique_course_version_number unique (course_id, number),
    constraint unique_course_version_digest unique (course_id, digest),
    constraint course_versions_id_course unique (id, course_id)
);
comment on table public.course_versions is
    'A course as it was when somebody began it: nobody edits a version. A course without required lessons has none yet.';
comment on column public.course_versions.outline is 'Modules in order, each {id, title, lessons: [{id, title, type, required}]}.';
comment on column public.course_versions.requirements is
    'Required lessons in order, each {lesson_id, title, criteria, min_time_seconds, watched_percentage, video_seconds}.';
comment on column public.course_versions.digest is 'SHA-256 of {title, ce_credits, outline, requirements}; equal content is one version.';
comment on column public.course_versions.required_lessons is
    'How many of required_lesson_ids the course still asks for. The one column that moves: private.ask_of_versions().';
create index idx_course_versions_created_by on public.course_versions (created_by);

alter table public.course_versions enable row level security;
revoke all on public.course_versions from anon, authenticated, service_role;
grant select on public.course_versions to authenticated, service_role;

-- Both tables are small when this runs; the constraints are checked apart, without holding up writers.
alter table public.enrollments add column course_version_id uuid;
comment on column public.enrollments.course_version_id is 'What was begun. Null: the course as it is asks, and none of its versions.';
alter table public.enrollments add constraint enrollments_course_version foreign key (course_version_id, course_id)
    references public.course_versions (id, course_id) on delete restrict not valid;
alter table public.enrollments validate constraint enrollments_course_version;
create index idx_enrollments_course_version on public.enrollments (course_version_id, course_id);

alter table public.certificates add column course_version_id uuid;
comment on column public.certificates.course_version_id is 'What was completed: the version of the enrollment on the day of issue.';
alter table public.certificates add constraint certificates_course_version foreign key (course_version_id, course_id)
    references public.course_versions (id, course_id) on delete restrict not valid;
alter table public.certificates validate constraint certificates_course_version;
create index idx_certificates_course_version on public.certificates (course_version_id, course_id);

-- Making a version -----------------------------------------------------------------------------------------

create function private.digest_version(p_title text, p_ce_credits numeric, p_outline jsonb, p_requirements jsonb) returns bytea
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
    select sha256(convert_to(jsonb_build_object(
        'title', p_title, 'ce_credits', p_ce_credits, 'outline', p_outline, 'requirements', p_requirements
    )::text, 'UTF8'))
$$;
comment on function private.digest_version(text, numeric, jsonb, jsonb) is 'SHA-256 of what a version holds.';
grant execute on function private.digest_version(text, numeric, jsonb, jsonb) to service_role;

create function private.describe_course(p_course uuid)
returns table (title text, ce_credits numeric, outline jsonb, requirements jsonb, required_lesson_ids uuid[], digest bytea)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with parts as (
        select l.*, m.module_order, v.duration
        from public.lessons l
        join public.course_modules m on m.id = l.module_id
        left join public.lesson_videos v on v.lesson_id = l.id
        where l.course_id = p_course
    ), outlined as (
        select coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'title', m.title, 'lessons', coalesce((
            select jsonb_agg(jsonb_build_object('id', p.id, 'title', p.title, 'type', p.lesson_type, 'required', p.require_completion)
                order by p.lesson_order)
            from parts p where p.module_id = m.id
        ), '[]')) order by m.module_order), '[]') as outline
        from public.course_modules m where m.course_id = p_course
    ), required as (
        select
            coalesce(jsonb_agg(jsonb_build_object(
                'lesson_id', p.id, 'title', p.title, 'criteria', p.completion_criteria, 'min_time_seconds', p.min_time_seconds,
                'watched_percentage', p.watched_percentage_required, 'video_seconds', p.duration
            ) order by p.module_order, p.lesson_order), '[]') as requirements,
            coalesce(array_agg(p.id order by p.module_order, p.lesson_order), '{}') as ids
        from parts p where p.require_completion
    )
    select c.title, c.ce_credits, o.outline, r.requirements, r.ids,
        private.digest_version(c.title, c.ce_credits, o.outline, r.requirements)
    from public.courses c cross join outlined o cross join required r
    where c.id = p_course
$$;
comment on function private.describe_course(uuid) is 'What a version of the course made now would hold.';

create function private.snapshot_course(p_course uuid) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_now record;
    v_version uuid;
begin
    select * into v_now from private.describe_course(p_course);
    if coalesce(cardinality(v_now.required_lesson_ids), 0) = 0 then
        return null;
    end if;
    select id into v_version from public.course_versions where course_id = p_course and digest = v_now.digest;
    if v_version is null then
        -- One at a time for a course; what is seen under the lock is what the version holds. Not the row of the course:
        -- an enrollment that waits for another one must not hold it.
        perform pg_advisory_xact_lock(hashtextextended('course_version:' || p_course::text, 0));
        select * into v_now from private.describe_course(p_course);
        insert into public.course_versions as v
            (course_id, number, title, ce_credits, outline, requirements, required_lesson_ids, digest, required_lessons, created_by)
        select p_course, coalesce(max(o.number), 0) + 1, v_now.title, v_now.ce_credits, v_now.outline, v_now.requirements,
            v_now.required_lesson_ids, v_now.digest, cardinality(v_now.required_lesson_ids),
            (select p.id from public.profiles p where p.id = auth.uid())
        from public.course_versions o where o.course_id = p_course
        on conflict on constraint unique_course_version_digest do nothing
        returning v.id into v_version;
        if v_version is null then
            select id into v_version from public.course_versions where course_id = p_course and digest = v_now.digest;
        end if;
    end if;
    return v_version;
end
$$;
comment on function private.snapshot_course(uuid) is
    'The version that holds the course as it is, made when there is none yet. Null for a course that requires no lesson.';
grant execute on function private.snapshot_course(uuid) to service_role;

create function private.snapshot_on_publication() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- This transaction holds the course's row, so it does not wait: whoever has the lock is making the version.
    if pg_try_advisory_xact_lock(hashtextextended('course_version:' || new.id::text, 0)) then
        perform private.snapshot_course(new.id);
    end if;
    return null;
end
$$;
comment on function private.snapshot_on_publication() is 'Trigger: a course that is published or published again has a version.';
create trigger trigger_snapshot_on_publication after update of status on public.courses
    for each row when (new.status = 'published' and old.status <> 'published') execute function private.snapshot_on_publication();

create function private.set_course_version() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_table_name = 'enrollments' then
        new.course_version_id := private.snapshot_course(new.course_id);
    else
        select e.course_version_id into new.course_version_id from public.enrollments e
        where e.id = new.enrollment_id and e.course_id = new.course_id;
    end if;
    return new;
end
$$;
comment on function private.set_course_version() is
    'Trigger: an enrollment begins the course as it is; a certificate names what was begun. Whatever the statement said.';
-- By its name it comes before check_enrollment, which may lock the row of the course: first the lock of the version.
create trigger begin_course_version before insert on public.enrollments
    for each row execute function private.set_course_version();
create trigger set_course_version before insert on public.certificates
    for each row execute function private.set_course_version();

create function private.my_course_version_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select e.course_version_id from public.enrollments e
    where (e.member_id = auth.uid() or e.member_id in (select private.my_managed_member_ids())) and e.course_version_id is not null
$$;
comment on function private.my_course_version_ids() is 'Versions that the person who asks, or somebody whom he manages, is enrolled in.';
grant execute on function private.my_course_version_ids() to authenticated, service_role;
create policy "People view the versions they began" on public.course_versions for select to authenticated
    using (
        id = any (array(select private.my_course_version_ids()))
        or course_id = any (array(select private.my_taught_course_ids()))
        or (select private.is_admin())
    );

-- What a version asks --------------------------------------------------------------------------------------

create function private.asks(p_version uuid, p_lesson uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select exists (
        select 1 from public.lessons l
        where l.id = p_lesson and l.require_completion and (p_version is null or exists (
            select 1 from public.course_versions v
            where v.id = p_version and v.course_id = l.course_id and l.id = any (v.required_lesson_ids)
        ))
    )
$$;
comment on function private.asks(uuid, uuid) is
    'Whether those who began a version (null: no version) must complete a lesson: it was required then and is required now.';
grant execute on function private.asks(uuid, uuid) to service_role;

create function private.ask_of_versions(p_course uuid, p_lesson uuid, p_change integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.course_versions set required_lessons = required_lessons + p_change
    where course_id = p_course and p_lesson = any (required_lesson_ids);
    if p_change < 0 then
        -- When nothing is left of a version, its learners go on with the course as it is.
        update public.enrollments e set
            course_version_id = null,
            lessons_completed = (
                select count(*) from public.lesson_progress p join public.lessons l on l.id = p.lesson_id
                where p.enrollment_id = e.id and p.status = 'completed' and l.require_completion
            )
        from public.course_versions v
        where v.course_id = p_course and v.required_lessons = 0 and e.course_version_id = v.id and e.completed_at is null;
    end if;
end
$$;
comment on function private.ask_of_versions(uuid, uuid, integer) is
    'Counts what each version of a course still asks, and lets go those who hold one of which nothing is left.';

create function private.ask_less_of_versions() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.hold_requirements(old.course_id, true);
    if old.require_completion then
        perform private.ask_of_versions(old.course_id, old.id, -1);
    end if;
    if tg_op = 'UPDATE' and new.require_completion then
        perform private.ask_of_versions(new.course_id, new.id, 1);
    end if;
    return null;
end
$$;
comment on function private.ask_less_of_versions() is 'Trigger: a lesson left the course.';
-- By its name it comes before those who may now be done are completed.
create trigger trigger_ask_less_of_versions after delete on public.lessons
    for each row execute function private.ask_less_of_versions();
create trigger trigger_ask_less_of_versions_on_move after update of course_id on public.lessons
    for each row when (old.course_id <> new.course_id) execute function private.ask_less_of_versions();

create or replace function public.update_enrollment_progress() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_before integer := 0;
    v_after integer := 0;
    v_enrollment uuid := coalesce(new.enrollment_id, old.enrollment_id);
begin
    if tg_op <> 'INSERT' then
        v_before := (old.status = 'completed')::integer;
    end if;
    if tg_op <> 'DELETE' then
        v_after := (new.status = 'completed')::integer;
    end if;
    if v_before <> v_after then
        perform private.hold_requirements(coalesce(new.course_id, old.course_id), false);
        if not private.asks(
            (select course_version_id from public.enrollments where id = v_enrollment), coalesce(new.lesson_id, old.lesson_id)
        ) then
            v_before := v_after;
        end if;
    end if;
    update public.enrollments set
        lessons_completed = lessons_completed + v_after - v_before,
        status = case when status = 'enrolled' then 'in_progress' else status end,
        started_at = coalesce(started_at, now())
    where id = v_enrollment and (v_before <> v_after or status = 'enrolled' or started_at is null);
    if v_after > v_before then
        perform private.complete_enrollment_when_met(v_enrollment);
    end if;
    return null;
end
$$;

create or replace function private.complete_enrollments_when_met(p_course uuid) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment uuid;
    v_completed integer := 0;
begin
    for v_enrollment in
        select e.id from public.enrollments e
        left join public.course_versions v on v.id = e.course_version_id
        where e.course_id = p_course and e.status in ('enrolled', 'in_progress') and e.lessons_completed > 0
          and e.lessons_completed >= coalesce(v.required_lessons, (
              select count(*) from public.lessons l where l.course_id = p_course and l.require_completion
          ))
        order by e.id
    loop
        v_completed := v_completed + private.complete_enrollment_when_met(v_enrollment)::integer;
    end loop;
    return v_completed;
end
$$;

create or replace function private.recount_lesson_in_enrollments() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_change integer := case when new.require_completion then 1 else -1 end;
begin
    perform private.hold_requirements(new.course_id, true);
    update public.enrollments e set lessons_completed = e.lessons_completed + v_change
    from public.lesson_progress p
    where p.lesson_id = new.id and p.status = 'completed' and e.id = p.enrollment_id
      and (e.course_version_id is null or exists (
          select 1 from public.course_versions v where v.id = e.course_version_id and new.id = any (v.required_lesson_ids)
      ));
    if old.course_id = new.course_id then
        perform private.ask_of_versions(new.course_id, new.id, v_change);
    end if;
    if not new.require_completion then
        perform private.complete_enrollments_when_met(new.course_id);
    end if;
    return null;
end
$$;

create or replace function private.completion_requirements(p_enrollment uuid)
returns table (
    step integer, requirement text, lesson_id uuid, title text, criteria text, met boolean,
    achieved integer, needed integer, met_at timestamptz
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select 0, 'payment', null::uuid, c.title, 'transaction_completed',
        private.pays(t.id), null::integer, null::integer, t.completed_at
    from public.enrollments e
    join public.courses c on c.id = e.course_id
    -- Who enrolled while the course cost him nothing, or was enrolled by the association, never owed anything.
    join public.transactions t on t.id = e.transaction_id
    where e.id = p_enrollment
    union all
    select
        (row_number() over (order by m.module_order, l.lesson_order))::integer,
        'lesson', l.id, l.title, l.completion_criteria,
        coalesce(p.status = 'completed', false),
        case l.completion_criteria
            when 'video_watched' then coalesce(a.watched_seconds, 0)
            -- Of a lesson that was never opened nothing has been spent; least() alone would skip that null.
            when 'time_spent' then case when p.started_at is null then 0
                else least(l.min_time_seconds, floor(extract(epoch from coalesce(p.completed_at, now()) - p.started_at)))::integer end
        end,
        case l.completion_criteria
            when 'video_watched' then coalesce(a.goal_seconds, ceil(v.duration * l.watched_percentage_required / 100)::integer)
            when 'time_spent' then l.min_time_seconds
        end,
        p.completed_at
    from public.enrollments e
    left join public.course_versions b on b.id = e.course_version_id
    -- What was required when it was begun and is required now: private.asks().
    join public.lessons l on l.course_id = e.course_id and l.require_completion and (b.id is null or l.id = any (b.required_lesson_ids))
    join public.course_modules m on m.id = l.module_id
    left join public.lesson_progress p on p.enrollment_id = e.id and p.lesson_id = l.id
    left join public.lesson_videos v on v.lesson_id = l.id
    left join public.video_analytics a on a.user_id = e.member_id and a.video_id = v.id
    where e.id = p_enrollment
    order by 1
$$;

create or replace view public.enrollment_details with (security_invoker = true) as
select
    e.id, e.course_id, e.member_id, e.enrolled_at, e.enrollment_source, e.transaction_id, e.status, e.lessons_completed,
    e.current_lesson_id, e.started_at, e.last_accessed_at, e.completed_at, e.cohort_name, e.expires_at, e.final_grade,
    e.created_at, e.updated_at,
    coalesce(v.required_lessons, c.required_lessons) as total_lessons,
    case when coalesce(v.required_lessons, c.required_lessons) > 0
        then least(100, round(e.lessons_completed * 100.0 / coalesce(v.required_lessons, c.required_lessons), 2))
        else 0 end as progress_percentage,
    t.amount as amount_paid,
    k.id is not null as certificate_issued,
    k.number as certificate_number,
    k.issued_at as certificate_issued_at,
    k.pdf_key as certificate_url,
    e.course_version_id
from public.enrollments e
join public.courses c on c.id = e.course_id
left join public.course_versions v on v.id = e.course_version_id
left join public.transactions t on t.id = e.transaction_id
left join public.certificates k on k.enrollment_id = e.id and k.revoked_at is null;

-- Unlocking: a module is complete when what the person must do of it is; prerequisites lock as unlock_after does -----------

create or replace function private.lesson_locks(p_member uuid, p_course uuid)
returns table (lesson_id uuid, lock_reason text, waits_for text, opens_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    -- One row for each lesson of the course that is still shut for the member, with the first reason.
    with mine as (
        select p.lesson_id from public.enrollments e
        join public.lesson_progress p on p.enrollment_id = e.id and p.status = 'completed'
        where e.member_id = p_member and e.course_id = p_course
    ), begun as (
        select coalesce(v.required_lesson_ids, (
            select array_agg(l.id) from public.lessons l where l.course_id = p_course
        )) as lessons
        from public.enrollments e left join public.course_versions v on v.id = e.course_version_id
        where e.member_id = p_member and e.course_id = p_course
    ), open_modules as (
        select m.id from public.course_modules m
        where m.course_id = p_course and not exists (
            select 1 from public.lessons l
            where l.module_id = m.id and l.require_completion and l.id not in (select mine.lesson_id from mine)
              -- A lesson that came after somebody began keeps nothing shut for him.
              and (not exists (select 1 from begun) or exists (select 1 from begun b where l.id = any (b.lessons)))
        )
    )
    select l.id, r.reason, r.waits_for, r.opens_at
    from public.lessons l
    join public.course_modules m on m.id = l.module_id
    cross join lateral (
        select 'module_date' as reason, null::text as waits_for, m.unlock_date as opens_at, 1 as rank, 0 as place
        where m.unlock_date > now()
        union all
        select 'lesson_date', null, l.unlock_date, 2, 0 where l.unlock_date > now()
        union all
        select 'after_module', b.title, null, 3, 0 from public.course_modules b
        where b.id = m.unlock_after_module_id and b.id not in (select open_modules.id from open_modules)
        union all
        select 'after_lesson', b.title, null, 4, 0 from public.lessons b
        where b.id = l.unlock_after_lesson_id and b.id not in (select mine.lesson_id from mine)
        union all
        select 'after_lesson', b.title, null, 5, b.lesson_order
        from public.lesson_prerequisites n join public.lessons b on b.id = n.requires_lesson_id
        where n.lesson_id = l.id and b.id not in (select mine.lesson_id from mine)
        order by rank, place limit 1
    ) r
    where l.course_id = p_course
$$;

-- Moving people to the newest version, with what changes for each before it is done, and the check list of a course.
-- Rollback: drop the functions below and the column newest_version_id; restore publication_problems, change_course_status
-- and publish_course_changes of the migration before.

alter table public.courses
    add column newest_version_id uuid,
    add constraint courses_newest_version foreign key (newest_version_id, id)
        references public.course_versions (id, course_id) on delete set null (newest_version_id) not valid;
alter table public.courses validate constraint courses_newest_version;
comment on column public.courses.newest_version_id is 'The version that was published last; those who began an earlier one may move to it.';
create index idx_courses_newest_version on public.courses (newest_version_id, id);

create function private.note_newest_version() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if new.to_status = 'published' then
        update public.courses set newest_version_id = new.course_version_id where id = new.course_id;
    end if;
    return null;
end
$$;
comment on function private.note_newest_version() is 'Trigger: what was published is what those who are in the course may move to.';
create trigger trigger_note_newest_version after insert on public.course_status_changes
    for each row execute function private.note_newest_version();

-- Moving -------------------------------------------------------------------------------------------------------

create function private.moves(p_course uuid)
returns table (
    enrollment_id uuid, member_id uuid, from_number integer, to_number integer,
    done_before integer, asked_before integer, done_after integer, asked_after integer
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select e.id, e.member_id, o.number, n.number,
        e.lessons_completed, coalesce(o.required_lessons, c.required_lessons),
        (
            select count(*)::integer from public.lesson_progress p
            where p.enrollment_id = e.id and p.status = 'completed' and p.lesson_id = any (n.required_lesson_ids)
              and p.lesson_id <> all (n.released_lesson_ids)
        ),
        n.required_lessons
    from public.courses c
    join public.course_versions n on n.id = c.newest_version_id
    join public.enrollments e on e.course_id = c.id and e.status in ('enrolled', 'in_progress')
    left join public.course_versions o on o.id = e.course_version_id
    -- Who began something later than what was published last is not taken back.
    where c.id = p_course and (o.id is null or o.number < n.number)
$$;
comment on function private.moves(uuid) is
    'Whoever is under way in an earlier version of a course than the one published last: lessons done and asked now, and after a move.';

create function public.preview_moves(p_course uuid)
returns table (
    enrollment_id uuid, member_name text, from_number integer, to_number integer,
    done_before integer, asked_before integer, done_after integer, asked_after integer
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_taught(p_course);
    return query
        select m.enrollment_id, coalesce(nullif(btrim(p.first_name || ' ' || p.last_name), ''), split_part(p.email::text, '@', 1)),
            m.from_number, m.to_number, m.done_before, m.asked_before, m.done_after, m.asked_after
        from private.moves(p_course) m join public.profiles p on p.id = m.member_id
        order by 2, 1;
end
$$;
comment on function public.preview_moves(uuid) is
    'What a move to the newest version would change for each learner under way: for the team of the course. Changes nothing. Raises CG404.';

create function private.move(p_enrollment uuid, p_version uuid) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform 1 from public.enrollments where id = p_enrollment and status in ('enrolled', 'in_progress') for no key update;
    if not found then
        return false;
    end if;
    -- Progress is kept by lesson: what was done of a lesson that both versions hold stays done.
    update public.enrollments e set
        course_version_id = p_version,
        lessons_completed = (
            select count(*) from public.lesson_progress p
            where p.enrollment_id = e.id and p.status = 'completed' and private.asks(p_version, p.lesson_id)
        )
    where e.id = p_enrollment and e.course_version_id is distinct from p_version;
    perform private.complete_enrollment_when_met(p_enrollment);
    return true;
end
$$;
comment on function private.move(uuid, uuid) is 'Moves an enrollment that is under way to another version of its course; answers whether it could.';

create function public.move_enrollment(p_enrollment uuid, p_version uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_course uuid := (
        select e.course_id from public.enrollments e
        where e.id = p_enrollment and (
            e.member_id = auth.uid() or e.course_id in (select private.my_taught_course_ids()) or private.is_admin()
            or coalesce(current_setting('role', true) = 'service_role', false)
        )
    );
begin
    if v_course is null then
        perform private.refuse('CG404', 'no_such_enrollment', 'There is no such enrollment.');
    end if;
    -- Alone, and before any row: the order in which completions lock.
    perform private.hold_requirements(v_course, true);
    if not exists (select 1 from public.courses c where c.id = v_course and c.newest_version_id = p_version) then
        perform private.refuse('CG409', 'not_the_newest', 'The course has changed since. Reload the page to see its newest version.');
    elsif not exists (select 1 from private.moves(v_course) m where m.enrollment_id = p_enrollment) then
        perform private.refuse('CG409', 'nothing_to_move', 'There is nothing to move: the course is completed, or it is the newest version already.');
    end if;
    perform private.move(p_enrollment, p_version);
end
$$;
comment on function public.move_enrollment(uuid, uuid) is
    'Moves an enrollment under way to the version published last: its learner for himself, or the team. Lessons that both hold stay done. Raises CG404, CG409.';

create function public.move_enrollments(p_course uuid, p_version uuid) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment record;
    v_moved integer := 0;
begin
    perform private.require_taught(p_course);
    perform private.hold_requirements(p_course, true);
    if not exists (select 1 from public.courses c where c.id = p_course and c.newest_version_id = p_version) then
        perform private.refuse('CG409', 'not_the_newest', 'The course has changed since. Look at the list again before you move anybody.');
    end if;
    for v_enrollment in select m.enrollment_id as id, m.member_id from private.moves(p_course) m order by 1 loop
        if private.move(v_enrollment.id, p_version) then
            v_moved := v_moved + 1;
            perform private.notify(v_enrollment.member_id, 'course_changed',
                left('“' || (select c.title from public.courses c where c.id = p_course), 180) || '” has changed',
                'You were moved to its newest version. What you had done of it stays done.',
                '/learn/' || (select c.slug from public.courses c where c.id = p_course));
        end if;
    end loop;
    return v_moved;
end
$$;
comment on function public.move_enrollments(uuid, uuid) is
    'Moves everybody who is under way in an earlier version to the one published last, and tells them; answers how many. For the team. Raises CG404, CG409.';

create function public.my_move(p_enrollment uuid)
returns table (version_id uuid, from_number integer, to_number integer, done_before integer, asked_before integer, done_after integer, asked_after integer)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select c.newest_version_id, o.number, n.number, e.lessons_completed, coalesce(o.required_lessons, c.required_lessons),
        (
            select count(*)::integer from public.lesson_progress p
            where p.enrollment_id = e.id and p.status = 'completed' and p.lesson_id = any (n.required_lesson_ids)
              and p.lesson_id <> all (n.released_lesson_ids)
        ),
        n.required_lessons
    from public.enrollments e
    join public.courses c on c.id = e.course_id
    join public.course_versions n on n.id = c.newest_version_id
    left join public.course_versions o on o.id = e.course_version_id
    where e.id = p_enrollment and e.member_id = auth.uid() and e.status in ('enrolled', 'in_progress')
      and (o.id is null or o.number < n.number)
$$;
comment on function public.my_move(uuid) is 'What the newest version would change for the caller, who is under way in an earlier one; nothing when there is none.';

-- What changed since the last version ---------------------------------------------------------------------------

create function public.course_changes(p_course uuid)
returns table (kind text, part text, id uuid, title text, details text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    perform private.require_taught(p_course);
    return query
        with newest as (
            select v.outline, v.requirements from public.courses c
            join public.course_versions v on v.id = coalesce(c.newest_version_id, (
                select o.id from public.course_versions o where o.course_id = c.id order by o.number desc limit 1
            ))
            where c.id = p_course
        ), old_lessons as (
            select (l.value ->> 'id')::uuid as id, l.value ->> 'title' as title, (m.value ->> 'id')::uuid as module_id,
                (l.value ->> 'required')::boolean as required, row_number() over (order by m.ordinality, l.ordinality) as place,
                r.criteria, r.min_time_seconds, r.watched_percentage
            from newest n
            cross join jsonb_array_elements(n.outline) with ordinality m
            cross join jsonb_array_elements(m.value -> 'lessons') with ordinality l
            left join lateral jsonb_to_recordset(n.requirements)
                as r (lesson_id uuid, criteria text, min_time_seconds integer, watched_percentage numeric)
                on r.lesson_id = (l.value ->> 'id')::uuid
        ), old_modules as (
            select (m.value ->> 'id')::uuid as id, m.value ->> 'title' as title from newest n cross join jsonb_array_elements(n.outline) m
        ), now_lessons as (
            select l.*, row_number() over (order by m.module_order, l.lesson_order) as place
            from public.lessons l join public.course_modules m on m.id = l.module_id
            where l.course_id = p_course and l.state <> 'retired' and m.state <> 'retired'
        ), kept as (
            -- Places among the lessons that are in both, so that one that was put in moves nobody.
            select k.*, o.title as old_title, o.module_id as old_module, o.required as old_required, o.criteria as old_criteria,
                o.min_time_seconds as old_time, o.watched_percentage as old_share,
                row_number() over (order by k.place) <> row_number() over (order by o.place) as moved
            from now_lessons k join old_lessons o on o.id = k.id
        )
        select 'added', 'module', m.id, m.title, '' from public.course_modules m
        where m.course_id = p_course and m.state <> 'retired' and m.id not in (select o.id from old_modules o)
        union all
        select 'added', 'lesson', l.id, l.title, case when l.require_completion then 'required' else 'optional' end
        from now_lessons l where l.id not in (select o.id from old_lessons o)
        union all
        select 'changed', 'lesson', k.id, k.title, array_to_string(array_remove(array[
            case when k.title <> k.old_title then 'was called “' || k.old_title || '”' end,
            case when k.module_id <> k.old_module then 'moved to another module' when k.moved then 'in another place' end,
            case when k.require_completion and not k.old_required then 'now required' when not k.require_completion and k.old_required then 'now optional' end,
            case when k.require_completion and k.old_required and (k.completion_criteria, k.min_time_seconds, k.watched_percentage_required)
                is distinct from (k.old_criteria, k.old_time, k.old_share) then 'completed by another rule' end
        ], null), ', ')
        from kept k
        where k.title <> k.old_title or k.module_id <> k.old_module or k.moved or k.require_completion <> k.old_required
           or (k.require_completion and (k.completion_criteria, k.min_time_seconds, k.watched_percentage_required)
               is distinct from (k.old_criteria, k.old_time, k.old_share))
        union all
        select 'changed', 'module', m.id, m.title, 'was called “' || o.title || '”'
        from public.course_modules m join old_modules o on o.id = m.id
        where m.state <> 'retired' and m.title <> o.title
        union all
        select 'removed', 'module', o.id, o.title, '' from old_modules o
        where not exists (select 1 from public.course_modules m where m.id = o.id and m.state <> 'retired')
        union all
        select 'removed', 'lesson', o.id, o.title, case when o.required then 'was required' else 'was optional' end
        from old_lessons o where o.id not in (select l.id from now_lessons l);
end
$$;
comment on function public.course_changes(uuid) is
    'What is new, changed and removed in a course, with its drafts, since the version published last: for its team. Raises CG404.';

-- The check list -------------------------------------------------------------------------------------------------

create function private.has_document(p_lesson uuid) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select 1 from public.lesson_attachments a where a.lesson_id = p_lesson)
        or exists (select 1 from public.content_blocks b where b.lesson_id = p_lesson and b.type = 'file')
    then
        return true;
    end if;
    -- The documents that are read in the page have a table of their own, which comes with a later migration.
    if to_regclass('public.lesson_documents') is null then
        return false;
    end if;
    return exists (select 1 from public.lesson_documents d where d.lesson_id = p_lesson);
end
$$;
comment on function private.has_document(uuid) is 'Whether a lesson of type pdf has something to read.';

create or replace function private.publication_problems(p_course uuid)
returns table (code text, blocking boolean, lesson_id uuid, title text)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with course as (
        select * from public.courses where id = p_course
    ), lessons as (
        select l.*, m.title as module_title, v.id as video_id, v.processing_state, v.hosting_provider
        from public.lessons l join public.course_modules m on m.id = l.module_id
        left join public.lesson_videos v on v.lesson_id = l.id
        where l.course_id = p_course and l.state <> 'retired'
    )
    select 'no_description', true, null::uuid, null::text from course c where btrim(c.description) = ''
    union all
    select 'no_lesson', true, null, null where not exists (select 1 from lessons)
    union all
    select 'no_required_lesson', true, null, null
    where exists (select 1 from lessons) and not exists (select 1 from lessons l where l.require_completion)
    union all
    select 'no_content', true, l.id, l.title from lessons l
    where case
        when l.lesson_type = 'video' then l.video_id is null
        when l.lesson_type in ('external_link', 'embedded_content') then
            not exists (select 1 from public.lesson_links k where k.lesson_id = l.id)
        when l.lesson_type = 'scorm' then not exists (select 1 from public.lesson_scorm_packages k where k.lesson_id = l.id)
        when l.lesson_type = 'quiz' then not exists (select 1 from public.quizzes q where q.lesson_id = l.id)
        when l.lesson_type = 'assignment' then not exists (select 1 from public.assignments a where a.lesson_id = l.id)
        when l.lesson_type = 'live_session' then not exists (select 1 from public.live_sessions s where s.lesson_id = l.id)
        when l.lesson_type = 'pdf' then not private.has_document(l.id)
        else not exists (select 1 from public.content_blocks b where b.lesson_id = l.id)
            and not exists (select 1 from public.lesson_attachments a where a.lesson_id = l.id)
    end
    union all
    select case when l.processing_state = 'failed' then 'video_failed' else 'video_not_ready' end, true, l.id, l.title
    from lessons l where l.video_id is not null and l.processing_state <> 'ready'
    union all
    select 'empty_module', false, null, m.title from public.course_modules m
    where m.course_id = p_course and m.state <> 'retired' and not exists (select 1 from lessons l where l.module_id = m.id)
    union all
    select 'opens_never', true, l.id, l.title from lessons l where private.waits_for_itself(l.id)
    union all
    select 'no_short_description', false, null, null from course c where coalesce(btrim(c.short_description), '') = ''
    union all
    select 'no_objectives', false, null, null from course c where jsonb_array_length(c.learning_objectives) = 0
    union all
    select 'no_length', false, null, null from course c where c.estimated_duration_minutes is null
    union all
    select 'no_credits', false, null, null from course c where c.ce_credits = 0
    union all
    select 'no_certificate', false, null, null from course c where not c.completion_certificate
    union all
    select 'no_author_profile', false, null, null from course c
    where not exists (select 1 from public.instructor_profiles i where i.profile_id = c.instructor_id)
    union all
    select 'enrollment_over', false, null, null from course c where c.enrollment_end_date <= now()
    union all
    select 'enrollment_off', false, null, null from course c where not c.allow_enrollment
$$;

create function public.publication_problems(p_course uuid)
returns table (code text, blocking boolean, lesson_id uuid, title text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform private.require_taught(p_course);
    return query select p.* from private.publication_problems(p_course) p;
end
$$;
comment on function public.publication_problems(uuid) is 'private.publication_problems for the team of the course. Raises CG404.';

grant execute on function public.preview_moves(uuid), public.move_enrollment(uuid, uuid), public.move_enrollments(uuid, uuid),
    public.my_move(uuid), public.course_changes(uuid), public.publication_problems(uuid) to authenticated, service_role;

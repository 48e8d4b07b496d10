-- A lesson whose only file was taken away has nothing in it: the check list says so.
-- Rollback: restore private.publication_problems from 20261121120040_moving.sql.

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
            and not exists (select 1 from public.lesson_attachments a where a.lesson_id = l.id and a.removed_at is null)
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

-- Lessons: opening one, being at it, completing it. The enrollment is found by the rule, never named by the caller.
-- Rollback: drop the functions below.

create function private.my_enrollment_for(p_lesson uuid) returns public.enrollments
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment public.enrollments;
    v_lock text;
begin
    select e.* into v_enrollment
    from public.lessons l join private.my_open_enrollments() e on e.course_id = l.course_id
    where l.id = p_lesson
    order by e.completed_at desc nulls first, e.enrolled_at desc limit 1;
    if v_enrollment.id is null then
        perform private.refuse('CG403', 'not_enrolled', 'You are not enrolled in this course.');
    end if;
    select k.lock_reason into v_lock from private.lesson_locks(auth.uid(), v_enrollment.course_id) k where k.lesson_id = p_lesson;
    if v_lock is not null then
        perform private.refuse('CG403', 'locked', 'This lesson is not open for you yet.');
    end if;
    return v_enrollment;
end
$$;
comment on function private.my_enrollment_for(uuid) is 'The caller''s enrollment for a lesson that is open to him; raises CG403 not_enrolled or locked.';

create function private.start_lesson(p_enrollment public.enrollments, p_lesson uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.lesson_progress as p (enrollment_id, lesson_id, course_id, status, started_at)
    values (p_enrollment.id, p_lesson, p_enrollment.course_id, 'in_progress', now())
    on conflict (enrollment_id, lesson_id) do update
        set status = 'in_progress', started_at = coalesce(p.started_at, now())
        where p.status = 'not_started';
end
$$;
comment on function private.start_lesson(public.enrollments, uuid) is 'Notes the first time that a lesson was opened.';

create function public.visit_lesson(p_lesson uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment public.enrollments := private.my_enrollment_for(p_lesson);
begin
    perform private.start_lesson(v_enrollment, p_lesson);
    update public.enrollments set current_lesson_id = p_lesson, last_accessed_at = now() where id = v_enrollment.id;
end
$$;
comment on function public.visit_lesson(uuid) is 'Notes that the caller opened a lesson: where to continue, and since when he has been at it.';

create function private.complete_lesson(p_enrollment uuid, p_lesson uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.lesson_progress as p (enrollment_id, lesson_id, course_id, status, started_at, completed_at)
    select p_enrollment, l.id, l.course_id, 'completed', now(), now() from public.lessons l where l.id = p_lesson
    on conflict (enrollment_id, lesson_id) do update
        set status = 'completed', completed_at = now(), started_at = coalesce(p.started_at, now())
        where p.status <> 'completed';
end
$$;
comment on function private.complete_lesson(uuid, uuid) is 'Completes a lesson once; only rules that have checked its criteria call this.';
grant execute on function private.complete_lesson(uuid, uuid) to service_role;

create function public.mark_lesson_complete(p_lesson uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment public.enrollments := private.my_enrollment_for(p_lesson);
    v_lesson public.lessons;
    v_started timestamptz;
    v_left integer;
begin
    perform private.hold_requirements(v_enrollment.course_id, false);
    select * into v_lesson from public.lessons where id = p_lesson;
    if v_lesson.completion_criteria not in ('marked_complete', 'time_spent') then
        perform private.refuse('CG409', 'not_by_hand', 'This lesson completes by itself when its requirement is met.');
    end if;
    perform private.start_lesson(v_enrollment, p_lesson);
    select started_at into v_started from public.lesson_progress where enrollment_id = v_enrollment.id and lesson_id = p_lesson;
    v_left := ceil(v_lesson.min_time_seconds - extract(epoch from clock_timestamp() - v_started));
    if v_left > 0 then
        perform private.refuse('CG409', 'too_soon',
            'This lesson asks for at least ' || v_lesson.min_time_seconds || ' seconds. ' || v_left || ' are left.');
    end if;
    perform private.complete_lesson(v_enrollment.id, p_lesson);
end
$$;
comment on function public.mark_lesson_complete(uuid) is
    'Completes a lesson whose criterion is marked_complete or time_spent, not before its minimum time since it was first opened.';
grant execute on function public.visit_lesson(uuid), public.mark_lesson_complete(uuid) to authenticated;

-- An assignment as its learner sees it, and how far somebody is in the assignments of his course.
-- Rollback: drop the functions below.

create function public.assignment_card(p_assignment uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_assignment public.assignments;
    v_course public.courses;
    v_staff boolean;
    v_enrollment public.enrollments;
    v_standing record;
    v_group public.assignment_groups;
    v_state text;
begin
    select * into v_assignment from public.assignments where id = p_assignment;
    v_staff := coalesce(v_assignment.course_id in (select private.my_taught_course_ids()), false) or private.is_admin();
    select e.* into v_enrollment from private.my_open_enrollments() e
    where e.course_id = v_assignment.course_id order by e.completed_at desc nulls first, e.enrolled_at desc limit 1;
    if v_assignment.id is null or (not v_staff and (v_enrollment.id is null or v_assignment.status = 'draft')) then
        perform private.refuse('CG404', 'no_such_assignment', 'There is no such assignment in a course that you are enrolled in.');
    end if;
    select * into v_course from public.courses where id = v_assignment.course_id;
    select * into v_standing from private.assignment_standing(v_assignment, v_enrollment.id, clock_timestamp());
    select * into v_group from public.assignment_groups where id = v_standing.group_id;
    v_state := case
        when v_enrollment.id is null then 'staff'
        when v_standing.state = 'not_published' then 'not_published'
        when v_assignment.lesson_id is not null and exists (
            select 1 from private.lesson_locks(auth.uid(), v_assignment.course_id) k where k.lesson_id = v_assignment.lesson_id
        ) then 'locked'
        else v_standing.state
    end;
    return jsonb_build_object(
        'id', v_assignment.id, 'title', v_assignment.title, 'description', v_assignment.description,
        -- What is to be done is not told before it opens.
        'instructions_html', case when v_state not in ('locked', 'not_open') then v_assignment.instructions_html end,
        'rubric', case when v_state not in ('locked', 'not_open') then v_assignment.rubric end,
        'course_id', v_course.id, 'course_title', v_course.title, 'course_slug', v_course.slug, 'lesson_id', v_assignment.lesson_id,
        'status', v_assignment.status, 'state', v_state, 'server_time', clock_timestamp(),
        'total_points', v_assignment.total_points, 'passing_percentage', v_assignment.passing_percentage,
        'submission_type', v_assignment.submission_type, 'allowed_file_types', v_assignment.allowed_file_types,
        'max_file_size_mb', v_assignment.max_file_size_mb, 'available_from', v_assignment.available_from,
        'due_date', v_standing.due_at, 'usual_due_date', v_assignment.due_date,
        'extended_until', v_standing.extended_until, 'extra_submissions', v_standing.extra,
        'late_submission_allowed', v_assignment.late_submission_allowed, 'late_penalty_percentage', v_assignment.late_penalty_percentage,
        'penalty_due', v_standing.penalty_due, 'penalty_days', v_standing.penalty_days, 'penalty_per_day', v_standing.penalty_per_day,
        'penalty', v_standing.penalty, 'penalty_from', v_standing.penalty_from,
        'taken', v_standing.taken, 'allowed', v_standing.allowed, 'requested', v_standing.requested,
        'group_mode', v_assignment.group_mode, 'enable_peer_review', v_assignment.enable_peer_review,
        'group', case when v_group.id is not null then jsonb_build_object('id', v_group.id, 'name', v_group.name, 'members', (
            select jsonb_agg(jsonb_build_object('name', concat_ws(' ', p.first_name, p.last_name), 'me', p.id = auth.uid())
                order by p.last_name, p.first_name, p.id)
            from public.assignment_group_members m
            join public.enrollments e on e.id = m.enrollment_id
            join public.profiles p on p.id = e.member_id
            where m.group_id = v_group.id
        )) end,
        'draft', (
            select jsonb_build_object('text', coalesce(d.draft_text, ''), 'url', coalesce(d.draft_url, ''), 'revision', d.revision, 'saved_at', d.updated_at)
            from public.assignment_drafts d where d.assignment_id = p_assignment and d.enrollment_id = v_enrollment.id
        ),
        'files', coalesce((
            select jsonb_agg(jsonb_build_object('id', f.id, 'name', f.filename, 'bytes', f.byte_size, 'state', f.state, 'refusal', f.refusal)
                order by f.created_at, f.id)
            from public.media_files f
            where f.assignment_id = p_assignment and f.owner_id = auth.uid() and f.purpose = 'submission'
              and f.state in ('uploading', 'checking', 'ready')
              and not exists (select 1 from public.media_file_uses u where u.file_id = f.id)
        ), '[]'),
        'submissions', coalesce((
            select jsonb_agg(jsonb_build_object(
                'id', s.id, 'number', s.submission_number, 'submitted_at', s.submitted_at, 'status', s.status,
                'files', jsonb_array_length(s.file_attachments),
                'names', (select coalesce(jsonb_agg(f ->> 'file_name'), '[]') from jsonb_array_elements(s.file_attachments) f),
                'letters', coalesce(length(s.submission_text), 0), 'url', s.submission_url,
                'by', case when s.submitted_by <> auth.uid() then (
                    select concat_ws(' ', p.first_name, p.last_name) from public.profiles p where p.id = s.submitted_by) end,
                'penalty_due', s.penalty_due, 'penalty_days', coalesce(s.penalty_days, s.late_days), 'penalty_per_day', s.penalty_per_day,
                'penalty', s.late_penalty_applied, 'penalty_from', s.penalty_from,
                'points_earned', s.points_earned, 'max_points', s.max_points, 'final_score', s.final_score
            ) order by s.submission_number desc)
            from public.assignment_submissions s where s.enrollment_id = v_enrollment.id and s.assignment_id = p_assignment
        ), '[]')
    );
end
$$;
comment on function public.assignment_card(uuid) is
    'What a learner has before him when he hands in: the task, what holds for him now, what he wrote and uploaded, what he handed in before.';

create function public.assignment_standings(p_enrollment uuid)
returns table (
    assignment_id uuid, lesson_id uuid, title text, taken integer, waiting boolean, requested boolean, score numeric, points_have numeric,
    points_needed numeric, points_total numeric
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select a.id, a.lesson_id, a.title, s.taken, s.waiting, s.requested, s.best, round(s.best * a.total_points / 100, 2),
        round(a.passing_percentage * a.total_points / 100, 2), a.total_points
    from public.enrollments e
    join public.assignments a on a.course_id = e.course_id and a.status = 'published'
    cross join lateral (
        select count(*)::integer as taken, coalesce(bool_or(t.status in ('submitted', 'grading')), false) as waiting,
            coalesce((array_agg(t.status order by t.submission_number desc))[1] = 'resubmission_requested', false) as requested,
            max(t.final_score) filter (where t.status in ('graded', 'returned')) as best
        from public.assignment_submissions t where t.enrollment_id = e.id and t.assignment_id = a.id
    ) s
    where e.id = p_enrollment
      and (e.member_id = auth.uid() or e.course_id in (select private.my_taught_course_ids()) or private.is_admin())
    order by a.created_at, a.id
$$;
comment on function public.assignment_standings(uuid) is
    'How far an enrollment is in each published assignment of its course, in points after the deduction for lateness.';

create or replace function private.can_be_done(p_lesson uuid, p_criteria text) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select case p_criteria
        when 'marked_complete' then true
        when 'time_spent' then true
        when 'video_watched' then exists (select 1 from public.lesson_videos v where v.lesson_id = p_lesson)
        when 'quiz_passed' then exists (
            select 1 from public.quizzes q where q.lesson_id = p_lesson and q.status = 'published' and q.quiz_type <> 'practice'
        )
        when 'assignment_passed' then exists (select 1 from public.assignments a where a.lesson_id = p_lesson and a.status = 'published')
        when 'scorm_completed' then exists (select 1 from public.lessons l where l.id = p_lesson and l.lesson_type = 'scorm')
        else false
    end
$$;

grant execute on function public.assignment_card(uuid), public.assignment_standings(uuid) to authenticated;

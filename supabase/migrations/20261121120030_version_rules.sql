-- Thresholds of a version: by what a lesson is completed, its minimum time and the share of a film are, for those who hold
-- a version, what they were when it was begun, as long as it can still be done so.
-- Rollback: drop the two new functions; restore the others of the earlier migrations.

create function private.can_be_done(p_lesson uuid, p_criteria text) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select case p_criteria
        when 'marked_complete' then true
        when 'time_spent' then true
        when 'video_watched' then exists (select 1 from public.lesson_videos v where v.lesson_id = p_lesson)
        when 'quiz_passed' then exists (
            select 1 from public.quizzes q where q.lesson_id = p_lesson and q.status = 'published' and q.quiz_type <> 'practice'
        )
        when 'assignment_passed' then exists (select 1 from public.assignments a where a.lesson_id = p_lesson)
        when 'scorm_completed' then exists (select 1 from public.lessons l where l.id = p_lesson and l.lesson_type = 'scorm')
        else false
    end
$$;
comment on function private.can_be_done(uuid, text) is
    'Whether a lesson can be completed in a way: a film that was taken away cannot be watched by anybody.';

create function private.rule_of(p_version uuid, p_lesson uuid)
returns table (criteria text, min_time_seconds integer, watched_percentage numeric)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select
        case when r.usable then r.criteria else l.completion_criteria end,
        case when r.usable then r.min_time_seconds else l.min_time_seconds end,
        case when r.usable then r.watched_percentage else l.watched_percentage_required end
    from public.lessons l
    left join lateral (
        select x.*, private.can_be_done(p_lesson, x.criteria) as usable
        from public.course_versions v
        cross join jsonb_to_recordset(v.requirements)
            as x (lesson_id uuid, criteria text, min_time_seconds integer, watched_percentage numeric)
        where v.id = p_version and x.lesson_id = p_lesson
    ) r on true
    where l.id = p_lesson
$$;
comment on function private.rule_of(uuid, uuid) is
    'How those who hold a version (null: none) complete a lesson: as the version says when it can still be done so, else as the course says now.';

create function private.completes_by(p_version uuid, p_lesson uuid, p_criteria text) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    -- Who may tick a lesson off, because he could when he began, may also pass the test that it has by now.
    select exists (select 1 from public.lessons l where l.id = p_lesson and l.completion_criteria = p_criteria)
        or exists (select 1 from private.rule_of(p_version, p_lesson) r where r.criteria = p_criteria)
$$;
comment on function private.completes_by(uuid, uuid, text) is
    'Whether a quiz, a piece of work or a package completes a lesson for those who hold a version (null: none).';

create or replace function private.content_requirements(p_enrollment uuid)
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
        (row_number() over (order by m.module_order, l.lesson_order, l.id))::integer,
        'lesson', l.id, l.title, r.criteria,
        coalesce(p.status = 'completed', false),
        case r.criteria
            when 'video_watched' then coalesce(a.watched_seconds, 0)
            -- Of a lesson that was never opened nothing has been spent; least() alone would skip that null.
            when 'time_spent' then case when p.started_at is null then 0
                else least(r.min_time_seconds, floor(extract(epoch from coalesce(p.completed_at, now()) - p.started_at)))::integer end
        end,
        case r.criteria
            when 'video_watched' then coalesce(a.goal_seconds, ceil(v.duration * r.watched_percentage / 100)::integer)
            when 'time_spent' then r.min_time_seconds
        end,
        p.completed_at
    from public.enrollments e
    left join public.course_versions b on b.id = e.course_version_id
    -- What was required when it was begun, or is required now of who began no version: private.asks().
    join public.lessons l on l.course_id = e.course_id and case
        when b.id is null then l.require_completion and l.state = 'live'
        else l.id = any (b.required_lesson_ids) and l.id <> all (b.released_lesson_ids) end
    join public.course_modules m on m.id = l.module_id
    cross join lateral private.rule_of(b.id, l.id) r
    left join public.lesson_progress p on p.enrollment_id = e.id and p.lesson_id = l.id
    left join public.lesson_videos v on v.lesson_id = l.id
    left join public.video_analytics a on a.user_id = e.member_id and a.video_id = v.id
    where e.id = p_enrollment
    order by 1
$$;

create or replace function public.mark_lesson_complete(p_lesson uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_enrollment public.enrollments := private.my_enrollment_for(p_lesson);
    v_rule record;
    v_started timestamptz;
    v_left integer;
begin
    perform private.hold_requirements(v_enrollment.course_id, false);
    select * into v_rule from private.rule_of(v_enrollment.course_version_id, p_lesson);
    if v_rule.criteria not in ('marked_complete', 'time_spent') then
        perform private.refuse('CG409', 'not_by_hand', 'This lesson completes by itself when its requirement is met.');
    end if;
    perform private.start_lesson(v_enrollment, p_lesson);
    select started_at into v_started from public.lesson_progress where enrollment_id = v_enrollment.id and lesson_id = p_lesson;
    v_left := ceil(v_rule.min_time_seconds - extract(epoch from clock_timestamp() - v_started));
    if v_left > 0 then
        perform private.refuse('CG409', 'too_soon',
            'This lesson asks for at least ' || v_rule.min_time_seconds || ' seconds. ' || v_left || ' are left.');
    end if;
    perform private.complete_lesson(v_enrollment.id, p_lesson);
end
$$;

create or replace function public.open_playback(p_video uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_video public.lesson_videos;
    v_rule record;
    v_enrollment public.enrollments;
    v_row public.video_analytics;
    v_goal integer;
begin
    select * into v_video from public.lesson_videos where id = p_video;
    if v_video.id is null then
        perform private.refuse('CG404', 'no_such_video', 'There is no such video.');
    end if;
    v_enrollment := private.my_enrollment_for(v_video.lesson_id);
    perform private.hold_requirements(v_enrollment.course_id, false);
    select * into v_rule from private.rule_of(v_enrollment.course_version_id, v_video.lesson_id);
    if v_rule.criteria = 'video_watched' then
        v_goal := ceil(v_video.duration * v_rule.watched_percentage / 100);
    end if;
    -- One clock for a person: whatever plays elsewhere may not report any more. The advisory lock makes two players
    -- that open in the same instant take turns, so that exactly one of them holds the clock.
    perform pg_advisory_xact_lock(hashtextextended('playback:' || auth.uid()::text, 0));
    update public.video_analytics set playback_id = null
    where user_id = auth.uid() and playback_id is not null and video_id <> p_video;
    insert into public.video_analytics as a (
        user_id, video_id, course_id, lesson_id, enrollment_id, duration_seconds, goal_seconds, max_rate,
        playback_id, playback_session, playback_opened_at
    )
    values (
        auth.uid(), v_video.id, v_video.course_id, v_video.lesson_id, v_enrollment.id, v_video.duration, v_goal, v_video.max_rate,
        gen_random_uuid(), (auth.jwt() ->> 'session_id')::uuid, clock_timestamp()
    )
    on conflict (user_id, video_id) do update set
        enrollment_id = excluded.enrollment_id,
        watched = a.watched * int4multirange(int4range(0, excluded.duration_seconds)),
        watched_seconds = private.covered_seconds(a.watched * int4multirange(int4range(0, excluded.duration_seconds))),
        duration_seconds = excluded.duration_seconds,
        goal_seconds = excluded.goal_seconds,
        max_rate = excluded.max_rate,
        playback_id = excluded.playback_id,
        playback_session = excluded.playback_session,
        playback_seq = 0,
        playback_opened_at = excluded.playback_opened_at,
        playback_seconds = 0
    returning * into v_row;
    perform private.start_lesson(v_enrollment, v_video.lesson_id);
    if v_goal is not null and v_row.watched_seconds >= v_goal then
        -- The goal was lowered, or the person enrolled again: what was watched still counts.
        perform private.complete_lesson(v_enrollment.id, v_video.lesson_id);
        update public.video_analytics set goal_reached_at = now()
        where user_id = v_row.user_id and video_id = v_row.video_id and goal_reached_at is null;
    end if;
    return jsonb_build_object(
        'playback_id', v_row.playback_id, 'seq', v_row.playback_seq, 'rate', v_row.max_rate,
        'watched', v_row.watched::text, 'watched_seconds', v_row.watched_seconds,
        'position', v_row.last_watched_position_seconds,
        'goal_seconds', v_row.goal_seconds, 'duration_seconds', v_row.duration_seconds
    );
end
$$;

create or replace function private.complete_after_quiz(p_attempt uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_attempt public.quiz_attempts;
    v_quiz public.quizzes;
begin
    select * into v_attempt from public.quiz_attempts where id = p_attempt;
    select * into v_quiz from public.quizzes where id = v_attempt.quiz_id;
    if v_attempt.passed and v_quiz.lesson_id is not null and v_quiz.quiz_type <> 'practice'
        and exists (
            select 1 from public.enrollments e where e.id = v_attempt.enrollment_id
              and private.completes_by(e.course_version_id, v_quiz.lesson_id, 'quiz_passed')
        )
        -- Of several quizzes of a lesson, all that must be passed.
        and not exists (
            select 1 from public.quizzes o
            where o.lesson_id = v_quiz.lesson_id and o.id <> v_quiz.id and o.status = 'published' and o.require_passing
              and o.quiz_type <> 'practice'
              and not exists (
                  select 1 from public.quiz_attempts t
                  where t.enrollment_id = v_attempt.enrollment_id and t.quiz_id = o.id and t.passed
              )
        )
    then
        perform private.complete_lesson(v_attempt.enrollment_id, v_quiz.lesson_id);
    end if;
    if private.is_required_quiz(v_quiz) then
        perform private.complete_enrollment_when_met(v_attempt.enrollment_id);
    end if;
end
$$;

create or replace function private.complete_scorm_lesson(p_enrollment uuid) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_row record;
begin
    select r.enrollment_id, r.lesson_id into v_row
    from public.scorm_enrollments r
    join public.enrollments e on e.id = r.enrollment_id and e.status in ('enrolled', 'in_progress', 'completed')
    where r.id = p_enrollment and private.completes_by(e.course_version_id, r.lesson_id, 'scorm_completed') and r.criterion_met_at is not null;
    if not found then
        return false;
    end if;
    perform private.complete_lesson(v_row.enrollment_id, v_row.lesson_id);
    return true;
end
$$;

create or replace function private.follow_submission() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_assignment public.assignments;
begin
    if tg_op = 'INSERT' then
        update public.assignments set submissions_count = submissions_count + 1 where id = new.assignment_id;
        return null;
    end if;
    update public.assignments set
        graded_count = graded_count + (new.final_score is not null)::integer - (old.final_score is not null)::integer,
        score_sum = score_sum + coalesce(new.final_score, 0) - coalesce(old.final_score, 0)
    where id = new.assignment_id
    returning * into v_assignment;
    if new.status = 'graded' and new.final_score >= v_assignment.passing_percentage and exists (
        select 1 from public.enrollments e
        where e.id = new.enrollment_id and private.completes_by(e.course_version_id, v_assignment.lesson_id, 'assignment_passed')
    ) then
        perform private.complete_lesson(new.enrollment_id, v_assignment.lesson_id);
    end if;
    return null;
end
$$;

grant execute on function private.rule_of(uuid, uuid) to authenticated, service_role;

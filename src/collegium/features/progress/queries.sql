-- name: record_heartbeats as service_role
-- Counts a batch of heartbeats in one statement; one row back for each.
select playback_id, outcome, seq, watched, watched_seconds, goal_seconds, crossed, retry_after, user_id
from private.record_heartbeats($1::uuid[], $2::integer[], $3::text[], $4::integer[], $5::integer[], $6::integer[], $7::boolean[])

-- name: record_video_events as service_role
-- Writes the player's events of heartbeats that were counted.
select private.record_video_events($1::uuid[], $2::text[], $3::numeric[], $4::jsonb[])

-- name: course_of_playback as service_role
-- Whether the course is complete, after the heartbeat that completed a lesson.
select e.status = 'completed' as course_completed
from public.video_analytics a join public.enrollments e on e.id = a.enrollment_id
where a.playback_id = $1

-- name: open_playback
-- Opens the player on a video for the person who asks.
select public.open_playback($1::uuid)

-- name: visit_lesson
-- Notes that the person who asks opened a lesson.
select public.visit_lesson($1::uuid)

-- name: mark_lesson_complete
-- Completes a lesson that its learner completes by hand.
select public.mark_lesson_complete($1::uuid)

-- name: requirements
-- Each requirement of an enrollment with its evidence.
select step, requirement, lesson_id, title, criteria, met, achieved, needed, met_at
from public.completion_requirements($1::uuid)
order by step

-- name: besides
-- Quizzes and assignments that belong to the course and to none of its lessons.
select w.kind, w.id, w.title from (
    select 'quiz' as kind, z.id, z.title, z.created_at from public.quizzes z where z.course_id = $1 and z.status = 'published'
    union all
    select 'assignment', a.id, a.title, a.created_at from public.published_assignments($1) a where a.lesson_id is null
) w
order by w.created_at, w.id limit 50

-- name: course_for_learning
-- A course by its address with the reader's enrollment, and whether he teaches it or administers the site.
select
    c.id, c.title, c.slug, c.ce_credits, c.completion_certificate,
    c.id = any (array(select private.my_taught_course_ids())) or private.is_admin() as staff,
    e.id as enrollment_id, e.status as enrollment_status, e.current_lesson_id, e.completed_at,
    k.number as certificate_number, c.enable_discussion_forum as has_forum,
    c.newest_version_id <> e.course_version_id as another_version,
    e.cohort_name, coalesce(e.cohort_start_date > now(), false) as waits
from public.courses c
left join lateral (
    select * from public.enrollments e
    where e.course_id = c.id and e.member_id = auth.uid() and e.status in ('enrolled', 'in_progress', 'completed')
    order by coalesce(e.cohort_start_date <= now(), true) desc, e.completed_at desc nulls first, e.enrolled_at desc limit 1
) e on true
left join public.certificates k on k.enrollment_id = e.id and k.revoked_at is null
where c.slug = $1

-- name: course_for_guest as anon
-- A published course by its address, for somebody who is not signed in.
select
    c.id, c.title, c.slug, c.ce_credits, c.completion_certificate, false as staff, null::uuid as enrollment_id,
    null::text as enrollment_status, null::uuid as current_lesson_id, null::timestamptz as completed_at,
    null::text as certificate_number, false as another_version
from public.courses c where c.slug = $1

-- name: newer_version
-- What the newest version of a course would change for the reader, who is under way in an earlier one.
select version_id, from_number, to_number, done_before, asked_before, done_after, asked_after from public.my_move($1::uuid)

-- name: move_to_newest
-- Moves the reader to the newest version.
select public.move_enrollment($1::uuid, $2::uuid)

-- name: outline
-- Modules and lessons of a course in their order, with the reader's state in each.
select
    m.id as module_id, m.title as module_title, m.module_order,
    l.id, l.title, l.lesson_type, l.is_preview, l.require_completion, l.estimated_duration_minutes as minutes,
    coalesce(p.status, 'not_started') as status, k.lock_reason, k.waits_for, k.opens_at
from public.course_modules m
join public.lessons l on l.module_id = m.id
left join public.lesson_progress p on p.lesson_id = l.id and p.enrollment_id = $2
left join public.my_lesson_locks($1) k on k.lesson_id = l.id
where m.course_id = $1
    -- What was removed is there for those who began with it; additions that wait are there for a team that looks around.
    and (l.state = 'live' or l.id = any (array(select private.my_held_lesson_ids())) or (l.state = 'draft' and $2::uuid is null))
order by m.module_order, l.lesson_order, l.retired_at nulls first, l.id

-- name: outline_for_guest as anon
-- Modules and lessons of a published course in their order.
select
    m.id as module_id, m.title as module_title, m.module_order,
    l.id, l.title, l.lesson_type, l.is_preview, l.require_completion, l.estimated_duration_minutes as minutes,
    'not_started' as status, null::text as lock_reason, null::text as waits_for, null::timestamptz as opens_at
from public.course_modules m
join public.lessons l on l.module_id = m.id
where m.course_id = $1
order by m.module_order, l.lesson_order

-- name: lesson
-- One lesson with the reader's own progress in it.
select
    l.id, l.title, l.description, l.lesson_type, r.criteria as completion_criteria, r.min_time_seconds,
    l.estimated_duration_minutes as minutes, p.started_at, p.completed_at
from public.lessons l
left join public.enrollments e on e.id = $2
cross join lateral private.rule_of(e.course_version_id, l.id) r
left join public.lesson_progress p on p.lesson_id = l.id and p.enrollment_id = $2
where l.id = $1

-- name: lesson_for_guest as anon
-- One lesson of a published course.
select
    l.id, l.title, l.description, l.lesson_type, l.completion_criteria, l.min_time_seconds, l.estimated_duration_minutes as minutes,
    null::timestamptz as started_at, null::timestamptz as completed_at
from public.lessons l where l.id = $1

-- name: blocks
-- The body of a lesson, as far as it is open to the reader.
select type::text as type, content from public.content_blocks where lesson_id = $1 order by order_index

-- name: blocks_for_guest as anon
-- The body of a preview lesson.
select type::text as type, content from public.content_blocks where lesson_id = $1 order by order_index

-- name: link
-- Where a lesson elsewhere is, as far as it is open to the reader.
select content_url from public.lesson_links where lesson_id = $1

-- name: link_for_guest as anon
-- Where a preview lesson elsewhere is.
select content_url from public.lesson_links where lesson_id = $1

-- name: video
-- A lesson's video, as far as it is open to the reader, with what he has watched of it.
select
    v.id, v.hosting_provider, v.external_url, v.playlist_key, v.poster_key, v.storyboard_key,
    coalesce(v.duration, 0) as duration, v.max_rate, v.captions, v.transcript,
    v.processing_state, v.processing_error,
    coalesce(a.watched::text, '{}') as watched, coalesce(a.watched_seconds, 0) as watched_seconds,
    coalesce(a.last_watched_position_seconds, 0) as position,
    coalesce(ceil(v.duration * r.watched_percentage / 100), 0)::integer as goal_seconds
from public.lesson_videos v
left join lateral (
    select e.course_version_id from public.enrollments e
    where e.course_id = v.course_id and e.member_id = auth.uid() and e.status in ('enrolled', 'in_progress', 'completed')
    order by coalesce(e.cohort_start_date <= now(), true) desc, e.completed_at desc nulls first, e.enrolled_at desc limit 1
) e on true
cross join lateral private.rule_of(e.course_version_id, v.lesson_id) r
left join public.video_analytics a on a.video_id = v.id and a.user_id = auth.uid()
where v.lesson_id = $1

-- name: video_for_guest as anon
-- The video of a preview lesson.
select
    v.id, v.hosting_provider, v.external_url, v.playlist_key, v.poster_key, v.storyboard_key,
    coalesce(v.duration, 0) as duration, v.max_rate, v.captions, v.transcript,
    v.processing_state, v.processing_error, '{}' as watched, 0 as watched_seconds, 0 as position, 0 as goal_seconds
from public.lesson_videos v where v.lesson_id = $1

-- name: make_partitions as service_role
-- Makes the partitions of player events and of what SCORM packages say for this month and the three ahead.
select private.make_video_event_partitions(3), private.make_scorm_tracking_partitions(3)

-- name: fold_counts as service_role
-- Gathers the moves of lesson and module counters in the counts.
select private.fold_content_counts()

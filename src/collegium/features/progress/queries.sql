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

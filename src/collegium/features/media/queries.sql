-- name: attach_file
-- Puts a file of the media library to a lesson as its video.
select public.attach_video_file($1, $2)

-- name: attach_address
-- Puts a provider's video to a lesson.
select public.attach_video_address($1, $2, $3)

-- name: attach_key
-- Puts a file that is in the storage already to a lesson as its video.
select public.attach_video_key($1, $2, $3)

-- name: set_length
-- Says how long a provider's video is.
select public.set_video_length($1, $2)

-- name: retry
-- Prepares a video again whose work failed.
select public.retry_video($1)

-- name: stop
-- Gives up the work on what was to replace a video.
select public.stop_video($1)

-- name: detach
-- Takes the video from a lesson.
select public.detach_video($1)

-- name: lesson_video
-- A lesson's video as those who teach it see it, and whether learners have watched it.
select
    v.id, v.hosting_provider, v.external_url, v.playlist_key, v.poster_key, v.storyboard_key, v.duration, v.captions, v.transcript,
    v.renditions, v.loudness, v.processing_state, exists (select 1 from public.video_analytics a where a.video_id = v.id) as watched
from public.lesson_videos v
where v.lesson_id = $1

-- name: runs_of
-- What a video is made from, and how many videos are to be prepared before it.
select
    r.id, r.hosting_provider, r.source_name, r.external_url, r.state, r.step, r.progress, r.attempts, r.error, r.queued_at,
    r.started_at, r.finished_at,
    case when r.state = 'waiting' then (
        select count(*) from public.video_runs o
        where o.state in ('waiting', 'processing') and o.source_key is not null and o.queued_at < r.queued_at
    )::integer else 0 end as behind
from public.video_runs r
where r.video_id = $1

-- name: begin_given as service_role
-- Notes a run on a file that is handed over at once, in place of others that are on their way.
with given_up as (
    delete from public.video_runs where video_id = $1 and state <> 'ready'
), video as (
    update public.lesson_videos
    set processing_state = case when processing_state = 'ready' then 'ready' else 'processing' end, processing_error = null
    where id = $1 returning id, course_id
)
insert into public.video_runs (video_id, course_id, hosting_provider, source_name, state, step, attempts, started_at, seen_at)
select id, course_id, 'upload', $2, 'processing', 'checking', 1, clock_timestamp(), clock_timestamp() from video
returning id

-- name: start_run as service_role
-- Begins the work on a run, unless it is not wanted any more or others are at work.
select private.start_video_run($1, $2)

-- name: note_run as service_role
-- Says how far the work is; no row when it is not wanted any more.
update public.video_runs set step = $2, progress = $3, seen_at = clock_timestamp() where id = $1 and state = 'processing' returning id

-- name: end_run as service_role
-- Says why a run failed, and whether it is tried again by itself.
select private.end_video_run($1, $2, $3)

-- name: promote_run as service_role
-- Shows learners what a run has made.
select private.promote_video_run($1, $2, $3, $4, $5, $6, $7)

-- name: queue_forgotten as service_role
-- Queues again what waits, or was left by a worker that is gone.
select private.queue_forgotten_video_runs()

-- name: due_leftovers as service_role
-- Files and folders of videos that nobody can hold a link to any more, and that no copied lesson plays.
select o.key from private.media_leftovers o
where o.remove_after < now() and not exists (
    select 1 from public.lesson_videos v
    where position(o.key in concat_ws(' ', v.playlist_key, v.poster_key, v.storyboard_key, v.captions::text)) > 0
)
order by o.key limit $1

-- name: forget_leftovers as service_role
-- Forgets files that were removed.
delete from private.media_leftovers where key = any ($1::text[])

-- name: put_captions as service_role
-- Replaces the captions of one language and, when it is the first, the transcript.
update public.lesson_videos v set
    captions = (
        select coalesce(jsonb_agg(c order by n), '[]')
        from jsonb_array_elements(v.captions) with ordinality as e (c, n) where c ->> 'lang' <> $2
    ) || jsonb_build_array(jsonb_build_object('key', $3::text, 'lang', $2::text, 'label', $4::text, 'default',
        not exists (select 1 from jsonb_array_elements(v.captions) o where o ->> 'lang' <> $2 and (o ->> 'default')::boolean))),
    transcript = case when v.transcript = '[]' or exists (
        select 1 from jsonb_array_elements(v.captions) o where o ->> 'lang' = $2 and coalesce((o ->> 'default')::boolean, true)
    ) then $5::jsonb else v.transcript end
where v.id = $1

-- name: film_lesson
-- A lesson of a course, for the page of its video.
select id, course_id, title, lesson_type from public.lessons where id = $1 and course_id = $2

-- name: set_poster
-- Chooses the picture that stands for a video.
select public.set_video_poster($1, $2)

-- name: set_captions
-- Keeps a video's captions and transcript.
select public.set_video_captions($1, $2, $3, $4)

-- name: videos_to_choose
-- The newest videos that the reader or the course's team has in the media library.
select id, filename, byte_size, duration from public.media_files
where kind = 'video' and state = 'ready' and (course_id = $1 or owner_id = auth.uid())
order by created_at desc, id
limit 50

-- name: video_source as service_role
-- The stored original of a video that is to be prepared.
select source_key from public.lesson_videos where id = $1

-- name: start_processing as service_role
-- Says that a video is being prepared.
update public.lesson_videos set processing_state = 'processing', processing_error = null where id = $1

-- name: finish_processing as service_role
-- Keeps where the prepared video lies and how long it really is.
update public.lesson_videos
set playlist_key = $2, poster_key = $3, duration = $4, renditions = $5, processing_state = 'ready', processing_error = null
where id = $1

-- name: fail_processing as service_role
-- Says in plain words why a video could not be prepared.
update public.lesson_videos set processing_state = 'failed', processing_error = left($2, 500) where id = $1

-- name: put_captions as service_role
-- Replaces the captions of one language and, when it is the first, the transcript.
update public.lesson_videos v set
    captions = (
        select coalesce(jsonb_agg(c), '[]') from jsonb_array_elements(v.captions) c where c ->> 'lang' <> $2
    ) || jsonb_build_array(jsonb_build_object('key', $3::text, 'lang', $2::text, 'label', $4::text)),
    transcript = case when v.transcript = '[]' or v.captions -> 0 ->> 'lang' = $2 then $5::jsonb else v.transcript end
where v.id = $1

-- Films at work: pictures and captions, videos that come with a collection, lessons that go and come back, and the worker.
-- Rollback: drop the functions and triggers below.

-- Pictures, captions ---------------------------------------------------------------------------------------------------------

create function public.set_video_poster(p_lesson uuid, p_key text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_lesson public.lessons := private.taught_lesson(p_lesson);
    v_video public.lesson_videos;
begin
    select * into v_video from public.lesson_videos where lesson_id = v_lesson.id for no key update;
    -- Any other key could be somebody else's file, which every learner would then be given a link to.
    if v_video.id is null or p_key is null or p_key !~ ('^videos/' || v_video.id || '/posters/[A-Za-z0-9-]+\.jpg$') then
        perform private.refuse('CG422', 'no_such_poster', 'This picture does not belong to the video.');
    end if;
    if v_video.poster_key like '%/posters/%' then
        perform private.leave_media(v_video.poster_key);
    end if;
    update public.lesson_videos set poster_key = p_key where id = v_video.id;
end
$$;
comment on function public.set_video_poster(uuid, text) is 'Chooses the picture that stands for a video. Raises CG404, CG422.';
grant execute on function public.set_video_poster(uuid, text) to authenticated;

create function private.are_captions(p_captions jsonb, p_video uuid) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp
as $$
    select jsonb_typeof(p_captions) = 'array' and jsonb_array_length(p_captions) <= 40 and not exists (
        select 1 from jsonb_array_elements(p_captions) c
        where coalesce(c ->> 'key', '') !~ ('^videos/' || p_video || '/captions[/A-Za-z0-9-]+\.vtt$')
           or coalesce(c ->> 'lang', '') !~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$'
           or length(coalesce(c ->> 'label', '')) not between 1 and 60
           or jsonb_typeof(c -> 'default') is distinct from 'boolean'
    ) and (
        select count(*) = count(distinct c ->> 'lang') and count(*) filter (where (c ->> 'default')::boolean) = least(1, count(*))
        from jsonb_array_elements(p_captions) c
    )
$$;
comment on function private.are_captions(jsonb, uuid) is 'Whether captions are files of the video, each language once, one of them the default.';

create function public.set_video_captions(p_lesson uuid, p_before jsonb, p_captions jsonb, p_transcript jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_lesson public.lessons := private.taught_lesson(p_lesson);
    v_video public.lesson_videos;
begin
    select * into v_video from public.lesson_videos where lesson_id = v_lesson.id for no key update;
    if v_video.id is null then
        perform private.refuse('CG404', 'no_such_video', 'This lesson has no video.');
    elsif v_video.captions is distinct from p_before then
        perform private.refuse('CG409', 'captions_changed', 'Somebody else has changed the captions meanwhile. Nothing of yours was saved over it.');
    elsif not coalesce(private.are_captions(p_captions, v_video.id), false) then
        perform private.refuse('CG422', 'no_captions', 'These captions cannot be kept: each language stands once, and one is the default.');
    elsif jsonb_typeof(p_transcript) is distinct from 'array' or length(p_transcript::text) > 8 * 1024 * 1024 then
        perform private.refuse('CG422', 'no_transcript', 'This transcript cannot be kept.');
    end if;
    perform private.leave_media(old ->> 'key') from jsonb_array_elements(v_video.captions) old
    where not exists (select 1 from jsonb_array_elements(p_captions) c where c ->> 'key' = old ->> 'key');
    -- The same words have the same name: who goes back to earlier captions names a file that was to be removed.
    delete from private.media_leftovers l using jsonb_array_elements(p_captions) c where l.key = c ->> 'key';
    update public.lesson_videos set captions = p_captions, transcript = p_transcript where id = v_video.id;
end
$$;
comment on function public.set_video_captions(uuid, jsonb, jsonb, jsonb) is
    'Keeps a video''s captions and transcript, unless they are no longer what the writer began from. Raises CG404, CG409, CG422.';
grant execute on function public.set_video_captions(uuid, jsonb, jsonb, jsonb) to authenticated;

-- A video that another feature has put to a lesson, as when a collection becomes a course --------------------------------------

create function private.queue_waiting_video() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_run uuid;
begin
    insert into public.video_runs (video_id, course_id, hosting_provider, file_id, source_key, source_name, queued_by)
    values (new.id, new.course_id, new.hosting_provider, new.file_id, new.source_key, left(regexp_replace(new.source_key, '^.*/', ''), 255), auth.uid())
    returning id into v_run;
    perform private.queue_video_run(v_run);
    return null;
end
$$;
comment on function private.queue_waiting_video() is 'Trigger: a video that waits with its source known is prepared without being asked for.';
create trigger queue_waiting_video after insert on public.lesson_videos
    for each row when (new.processing_state = 'waiting' and new.source_key is not null)
    execute function private.queue_waiting_video();

-- A lesson that is removed, and one that comes back ---------------------------------------------------------------------------

create function private.stop_runs_of_lesson() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_run uuid;
begin
    if new.state = 'retired' then
        update public.video_runs r set state = 'stopped', step = 'queued', error = 'Stopped, because the lesson was removed.', finished_at = now()
        from public.lesson_videos v
        where v.id = r.video_id and v.lesson_id = new.id and r.state in ('waiting', 'processing') and r.source_key is not null;
        return null;
    end if;
    for v_run in
        update public.video_runs r set state = 'waiting', error = null, attempts = 0, queued_at = now(), finished_at = null
        from public.lesson_videos v
        where v.id = r.video_id and v.lesson_id = new.id and r.state = 'stopped' and r.source_key is not null
        returning r.id
    loop
        perform private.queue_video_run(v_run);
    end loop;
    return null;
end
$$;
comment on function private.stop_runs_of_lesson() is 'Trigger: work on the video of a lesson ends when the lesson is removed, and begins anew when it is restored.';
create trigger stop_runs_of_lesson after update of state on public.lessons
    for each row when ((old.state = 'retired') is distinct from (new.state = 'retired'))
    execute function private.stop_runs_of_lesson();

-- The worker -----------------------------------------------------------------------------------------------------------------

create function private.start_video_run(p_run uuid, p_most integer) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_run public.video_runs;
begin
    -- Two workers count one after the other. Somebody at work says so every few seconds.
    perform pg_advisory_xact_lock(hashtextextended('video runs', 0));
    if (select count(*) from public.video_runs where state = 'processing' and seen_at > now() - interval '2 minutes' and id <> p_run) >= p_most then
        return null;
    end if;
    update public.video_runs set
        state = 'processing', step = 'checking', progress = '[]', attempts = attempts + 1, started_at = clock_timestamp(),
        seen_at = clock_timestamp(), finished_at = null
    where id = p_run and source_key is not null
      and (state = 'waiting' or (state = 'processing' and seen_at < now() - interval '2 minutes'))
    returning * into v_run;
    if v_run.id is null then
        return null;
    elsif v_run.attempts > 4 then
        -- It takes its worker with it, each time.
        perform private.end_video_run(p_run, 'The server broke off while it prepared this video, several times. The file itself is kept. '
            'Tell the association''s office, or try a smaller file.', false);
        return null;
    end if;
    update public.lesson_videos set processing_state = 'processing', processing_error = null
    where id = v_run.video_id and processing_state <> 'ready';
    return jsonb_build_object('id', v_run.id, 'video_id', v_run.video_id, 'hosting_provider', v_run.hosting_provider,
        'source_key', v_run.source_key, 'attempts', v_run.attempts);
end
$$;
comment on function private.start_video_run(uuid, integer) is
    'Begins the work on a run; null when it is not waiting any more, or when so many are at work already.';
grant execute on function private.start_video_run(uuid, integer) to service_role;

create function private.end_video_run(p_run uuid, p_error text, p_again boolean) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_run public.video_runs;
begin
    update public.video_runs set
        state = case when p_again then 'waiting' else 'failed' end, step = 'queued', error = left(p_error, 500), seen_at = null,
        finished_at = case when p_again then null else clock_timestamp() end
    where id = p_run and state = 'processing'
    returning * into v_run;
    if v_run.id is null then
        return false;
    end if;
    update public.lesson_videos set processing_state = v_run.state, processing_error = v_run.error
    where id = v_run.video_id and processing_state <> 'ready';
    return true;
end
$$;
comment on function private.end_video_run(uuid, text, boolean) is
    'Says why a run failed, and whether it is tried again by itself. False when it was given up meanwhile.';
grant execute on function private.end_video_run(uuid, text, boolean) to service_role;

create function private.queue_forgotten_video_runs() returns integer
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    -- A worker that was killed says nothing more; one that was busy let a waiting run lie.
    with due as (
        select r.id from public.video_runs r
        where r.source_key is not null and (
            r.state = 'waiting'
            or (r.state = 'processing' and r.seen_at < now() - interval '2 minutes')
        )
        order by r.queued_at limit 20
    ), queued as (
        select private.queue_video_run(id) from due
    )
    select count(*)::integer from queued
$$;
comment on function private.queue_forgotten_video_runs() is 'Queues again what waits or was left by a worker that is gone; how many.';
grant execute on function private.queue_forgotten_video_runs() to service_role;

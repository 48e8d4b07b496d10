-- Films: where a lesson's video comes from and how far the work on it is. What learners see (lesson_videos) changes in one
-- step, when a run has ended well; until then they see what was there before.
-- Rollback: drop video_runs, private.media_leftovers, the functions and triggers below and the three new columns; give each row
-- of lesson_videos that has none a duration, and make the column not null.

-- lesson_videos: a row may be there before anybody knows how long the video is ---------------------------------------------

alter table public.lesson_videos alter column duration drop not null;
alter table public.lesson_videos
    add column storyboard_key text check (length(storyboard_key) <= 512),
    add column loudness jsonb check (jsonb_typeof(loudness) = 'object'),
    add column file_id uuid,
    add constraint ready_videos_have_a_length check (duration is not null or processing_state <> 'ready') not valid;
alter table public.lesson_videos validate constraint ready_videos_have_a_length;
comment on column public.lesson_videos.duration is
    'Whole seconds, rounded down: a started last second cannot be watched wholly. Null until the first run has ended well.';
comment on column public.lesson_videos.storyboard_key is 'WebVTT with one small picture every few seconds, for the slider of the player.';
comment on column public.lesson_videos.loudness is 'EBU R128: {measured, peak, gain, target}; LUFS, dBTP and dB.';
comment on column public.lesson_videos.file_id is 'The file of the media library that it was made from; null when it came from elsewhere.';
comment on column public.lesson_videos.captions is 'Array of {key, lang, label, default}; exactly one is the default, where there is any.';

-- video_runs ---------------------------------------------------------------------------------------------------------------

create table public.video_runs (
    id uuid primary key default gen_random_uuid(),
    video_id uuid not null,
    course_id uuid not null,
    hosting_provider text not null
        check (hosting_provider in ('upload', 'supabase_storage', 's3', 'youtube', 'vimeo', 'wistia')),
    file_id uuid,
    source_key text check (length(source_key) between 1 and 512),
    source_name text not null check (length(source_name) between 1 and 255),
    external_url text check (length(external_url) <= 1024),
    state text not null default 'waiting' check (state in ('waiting', 'processing', 'ready', 'failed', 'stopped')),
    step text not null default 'queued' check (step in ('queued', 'checking', 'encoding', 'pictures', 'storing', 'done')),
    progress jsonb not null default '[]' check (jsonb_typeof(progress) = 'array' and length(progress::text) <= 4000),
    attempts integer not null default 0 check (attempts >= 0),
    error text check (length(error) between 1 and 500),
    queued_by uuid references public.profiles (id) on delete set null,
    queued_at timestamptz not null default now(),
    started_at timestamptz,
    seen_at timestamptz,
    finished_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint video_runs_video foreign key (video_id, course_id)
        references public.lesson_videos (id, course_id) on delete cascade on update cascade,
    constraint runs_have_one_source check (
        (hosting_provider in ('upload', 'supabase_storage', 's3') and external_url is null)
        or (hosting_provider in ('youtube', 'vimeo', 'wistia') and external_url is not null and source_key is null)
    ),
    constraint failures_are_explained check (state not in ('failed', 'stopped') or error is not null)
);
comment on table public.video_runs is
    'Sources of videos and the work on them: of each video the run that learners see (ready) and at most one that is to replace it.';
comment on column public.video_runs.id is 'Also the folder: what a run makes lies in videos/<video_id>/<id>/ and is never written again.';
comment on column public.video_runs.source_key is 'The stored original; null when the site made the file itself and kept none.';
comment on column public.video_runs.source_name is 'What people call the source: the name of the file, or the address.';
comment on column public.video_runs.progress is 'Array of {name, width, height, percent, state}, one for each rendition, largest first.';
comment on column public.video_runs.attempts is 'How often it was tried since somebody last asked for it.';
comment on column public.video_runs.seen_at is 'When the worker last said that it is at it. One that falls silent is put back into the queue.';
create unique index one_ready_run_a_video on public.video_runs (video_id) where state = 'ready';
create unique index one_run_on_its_way_a_video on public.video_runs (video_id) where state <> 'ready';
create index idx_video_runs_video on public.video_runs (video_id, course_id);
create index idx_video_runs_course on public.video_runs (course_id);
create index idx_video_runs_queued_by on public.video_runs (queued_by);
create index idx_video_runs_at_work on public.video_runs (queued_at) where state in ('waiting', 'processing');
create trigger update_video_runs_updated_at before update on public.video_runs
    for each row execute function public.update_updated_at_column();

alter table public.video_runs enable row level security;
revoke all on public.video_runs from anon, authenticated, service_role;
grant select on public.video_runs to authenticated;
grant select, insert, update, delete on public.video_runs to service_role;
create policy "Teams view the work on their videos" on public.video_runs for select to authenticated
    using (course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

insert into private.audit_exempt (table_name, reason) values
    ('video_runs', 'Moves with every second of work; what comes of it is logged in lesson_videos.');

-- What is to be removed from storage, once links to it have run out --------------------------------------------------------

create table private.media_leftovers (
    key text primary key check (key ~ '^videos/[0-9a-f-]{36}(/.+)?$'),
    remove_after timestamptz not null
);
comment on table private.media_leftovers is 'Files and folders of videos that nothing names any more, and when nobody can hold a link to them.';
create index idx_media_leftovers_due on private.media_leftovers (remove_after);
alter table private.media_leftovers enable row level security;
revoke all on private.media_leftovers from anon, authenticated, service_role;
grant select, insert, update, delete on private.media_leftovers to service_role;

create function private.leave_media(p_key text) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    -- A link is good for seven hours at most.
    insert into private.media_leftovers (key, remove_after)
    select p_key, now() + interval '8 hours' where p_key ~ '^videos/[0-9a-f-]{36}(/.+)?$'
    on conflict (key) do nothing
$$;
comment on function private.leave_media(text) is 'Notes a file or folder of a video for removal; other files are somebody''s own and stay.';

create function private.leave_media_of_row() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_table_name = 'video_runs' then
        perform private.leave_media('videos/' || old.video_id || '/' || old.id);
    else
        perform private.leave_media('videos/' || old.id);
    end if;
    return null;
end
$$;
comment on function private.leave_media_of_row() is 'Trigger: what was made for a row that is gone is removed later.';
create trigger video_runs_leave_files after delete on public.video_runs
    for each row execute function private.leave_media_of_row();
create trigger lesson_videos_leave_files after delete on public.lesson_videos
    for each row execute function private.leave_media_of_row();

-- Putting a video to a lesson ------------------------------------------------------------------------------------------------

create function private.taught_lesson(p_lesson uuid) returns public.lessons
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_lesson public.lessons;
begin
    select * into v_lesson from public.lessons where id = p_lesson;
    if v_lesson.id is null or not (
        v_lesson.course_id = any (array(select private.my_taught_course_ids())) or private.is_admin()
    ) then
        perform private.refuse('CG404', 'no_such_lesson', 'There is no such lesson among the courses that you teach.');
    end if;
    return v_lesson;
end
$$;
comment on function private.taught_lesson(uuid) is 'A lesson of a course that the person who asks teaches or administers. Raises CG404.';

create function private.queue_video_run(p_run uuid) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    select private.defer_job('media.transcode', jsonb_build_object('run_id', p_run), p_queueing_lock => 'media.transcode:' || p_run)
$$;
comment on function private.queue_video_run(uuid) is 'Queues the job that prepares a video.';
grant execute on function private.queue_video_run(uuid) to service_role;

create function private.begin_video_run(
    p_lesson public.lessons, p_provider text, p_file uuid, p_key text, p_name text, p_url text
) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_video uuid;
    v_run uuid;
begin
    if p_lesson.lesson_type <> 'video' then
        perform private.refuse('CG409', 'no_video_lesson', 'This lesson shows no video. Change its type to video first.');
    end if;
    insert into public.lesson_videos (lesson_id, course_id, hosting_provider, external_url, duration, processing_state)
    values (p_lesson.id, p_lesson.course_id, p_provider, p_url, null, 'waiting')
    on conflict (lesson_id) do nothing;
    select id into v_video from public.lesson_videos where lesson_id = p_lesson.id for no key update;
    -- Whoever comes last decides; work on what came before is given up.
    delete from public.video_runs where video_id = v_video and state <> 'ready';
    update public.lesson_videos set processing_state = 'waiting', processing_error = null
    where id = v_video and processing_state <> 'ready';
    insert into public.video_runs (video_id, course_id, hosting_provider, file_id, source_key, source_name, external_url, queued_by)
    values (v_video, p_lesson.course_id, p_provider, p_file, p_key, left(p_name, 255), p_url, auth.uid())
    returning id into v_run;
    if p_key is not null then
        perform private.queue_video_run(v_run);
    end if;
    return v_video;
end
$$;
comment on function private.begin_video_run(public.lessons, text, uuid, text, text, text) is
    'Notes a new source for a lesson''s video and queues the work; what learners see stays until it is ready. The video.';

create function public.attach_video_file(p_lesson uuid, p_file uuid) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_lesson public.lessons := private.taught_lesson(p_lesson);
    v_file record;
begin
    select f.id, f.storage_key, f.filename, f.kind, f.state into v_file from public.media_files f
    where f.id = p_file and (
        f.owner_id = auth.uid()
        or f.course_id = any (array(select private.my_taught_course_ids()))
        or private.is_admin()
    );
    if v_file.id is null then
        perform private.refuse('CG404', 'no_such_file', 'This file is not in your media library. Upload it first.');
    elsif v_file.kind not in ('video', 'audio') then
        perform private.refuse('CG422', 'no_video_file', 'This file is no video. Choose an MP4, MOV, WebM or MKV file.');
    elsif v_file.state <> 'ready' then
        perform private.refuse('CG409', 'file_not_ready', 'This file is still being checked. Try again in a moment.');
    end if;
    return private.begin_video_run(v_lesson, 'upload', v_file.id, v_file.storage_key, v_file.filename, null);
end
$$;
comment on function public.attach_video_file(uuid, uuid) is
    'Puts a file of the media library to a lesson as its video and queues the work. The video. Raises CG404, CG409, CG422.';
grant execute on function public.attach_video_file(uuid, uuid) to authenticated;

create function public.attach_video_key(p_lesson uuid, p_provider text, p_key text) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not private.is_admin() then
        perform private.refuse('CG403', 'admins_only', 'Only an administrator can take a video from the storage by its key. Upload it instead.');
    elsif p_provider is null or p_provider not in ('s3', 'supabase_storage') then
        perform private.refuse('CG422', 'no_such_storage', 'Choose S3 or Supabase Storage.');
    elsif p_key is null or length(p_key) not between 1 and 512 or p_key ~ '(^|/)\.{0,2}(/|$)|[[:cntrl:]\\%]' then
        perform private.refuse('CG422', 'no_such_key', 'This is not the key of a stored file.');
    end if;
    return private.begin_video_run(private.taught_lesson(p_lesson), p_provider, null, p_key, regexp_replace(p_key, '^.*/', ''), null);
end
$$;
comment on function public.attach_video_key(uuid, text, text) is
    'Puts a file that lies in the storage already to a lesson as its video. For administrators; the program holds them to the configured '
    'prefix when it reads. Raises CG403, CG404, CG409, CG422.';
grant execute on function public.attach_video_key(uuid, text, text) to authenticated;

create function public.attach_video_address(p_lesson uuid, p_provider text, p_url text) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if p_url is null or p_provider is null or not (case p_provider
        when 'youtube' then p_url ~ '^https://www\.youtube\.com/watch\?v=[A-Za-z0-9_-]{11}$'
        when 'vimeo' then p_url ~ '^https://vimeo\.com/[0-9]{1,12}(/[0-9a-f]{6,20})?$'
        when 'wistia' then p_url ~ '^https://home\.wistia\.com/medias/[a-z0-9]{10}$'
        else false
    end) then
        perform private.refuse('CG422', 'no_such_address', 'This is not the address of a video on YouTube, Vimeo or Wistia.');
    end if;
    return private.begin_video_run(private.taught_lesson(p_lesson), p_provider, null, null, p_url, p_url);
end
$$;
comment on function public.attach_video_address(uuid, text, text) is
    'Puts a video of a provider to a lesson; it is shown once its length is known: set_video_length. The video. Raises CG404, CG409, CG422.';
grant execute on function public.attach_video_address(uuid, text, text) to authenticated;

-- What becomes of a run ------------------------------------------------------------------------------------------------------

create function private.promote_video_run(
    p_run uuid, p_duration integer, p_playlist text, p_poster text, p_storyboard text, p_renditions jsonb, p_loudness jsonb
) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_run public.video_runs;
begin
    -- The video first and its runs after it, as everywhere here.
    perform 1 from public.lesson_videos v join public.video_runs r on r.video_id = v.id where r.id = p_run for no key update of v;
    select * into v_run from public.video_runs
    where id = p_run and state in ('processing', 'waiting') and (state = 'processing' or external_url is not null) for update;
    if v_run.id is null then
        return false;
    end if;
    delete from public.video_runs where video_id = v_run.video_id and id <> v_run.id;
    perform private.leave_media(v.poster_key) from public.lesson_videos v where v.id = v_run.video_id and v.poster_key like '%/posters/%';
    update public.lesson_videos set
        hosting_provider = v_run.hosting_provider, source_key = v_run.source_key, file_id = v_run.file_id,
        external_url = v_run.external_url, playlist_key = p_playlist, poster_key = p_poster, storyboard_key = p_storyboard,
        renditions = p_renditions, loudness = p_loudness, duration = p_duration, processing_state = 'ready', processing_error = null
    where id = v_run.video_id;
    update public.video_runs set
        state = 'ready', step = 'done', error = null, finished_at = now(),
        progress = coalesce((select jsonb_agg(p || '{"percent": 100, "state": "done"}') from jsonb_array_elements(progress) p), '[]')
    where id = v_run.id;
    return true;
end
$$;
comment on function private.promote_video_run(uuid, integer, text, text, text, jsonb, jsonb) is
    'Shows learners what a run has made, in place of what they saw before. False when the run was given up meanwhile.';
grant execute on function private.promote_video_run(uuid, integer, text, text, text, jsonb, jsonb) to service_role;

create function public.set_video_length(p_lesson uuid, p_seconds integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_lesson public.lessons := private.taught_lesson(p_lesson);
    v_run uuid;
begin
    if p_seconds is null or p_seconds not between 1 and 43200 then
        perform private.refuse('CG422', 'no_such_length', 'Give the length as minutes and seconds, such as 12:34. Twelve hours is the most.');
    end if;
    select r.id into v_run from public.video_runs r join public.lesson_videos v on v.id = r.video_id
    where v.lesson_id = v_lesson.id and r.external_url is not null and r.state = 'waiting';
    if v_run is not null then
        perform private.promote_video_run(v_run, p_seconds, null, null, null, '[]', null);
        return;
    end if;
    update public.lesson_videos set duration = p_seconds
    where lesson_id = v_lesson.id and external_url is not null and processing_state = 'ready';
    if not found then
        perform private.refuse('CG409', 'length_is_measured', 'The length of this video is measured by the site and cannot be entered.');
    end if;
end
$$;
comment on function public.set_video_length(uuid, integer) is
    'How long a provider''s video is, as its instructor says; from then on learners see it. Raises CG404, CG409, CG422.';
grant execute on function public.set_video_length(uuid, integer) to authenticated;

create function public.retry_video(p_lesson uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_lesson public.lessons := private.taught_lesson(p_lesson);
    v_run public.video_runs;
begin
    update public.video_runs r set
        state = 'waiting', step = 'queued', progress = '[]', attempts = 0, error = null, queued_at = now(), queued_by = auth.uid(),
        started_at = null, seen_at = null, finished_at = null
    from public.lesson_videos v
    where v.id = r.video_id and v.lesson_id = v_lesson.id and r.state in ('failed', 'stopped') and r.source_key is not null
    returning r.* into v_run;
    if v_run.id is null then
        perform private.refuse('CG409', 'nothing_failed', 'There is nothing to try again. Reload the page to see how the video is.');
    end if;
    update public.lesson_videos set processing_state = 'waiting', processing_error = null
    where id = v_run.video_id and processing_state <> 'ready';
    perform private.queue_video_run(v_run.id);
end
$$;
comment on function public.retry_video(uuid) is 'Prepares a video again whose work failed or was stopped. Raises CG404, CG409.';
grant execute on function public.retry_video(uuid) to authenticated;

create function public.stop_video(p_lesson uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_lesson public.lessons := private.taught_lesson(p_lesson);
begin
    delete from public.video_runs r using public.lesson_videos v
    where v.id = r.video_id and v.lesson_id = v_lesson.id and r.state <> 'ready' and v.processing_state = 'ready';
    if not found then
        perform private.refuse('CG409', 'nothing_to_stop', 'There is nothing to stop. Reload the page to see how the video is.');
    end if;
end
$$;
comment on function public.stop_video(uuid) is 'Gives up the work on what was to replace a video; learners keep what they see. Raises CG404, CG409.';
grant execute on function public.stop_video(uuid) to authenticated;

create function public.detach_video(p_lesson uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_lesson public.lessons := private.taught_lesson(p_lesson);
    v_video uuid;
begin
    select id into v_video from public.lesson_videos where lesson_id = v_lesson.id for update;
    if v_video is null then
        perform private.refuse('CG404', 'no_such_video', 'This lesson has no video.');
    elsif exists (select 1 from public.video_analytics a where a.video_id = v_video) then
        perform private.refuse('CG409', 'video_was_watched',
            'Learners have watched this video, and what they watched is kept with it. Replace it by another video, or remove the lesson.');
    end if;
    delete from public.lesson_videos where id = v_video;
end
$$;
comment on function public.detach_video(uuid) is
    'Takes the video from a lesson and ends the work on it. The file stays in the media library. Raises CG404, CG409.';
grant execute on function public.detach_video(uuid) to authenticated;

create function private.refuse_unready_playback() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if new.duration_seconds is null then
        perform private.refuse('CG409', 'video_not_ready', 'This video is being prepared. Reload the page in a few minutes.');
    end if;
    return new;
end
$$;
comment on function private.refuse_unready_playback() is 'Trigger: a video whose length nobody knows yet cannot be watched.';
create trigger refuse_unready_playback before insert on public.video_analytics
    for each row execute function private.refuse_unready_playback();

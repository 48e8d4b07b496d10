-- Films and the media library: a file that a video is being made of is in use, as one that a video was made of is.
-- Rollback: drop the trigger, the constraints and the indexes below.

create index idx_lesson_videos_file on public.lesson_videos (file_id);
create index idx_video_runs_file on public.video_runs (file_id);
alter table public.lesson_videos add constraint lesson_videos_file_id_fkey
    foreign key (file_id) references public.media_files (id) on delete set null not valid;
alter table public.lesson_videos validate constraint lesson_videos_file_id_fkey;
alter table public.video_runs add constraint video_runs_file_id_fkey
    foreign key (file_id) references public.media_files (id) on delete set null not valid;
alter table public.video_runs validate constraint video_runs_file_id_fkey;

create trigger note_run_file after insert or delete or update of source_key on public.video_runs
    for each row execute function private.note_stored_file('video', 'source_key');
comment on column public.media_file_uses.place is
    'block: content_blocks. course: the picture, film or syllabus of courses. video: lesson_videos and video_runs. attachment: lesson_attachments. '
    'collection: videos.';

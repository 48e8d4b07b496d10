-- Files that somebody uploaded for an assignment and never handed in are found by when they arrived.
-- Rollback: drop the index.

create index idx_media_files_work on public.media_files (updated_at) where purpose = 'submission' and state = 'ready';

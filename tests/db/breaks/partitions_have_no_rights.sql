grant select on public.video_events_default to authenticated;

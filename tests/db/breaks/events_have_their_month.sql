insert into public.video_events (occurred_at, user_id, video_id, event_type, position_seconds) values ('2020-02-01',
    %(owner)s, %(welcome_video)s, 'play', 0);

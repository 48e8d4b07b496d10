update public.video_analytics set watched_seconds = 7 where user_id = %(owner)s;

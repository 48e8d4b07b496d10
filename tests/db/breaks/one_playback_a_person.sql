insert into public.video_analytics (user_id, video_id, course_id, lesson_id, enrollment_id, duration_seconds,
    playback_id) values (%(owner)s, %(spare_video)s, %(course)s, %(spare)s, %(enrollment)s, 100, %(new)s);

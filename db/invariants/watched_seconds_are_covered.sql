-- The watched_seconds of a video are the size of the set of seconds watched, and who has watched enough has completed the lesson.
select a.user_id, a.video_id, a.watched_seconds, private.covered_seconds(a.watched) as covered, a.goal_seconds
from public.video_analytics a
where a.watched_seconds <> private.covered_seconds(a.watched)
   or (
       a.watched_seconds >= a.goal_seconds
       and not exists (
           select 1 from public.lesson_progress p
           where p.enrollment_id = a.enrollment_id and p.lesson_id = a.lesson_id and p.status = 'completed'
       )
   )

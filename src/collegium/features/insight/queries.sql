-- name: fold_watching as service_role
-- Gathers what heartbeats and seeks added; answers how many lines that was.
select private.fold_watching()

-- name: course
-- A course that the person who asks teaches.
select id, title, slug, status from public.courses
where id = $1 and (id = any (array(select private.my_taught_course_ids())) or private.is_admin())

-- name: watching_of_course
-- How each video of a course is watched, in the order of the course.
select
    l.id as lesson_id, l.title, m.title as module_title, v.duration, l.watched_percentage_required as required,
    coalesce(w.bucket_seconds, 5) as bucket_seconds, coalesce(w.viewers, 0) as viewers,
    coalesce(w.played, '{}') as played, coalesce(w.seen, '{}') as seen, coalesce(w.stops, '{}') as stops,
    coalesce(w.skipped, '{}') as skipped, w.updated_at
from public.lessons l
join public.course_modules m on m.id = l.module_id
join public.lesson_videos v on v.lesson_id = l.id
left join public.video_watching w on w.video_id = v.id and w.duration = v.duration
where l.course_id = $1
order by m.module_order, l.lesson_order

-- name: watching_of_lesson
-- How the video of one lesson is watched.
select
    l.id as lesson_id, l.title, m.title as module_title, v.duration, l.watched_percentage_required as required,
    coalesce(w.bucket_seconds, 5) as bucket_seconds, coalesce(w.viewers, 0) as viewers,
    coalesce(w.played, '{}') as played, coalesce(w.seen, '{}') as seen, coalesce(w.stops, '{}') as stops,
    coalesce(w.skipped, '{}') as skipped, w.updated_at
from public.lessons l
join public.course_modules m on m.id = l.module_id
join public.lesson_videos v on v.lesson_id = l.id
left join public.video_watching w on w.video_id = v.id and w.duration = v.duration
where l.course_id = $1 and l.id = $2

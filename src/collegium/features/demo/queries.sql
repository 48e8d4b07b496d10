-- name: introduce as service_role
-- What everybody may know of an instructor.
insert into public.instructor_profiles (profile_id, display_name, headline, bio) values ($1, $2, $3, $4)

-- name: add_membership as service_role
-- A membership of the association.
insert into public.memberships (member_id, member_number, tier, starts_on, ends_on) values ($1, $2, $3, $4, $5)

-- name: add_course as service_role
-- A published course.
insert into public.courses (
    title, slug, description, short_description, learning_objectives, target_audience, tags, category, difficulty_level,
    ce_credits, pricing_type, price, member_price, delivery_format, estimated_duration_minutes, status, published_at, instructor_id,
    enable_discussion_forum
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'published', now() - make_interval(days => $16), $17, true)
returning id

-- name: add_to_team as service_role
-- A co-instructor.
insert into public.course_instructors (course_id, profile_id, position) values ($1, $2, $3)

-- name: add_module as service_role
-- A section of a course.
insert into public.course_modules (course_id, title, description, module_order, estimated_duration_minutes, unlock_after_module_id, unlock_date)
values ($1, $2, $3, $4, $5, $6, now() + make_interval(days => $7))
returning id

-- name: add_lesson as service_role
-- A lesson of a section.
insert into public.lessons (
    module_id, course_id, title, lesson_type, lesson_order, is_preview, completion_criteria, min_time_seconds,
    estimated_duration_minutes, unlock_after_lesson_id
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
returning id

-- name: add_text as service_role
-- The text of a lesson.
insert into public.content_blocks (lesson_id, course_id, type, content, order_index) values ($1, $2, 'rich_text', $3, 1)

-- name: add_video as service_role
-- The place of a lesson's video, before it is prepared.
insert into public.lesson_videos (lesson_id, course_id, duration, processing_state) values ($1, $2, 60, 'waiting') returning id

-- name: add_purchase as service_role
-- A completed purchase of a course, at the price that the member had on that day.
insert into public.transactions
    (member_id, course_id, transaction_type, amount, currency, description, status, created_at, completed_at)
select $1, $2, 'course_purchase', p.amount, p.currency, $3, 'completed', d.day, d.day
from (select now() - make_interval(days => $4)) as d (day)
cross join lateral private.price_for($1, $2, (d.day at time zone 'UTC')::date) p

-- name: add_enrollment as service_role
-- A member enrols himself, by the rule that holds for everybody.
insert into public.enrollments (course_id, member_id) values ($1, $2) returning id

-- name: lessons_of as service_role
-- A course's lessons in their order, with their video.
select l.id, v.id as video_id, v.duration
from public.lessons l
join public.course_modules m on m.id = l.module_id
left join public.lesson_videos v on v.lesson_id = l.id
where l.course_id = $1
order by m.module_order, l.lesson_order

-- name: add_coverage as service_role
-- What a member watched of a video.
insert into public.video_analytics (
    user_id, video_id, course_id, lesson_id, enrollment_id, watched, watched_seconds, duration_seconds, goal_seconds,
    last_watched_position_seconds, play_seconds
)
select $1, v.id, v.course_id, v.lesson_id, $3, int4multirange(int4range(0, $4)), $4, v.duration,
    ceil(v.duration * l.watched_percentage_required / 100)::integer, $4, $4
from public.lesson_videos v join public.lessons l on l.id = v.lesson_id where v.id = $2

-- name: begin_lesson as service_role
-- A lesson that was opened and not completed.
insert into public.lesson_progress (enrollment_id, lesson_id, course_id, status, started_at)
select $1, l.id, l.course_id, 'in_progress', now() from public.lessons l where l.id = $2

-- name: complete_lesson as service_role
-- A lesson that was completed.
select private.complete_lesson($1, $2)

-- name: leave as service_role
-- An enrollment that was left.
update public.enrollments set status = 'dropped' where id = $1

-- name: date_back as service_role
-- Moves an enrollment and what belongs to it into the past, by days since it began and since it was last touched.
with moved as (
    update public.enrollments set
        enrolled_at = now() - make_interval(days => $2),
        started_at = case when started_at is not null then now() - make_interval(days => $2) end,
        completed_at = case when completed_at is not null then now() - make_interval(days => $3) end,
        last_accessed_at = case when started_at is not null then now() - make_interval(days => $3) end,
        current_lesson_id = $4
    where id = $1
), lessons as (
    update public.lesson_progress set
        started_at = now() - make_interval(days => $2),
        completed_at = case when completed_at is not null then now() - make_interval(days => $3) end
    where enrollment_id = $1
)
update public.certificates set completed_at = now() - make_interval(days => $3), issued_at = now() - make_interval(days => $3)
where enrollment_id = $1

-- name: certificates_without_document as service_role
-- Certificates whose document is still to be made.
select id from public.certificates where pdf_key is null and pdf_error is null order by issued_at

-- name: revoke as service_role
-- A certificate that was withdrawn.
update public.certificates set revoked_at = now(), revoked_reason = $1, revoked_by = $2
where id = (select id from public.certificates order by issued_at limit 1)

-- name: anybody as service_role
-- Whether the site has people already.
select exists (select 1 from public.profiles)

-- name: who_may_take as service_role
-- Members who take a course and may learn now, in a stable order; the one whom a visitor signs in as first.
select e.member_id from public.enrollments e
where e.course_id = $1 and e.status in ('enrolled', 'in_progress', 'completed')
order by e.created_at desc, e.id limit $2

-- name: add_task
-- A published assignment of a course, handed in as text, due in ten days.
insert into public.assignments (
    course_id, title, description, instructions_html, status, total_points, passing_percentage, rubric, submission_type, max_submissions,
    available_from, due_date
) values ($1, $2, $3, $4, 'published', $5, 60, $6, 'text_entry', 2, now() - interval '20 days', date_trunc('day', now()) + interval '10 days 22 hours')
returning id

-- name: play_package as service_role
-- Lets a lesson play a package.
insert into public.lesson_scorm_packages (lesson_id, course_id, scorm_package_id) values ($1, $2, $3)

-- name: package_lessons as service_role
-- The lessons of a course that play packages.
select id from public.lessons where course_id = $1 and lesson_type = 'scorm' order by id

-- name: course
-- All that is decided about a course that the person who asks teaches, and its author's name.
select c.title, c.slug, c.status, c.description, c.short_description, c.learning_objectives, c.target_audience, c.tags, c.category,
    c.difficulty_level, c.ce_credits, c.pricing_type, c.price, c.member_price, c.currency, c.delivery_format,
    c.estimated_duration_minutes, c.allow_enrollment, c.max_enrollments, c.enrollment_start_date, c.enrollment_end_date,
    c.course_start_date, c.course_end_date, c.completion_certificate, c.enable_discussion_forum, c.enable_peer_review,
    c.thumbnail_url, c.promo_video_url, c.syllabus_url,
    (select i.display_name from public.instructor_profiles i where i.profile_id = c.instructor_id) as author
from public.courses c
where c.id = $1 and (c.id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

-- name: modules
-- The modules of a course in order, without those that were removed.
select m.id, m.title, m.description, m.learning_objectives, m.is_preview, m.unlock_after_module_id, m.unlock_date,
    m.estimated_duration_minutes
from public.course_modules m where m.course_id = $1 and m.state <> 'retired'
order by m.module_order;

-- name: lessons
-- The lessons of a course in order, without those that were removed, with where a link leads.
select l.id, l.module_id, l.title, l.lesson_type, l.description, l.learning_objectives, l.is_preview, l.unlock_after_lesson_id,
    l.unlock_date, l.require_completion, l.completion_criteria, l.min_time_seconds, l.watched_percentage_required,
    l.estimated_duration_minutes, l.enable_video_controls, l.allow_download, k.content_url,
    array(select p.requires_lesson_id from public.lesson_prerequisites p where p.lesson_id = l.id) as prerequisites
from public.lessons l
join public.course_modules m on m.id = l.module_id and m.state <> 'retired'
left join public.lesson_links k on k.lesson_id = l.id
where l.course_id = $1 and l.state <> 'retired'
order by m.module_order, l.lesson_order;

-- name: blocks
-- The content of a course's lessons, piece by piece.
select b.lesson_id, b.type::text as type, b.content from public.content_blocks b where b.course_id = $1 order by b.lesson_id, b.order_index;

-- name: attachments
-- The attachments of a course's lessons in order.
select a.lesson_id, a.file_name, a.file_url, a.file_size_bytes, a.description, a.requires_enrollment
from public.lesson_attachments a where a.course_id = $1 and a.removed_at is null order by a.lesson_id, a.attachment_order, a.created_at;

-- name: documents
-- The documents of a course's PDF lessons.
select d.lesson_id, d.file_key, d.file_name, d.file_size_bytes from public.lesson_documents d where d.course_id = $1;

-- name: videos
-- The films of a course's lessons.
select v.id, v.lesson_id, v.hosting_provider, v.source_key, v.playlist_key, v.poster_key, v.storyboard_key, v.external_url, v.duration,
    v.max_rate, v.captions, v.transcript, v.renditions, v.processing_state
from public.lesson_videos v where v.course_id = $1;

-- name: prerequisites
-- What a course asks for first.
select p.requirement, c.title, c.slug
from public.course_prerequisites p left join public.courses c on c.id = p.requires_course_id
where p.course_id = $1 order by coalesce(p.requirement, c.title), p.id;

-- name: not_taken
-- How many quizzes, assignments, live sessions and dated prices belong to a course: what no package holds.
select
    (select count(*) from public.quizzes q where q.of_course_id = $1) as quizzes,
    (select count(*) from public.assignments a where a.course_id = $1) as assignments,
    (select count(*) from public.live_sessions s where s.course_id = $1) as sessions,
    (select count(*) from public.prices p where p.course_id = $1) as prices;

-- name: stored_files
-- Files of the library by their ids or by where they lie, as far as the person who asks may see them.
select f.id, f.storage_key, f.filename, f.byte_size, f.sha256
from public.media_files f where (f.id = any ($1::uuid[]) or f.storage_key = any ($2::text[])) and f.state = 'ready';

-- name: set_course
-- Gives a course that was just made what its package says of it.
update public.courses set
    short_description = nullif($2, ''), learning_objectives = $3, target_audience = nullif($4, ''), tags = $5, difficulty_level = $6,
    ce_credits = $7, pricing_type = $8, price = $9, member_price = $10, currency = $11, delivery_format = $12,
    estimated_duration_minutes = $13, allow_enrollment = $14, max_enrollments = $15, enrollment_start_date = $16,
    enrollment_end_date = $17, course_start_date = $18, course_end_date = $19, completion_certificate = $20,
    enable_discussion_forum = $21, enable_peer_review = $22, thumbnail_url = $23, promo_video_url = $24, syllabus_url = $25
where id = $1;

-- name: set_module
-- Gives a module that was just made what its package says of it.
update public.course_modules set
    description = nullif($2, ''), learning_objectives = $3, is_preview = $4, unlock_after_module_id = $5, unlock_date = $6,
    estimated_duration_minutes = $7
where id = $1;

-- name: set_lesson
-- Gives a lesson that was just made the rest of what its package says of it.
update public.lessons set unlock_after_lesson_id = $2, unlock_date = $3, enable_video_controls = $4, allow_download = $5 where id = $1;

-- name: add_lesson_prerequisite
-- A lesson that must be complete before another one opens.
insert into public.lesson_prerequisites (lesson_id, requires_lesson_id, course_id) values ($1, $2, $3);

-- name: add_prerequisite
-- What a course asks for first: the course of that address and title where there is one here, else words.
insert into public.course_prerequisites (course_id, requires_course_id, requirement)
select $1, c.id, case when c.id is null then coalesce($4, 'Complete “' || $2::text || '” first.') end
from (select 1) one left join public.courses c on c.slug = $3 and c.title = $2 and c.status = 'published' and c.id <> $1
on conflict do nothing;

-- name: add_block
-- A piece of a lesson's content.
insert into public.content_blocks (lesson_id, course_id, type, content, order_index) values ($1, $2, $3::text::public.content_type, $4, $5);

-- name: add_link
-- Where an external lesson is.
insert into public.lesson_links (lesson_id, course_id, content_url) values ($1, $2, $3);

-- name: add_prepared_video as service_role
-- A film with what was made of it elsewhere, ready to be watched.
insert into public.lesson_videos (
    id, lesson_id, course_id, hosting_provider, source_key, file_id, playlist_key, poster_key, storyboard_key, duration, max_rate,
    transcript, renditions, processing_state
)
values ($1, $2, $3, 'upload', $4, $5, $6, $7, $8, $9, $10, $11, $12, 'ready');

-- name: set_length
-- How long a film at a provider is, as its package says.
select public.set_video_length($1, $2);

-- name: set_film as service_role
-- The fastest playback of a film whose seconds count, and its words where no captions bring them.
update public.lesson_videos set max_rate = $2, transcript = case when transcript = '[]' then $3 else transcript end where id = $1;

-- name: give_files as service_role
-- Puts files that an import registered into its course, so that the team shares them.
update public.media_files set course_id = $1 where id = any ($2::uuid[]);

-- name: carry_over as service_role
-- What a copy within this site keeps and no package holds: the designation and the certificate's form.
update public.courses n set designation_id = o.designation_id, certificate_template_id = o.certificate_template_id
from public.courses o where o.id = $2 and n.id = $1;

-- name: begin_import
-- Notes the wish to import a package, and queues its reading.
select public.begin_course_import($1);

-- name: begin_copy
-- Notes the wish to copy a course, and queues it.
select public.begin_course_copy($1, $2);

-- name: run_import
-- Has a package imported that was read.
select public.run_course_import($1);

-- name: cancel_import
-- Gives an import up.
select public.cancel_course_import($1);

-- name: import_
-- One import of the person who asks.
select i.id, i.kind, i.file_id, i.file_name, i.file_size, i.state, i.progress, i.step, i.report, i.problem, i.course_id, i.created_at,
    i.updated_at, i.finished_at, i.updated_at < now() - interval '10 minutes' as is_stuck,
    c.title as course_title,
    (select count(*) from public.course_imports o
        where o.owner_id = i.owner_id and o.sha256 = i.sha256 and o.state = 'done' and o.id <> i.id) as times_before
from public.course_imports i left join public.courses c on c.id = i.course_id
where i.id = $1 and i.owner_id = (select auth.uid());

-- name: imports
-- The imports of the person who asks, the latest first, after one of them; $3 is how many.
select i.id, i.kind, i.file_name, i.state, i.progress, i.report ->> 'title' as title, i.course_id, c.title as course_title, i.created_at
from public.course_imports i left join public.courses c on c.id = i.course_id
where i.owner_id = (select auth.uid()) and ($1::timestamptz is null or (i.created_at, i.id) < ($1, $2::uuid))
order by i.created_at desc, i.id desc limit $3;

-- name: work as service_role
-- What a job is to do.
select i.id, i.owner_id, i.kind, i.state, i.file_name, i.source_course_id, i.wished_title, f.storage_key
from public.course_imports i left join public.media_files f on f.id = i.file_id and f.state = 'ready'
where i.id = $1;

-- name: note_progress as service_role
-- Says how far a job has come; answers nothing when its import was given up.
update public.course_imports set progress = $2, step = $3, updated_at = now()
where id = $1 and state in ('reading', 'importing') returning state;

-- name: note_read as service_role
-- Keeps what was read of a package.
update public.course_imports set
    kind = coalesce($2, kind), state = $3, report = $4, problem = $5, progress = 100, step = '', finished_at = case when $3 = 'refused' then now() end
where id = $1 and state = 'reading';

-- name: note_made as service_role
-- Says which course was made, unless the import was given up meanwhile.
update public.course_imports set state = 'done', course_id = $2, report = coalesce($3, report), progress = 100, step = '', finished_at = now()
where id = $1 and state = 'importing' returning id;

-- name: note_failed as service_role
-- Says in words why an import ended without a course.
update public.course_imports set state = 'failed', problem = left($2, 2000), step = '', finished_at = now()
where id = $1 and state in ('reading', 'importing');

-- name: own_packages
-- The latest packages in the media library of the person who asks.
select f.id, f.filename, f.byte_size, f.created_at from public.media_files f
where f.owner_id = (select auth.uid()) and f.purpose = 'package' and f.state = 'ready'
order by f.created_at desc, f.id limit 20;

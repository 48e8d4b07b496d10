-- name: course
-- A course that the person who asks teaches or administers.
select c.id, c.title, c.slug, c.status, c.category, c.description, c.short_description, c.instructor_id, c.published_at,
    c.created_at, c.updated_at, c.thumbnail_url
from public.courses c
where c.id = $1 and (c.id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

-- name: my_courses
-- One page of the courses that the person who asks may edit, after a cursor; $1 words, $2 status, $3 own ones only, $4 order.
with mine as (
    select
        c.id, c.title, c.slug, c.status, c.category, c.thumbnail_url, c.total_enrollments, c.created_at,
        greatest(
            c.created_at, c.published_at, c.archived_at,
            (select max(m.updated_at) from public.course_modules m where m.course_id = c.id),
            (select max(l.updated_at) from public.lessons l where l.course_id = c.id),
            (select max(b.updated_at) from public.content_blocks b where b.course_id = c.id)
        ) as changed_at
    from public.courses c
    where (c.id = any (array(select private.my_taught_course_ids())) or ((select private.is_admin()) and not $3::boolean))
        and ($2::text = '' or c.status = $2)
        and ($1::text = '' or private.fold(c.title) like '%' || private.fold($1) || '%')
), ordered as (
    select
        m.*,
        case $4::text
            when 'changed' then - extract(epoch from m.changed_at)::double precision
            when 'newest' then - extract(epoch from m.created_at)::double precision
            when 'learners' then - m.total_enrollments::double precision
            else 0
        end as order_number,
        private.fold(m.title) as order_text
    from mine m
), page as (
    select * from ordered o
    where $5::double precision is null or (o.order_number, o.order_text, o.id) > ($5, $6::text, $7::uuid)
    order by o.order_number, o.order_text, o.id
    limit $8
)
select
    p.id, p.title, p.slug, p.status, p.category, p.thumbnail_url,
    (select count(*) from public.course_modules m where m.course_id = p.id and m.state <> 'retired') as modules,
    (select count(*) from public.lessons l where l.course_id = p.id and l.state <> 'retired') as lessons,
    p.total_enrollments as learners, p.changed_at, p.order_number, p.order_text
from page p
order by p.order_number, p.order_text, p.id;

-- name: count_my_courses
-- How many courses the person who asks may edit, by status; $1 own ones only.
select c.status, count(*) as courses
from public.courses c
where c.id = any (array(select private.my_taught_course_ids())) or ((select private.is_admin()) and not $1::boolean)
group by c.status;

-- name: add_course
-- Makes a draft of the person who asks; answers nothing when the slug is taken.
insert into public.courses (title, slug, description, category, instructor_id, created_by)
values ($1, $2, $3, $4, (select auth.uid()), (select auth.uid()))
on conflict (slug) do nothing
returning id;

-- name: hold_outline
-- Lets one at a time change the outline of a course, until the transaction ends.
select pg_advisory_xact_lock(hashtextextended('outline:' || $1::uuid::text, 0));

-- name: add_module
-- A new module at the end of a course.
insert into public.course_modules (course_id, title, module_order)
values ($1, $2, coalesce((
    select max(m.module_order) from public.course_modules m where m.course_id = $1 and m.state <> 'retired'
), 0) + 1)
returning id;

-- name: course_of_module
-- The course of a module that the person who asks may change.
select m.course_id from public.course_modules m
where m.id = $1 and (m.course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

-- name: add_lesson
-- A new lesson at the end of a module.
insert into public.lessons (
    module_id, course_id, lesson_type, title, lesson_order, description, require_completion, is_preview, completion_criteria,
    min_time_seconds, watched_percentage_required, estimated_duration_minutes, learning_objectives
)
values (
    $1, $2, $3, $4, coalesce((
        select max(l.lesson_order) from public.lessons l where l.module_id = $1 and l.state <> 'retired'
    ), 0) + 1,
    $5, $6, $7, $8, $9, $10, $11, $12::jsonb
)
returning id;

-- name: outline_modules
-- The modules of a course in their order, without those that were removed.
select m.id, m.title, m.state, m.unlock_date, b.title as waits_for
from public.course_modules m
left join public.course_modules b on b.id = m.unlock_after_module_id and b.state <> 'retired'
where m.course_id = $1 and m.state <> 'retired'
order by m.module_order;

-- name: outline_lessons
-- The lessons of a course in their order, without those that were removed, with what is known of their content.
select
    l.id, l.module_id, l.title, l.lesson_type, l.state, l.is_preview, l.require_completion,
    coalesce(l.estimated_duration_minutes, ceil(v.duration / 60.0)::integer) as minutes, l.unlock_date,
    array(
        select b.title from public.lessons b
        where b.state <> 'retired' and (b.id = l.unlock_after_lesson_id or b.id in (
            select p.requires_lesson_id from public.lesson_prerequisites p where p.lesson_id = l.id
        ))
        order by b.lesson_order
    ) as waits_for,
    v.processing_state as video_state, v.duration as video_duration,
    case l.lesson_type
        when 'video' then v.id is null
        when 'text' then not exists (select 1 from public.content_blocks b where b.lesson_id = l.id)
            and not exists (select 1 from public.lesson_attachments a where a.lesson_id = l.id and a.removed_at is null)
        when 'pdf' then not exists (select 1 from public.lesson_documents d where d.lesson_id = l.id)
        when 'quiz' then not exists (
            select 1 from public.quizzes z join public.quiz_questions p on p.quiz_id = z.id where z.lesson_id = l.id
        )
        when 'assignment' then not exists (select 1 from public.assignments a where a.lesson_id = l.id and a.status <> 'draft')
        when 'external_link' then not exists (select 1 from public.lesson_links k where k.lesson_id = l.id)
        when 'embedded_content' then not exists (select 1 from public.lesson_links k where k.lesson_id = l.id)
        else true
    end as is_empty
from public.lessons l
left join public.lesson_videos v on v.lesson_id = l.id
where l.course_id = $1 and l.state <> 'retired'
order by l.lesson_order;

-- name: removed_parts
-- What was taken out of a course and can be put back, the last first; a module stands for the lessons that went with it.
select 'module' as kind, m.id, m.title, m.retired_at,
    (select count(*) from public.lessons l where l.module_id = m.id and l.retired_at = m.retired_at) as lessons
from public.course_modules m where m.course_id = $1 and m.state = 'retired'
union all
select 'lesson', l.id, l.title, l.retired_at, 0
from public.lessons l join public.course_modules m on m.id = l.module_id
where l.course_id = $1 and l.state = 'retired' and l.retired_at is distinct from m.retired_at
order by 4 desc, 3
limit 50;

-- name: arrangement
-- The modules of a course in order with the ids of their lessons in order.
select m.id, array(
    select l.id from public.lessons l where l.module_id = m.id and l.state <> 'retired' order by l.lesson_order
) as lessons
from public.course_modules m
where m.course_id = $1 and m.state <> 'retired'
order by m.module_order;

-- name: order_outline
-- Puts a course in order at once, unless it is not what was seen any more.
select public.order_outline($1, $2::jsonb, $3::jsonb);

-- name: rename_lesson
-- Gives a lesson another title.
update public.lessons set title = $3 where id = $2 and course_id = $1 and state <> 'retired' returning title;

-- name: rename_module
-- Gives a module another title.
update public.course_modules set title = $3 where id = $2 and course_id = $1 and state <> 'retired' returning title;

-- name: titles_of_parts
-- Titles of some lessons and modules of a course, also of those that were removed.
select l.id, l.title from public.lessons l where l.course_id = $1 and l.id = any ($2::uuid[])
union all
select m.id, m.title from public.course_modules m where m.course_id = $1 and m.id = any ($2::uuid[]);

-- name: copy_lesson
-- Copies a lesson into a module; answers the copy.
select public.copy_lesson($1, $2);

-- name: copy_module
-- Copies a module into a course; answers the copy.
select public.copy_module($1, $2);

-- name: remove_lesson
-- Takes a lesson out of its course.
select public.remove_lesson($1);

-- name: remove_module
-- Takes a module with its lessons out of its course.
select public.remove_module($1);

-- name: restore_lesson
-- Puts a lesson back that was taken out.
select public.restore_lesson($1);

-- name: restore_module
-- Puts a module back that was taken out, with the lessons that went with it.
select public.restore_module($1);

-- name: require_lessons
-- Makes lessons of a course required or optional; answers how many.
with changed as (
    update public.lessons set require_completion = $3
    where course_id = $1 and id = any ($2::uuid[]) and state <> 'retired' and require_completion <> $3 returning id
)
select count(*) from changed;

-- name: open_lessons_on
-- Has lessons of a course open on a date, or at once; answers how many.
with changed as (
    update public.lessons set unlock_date = $3
    where course_id = $1 and id = any ($2::uuid[]) and state <> 'retired' and unlock_date is distinct from $3 returning id
)
select count(*) from changed;

-- name: homes
-- Courses that the person who asks may edit, with their modules: where a copy can go. The last changed first.
select c.id, c.title, coalesce((
    select jsonb_agg(jsonb_build_array(m.id, m.title) order by m.module_order)
    from public.course_modules m where m.course_id = c.id and m.state <> 'retired'
), '[]') as modules
from public.courses c
where c.status <> 'archived' and c.id <> $1
    and (c.id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
order by c.updated_at desc, c.id
limit 200;

-- name: lesson_settings
-- What is decided about a lesson, and whether its type may still change; for whoever teaches its course.
select
    l.id, l.module_id, l.title, coalesce(l.description, '') as description, l.lesson_type, l.state, l.completion_criteria,
    l.min_time_seconds, l.watched_percentage_required, l.require_completion, l.is_preview, l.unlock_after_lesson_id,
    l.unlock_date, l.estimated_duration_minutes, l.learning_objectives,
    array(
        select p.requires_lesson_id from public.lesson_prerequisites p join public.lessons b on b.id = p.requires_lesson_id
        where p.lesson_id = l.id and b.state <> 'retired' order by p.requires_lesson_id
    ) as requires,
    not exists (select 1 from public.content_blocks b where b.lesson_id = l.id)
        and not exists (select 1 from public.lesson_videos v where v.lesson_id = l.id)
        and not exists (select 1 from public.lesson_links k where k.lesson_id = l.id)
        and not exists (select 1 from public.lesson_documents d where d.lesson_id = l.id)
        and not exists (select 1 from public.lesson_scorm_packages s where s.lesson_id = l.id)
        and not exists (select 1 from public.lesson_progress p where p.lesson_id = l.id) as type_is_open
from public.lessons l
where l.id = $2 and l.course_id = $1 and l.state <> 'retired'
    and (l.course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

-- name: hold_lesson
-- Lets one at a time change what is decided about a lesson.
select 1 from public.lessons where id = $2 and course_id = $1 for no key update;

-- name: keep_lesson_settings
-- Keeps what was decided about a lesson.
update public.lessons set
    title = $3, description = nullif($4, ''), lesson_type = $5, completion_criteria = $6, min_time_seconds = $7,
    watched_percentage_required = $8, require_completion = $9, is_preview = $10, unlock_after_lesson_id = $11,
    unlock_date = $12, estimated_duration_minutes = $13, learning_objectives = $14::jsonb
where id = $2 and course_id = $1 and state <> 'retired';

-- name: drop_prerequisites
-- Forgets the lessons that a lesson required and does not any more.
delete from public.lesson_prerequisites where lesson_id = $2 and course_id = $1 and requires_lesson_id <> all ($3::uuid[]);

-- name: add_prerequisites
-- Has a lesson require others of its course.
insert into public.lesson_prerequisites (lesson_id, requires_lesson_id, course_id)
select $2, r.id, $1 from unnest($3::uuid[]) as r (id)
on conflict (lesson_id, requires_lesson_id) do nothing;

-- name: module_settings
-- What is decided about a module, for whoever teaches its course.
select
    m.id, m.title, coalesce(m.description, '') as description, m.state, m.unlock_after_module_id, m.unlock_date,
    m.estimated_duration_minutes, m.learning_objectives
from public.course_modules m
where m.id = $2 and m.course_id = $1 and m.state <> 'retired'
    and (m.course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

-- name: hold_module
-- Lets one at a time change what is decided about a module.
select 1 from public.course_modules where id = $2 and course_id = $1 for no key update;

-- name: keep_module_settings
-- Keeps what was decided about a module.
update public.course_modules set
    title = $3, description = nullif($4, ''), unlock_after_module_id = $5, unlock_date = $6, estimated_duration_minutes = $7,
    learning_objectives = $8::jsonb
where id = $2 and course_id = $1 and state <> 'retired';

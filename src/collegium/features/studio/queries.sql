-- name: course
-- A course that the person who asks teaches or administers.
select c.id, c.title, c.slug, c.status, c.category, c.description, c.short_description, c.instructor_id, c.published_at,
    c.created_at, c.updated_at
from public.courses c
where c.id = $1 and (c.id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

-- name: my_courses
-- One page of the courses that the person who asks may edit, after a cursor; $1 words, $2 status, $3 own ones only, $4 order.
with mine as (
    select
        c.id, c.title, c.slug, c.status, c.category, c.total_enrollments, c.created_at,
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
    p.id, p.title, p.slug, p.status, p.category,
    (select count(*) from public.course_modules m where m.course_id = p.id) as modules,
    (select count(*) from public.lessons l where l.course_id = p.id) as lessons,
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
values ($1, $2, coalesce((select max(m.module_order) from public.course_modules m where m.course_id = $1), 0) + 1)
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
    $1, $2, $3, $4, coalesce((select max(l.lesson_order) from public.lessons l where l.module_id = $1), 0) + 1,
    $5, $6, $7, $8, $9, $10, $11, $12::jsonb
)
returning id;

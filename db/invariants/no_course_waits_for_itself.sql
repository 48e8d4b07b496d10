-- No course requires itself, directly or through others, and no lesson or module waits for itself.
with recursive before_it (course_id, requires_course_id) as (
    select course_id, requires_course_id from public.course_prerequisites where requires_course_id is not null
    union
    select b.course_id, p.requires_course_id
    from before_it b join public.course_prerequisites p on p.course_id = b.requires_course_id
    where p.requires_course_id is not null
)
select course_id as id from before_it where course_id = requires_course_id
union all
select id from public.lessons where private.waits_for_itself(id)
union all
select id from public.course_modules where private.waits_for_itself(id)

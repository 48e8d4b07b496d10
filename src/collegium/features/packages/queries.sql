-- name: begin_import
-- Notes the wish to import an archive of the library, and queues it.
select public.begin_package_import($1, $2);

-- name: retry_import
-- Has an import done again that failed or was broken off.
select public.retry_package_import($1);

-- name: delete_package
-- Deletes a package without evidence; answers its title.
select public.delete_scorm_package($1);

-- name: start_run as service_role
-- Gives an import that waits to the run that asks; answers what it is about.
update public.scorm_packages p set import_state = 'importing', import_run = $2, import_progress = 0, import_step = 'Fetching the archive'
from public.media_files f
where p.id = $1 and p.import_state = 'waiting' and f.id = p.file_id and f.state = 'ready'
returning p.id, p.title, p.file_name, p.new_version_of, f.storage_key;

-- name: archive_gone as service_role
-- Fails an import that waits and whose archive is not there any more.
update public.scorm_packages p set import_state = 'failed', import_errors = $2
where p.id = $1 and p.import_state = 'waiting'
  and not exists (select 1 from public.media_files f where f.id = p.file_id and f.state = 'ready');

-- name: note_progress as service_role
-- Says how far a run has come; answers nothing when it is not the one that counts any more.
update public.scorm_packages set import_progress = $3, import_step = $4
where id = $1 and import_run = $2 and import_state = 'importing' returning id;

-- name: note_failed as service_role
-- Says why an import failed.
update public.scorm_packages set import_state = 'failed', import_errors = $3, import_warnings = $4, import_step = '', import_run = null
where id = $1 and import_run = $2 and import_state = 'importing' returning id;

-- name: note_ready as service_role
-- What was read of a package, which can be played from now on; answers nothing when the run does not count any more.
update public.scorm_packages set
    import_state = 'ready', import_progress = 100, import_step = '', import_run = null, imported_at = now(),
    title = $3, description = $4, version = $5, edition = $6, launch_url = $7, manifest = $8, storage_prefix = $9,
    file_count = $10, unpacked_bytes = $11, import_errors = '[]', import_warnings = $12
where id = $1 and import_run = $2 and import_state = 'importing' returning id;

-- name: add_items as service_role
-- The activities of a package, parents before their children.
insert into public.scorm_items (
    id, scorm_package_id, identifier, organization, parent_id, item_order, kind, is_default, title, is_visible, launch_href, parameters,
    launch_data, prerequisites, mastery_score, completion_threshold, max_time_allowed, time_limit_action, sequencing
)
select i.id, $1, i.identifier, i.organization, i.parent_id, i.item_order, i.kind, i.is_default, i.title, i.is_visible, i.launch_href,
    i.parameters, i.launch_data, i.prerequisites, i.mastery_score, i.completion_threshold, make_interval(secs => i.max_time_allowed),
    i.time_limit_action, i.sequencing
from jsonb_to_recordset($2) i (
    id uuid, identifier text, organization text, parent_id uuid, item_order integer, kind text, is_default boolean, title text,
    is_visible boolean, launch_href text, parameters text, launch_data text, prerequisites text, mastery_score numeric,
    completion_threshold numeric, max_time_allowed double precision, time_limit_action text, sequencing jsonb
);

-- name: add_files as service_role
-- The files of a package.
insert into public.scorm_package_files (scorm_package_id, path, storage_key, size_bytes, media_type)
select $1, f.path, $2 || f.stored_as, f.size, f.media_type
from unnest($3::text[], $4::text[], $5::bigint[], $6::text[]) as f (path, stored_as, size, media_type);

-- name: take_over as service_role
-- Puts a new version in the place of the one before it; answers which that was.
select private.take_package_over($1);

-- name: played as service_role
-- Standard and edition of a package that is ready.
select standard, edition from public.scorm_packages where id = $1 and import_state = 'ready';

-- name: activities as service_role
-- The activities of the organisation that is played, the default one where none is named, each after its parent and in its place.
select i.id, i.identifier, i.title, i.kind, i.is_visible, i.launch_href, i.parameters, i.launch_data, i.prerequisites, i.mastery_score,
    i.completion_threshold, extract(epoch from i.max_time_allowed) as max_time_allowed, i.time_limit_action, i.sequencing, i.parent_id
from public.scorm_items i
where i.scorm_package_id = $1
  and i.organization = coalesce($2, (select o.identifier from public.scorm_items o where o.scorm_package_id = $1 and o.is_default))
order by i.parent_id nulls first, i.item_order;

-- name: library
-- Packages that the person who asks manages, the latest first, after one of them.
select p.id, p.title, p.standard, p.edition, p.import_state, p.import_progress, p.is_active, p.is_shared, p.replaced_by, p.size_bytes,
    p.created_at, p.file_name, coalesce(p.created_by = (select auth.uid()), false) as is_mine, i.display_name as owner,
    (select count(*) from public.lesson_scorm_packages l where l.scorm_package_id = p.id)::int as lessons,
    jsonb_array_length(p.import_warnings) as warnings
from public.scorm_packages p left join public.instructor_profiles i on i.profile_id = p.created_by
where (p.id = any (array(select private.my_managed_scorm_package_ids())) or (select private.is_admin()))
  and ($1::text = '' or p.title ilike '%' || $1 || '%' or p.file_name ilike '%' || $1 || '%')
  and ($2::text = '' or (p.standard = $2 and p.import_state = 'ready'))
  and case $3::text
      when 'all' then true
      when 'under_way' then p.import_state in ('waiting', 'importing')
      when 'failed' then p.import_state = 'failed'
      when 'retired' then p.import_state = 'ready' and not p.is_active
      when 'replaced' then p.replaced_by is not null
      when 'usable' then p.import_state = 'ready' and p.is_active and p.replaced_by is null
      else p.replaced_by is null
  end
  and ($4::timestamptz is null or (p.created_at, p.id) < ($4, $5::uuid))
order by p.created_at desc, p.id desc limit $6;

-- name: package
-- One package that the person who asks manages.
select p.id, p.title, p.description, p.standard, p.edition, p.passing_score, p.completion_rule, p.max_attempts, p.is_active, p.is_shared,
    p.size_bytes, p.unpacked_bytes, p.file_count, p.import_state, p.import_progress, p.import_step, p.import_errors, p.import_warnings,
    p.imported_at, p.replaced_by, p.new_version_of, p.created_by, p.created_at, p.file_name, i.display_name as owner,
    p.updated_at < now() - interval '10 minutes' as is_stuck,
    coalesce(p.created_by = (select auth.uid()), false) or (select private.is_admin()) as may_change
from public.scorm_packages p left join public.instructor_profiles i on i.profile_id = p.created_by
where p.id = $1 and (p.id = any (array(select private.my_managed_scorm_package_ids())) or (select private.is_admin()));

-- name: items
-- The activities of all organisations of a package, each organisation with its own, in no order but that of places.
select i.id, i.parent_id, i.identifier, i.organization, i.item_order, i.kind, i.is_default, i.title, i.is_visible, i.launch_href,
    i.sequencing <> '{}' as is_sequenced
from public.scorm_items i where i.scorm_package_id = $1
order by i.parent_id nulls first, i.item_order;

-- name: largest_files
-- The largest files of a package.
select f.path, f.size_bytes, f.media_type from public.scorm_package_files f
where f.scorm_package_id = $1 order by f.size_bytes desc, f.path limit $2;

-- name: line
-- All versions of a package, the oldest first, with how many people began each of them, as far as the person who asks may see it.
with recursive before (id, depth) as (
    select $1::uuid, 0
    union all
    select p.id, before.depth + 1 from before join public.scorm_packages p on p.replaced_by = before.id where before.depth < 100
), after (id, replaced_by, depth) as (
    select p.id, p.replaced_by, 0 from public.scorm_packages p where p.id = $1
    union all
    select p.id, p.replaced_by, after.depth + 1 from after join public.scorm_packages p on p.id = after.replaced_by where after.depth < 100
)
select p.id, p.title, p.created_at, p.imported_at, p.replaced_by, p.is_active,
    count(e.id)::int as people, count(e.id) filter (where e.criterion_met_at is not null)::int as finished,
    count(e.id) filter (where e.enrollment_id is not null and e.criterion_met_at is null and e.course_id = any (array(select private.my_taught_course_ids()))
        and not exists (
            select 1 from public.scorm_enrollments n
            where n.enrollment_id = e.enrollment_id and n.lesson_id = e.lesson_id and (n.created_at, n.id) > (e.created_at, e.id)
        ))::int as behind
from (select id from before union select id from after) line
join public.scorm_packages p on p.id = line.id
left join public.scorm_enrollments e on e.scorm_package_id = p.id and (e.enrollment_id is not null or e.attempts > 0)
group by p.id order by p.created_at, p.id;

-- name: used_in
-- The lessons that play one of some packages, as far as the person who asks may see them.
select l.lesson_id, l.course_id, x.title as lesson_title, c.title as course_title, l.scorm_package_id, l.organization,
    l.course_id = any (array(select private.my_taught_course_ids())) as is_mine
from public.lesson_scorm_packages l
join public.lessons x on x.id = l.lesson_id
join public.courses c on c.id = l.course_id
where l.scorm_package_id = any ($1)
order by c.title, x.title, l.lesson_id limit 200;

-- name: change
-- Changes what a package is called and who may use it.
update public.scorm_packages set title = $2, description = $3, is_shared = $4 where id = $1 returning id;

-- name: set_active
-- Retires a package, or takes it back into use.
update public.scorm_packages set is_active = $2 where id = $1 returning id;

-- name: lesson
-- A lesson of type scorm in a course that the person who asks teaches.
select l.id, l.title, l.lesson_type::text as lesson_type, l.course_id from public.lessons l
where l.id = $2 and l.course_id = $1 and l.course_id = any (array(select private.my_taught_course_ids()));

-- name: attached
-- Which package a lesson plays, and how many people have begun a package in it.
select a.scorm_package_id as id, a.organization,
    (select count(distinct e.member_id) from public.scorm_enrollments e where e.lesson_id = $1)::int as people
from public.lesson_scorm_packages a where a.lesson_id = $1;

-- name: attach
-- Has a lesson play a package, or one of its organisations.
insert into public.lesson_scorm_packages (lesson_id, course_id, scorm_package_id, organization) values ($1, $2, $3, $4)
on conflict (lesson_id) do update set scorm_package_id = excluded.scorm_package_id, organization = excluded.organization;

-- name: detach
-- Takes the package out of a lesson.
delete from public.lesson_scorm_packages where lesson_id = $1 and course_id = $2 returning scorm_package_id;

-- name: preview_rule
-- What a rule would change, from what was recorded.
select public.preview_package_rule($1, $2, $3, $4);

-- name: set_rule
-- Gives a package another rule and holds what was recorded against it.
select public.set_package_rule($1, $2, $3, $4, $5);

-- name: history
-- What was decided about some packages, the latest first.
select h.id, h.scorm_package_id, h.kind, h.reason, h.details, h.created_at, concat_ws(' ', p.first_name, p.last_name) as made_by
from public.scorm_package_history h left join public.profiles p on p.id = h.made_by
where h.scorm_package_id = any ($1) order by h.created_at desc, h.id desc limit 50;

-- name: on_version
-- Learners of one's courses who have begun a version and were not moved to a newer one, by name after one of them.
select e.id, concat_ws(' ', m.first_name, m.last_name) as name, lower(concat_ws(' ', m.last_name, m.first_name)) as place, c.title as course, e.status,
    e.score, e.progress, e.last_accessed_at, e.criterion_met_at is not null as finished
from public.scorm_enrollments e
join public.profiles m on m.id = e.member_id
join public.courses c on c.id = e.course_id
where e.scorm_package_id = $1 and (e.course_id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()))
  and not exists (
      select 1 from public.scorm_enrollments n
      where n.enrollment_id = e.enrollment_id and n.lesson_id = e.lesson_id and (n.created_at, n.id) > (e.created_at, e.id)
  )
  and ($2::text = '' or (lower(concat_ws(' ', m.last_name, m.first_name)), e.id) > ($2, $3::uuid))
order by 3, e.id limit $4;

-- name: move
-- Lets learners begin the newest version anew.
select public.move_scorm_learners($1, $2, $3);

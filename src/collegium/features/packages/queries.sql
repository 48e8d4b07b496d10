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
-- The activities of the organisation that is played, each after its parent and in its place.
select i.id, i.identifier, i.title, i.kind, i.is_visible, i.launch_href, i.parameters, i.launch_data, i.prerequisites, i.mastery_score,
    i.completion_threshold, extract(epoch from i.max_time_allowed) as max_time_allowed, i.time_limit_action, i.sequencing, i.parent_id
from public.scorm_items i
where i.scorm_package_id = $1
  and i.organization = (select o.identifier from public.scorm_items o where o.scorm_package_id = $1 and o.is_default)
order by i.parent_id nulls first, i.item_order;

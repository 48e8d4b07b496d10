-- name: begin
-- Notes the wish to read questions of a file into the bank of a course ($1) or of an organisation ($5), and queues the reading.
select public.begin_question_import($1::uuid, $2::text, $3::bytea, $4::uuid, $5::uuid);

-- name: run
-- Has the chosen questions of a file that was read put into the bank.
select public.run_question_import($1::uuid, $2::integer[]);

-- name: cancel
-- Gives an import up.
select public.cancel_question_import($1::uuid);

-- name: import_
-- One import of the person who asks, into the bank of a course ($2) or of an organisation ($3).
select i.id, i.format, i.file_name, i.file_size, i.state, i.progress, i.step, i.report, i.chosen, i.made, i.problem,
    i.created_at, i.updated_at, i.finished_at, i.updated_at < now() - interval '10 minutes' as is_stuck
from public.question_imports i
where i.id = $1 and (i.course_id = $2 or i.organisation_id = $3) and i.owner_id = (select auth.uid());

-- name: imports
-- The imports of the person who asks into the bank of a course ($1) or of an organisation ($2), the latest first, after one of them; $5 is how many.
select i.id, i.format, i.file_name, i.state, i.progress, i.made, i.created_at
from public.question_imports i
where i.owner_id = (select auth.uid()) and (i.course_id = $1 or i.organisation_id = $2)
  and ($3::timestamptz is null or (i.created_at, i.id) < ($3, $4::uuid))
order by i.created_at desc, i.id desc limit $5;

-- name: known_texts
-- Which of these texts a question of a bank, of a course ($1) or of an organisation ($2), has already, in its newest version.
select distinct v.question_text
from public.questions q
cross join lateral (
    select w.question_text from public.question_versions w where w.question_id = q.id order by w.version desc limit 1
) v
where (q.course_id = $1 or q.organisation_id = $2) and v.question_text = any ($3::text[]);

-- name: work as service_role
-- What a job is to do.
select i.id, i.owner_id, i.course_id, i.organisation_id, i.state, i.file_name, i.chosen, i.content, f.storage_key
from public.question_imports i left join public.media_files f on f.id = i.file_id and f.state = 'ready'
where i.id = $1;

-- name: note_progress as service_role
-- Says how far a job has come; answers nothing when its import was given up.
update public.question_imports set progress = $2, step = $3, updated_at = now()
where id = $1 and state in ('reading', 'importing') returning state;

-- name: note_read as service_role
-- Keeps what was read of a file.
update public.question_imports set
    format = $2, state = $3, report = $4, problem = $5, progress = 100, step = '',
    content = case when $3 = 'refused' then null else content end, finished_at = case when $3 = 'refused' then now() end
where id = $1 and state = 'reading';

-- name: note_made as service_role
-- Says how many questions were made, unless the import was given up meanwhile.
update public.question_imports set state = 'done', made = $2, content = null, progress = 100, step = '', finished_at = now()
where id = $1 and state = 'importing' returning id;

-- name: note_failed as service_role
-- Says in words why an import ended without a question.
update public.question_imports set state = 'failed', problem = left($2, 2000), content = null, step = '', finished_at = now()
where id = $1 and state in ('reading', 'importing');

-- name: pictures
-- Files of the library by their ids, as far as the person who asks may see them.
select f.id, f.storage_key, f.filename, f.byte_size, f.mime_type from public.media_files f
where f.id = any ($1::uuid[]) and f.state = 'ready' and f.kind = 'image';

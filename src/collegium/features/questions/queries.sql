-- name: said
-- What is said to answers of some versions, as far as the person who asks may read their keys.
select v.id, v.question_type, v.answer_options, k.correct_answer, k.option_feedback
from public.question_versions v join public.question_keys k on k.question_version_id = v.id
where v.id = any ($1::uuid[]);

-- name: add_question
-- Puts a question without a version into a bank.
insert into public.questions (course_id, organisation_id, question_type, title, tags, difficulty, status)
values ($1, $2, $3, $4, $5, $6, $7) returning id;

-- name: save_version
-- Saves what a question asks and what is right, in place or as a new version.
select public.save_question_version($1::uuid, $2::jsonb, $3::jsonb);

-- name: describe
-- Changes what stays the same through all versions of a question.
update public.questions set title = $2, tags = $3, difficulty = $4, status = $5 where id = $1;

-- name: question
-- A question with its newest version, and with its key for who may read it.
select q.id, q.course_id, q.organisation_id, q.question_type, q.title, q.tags, q.difficulty, q.status, q.created_at, q.updated_at,
    v.id as version_id, v.version, v.question_text, v.question_html, v.answer_options, v.points, v.hint,
    v.image_url, v.image_alt, v.video_url, v.audio_url, v.rubric, v.word_limit, v.used_at,
    k.question_version_id is not null as has_key,
    coalesce(q.course_id = any (array(select private.my_taught_course_ids())), false)
        or coalesce(q.organisation_id = any (array(select private.my_managed_organisation_ids())), false)
        or (select private.is_admin()) as may_change,
    k.correct_answer, k.explanation, k.option_feedback
from public.questions q
cross join lateral (
    select w.* from public.question_versions w where w.question_id = q.id order by w.version desc limit 1
) v
left join public.question_keys k on k.question_version_id = v.id
where q.id = $1;

-- name: search
-- A page of a bank by its filter, in one of three orders.
select q.id, q.course_id, q.organisation_id, q.question_type, q.title, q.tags, q.difficulty, q.status, q.created_at, q.updated_at,
    v.id as version_id, v.version, v.question_text, v.question_html, v.answer_options, v.points, v.hint,
    v.image_url, v.image_alt, v.video_url, v.audio_url, v.rubric, v.word_limit, v.used_at,
    k.question_version_id is not null as has_key,
    coalesce(q.course_id = any (array(select private.my_taught_course_ids())), false)
        or coalesce(q.organisation_id = any (array(select private.my_managed_organisation_ids())), false)
        or (select private.is_admin()) as may_change,
    k.correct_answer, k.explanation, k.option_feedback
from unnest(private.find_questions($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)) with ordinality as f (id, place)
join public.questions q on q.id = f.id
cross join lateral (
    select w.* from public.question_versions w where w.question_id = q.id order by w.version desc limit 1
) v
left join public.question_keys k on k.question_version_id = v.id
order by f.place;

-- name: course
-- A course that the person who asks teaches.
select c.id, c.title, c.slug, c.status from public.courses c
where c.id = $1 and (c.id = any (array(select private.my_taught_course_ids())) or (select private.is_admin()));

-- name: banks
-- Organisations whose bank the person who asks may look through.
select o.id, o.name, o.id = any (array(select private.my_managed_organisation_ids())) as kept
from public.organisations o where o.id = any (array(select private.my_question_organisation_ids())) order by o.name, o.id limit 50;

-- name: organisation
-- An organisation whose bank the person who asks keeps.
select o.id, o.name, true as kept from public.organisations o
where o.id = $1 and (o.id = any (array(select private.my_managed_organisation_ids())) or (select private.is_admin()));

-- name: managed
-- Organisations that the person who asks manages.
select o.id, o.name, true as kept
from public.organisations o where o.id = any (array(select private.my_managed_organisation_ids())) order by o.name, o.id limit 50;

-- name: tags
-- The tags of a bank, those used most first.
select tag from private.bank_tags($1, $2) as t (tag);

-- name: figures
-- Of each version of some questions: where it stands, how often it was asked, what its answers earned.
select question_id, version_id, version, quizzes, asked, answered, full_points, share_sum from public.question_figures($1::uuid[]);

-- name: versions
-- The versions of a question, the newest first, with who made each.
select v.id, v.version, v.created_at, v.used_at, v.change_note, v.question_text, v.question_html, v.answer_options, v.points, v.hint,
    coalesce(nullif(btrim(p.first_name || ' ' || p.last_name), ''), i.display_name) as by, k.correct_answer, k.explanation
from public.question_versions v
left join public.profiles p on p.id = v.created_by
left join public.instructor_profiles i on i.profile_id = v.created_by
left join public.question_keys k on k.question_version_id = v.id
where v.question_id = $1 order by v.version desc limit 50;

-- name: quizzes
-- Quizzes that ask a question by name, and in which version.
select z.id, z.title, z.status, v.version, z.of_course_id as course_id
from public.question_versions v
join public.quiz_questions p on p.question_version_id = v.id
join public.quizzes z on z.id = p.quiz_id
where v.question_id = $1 order by z.title, z.id limit 100;

-- name: ask_newest
-- Has quizzes ask the newest version of a question; answers how many changed.
select public.ask_newest_version($1::uuid);

-- name: set_status
-- Retires questions, or takes them back.
update public.questions set status = $2 where id = any ($1::uuid[]) and status <> $2 returning id;

-- name: add_tag
-- Puts a tag on questions that do not have it yet.
update public.questions set tags = tags || $2::text where id = any ($1::uuid[]) and not $2 = any (tags) returning id;

-- name: remove_tag
-- Takes a tag from questions.
update public.questions set tags = array_remove(tags, $2::text) where id = any ($1::uuid[]) and $2 = any (tags) returning id;

-- name: try_answer
-- What an answer would earn by a key that is being written.
select public.try_answer($1, $2::jsonb, $3::jsonb, $4::jsonb, $5::jsonb);

-- name: fold_moves as service_role
-- Gathers what has happened to versions in their figures.
select private.fold_question_moves();

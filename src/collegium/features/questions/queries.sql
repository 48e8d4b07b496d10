-- name: add_question
-- Puts a question without a version into a bank.
insert into public.questions (course_id, question_type, title, tags, difficulty, status)
values ($1, $2, $3, $4, $5, $6) returning id;

-- name: save_version
-- Saves what a question asks and what is right, in place or as a new version.
select public.save_question_version($1::uuid, $2::jsonb, $3::jsonb);

-- name: describe
-- Changes what stays the same through all versions of a question.
update public.questions set title = $2, tags = $3, difficulty = $4, status = $5 where id = $1 returning id;

-- name: question
-- A question with its newest version, and with its key for who may read it.
select q.id, q.course_id, q.question_type, q.title, q.tags, q.difficulty, q.status, q.created_at, q.updated_at,
    v.id as version_id, v.version, v.question_text, v.question_html, v.answer_options, v.points, v.hint,
    v.image_url, v.image_alt, v.video_url, v.audio_url, v.rubric, v.word_limit, v.used_at,
    k.question_version_id is not null as has_key, k.correct_answer, k.explanation, k.option_feedback
from public.questions q
cross join lateral (
    select w.* from public.question_versions w where w.question_id = q.id order by w.version desc limit 1
) v
left join public.question_keys k on k.question_version_id = v.id
where q.id = $1;

-- name: search
-- A page of a course's bank by its filter, in one of three orders.
select q.id, q.course_id, q.question_type, q.title, q.tags, q.difficulty, q.status, q.created_at, q.updated_at,
    v.id as version_id, v.version, v.question_text, v.question_html, v.answer_options, v.points, v.hint,
    v.image_url, v.image_alt, v.video_url, v.audio_url, v.rubric, v.word_limit, v.used_at,
    k.question_version_id is not null as has_key, k.correct_answer, k.explanation, k.option_feedback
from public.questions q
cross join lateral (
    select w.* from public.question_versions w where w.question_id = q.id order by w.version desc limit 1
) v
left join public.question_keys k on k.question_version_id = v.id
where q.course_id is not distinct from $1
  and ($2 = '' or private.fold(concat_ws(' ', q.title, v.question_text)) like '%' || private.fold($2) || '%')
  and ($3 = '' or $3 = any (q.tags))
  and ($4 = '' or q.question_type = $4)
  and ($5 = '' or q.difficulty = $5)
  and ($6 = '' or q.status = $6)
  and case $7::text
    when 'oldest' then $8::timestamptz is null or (q.created_at, q.id) > ($8, $10::uuid)
    when 'title' then $8 is null or (coalesce(q.title, ''), q.id) > ($9::text, $10)
    else $8 is null or (q.updated_at, q.id) < ($8, $10)
  end
order by
    case when $7 = 'oldest' then q.created_at end, case when $7 = 'title' then coalesce(q.title, '') end,
    case when $7 not in ('oldest', 'title') then q.updated_at end desc,
    case when $7 in ('oldest', 'title') then q.id end, q.id desc
limit $11;

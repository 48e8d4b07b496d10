-- Every version is in its question's bank, and every key fits its version: bank, type, and options that there are.
select v.id, v.course_id, v.organisation_id, q.course_id as expected
from public.question_versions v join public.questions q on q.id = v.question_id
where (v.course_id, v.organisation_id) is distinct from (q.course_id, q.organisation_id)
union all
select k.question_version_id, k.course_id, k.organisation_id, v.course_id
from public.question_keys k join public.question_versions v on v.id = k.question_version_id
where (k.course_id, k.organisation_id) is distinct from (v.course_id, v.organisation_id)
   or not private.is_question_key(v.question_type, v.answer_options, k.correct_answer)

-- A quiz asks by name only questions of its own course's bank or the shared one.
select p.id, p.quiz_id, p.of_course_id, v.course_id
from public.quiz_questions p join public.question_versions v on v.id = p.question_version_id
where v.course_id <> p.of_course_id

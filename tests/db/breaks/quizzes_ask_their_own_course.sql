alter table public.quiz_questions disable trigger prepare_quiz_question;
update public.quiz_questions set question_version_id = %(question_version)s where id = %(short_place)s;

-- name: card
-- What a person should know before beginning a quiz.
select public.quiz_card($1::uuid)

-- name: quizzes_of_lesson
-- The quizzes of a lesson that the reader may see, in the order in which they were made.
select id from public.quizzes where lesson_id = $1 and status = 'published' order by created_at, id

-- name: start
-- Begins an attempt of the person who asks, or answers the one in progress.
select (public.start_quiz_attempt($1::uuid)).id

-- name: start_and_view
-- Begins an attempt or finds the one in progress, and answers it as its learner sees it.
select public.begin_quiz($1::uuid)

-- name: view
-- An attempt as its learner sees it; null when there is none for the person who asks.
select public.quiz_attempt_view($1::uuid)

-- name: sections
-- Section → its instructions, of the sections that the attempt of the person who asks has.
select public.quiz_attempt_sections($1::uuid)

-- name: save
-- Saves one answer; false when a newer one is there already, or it is final.
select public.save_quiz_answer($1::uuid, $2::integer, $3::jsonb, $4::bigint)

-- name: flag
-- Marks a question to look at again, or takes the mark away.
select public.flag_attempt_question($1::uuid, $2::integer, $3::boolean)

-- name: reveal
-- In a quiz that shows answers immediately: what was right in a question that is answered, which is final from then on.
select public.reveal_quiz_answer($1::uuid, $2::integer)

-- name: submit
-- Hands an attempt in; one that is handed in already stays as it is.
select (s.a).id, (s.a).status, (s.a).score, (s.a).points_earned, (s.a).total_points, (s.a).passed, (s.a).submitted_at,
    (s.a).submitted_by
from (select public.submit_quiz_attempt($1::uuid) as a offset 0) s

-- name: result
-- The result of an attempt that is handed in, as far as it may be shown.
select public.quiz_attempt_result($1::uuid)

-- name: rubrics
-- What the criteria of graded essays earned, as far as it may be shown.
select position, rubric, rubric_points from public.quiz_answer_rubrics($1)

-- name: standings
-- How far an enrollment is in each quiz of its course, in points.
select quiz_id, step, lesson_id, title, taken, waiting, in_progress, score, passed, points_have, points_needed, points_total
from public.quiz_standings($1::uuid)

-- name: save_answers as service_role
-- Saves answers of many people at once, each as what its person may; a row says what became of its answer.
select n, saved, seq, answer, deadline_at, server_time, state, code, words
from private.save_quiz_answers($1::uuid[], $2::uuid[], $3::uuid[], $4::integer[], $5::jsonb[], $6::bigint[])

-- name: expire as service_role
-- Hands in attempts of one quiz whose time is over, some at a time; answers how many.
select private.expire_attempts($1::integer)

-- name: fold_counts as service_role
-- Gathers what attempts moved in the figures of quizzes.
select private.fold_quiz_counts()

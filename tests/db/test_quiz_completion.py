"""What a grade completes: lessons, courses, certificates; and what is left to do, in words."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from collegium.access.stage import Stage
from tests.db.assessing import GRADE, answer_of, exam, passed_exam, question, standing, start, submit


def lesson_quiz(stage: Stage, settings_: str = "require_passing = false") -> UUID:
    quiz = stage.value(
        "insert into public.quizzes (lesson_id, title, status) values (%(reading)s, 'Reading', 'published') returning id"
    )
    stage.owner("update public.lessons set completion_criteria = 'quiz_passed' where id = %(reading)s")
    stage.owner(
        "insert into public.quiz_questions (quiz_id, question_order, question_version_id) values (%(q)s, 1, %(v)s)",
        q=quiz,
        v=question(stage, "true_false"),
    )
    stage.owner(f"update public.quizzes set {settings_} where id = %(q)s", q=quiz)
    return quiz


def is_complete(stage: Stage, lesson: str = "reading") -> bool:
    return (
        stage.value(
            f"select count(*) from public.lesson_progress where enrollment_id = %(enrollment)s and lesson_id = %({lesson})s and status = 'completed'"
        )
        == 1
    )


def test_a_lesson_is_complete_when_its_quiz_is_passed(stage: Stage) -> None:
    quiz = lesson_quiz(stage)
    submit(stage, start(stage, quiz))
    assert not is_complete(stage)
    passed_exam(stage, quiz)
    assert is_complete(stage)


def test_practice_completes_nothing(stage: Stage) -> None:
    passed_exam(stage, lesson_quiz(stage, "quiz_type = 'practice'"))
    assert not is_complete(stage)


def test_all_quizzes_of_a_lesson_that_must_be_passed(stage: Stage) -> None:
    first, second = lesson_quiz(stage, "require_passing = true"), lesson_quiz(stage, "require_passing = true")
    passed_exam(stage, first)
    assert not is_complete(stage)
    passed_exam(stage, second)
    assert is_complete(stage)


def enrollment_status(stage: Stage) -> str:
    return stage.value("select status from public.enrollments where id = %(enrollment)s")


def quiz_rows(stage: Stage) -> list[tuple[Any, ...]]:
    return stage.act(
        "owner",
        "select title, criteria, met, achieved, needed from public.completion_requirements(%(enrollment)s) where requirement = 'quiz'",
    ).rows


def finish_lessons(stage: Stage) -> None:
    for lesson in ("welcome", "reading", "locked"):
        stage.owner(f"select private.complete_lesson(%(enrollment)s, %({lesson})s)")


def test_a_required_exam_completes_the_course(stage: Stage) -> None:
    quiz = exam(stage, "multiple_choice", "essay")
    assert quiz_rows(stage) == [("Exam", "quiz_passed", False, 0, 70)]
    finish_lessons(stage)
    assert enrollment_status(stage) == "in_progress"
    attempt = passed_exam(stage, quiz)
    assert enrollment_status(stage) == "in_progress", "the essay waits"
    assert not stage.value("select count(*) from public.certificates where enrollment_id = %(enrollment)s")
    stage.act("instructor", GRADE, w=answer_of(stage, attempt, "essay"), points=1.5, reason=None)
    assert quiz_rows(stage) == [("Exam", "quiz_passed", True, 75, 70)]
    assert enrollment_status(stage) == "completed"
    assert stage.value("select count(*) from public.certificates where enrollment_id = %(enrollment)s") == 1


def test_a_mandatory_quiz_need_only_be_taken(stage: Stage) -> None:
    quiz = exam(stage, "multiple_choice")
    stage.owner("update public.quizzes set require_passing = false, is_mandatory = true where id = %(q)s", q=quiz)
    finish_lessons(stage)
    assert quiz_rows(stage) == [("Exam", "quiz_taken", False, 0, None)]
    submit(stage, start(stage, quiz))
    assert enrollment_status(stage) == "completed"


def test_the_final_assessment_is_required(stage: Stage) -> None:
    quiz = exam(stage, "multiple_choice")
    stage.owner("update public.quizzes set require_passing = false where id = %(q)s", q=quiz)
    assert quiz_rows(stage) == []
    stage.act("instructor", "select public.set_final_assessment(%(course)s, %(q)s)", q=quiz)
    assert len(quiz_rows(stage)) == 1
    finish_lessons(stage)
    assert enrollment_status(stage) == "in_progress"
    stage.act("instructor", "select public.set_final_assessment(%(course)s, null)")
    assert enrollment_status(stage) == "completed"
    refused = stage.attempt("instructor", "select public.set_final_assessment(%(course)s, %(short_quiz)s)")
    assert refused.code == "quiz_of_another_course"


@pytest.mark.parametrize(
    "change",
    [
        "update public.quizzes set require_passing = false where id = %(q)s",
        "update public.quizzes set status = 'archived' where id = %(q)s",
        "update public.quizzes set quiz_type = 'practice' where id = %(q)s",
        "delete from public.quizzes where id = %(q)s",
    ],
)
def test_who_has_done_all_that_is_left_is_done(stage: Stage, change: str) -> None:
    quiz = exam(stage, "multiple_choice")
    finish_lessons(stage)
    assert enrollment_status(stage) == "in_progress"
    stage.act("instructor", change, q=quiz)
    assert enrollment_status(stage) == "completed"


def test_what_is_complete_stays_so(stage: Stage) -> None:
    quiz = exam(stage, "essay")
    finish_lessons(stage)
    attempt = passed_exam(stage, quiz)
    essay = answer_of(stage, attempt, "essay")
    stage.act("instructor", GRADE, w=essay, points=3, reason=None)
    stage.act("instructor", GRADE, w=essay, points=0, reason="Copied.")
    assert (standing(stage, attempt)[2], enrollment_status(stage)) == (False, "completed")


def test_n_archiving_is_a_status_that_exists(stage: Stage) -> None:
    attempt = passed_exam(stage, exam(stage, "multiple_choice"))
    stage.owner("update public.quiz_attempts set status = 'archived' where id = %(a)s", a=attempt)
    assert standing(stage, attempt) == ("archived", 100, True)


def test_n_abandoned_attempts_expire_and_are_kept(stage: Stage) -> None:
    attempt = start(stage, exam(stage, "multiple_choice"))
    stage.owner(
        "update public.quiz_attempts set started_at = now() - interval '8 days', deadline_at = now() - interval '7 days' where id = %(a)s",
        a=attempt,
    )
    stage.owner("select private.expire_attempts()")
    assert standing(stage, attempt) == ("expired", 0, False)
    for who in ("owner", "instructor", "admin", "service_role"):
        assert stage.attempt(who, "delete from public.quiz_attempts where id = %(a)s", a=attempt).state == "42501"

"""Quizzes attacked: grading that can be made to fail, learning on without a right to, and what an attempt tells of a person."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from collegium.access.stage import Stage
from tests.db.assessing import ASKED, answer_all, exam, save, standing, start, submit

FEEDBACK = """
update public.question_keys set option_feedback = jsonb_build_object('a', repeat('x', 38000))
where question_version_id = (select question_version_id from public.quiz_questions where quiz_id = %(quiz_id)s)
"""
SAVE = 'select public.save_quiz_answer(%(attempt_id)s, 1, \'{"selected": "1"}\', 2)'
SUBMIT = "select (public.submit_quiz_attempt(%(attempt_id)s)).status"
CLOSE = {
    "expired": "update public.enrollments set expires_at = now() where member_id = %(owner)s and course_id = %(course)s",
    "suspended": "update public.enrollments set status = 'suspended' where member_id = %(owner)s and course_id = %(course)s",
    "dropped": "update public.enrollments set status = 'dropped' where member_id = %(owner)s and course_id = %(course)s",
}


def answered_wrongly(stage: Stage) -> UUID:
    """An attempt in which the option with the long feedback was chosen."""
    quiz = exam(stage, "multiple_choice")
    stage.owner(FEEDBACK, quiz_id=quiz)
    attempt = start(stage, quiz)
    shown = stage.owner(ASKED, attempt=attempt)[0][2].index("a") + 1
    save(stage, attempt, 1, {"selected": str(shown)})
    return attempt


def test_long_feedback_keeps_no_attempt_from_being_handed_in(stage: Stage) -> None:
    attempt = answered_wrongly(stage)
    assert submit(stage, attempt)[0] == "graded"
    assert stage.value("select max(length(automated_feedback)) from public.quiz_answers") == 38000


def test_one_author_stops_nobody_elses_deadline(stage: Stage) -> None:
    """Attempts past their deadline end one quiz after the other: one that could not end would have held up all later ones."""
    attempt = answered_wrongly(stage)
    stage.owner(
        "update public.quiz_attempts set started_at = now() - interval '2 hours', deadline_at = now() - interval '1 hour'"
        " where id = %(attempt_id)s",
        attempt_id=attempt,
    )
    assert stage.value("select private.expire_attempts()") == 1
    assert standing(stage, attempt)[0] == "graded"


@pytest.mark.parametrize("collation", ["C", "pg_unicode_fast", "und-x-icu"])
def test_digits_of_other_scripts_are_no_numbers_and_no_errors(stage: Stage, collation: str) -> None:
    """Some collations call them digits. A learner could have kept his attempt, and all after it, from being graded."""
    if not stage.value("select exists (select 1 from pg_collation where collname = %(name)s)", name=collation):
        pytest.skip("this server has no such collation")
    three = f"'٣' collate \"{collation}\""
    expected = '{"numeric": {"value": 3, "tolerance": 0}}'
    assert stage.value(f"select private.is_right_text('{expected}', {three})") is False
    assert stage.value(f"select private.scorm_number({three})") is None
    assert stage.value(f"select private.scorm_seconds('PT' || {three} || 'S')") is None
    assert stage.value(f"select private.is_right_text('{expected}', '3')") is True


@pytest.mark.parametrize("how", list(CLOSE))
def test_who_may_not_learn_any_more_finishes_no_attempt(stage: Stage, how: str) -> None:
    """An attempt without a deadline, begun in time, could have been answered and passed at any time after."""
    quiz = exam(stage, "true_false")
    attempt = start(stage, quiz)
    answer_all(stage, attempt)
    with stage.undone():
        stage.owner(CLOSE[how])
        assert stage.attempt("owner", SAVE, attempt_id=attempt).code == "not_enrolled"
        assert stage.attempt("owner", SUBMIT, attempt_id=attempt).code == "not_enrolled"
        assert standing(stage, attempt)[0] == "in_progress"
    assert submit(stage, attempt)[:2] == ("graded", Decimal(100))


def test_nobody_reads_whence_somebody_took_a_quiz(stage: Stage) -> None:
    for who in ("manager", "instructor", "other_instructor", "owner", "admin"):
        for column in ("ip_address", "user_agent"):
            assert stage.attempt(who, f"select {column} from public.quiz_attempts").state == "42501"
    assert stage.attempt("manager", "select score from public.quiz_attempts").count == 1

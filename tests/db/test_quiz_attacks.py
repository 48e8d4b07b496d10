"""Somebody who speaks SQL with his own claims tries to get at keys, grades and other people's attempts."""

from __future__ import annotations

import pytest

from collegium.access.stage import Stage
from tests.db.assessing import exam, standing, start


@pytest.mark.parametrize("who", ["owner", "learner", "stranger", "other_instructor", "anon"])
def test_nobody_else_reads_a_key(stage: Stage, who: str) -> None:
    quiz = exam(stage, "multiple_choice")
    start(stage, quiz)
    for table in ("question_keys", "quiz_questions", "quiz_answers"):
        outcome = stage.attempt(who, f"select 1 from public.{table} where true")
        assert outcome.state == "42501" or not outcome.rows, table
    outcome = stage.attempt(who, "select 1 from public.question_versions where course_id is not null")
    assert outcome.state == "42501" or not outcome.rows
    for statement in (
        "select * from private.attempt_questions",
        "select private.shown_key('true_false', '[]', '{}')",
        "select private.grade_answers(%(attempt)s)",
        "select private.settle_attempt(%(attempt)s)",
        "select private.end_attempt(%(attempt)s, false)",
    ):
        assert stage.attempt(who, statement).state == "42501", statement
    rows = stage.attempt(who, "select questions from public.assessments where id = %(q)s", q=quiz).rows
    assert rows in ([], [([],)]), "not what it will ask, either"


@pytest.mark.parametrize(
    "change_",
    [
        "score = 100, points_earned = 1, passed = true, status = 'graded'",
        "deadline_at = now() + interval '1 year'",
        "status = 'in_progress', submitted_at = null",
        "attempt_number = 99",
        "total_points = 0",
    ],
)
def test_a_learner_writes_nothing_of_an_attempt(stage: Stage, change_: str) -> None:
    for who in ("owner", "instructor", "admin", "service_role"):
        assert stage.attempt(who, f"update public.quiz_attempts set {change_} where id = %(attempt)s").state == "42501"


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ('select public.save_quiz_answer(%(a)s, 1, \'{"selected": "1"}\', 9)', "no_such_attempt"),
        ("select public.submit_quiz_attempt(%(a)s)", "no_such_attempt"),
        ("select public.quiz_attempt_result(%(a)s)", "no_such_attempt"),
        ("select public.reveal_quiz_answer(%(a)s, 1)", "no_such_attempt"),
    ],
)
def test_nobody_acts_for_another(stage: Stage, statement: str, code: str) -> None:
    attempt = start(stage, exam(stage, "multiple_choice"))
    for who in ("learner", "stranger", "other_instructor", "manager"):
        assert stage.attempt(who, statement, a=attempt).code == code
    assert standing(stage, attempt)[0] == "in_progress"


def test_who_works_teaches_nothing_by_it(stage: Stage) -> None:
    """A learner grades nothing, changes no key, moves no deadline."""
    attempt = start(stage, exam(stage, "essay"))
    for who in ("owner", "stranger", "other_instructor"):
        assert stage.attempt(who, "select public.grade_quiz_answer(%(answer)s, 1)").code == "no_such_attempt"
        assert stage.attempt(who, "select public.regrade_question(%(question_version)s, 'So.')").code == "no_such_key"
        assert stage.act(who, "select * from public.preview_regrade(%(question_version)s)").rows == []
        key_change = 'select public.change_question_key(%(question_version)s, \'{"selected": "a"}\', null)'
        assert stage.attempt(who, key_change).code == "no_such_key"
        assert stage.attempt(who, "select public.arrange_quiz(%(quiz)s, '[]')").code == "no_such_quiz"
        assert stage.attempt(who, "select public.set_final_assessment(%(course)s, null)").code == "not_your_course"
        grant = (
            "insert into public.quiz_accommodations (quiz_id, enrollment_id, extra_attempts, reason)"
            " values (%(quiz)s, %(enrollment)s, 9, 'I am I.')"
        )
        assert stage.attempt(who, grant).state == "42501"
    assert standing(stage, attempt)[0] == "in_progress"

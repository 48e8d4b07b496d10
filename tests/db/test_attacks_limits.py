"""What is not there, and what has no end: functions asked about nothing, and texts that others must read."""

from __future__ import annotations

import pytest

from collegium.access.stage import Stage


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("set_final_assessment(null, null)", "not_your_course"),
        ("start_live_session(null)", "no_such_session"),
        ("end_live_session(null)", "no_such_session"),
        ("cancel_live_session(null)", "no_such_session"),
        ("record_attendance(null, %(learner)s, now(), now())", "no_such_session"),
        ("void_attendance_interval(null, 'So.')", "no_such_session"),
        ("arrange_quiz(null, '[]')", "no_such_quiz"),
        ("grade_quiz_answer(null, 1)", "no_such_attempt"),
        ("regrade_question(null, 'So.')", "no_such_key"),
        ("change_question_key(null, null, null)", "no_such_key"),
        ("allot_peer_reviews(null)", "no_such_assignment"),
        ("hide_post(null, 'So.')", "no_forum"),
        ("moderate_discussion(null, true, true)", "no_forum"),
    ],
    ids=lambda given: given.split("(")[0],
)
def test_nothing_is_nobodys(stage: Stage, call: str, code: str) -> None:
    """ "Not (null or false)" is not true: a check that is written so would let an instructor pass."""
    assert stage.attempt("instructor", f"select public.{call}").code == code


@pytest.mark.parametrize(
    ("who", "statement"),
    [
        ("owner", "update public.profiles set locale = 'en' || repeat('-variant1', 100000) where id = %(owner)s"),
        ("instructor", "update public.courses set learning_objectives = {} where id = %(course)s"),
        ("instructor", "update public.course_modules set learning_objectives = {} where course_id = %(course)s"),
        ("instructor", "update public.lessons set learning_objectives = {} where id = %(welcome)s"),
    ],
    ids=["locale", "courses", "modules", "lessons"],
)
def test_what_others_must_read_has_an_end(stage: Stage, who: str, statement: str) -> None:
    assert stage.attempt(who, statement.format("to_jsonb(array[repeat('x', 1000000)])")).state == "23514"

"""Taking a quiz: who may begin, what is fixed then, what is saved, when it ends, what is seen; and attacks in SQL."""

from __future__ import annotations

import json
from typing import Any

import pytest

from collegium.access.stage import Stage
from tests.db.assessing import (
    EIGHT,
    OBJECTIVE,
    answer_all,
    exam,
    passed_exam,
    question,
    right_answers,
    save,
    standing,
    start,
    submit,
)

START = "select public.start_quiz_attempt(%(q)s)"
SAVE = 'select public.save_quiz_answer(%(a)s, 1, \'{"selected": "1"}\', 5)'
AGO = "update public.quiz_attempts set started_at = now() - interval '2 hours', deadline_at = now() - interval '{}' where id = %(a)s"


def change(stage: Stage, quiz: Any, settings: str) -> None:
    stage.owner(f"update public.quizzes set {settings} where id = %(q)s", q=quiz)


# Starting ---------------------------------------------------------------------------------------------------------


def test_two_tabs_share_one_attempt(stage: Stage) -> None:
    quiz = exam(stage, "multiple_choice")
    assert start(stage, quiz) == start(stage, quiz)
    assert stage.value("select attempts_count from public.quiz_counters where quiz_id = %(q)s", q=quiz) == 1


@pytest.mark.parametrize("who", ["stranger", "other_instructor", "manager", "admin"])
def test_who_is_not_enrolled_begins_nothing(stage: Stage, who: str) -> None:
    assert stage.attempt(who, START, q=exam(stage, "essay")).code == "not_enrolled"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ("status = 'draft'", "not_enrolled"),
        ("status = 'archived'", "not_enrolled"),
        ("available_from = now() + interval '1 hour'", "quiz_not_open"),
        ("available_until = now() - interval '1 second'", "quiz_closed"),
    ],
)
def test_a_quiz_that_is_not_open_is_not_begun(stage: Stage, settings: str, code: str) -> None:
    quiz = exam(stage, "essay")
    change(stage, quiz, settings)
    assert stage.attempt("owner", START, q=quiz).code == code


def test_a_quiz_of_a_locked_lesson_is_not_begun(stage: Stage) -> None:
    quiz = stage.value(
        "insert into public.quizzes (lesson_id, title, status) values (%(locked)s, 'Locked', 'published') returning id"
    )
    assert stage.attempt("owner", START, q=quiz).code == "locked"


def test_an_empty_quiz_is_not_begun(stage: Stage) -> None:
    assert stage.attempt("owner", START, q=exam(stage)).code == "quiz_empty"


@pytest.mark.parametrize("status", ["suspended", "expired", "dropped", "archived"])
def test_who_has_left_begins_nothing(stage: Stage, status: str) -> None:
    quiz = exam(stage, "essay")
    stage.owner("update public.enrollments set status = %(s)s where id = %(enrollment)s", s=status)
    assert stage.attempt("owner", START, q=quiz).code == "not_enrolled"


def test_attempts_are_counted_and_an_accommodation_gives_more(stage: Stage) -> None:
    quiz = exam(stage, "multiple_choice")
    change(stage, quiz, "max_attempts = 1")
    submit(stage, start(stage, quiz))
    assert stage.attempt("owner", START, q=quiz).code == "no_attempts_left"
    stage.act(
        "instructor",
        "insert into public.quiz_accommodations (quiz_id, enrollment_id, extra_attempts, reason)"
        " values (%(q)s, %(enrollment)s, 1, 'Was ill.')",
        q=quiz,
    )
    submit(stage, start(stage, quiz))
    assert stage.attempt("owner", START, q=quiz).code == "no_attempts_left"
    numbers = stage.owner("select attempt_number from public.quiz_attempts where quiz_id = %(q)s order by 1", q=quiz)
    assert numbers == [(1,), (2,)]


@pytest.mark.parametrize(
    ("until", "extra", "minutes"), [(None, 0, 30), ("20 minutes", 0, 20), (None, 15, 45), ("20 minutes", 15, 20)]
)
def test_the_deadline_is_limit_and_extension_but_never_after_the_end(
    stage: Stage, until: str | None, extra: int, minutes: int
) -> None:
    quiz = exam(stage, "essay")
    change(stage, quiz, "time_limit_minutes = 30")
    if until:
        change(stage, quiz, f"available_until = clock_timestamp() + interval '{until}'")
    if extra:
        stage.owner(
            "insert into public.quiz_accommodations (quiz_id, enrollment_id, extra_minutes, reason)"
            " values (%(q)s, %(enrollment)s, %(e)s, 'Reads slowly.')",
            q=quiz,
            e=extra,
        )
    left = stage.value(
        "select round(extract(epoch from deadline_at - started_at) / 60) from public.quiz_attempts where id = %(a)s",
        a=start(stage, quiz),
    )
    assert left == minutes


def test_a_later_end_for_one_person_is_his_only(stage: Stage) -> None:
    quiz = exam(stage, "essay")
    change(stage, quiz, "available_until = now() - interval '1 hour'")
    stage.owner(
        "insert into public.quiz_accommodations (quiz_id, enrollment_id, available_until, reason)"
        " values (%(q)s, %(enrollment)s, now() + interval '1 hour', 'Was ill.')",
        q=quiz,
    )
    assert start(stage, quiz)
    assert stage.attempt("learner", START, q=quiz).code == "quiz_closed"


def test_what_is_asked_is_fixed_at_the_start(stage: Stage) -> None:
    quiz = exam(stage, "multiple_choice", "matching")
    attempt = start(stage, quiz)
    version = stage.value("select question_version_id from public.quiz_questions where quiz_id = %(q)s limit 1", q=quiz)
    edit = "update public.question_versions set question_text = 'Other?' where id = %(v)s"
    assert stage.attempt("instructor", edit, v=version).code == "version_used"
    stage.act("instructor", "select public.arrange_quiz(%(q)s, '[]')", q=quiz)
    change(stage, quiz, "passing_score = 100, time_limit_minutes = 1")
    assert len(right_answers(stage, attempt)) == 2
    rows = stage.owner(
        "select total_points, passing_score, deadline_at from public.quiz_attempts where id = %(a)s", a=attempt
    )
    assert rows == [(6, 70, None)]


def test_a_draw_asks_as_many_different_ones_as_it_says(stage: Stage) -> None:
    quiz = exam(stage)
    for _ in range(6):
        question(stage, "true_false")
    stage.owner(
        "update public.questions set tags = '{drawn}' where question_type = 'true_false' and course_id = %(course)s"
    )
    stage.owner(
        "update public.questions set status = 'retired' where id = (select id from public.questions where tags = '{drawn}' limit 1)"
    )
    places = [{"draw_tag": "drawn", "draw_count": 2, "points": 2}, {"draw_tag": "drawn", "draw_count": 3}]
    stage.act("instructor", "select public.arrange_quiz(%(q)s, %(p)s)", q=quiz, p=json.dumps(places))
    assert stage.value("select total_points from public.quizzes where id = %(q)s", q=quiz) == 7
    seen: set[Any] = set()
    for who in ("owner", "learner"):
        rows = stage.owner(
            "select a.question_version_id, q.status from private.attempt_questions a"
            " join public.question_versions v on v.id = a.question_version_id join public.questions q on q.id = v.question_id"
            " where a.quiz_attempt_id = %(a)s",
            a=start(stage, quiz, who),
        )
        assert len({row[0] for row in rows}) == 5
        assert {row[1] for row in rows} == {"active"}
        seen |= {row[0] for row in rows}
    assert len(seen) == 5


def test_the_browser_is_known_from_the_session_not_from_the_caller(stage: Stage) -> None:
    stage.owner("update public.web_sessions set ip = '192.0.2.7', user_agent = 'Firefox' where id = %(session)s")
    attempt = start(stage, exam(stage, "essay"))
    rows = stage.owner("select host(ip_address), user_agent from public.quiz_attempts where id = %(a)s", a=attempt)
    assert rows == [("192.0.2.7", "Firefox")]


# Saving -----------------------------------------------------------------------------------------------------------


def test_a_late_replay_does_not_overwrite_a_newer_answer(stage: Stage) -> None:
    attempt = start(stage, exam(stage, "multiple_choice"))
    assert save(stage, attempt, 1, {"selected": "1"}, 2)
    assert not save(stage, attempt, 1, {"selected": "3"}, 1)
    assert not save(stage, attempt, 1, {"selected": "3"}, 2)
    assert save(stage, attempt, 1, {"selected": "2"}, 3)
    view = stage.act("owner", "select public.quiz_attempt_view(%(a)s)", a=attempt).rows[0][0]
    assert (view["questions"][0]["answer"], view["questions"][0]["seq"]) == ({"selected": "2"}, 3)


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("multiple_choice", {"selected": "4"}),
        ("multiple_choice", {"selected": "b"}),
        ("multiple_choice", {"selected": ["1"]}),
        ("multiple_choice", {"selected": "1", "points": 9}),
        ("true_false", {"selected": "0"}),
        ("multiple_answer", {"selected": ["1", "1"]}),
        ("multiple_answer", {"selected": "1"}),
        ("short_answer", {"text": 7}),
        ("short_answer", {"text": "x" * 2001}),
        ("essay", {"html": ["x"]}),
        ("fill_blank", {"blanks": {"3": "x"}}),
        ("fill_blank", {"blanks": ["x"]}),
        ("matching", {"pairs": {"1": "9"}}),
        ("matching", {"pairs": {"a": "b"}}),
        ("ordering", {"order": ["1", "2"]}),
        ("ordering", {"order": ["1", "1", "2"]}),
        ("ordering", []),
        ("essay", "text"),
        ("essay", None),
    ],
    ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:40],
)
def test_what_is_no_answer_is_refused(stage: Stage, kind: str, answer: Any) -> None:
    attempt = start(stage, exam(stage, kind))
    refused = stage.attempt(
        "owner",
        "select public.save_quiz_answer(%(a)s, 1, %(w)s, 1)",
        a=attempt,
        w=None if answer is None else json.dumps(answer),
    )
    assert (refused.state, refused.code) == ("CG422", "no_such_answer")


@pytest.mark.parametrize("kind", EIGHT)
def test_an_answer_can_be_taken_back(stage: Stage, kind: str) -> None:
    attempt = start(stage, exam(stage, kind))
    answer_all(stage, attempt)
    assert save(stage, attempt, 1, {}, 2)
    assert submit(stage, attempt) == ("graded", 0, False)


def test_after_the_deadline_and_a_little_nothing_is_saved(stage: Stage) -> None:
    attempt = start(stage, exam(stage, "multiple_choice"))
    stage.owner(AGO.format("1 second"), a=attempt)
    assert stage.act("owner", SAVE, a=attempt).rows == [(True,)]
    stage.owner(AGO.format("3 seconds"), a=attempt)
    assert stage.attempt("owner", SAVE, a=attempt).code == "time_is_up"


# Ending -----------------------------------------------------------------------------------------------------------


def test_handing_in_twice_is_handing_in_once(stage: Stage) -> None:
    attempt = start(stage, exam(stage, "multiple_choice"))
    answer_all(stage, attempt)
    assert submit(stage, attempt) == submit(stage, attempt) == ("graded", 100, True)
    assert stage.attempt("owner", SAVE, a=attempt).code == "attempt_ended"


def test_the_deadline_hands_in_what_is_there(stage: Stage) -> None:
    quiz = exam(stage, "multiple_choice", "true_false")
    answered, empty = start(stage, quiz), start(stage, quiz, "learner")
    answer_all(stage, answered, but=("true_false",))
    for attempt in (answered, empty):
        stage.owner(AGO.format("1 hour"), a=attempt)
    assert stage.value("select private.expire_attempts()") == 2
    assert stage.value("select private.expire_attempts()") == 0
    assert standing(stage, answered) == ("graded", 50, False)
    assert standing(stage, empty) == ("expired", 0, False)
    rows = stage.owner(
        "select submitted_by, submitted_at = deadline_at from public.quiz_attempts where id = %(a)s", a=answered
    )
    assert rows == [("deadline", True)]


def test_a_start_after_the_deadline_ends_the_old_attempt(stage: Stage) -> None:
    quiz = exam(stage, "multiple_choice")
    old = start(stage, quiz)
    answer_all(stage, old)
    stage.owner(AGO.format("1 minute"), a=old)
    assert start(stage, quiz) != old
    assert standing(stage, old) == ("graded", 100, True)


def test_handing_in_long_after_the_deadline_counts_from_the_deadline(stage: Stage) -> None:
    attempt = start(stage, exam(stage, "multiple_choice"))
    stage.owner(AGO.format("1 hour"), a=attempt)
    submit(stage, attempt)
    assert stage.value("select time_spent_seconds from public.quiz_attempts where id = %(a)s", a=attempt) == 3600


# Seeing -----------------------------------------------------------------------------------------------------------


def test_a_learner_sees_nothing_that_is_right(stage: Stage) -> None:
    quiz = exam(stage, *EIGHT)
    stage.owner(
        "update public.question_keys set explanation = 'SECRET why', option_feedback = '{\"a\": \"SECRET hint\"}'"
    )
    attempt = start(stage, quiz)
    view = stage.act("owner", "select public.quiz_attempt_view(%(a)s)", a=attempt).rows[0][0]
    told = json.dumps(view)
    for secret in ("SECRET", "correct", "accepted"):
        assert secret not in told, secret
    assert {one["question_type"] for one in view["questions"]} == set(EIGHT)
    for one in view["questions"]:
        sides = one["options"].values() if isinstance(one["options"], dict) else [one["options"]]
        for side in sides:
            assert [option["id"] for option in side] == [str(n) for n in range(1, len(side) + 1)], (
                "no ids of the author's"
            )
    assert stage.act("learner", "select public.quiz_attempt_view(%(a)s)", a=attempt).rows == [(None,)]
    assert stage.act("instructor", "select public.quiz_attempt_view(%(a)s)", a=attempt).rows[0][0]


def test_things_to_order_are_shuffled_even_where_answers_are_not(stage: Stage) -> None:
    quiz = exam(stage, "ordering", "matching", "multiple_choice")
    change(stage, quiz, "shuffle_answers = false, shuffle_questions = false")
    orders: set[str] = set()
    for _ in range(12):
        attempt = start(stage, quiz)
        rows = stage.owner(
            "select option_order from private.attempt_questions where quiz_attempt_id = %(a)s order by position",
            a=attempt,
        )
        orders.add(json.dumps(rows[0][0]))
        assert rows[1][0]["left"] == ["a", "b", "c"]
        assert rows[2][0] == ["a", "b", "c"]
        submit(stage, attempt)
    assert len(orders) > 1


@pytest.mark.parametrize(
    ("setting", "before", "after"),
    [
        ("immediately", True, True),
        ("after_submission", True, True),
        ("after_deadline", False, True),
        ("never", False, False),
    ],
)
def test_who_sees_what_was_right_when(stage: Stage, setting: str, before: bool, after: bool) -> None:
    quiz = exam(stage, *OBJECTIVE)
    change(stage, quiz, f"available_until = now() + interval '1 hour', show_correct_answers = '{setting}'")
    attempt = passed_exam(stage, quiz)
    result = "select public.quiz_attempt_result(%(a)s)"

    def told(who: str) -> tuple[bool, bool]:
        found = stage.act(who, result, a=attempt).rows[0][0]
        assert found["score"] == 100
        shown = {"correct_answer" in one for one in found["questions"]} | {
            "is_correct" in one for one in found["questions"]
        }
        assert shown == {found["answers_shown"]}
        return found["answers_shown"], True

    assert told("owner") == (before, True)
    assert told("instructor") == (True, True)
    change(stage, quiz, "available_until = now() - interval '1 minute'")
    assert told("owner") == (after, True)
    if setting == "after_deadline":
        stage.owner(
            "insert into public.quiz_accommodations (quiz_id, enrollment_id, available_until, reason)"
            " values (%(q)s, %(learner_enrollment)s, now() + interval '1 day', 'Was ill.')",
            q=quiz,
        )
        assert told("owner") == (False, True), "somebody is still at it"
    assert stage.attempt("learner", result, a=attempt).code == "no_such_attempt"


def test_the_result_waits_for_the_end(stage: Stage) -> None:
    attempt = start(stage, exam(stage, "multiple_choice"))
    assert stage.attempt("owner", "select public.quiz_attempt_result(%(a)s)", a=attempt).code == "attempt_in_progress"


def test_what_was_right_at_once_makes_the_answer_final(stage: Stage) -> None:
    quiz = exam(stage, "multiple_choice")
    attempt = start(stage, quiz)
    reveal = "select public.reveal_quiz_answer(%(a)s, 1)"
    assert stage.attempt("owner", reveal, a=attempt).code == "not_shown_yet"
    change(stage, quiz, "show_correct_answers = 'immediately'")
    assert stage.attempt("owner", reveal, a=attempt).code == "answer_first"
    right = right_answers(stage, attempt)[1][1]
    wrong = {"selected": next(n for n in "123" if n != right["selected"])}
    assert save(stage, attempt, 1, wrong)
    assert stage.act("owner", reveal, a=attempt).rows[0][0]["correct_answer"] == right
    assert not save(stage, attempt, 1, right, 9)
    assert submit(stage, attempt) == ("graded", 0, False)

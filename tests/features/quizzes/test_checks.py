"""What a quiz lacks, in words; the best that keys let anybody earn; lines of the builder as forms send them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from collegium.features.quizzes.checks import checks
from collegium.features.quizzes.forms import Form, done, read_rows
from collegium.features.quizzes.model import Quiz, Row
from collegium.features.quizzes.shares import best_share
from collegium.kit.errors import Invalid

QUIZ = Quiz(
    id=UUID(int=1), of_course_id=UUID(int=2), lesson_id=None, lesson_title=None, lesson_criteria=None, is_final=False,
    title="Check", description=None, instructions=None, quiz_type="formative", status="draft", passing_score=Decimal(70),
    max_attempts=None, require_passing=False, is_mandatory=False, time_limit_minutes=None, shuffle_questions=True,
    shuffle_answers=True, show_correct_answers="never", available_from=None, available_until=None,
    anonymous_grading=False, grading_policy="best", layout="all", total_points=Decimal(0), taken=False, attempts_count=0, graded_count=0, passed_count=0, avg_score=None,
    pass_rate=None, revision=1,
)  # fmt: skip


def asked(**given: Any) -> Row:
    return Row(kind="question", version_id=uuid4(), question_type="multiple_choice", **given)


def words(quiz: Quiz, *rows: Row) -> list[tuple[bool, str]]:
    return [(check.blocking, check.words) for check in checks(quiz, rows)]


def test_a_whole_quiz_lacks_nothing() -> None:
    assert words(QUIZ, asked(), Row(kind="draw", tag="basics", count=2, pool=2)) == []


@pytest.mark.parametrize(
    ("quiz", "row", "blocking", "part"),
    [
        (QUIZ, Row(kind="section", title="Empty"), True, "no questions yet"),
        (QUIZ, asked(points=Decimal(0)), True, "worth 0 points, so nobody"),
        (
            QUIZ,
            Row(kind="draw", tag="basics", count=3, pool=2),
            True,
            "draws 3 from “basics”, but the course’s bank has 2",
        ),
        (QUIZ, asked(keyed=False), True, "1 question has no key"),
        (QUIZ, asked(best=Decimal("0.5")), True, "The pass mark is 70 %, but the best answers earn 50 %"),
        (QUIZ, asked(status="retired"), False, "1 question is retired"),
        (QUIZ, asked(newer_id=uuid4()), False, "newer version"),
        (replace(QUIZ, time_limit_minutes=1), Row(kind="draw", tag="a", count=9, pool=9), False, "6 seconds for each"),
        (replace(QUIZ, quiz_type="practice", is_mandatory=True), asked(), False, "Practice never counts"),
        (replace(QUIZ, quiz_type="practice", lesson_criteria="quiz_passed"), asked(), True, "completes no lesson"),
        (replace(QUIZ, available_until=datetime.now(UTC) - timedelta(1)), asked(), False, "has closed already"),
    ],
    ids=["empty", "nothing", "draw", "key", "reach", "retired", "newer", "haste", "practice", "lesson", "closed"],
)
def test_what_is_missing_is_said(quiz: Quiz, row: Row, blocking: bool, part: str) -> None:
    [(is_blocking, said)] = words(quiz, row)
    assert (is_blocking, part in said) == (blocking, True), said


def test_a_person_needs_no_key() -> None:
    essay = Row(kind="question", version_id=uuid4(), question_type="essay", keyed=False)
    assert words(QUIZ, essay) == []


@pytest.mark.parametrize(
    ("kind", "key", "best"),
    [
        ("essay", None, 1),
        ("multiple_choice", {"selected": "a"}, 1),
        ("short_answer", {"accepted": ["risk", {"text": "hazard", "share": 0.5}]}, 1),
        ("short_answer", {"accepted": [{"text": "hazard", "share": 0.5}]}, 0.5),
        ("numeric", {"answers": [{"value": 1, "share": 0.25}, {"value": 2, "share": 0.75}]}, 0.75),
        ("fill_blank", {"blanks": {"1": {"accepted": ["a"]}, "2": {"accepted": [{"text": "b", "share": 0.5}]}}}, 0.75),
    ],
    ids=["essay", "choice", "variants", "half", "numbers", "blanks"],
)
def test_the_best_that_a_key_lets_anybody_earn(kind: str, key: Any, best: float) -> None:
    assert float(best_share(kind, key)) == best


def line(kind: str, **fields: str) -> list[tuple[str, str]]:
    return [("row", kind), *((name.rstrip("_"), value) for name, value in fields.items())]


def test_lines_are_read_in_the_order_of_the_page() -> None:
    version = str(uuid4())
    rows = read_rows(
        Form([
            ("revision", "3"),
            *line("section", title="  Part  one ", instructions="Read."),
            *line("question", version=version, points="2,5"),
            *line("draw", tag="basics", from_="shared", count="3", points="1"),
        ])
    )  # fmt: skip
    assert [row.kind for row in rows] == ["section", "question", "draw"]
    assert (rows[0].title, rows[1].points, rows[2].source, rows[2].asks) == ("Part one", Decimal("2.5"), "shared", 3)


@pytest.mark.parametrize(
    "bad",
    [
        line("question", version="x", points="1"),
        line("question", version=str(UUID(int=5)), points="-1"),
        line("question", version=str(UUID(int=5)), points="1e2000"),
        line("question", version=str(UUID(int=5)), points="0.001"),
        line("draw", tag="a", count="0", points="1"),
        line("draw", tag="", count="1", points="1"),
        line("draw", tag="a", count="²", points="1"),
        line("other"),
        line("section", title="x" * 201),
    ],
    ids=["id", "negative", "huge", "fine", "none", "untagged", "digit", "kind", "title"],
)
def test_lines_that_cannot_be_are_refused_in_words(bad: list[tuple[str, str]]) -> None:
    with pytest.raises(Invalid):
        read_rows(Form(bad))


@given(count=st.integers(1, 6), verb=st.sampled_from(["up", "down", "remove", "section"]), at=st.integers(0, 8))
def test_a_button_moves_one_line_and_loses_none(count: int, verb: str, at: int) -> None:
    before = [asked() for _ in range(count)]
    after = done(before, verb, at)
    inside = 1 <= at <= count
    assert len(after) == count + (verb == "section") - (verb == "remove" and inside)
    kept = [row for row in after if row.kind == "question"]
    assert {row.version_id for row in kept} <= {row.version_id for row in before}
    if verb == "up" and inside and at > 1:
        assert after[at - 2] == before[at - 1]

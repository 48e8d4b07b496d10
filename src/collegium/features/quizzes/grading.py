"""Grading by hand: which answers wait, one after the other, and what is given for each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from uuid import UUID

import msgspec
from markupsafe import Markup

from collegium.features.attempts import service as attempts
from collegium.features.authoring import service as authoring
from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid, NotFound

Q = queries.load("collegium.features.quizzes")
By = Literal["question", "person"]


class Waiting(msgspec.Struct, frozen=True):
    """A quiz in which answers wait, since ``oldest``."""

    id: UUID
    title: str
    course_id: UUID
    course_title: str
    waiting: int
    oldest: datetime


class QuestionFigures(msgspec.Struct, frozen=True):
    """How many answers to a question wait, and how many a person has graded."""

    question_id: UUID
    place: int
    waiting: int
    graded: int
    text: str


class Criterion(msgspec.Struct, frozen=True):
    """What an essay is judged by, and the most that it brings. ``given`` is None until somebody graded it."""

    name: str
    description: str
    points: Decimal
    given: Decimal | None


class Answer(msgspec.Struct, frozen=True):
    """One answer for a person's grade. ``member_name`` is None where the quiz is graded without names."""

    id: UUID
    attempt_id: UUID
    position: int
    question_id: UUID
    answer: dict[str, Any]
    max_points: Decimal
    points_earned: Decimal | None
    rubric_points: list[float] | None
    feedback: str | None
    automated_feedback: str | None
    graded_at: datetime | None
    graded_by: str | None
    submitted_at: datetime
    attempt_number: int
    anonymous_grading: bool
    member_name: str | None
    question_type: str
    question_text: str
    question_html: str | None
    rubric: list[dict[str, Any]] | None
    word_limit: int | None

    @property
    def who(self) -> str:
        """The member's name, or a name that says nothing about him."""
        return self.member_name or f"Learner {self.attempt_id.hex[-5:].upper()}"

    @property
    def asked(self) -> str:
        """The question, safe to show whatever is kept of it; empty where it is plain text."""
        return authoring.shown_html(self.question_html) if self.question_html else ""

    @property
    def html(self) -> str:
        """What was written, safe to show; empty where it is plain text."""
        return authoring.clean_html(str(self.answer.get("html") or "")) if self.answer.get("html") else ""

    @property
    def said(self) -> Markup:
        """What the key has to say to this answer, safe to show; empty where it says nothing."""
        return attempts.rich(self.automated_feedback)

    @property
    def text(self) -> str:
        """What was written as plain text."""
        return str(self.answer.get("text") or "")

    @property
    def words(self) -> int:
        """How many words were written."""
        return len((authoring.plain_text(self.html) if self.html else self.text).split())

    @property
    def criteria(self) -> list[Criterion]:
        """The rubric, scaled to the points that the quiz gives for the question."""
        listed = self.rubric or []
        total = sum((Decimal(str(one["points"])) for one in listed), Decimal(0))
        scale = self.max_points / total if total else Decimal(0)
        given = self.rubric_points if self.rubric_points and len(self.rubric_points) == len(listed) else None
        return [
            Criterion(
                str(one["name"]),
                str(one.get("description") or ""),
                (Decimal(str(one["points"])) * scale).quantize(Decimal("0.01")),
                Decimal(str(given[at])) if given else None,
            )
            for at, one in enumerate(listed)
        ]


class Grade(msgspec.Struct, frozen=True):
    """What a person gives for an answer. ``seen`` is when it was graded last, as the person saw it."""

    points: Decimal
    rubric: list[float] | None
    feedback: str
    reason: str
    seen: datetime | None


async def waiting(tx: Transaction) -> list[Waiting]:
    """Quizzes of the actor's courses in which answers wait, the longest wait first."""
    return await tx.all(Waiting, Q.grading_list)


async def figures(tx: Transaction, quiz_id: UUID) -> list[QuestionFigures]:
    """How many answers wait and how many are graded by hand, by question."""
    return await tx.all(QuestionFigures, Q.grading_figures, quiz_id)


async def answer(tx: Transaction, quiz_id: UUID, answer_id: UUID) -> Answer:
    """One answer of a quiz that was handed in. Raises NotFound."""
    found = await tx.maybe(Answer, Q.answer_to_grade, quiz_id, answer_id)
    if found is None:
        raise NotFound("There is no such answer to grade.", code="no_such_answer")
    return found


async def neighbour(
    tx: Transaction, quiz_id: UUID, by: By, here: Answer | None, step: Literal[1, -1], *,
    question: UUID | None = None, waiting_only: bool = True
) -> UUID | None:  # fmt: skip
    """The answer after or before one, or the first; with ``waiting_only`` none that a person has graded."""
    if by == "question":
        place: tuple[Any, Any] = (here.question_id, here.id) if here else (None, None)
        query = Q.next_by_question if step > 0 else Q.previous_by_question
    else:
        place = (here.attempt_id, here.position) if here else (None, None)
        query = Q.next_by_person if step > 0 else Q.previous_by_person
    return await tx.fetchval(query, quiz_id, question, *place, waiting_only)


async def grade(tx: Transaction, answer_id: UUID, given: Grade) -> None:
    """Grades an answer. Raises Conflict when somebody else did meanwhile, Invalid when a change has no reason."""
    await tx.execute(
        Q.grade_answer,
        answer_id,
        given.points,
        given.rubric,
        given.feedback or None,
        given.reason or None,
        given.seen,
    )


def read_points(text: str, most: Decimal) -> Decimal:
    """Points as somebody typed them. Raises Invalid."""
    try:
        points = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        points = Decimal("NaN")
    if not points.is_finite() or not 0 <= points <= most or points != round(points, 2):
        words = f"Points: from 0 to {most.normalize():f}, with at most two decimals."
        raise Invalid(words, fields={"points": words}, code="points_out_of_range")
    return points


def read_rubric(texts: Sequence[str], criteria: Sequence[Criterion]) -> list[float] | None:
    """Points for each criterion; None when none was given. Raises Invalid."""
    if len(texts) != len(criteria) or not any(text.strip() for text in texts):
        return None
    return [float(read_points(text or "0", one.points)) for text, one in zip(texts, criteria, strict=True)]

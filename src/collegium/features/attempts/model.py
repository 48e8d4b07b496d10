"""What taking a quiz is made of: the start card, an answer on its way, how far somebody is."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

MOST_POSITIONS = 1000
Answer = Annotated[dict[str, Any], msgspec.Meta(max_length=4)]
State = Literal[
    "staff", "not_published", "in_progress", "locked", "empty", "not_open", "closed", "no_attempts_left", "open"
]


class AttemptLine(msgspec.Struct, frozen=True):
    """One attempt among those before: what it came to. Score in percent."""

    id: UUID
    attempt_number: int
    status: str
    started_at: datetime
    deadline_at: datetime | None
    submitted_at: datetime | None
    submitted_by: str | None
    score: Decimal | None
    points_earned: Decimal | None
    total_points: Decimal
    passed: bool | None


class Card(msgspec.Struct, frozen=True):
    """What a person should know before beginning a quiz; ``state`` says whether he can begin now, and why not.

    ``max_attempts``, ``time_limit_minutes`` and ``available_until`` are this person's: what was granted is in them.
    """

    id: UUID
    title: str
    description: str | None
    instructions: str | None
    quiz_type: str
    course_id: UUID
    course_title: str
    course_slug: str
    lesson_id: UUID | None
    state: State
    server_time: datetime
    questions: int
    total_points: Decimal
    passing_score: Decimal
    require_passing: bool
    is_mandatory: bool
    time_limit_minutes: int | None
    max_attempts: int | None
    taken: int
    grading_policy: str
    layout: str
    show_correct_answers: str
    available_from: datetime | None
    available_until: datetime | None
    extra_minutes: int
    extra_attempts: int
    extra_until: datetime | None
    in_progress: UUID | None
    score: Decimal | None
    best: Decimal | None
    passed: bool
    waiting: int
    attempts: list[AttemptLine]

    @property
    def attempts_left(self) -> int | None:
        """How many attempts may still be begun; None without a limit."""
        return None if self.max_attempts is None else max(0, self.max_attempts - self.taken)


class SaveAnswer(msgspec.Struct, frozen=True):
    """One answer as the learner gave it. ``seq`` is higher than that of every save of this question before.

    ``answer`` has the shape of the question's type, with options named 1, 2, 3 as they are shown; an empty object
    takes the answer back.
    """

    answer: Answer
    seq: Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class SavedAnswer(msgspec.Struct, frozen=True):
    """What is stored after a save.

    ``saved`` is false when a newer answer was there already (from another tab or device), or when the answer is
    final; then ``answer`` and ``seq`` are those that stay. Times in ISO 8601 by the server's clock.
    """

    saved: bool
    position: int
    seq: int
    server_time: datetime
    deadline_at: datetime | None = None
    answer: dict[str, Any] | None = None


class Flag(msgspec.Struct, frozen=True):
    """Whether a question is marked to look at again."""

    flagged: bool


class HandedIn(msgspec.Struct, frozen=True):
    """What came of handing in. Score in percent; it, the points and ``passed`` are null while a person has to grade."""

    id: UUID
    status: str
    score: Decimal | None
    points_earned: Decimal | None
    total_points: Decimal
    passed: bool | None
    submitted_at: datetime
    submitted_by: str


class Standing(msgspec.Struct, frozen=True):
    """How far an enrollment is in one quiz: what counts and what passes, in points. ``step``: where it is required."""

    quiz_id: UUID
    step: int | None
    lesson_id: UUID | None
    title: str
    taken: int
    waiting: int
    in_progress: UUID | None
    score: Decimal | None
    passed: bool
    points_have: Decimal
    points_needed: Decimal
    points_total: Decimal

    @property
    def missing(self) -> Decimal:
        """Points that are missing to pass."""
        return max(Decimal(0), self.points_needed - self.points_have)


class Criterion(msgspec.Struct, frozen=True):
    """One line of an essay's rubric and what it earned, in words."""

    name: str
    earned: str
    points: str
    description: str

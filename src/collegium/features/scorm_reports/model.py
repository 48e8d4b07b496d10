"""What reports on packages say. Scores and progress are percent, times are seconds, instants are aware."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

Said = Mapping[str, Mapping[str, str]]
"""What a package left behind: SCO to element to value."""

STATUSES = {
    "": "All",
    "not_started": "Not started",
    "in_progress": "In progress",
    "completed": "Completed",
    "passed": "Passed",
    "failed": "Failed",
}
SHOWN = {
    "not_started": "pending",
    "in_progress": "in_progress",
    "completed": "done",
    "passed": "done",
    "failed": "failed",
}
"""Status of a registration to the state that a page shows for it."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """How far those have come who take a package. ``people``: registrations; the averages are None without any."""

    people: int = 0
    in_progress: int = 0
    completed: int = 0
    passed: int = 0
    failed: int = 0
    average_score: Decimal | None = None
    average_time_seconds: Decimal | None = None


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A SCO with how many people have opened, completed, passed and failed it."""

    sco: str
    title: str
    opened: int
    completed: int
    passed: int
    failed: int
    average_score: Decimal | None
    average_seconds: Decimal | None


class Learner(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in the list of a package; ``place`` is where his name stands in it."""

    id: UUID
    name: str
    email: str
    place: str
    status: str
    completion_status: str
    success_status: str
    score: Decimal | None
    progress: Decimal
    attempts: int
    total_time_seconds: Decimal
    started_at: datetime | None
    last_accessed_at: datetime | None
    criterion_met_at: datetime | None
    course_title: str | None
    lesson_title: str | None

    @property
    def state(self) -> tuple[str, str]:
        """The state that a page shows, and its words."""
        return SHOWN[self.status], STATUSES[self.status]


class LearnerPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of learners ended."""

    place: str
    id: UUID


class Wanted(msgspec.Struct, frozen=True):
    """Which learners are asked for."""

    status: str = ""
    course: UUID | None = None
    words: str = ""


class Page(msgspec.Struct, frozen=True):
    """A page of learners, and where the next one begins."""

    learners: list[Learner]
    next: LearnerPlace | None


class Course(msgspec.Struct, frozen=True):
    """A course in which a package is taken."""

    id: UUID
    title: str


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """One person with one package, over all attempts."""

    id: UUID
    scorm_package_id: UUID
    package_title: str
    standard: str
    edition: int | None
    name: str
    email: str
    member_id: UUID
    """Of a partner's learner, who is no member, what he is known by."""
    is_partners: bool
    course_id: UUID | None
    course_title: str | None
    lesson_title: str | None
    status: str
    completion_status: str
    success_status: str
    score: Decimal | None
    progress: Decimal
    attempts: int
    total_time_seconds: Decimal
    started_at: datetime | None
    last_accessed_at: datetime | None
    criterion_met_at: datetime | None

    @property
    def path(self) -> str:
        """Its address."""
        return f"/studio/registrations/{self.id}"

    @property
    def state(self) -> tuple[str, str]:
        """The state that a page shows, and its words."""
        return SHOWN[self.status], STATUSES[self.status]


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt; those in the modes browse and review count for nothing."""

    id: UUID
    attempt_number: int
    mode: str
    credit: bool
    completion_status: str
    success_status: str
    progress: Decimal
    score: Decimal | None
    total_time_seconds: Decimal
    opened_at: datetime
    ended_at: datetime | None

    @property
    def words(self) -> str:
        """What it is called."""
        return f"Attempt {self.attempt_number}" if self.mode == "normal" else self.mode.capitalize()


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt stands in one SCO."""

    sco: str
    title: str
    completion_status: str
    success_status: str
    progress: Decimal
    score: Decimal | None
    total_time_seconds: Decimal


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A call in the flight recorder: of a commit, at a place in it; ``t``: milliseconds since the SCO was launched."""

    commit_seq: int
    place: int
    sco: str
    at: datetime
    t: float
    fn: str
    args: list[str]
    answer: str
    error: str

    @property
    def failed(self) -> bool:
        """Whether the call left an error behind."""
        return self.error not in ("", "0")


class LinePlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of calls ended."""

    commit_seq: int
    place: int


class CallsWanted(msgspec.Struct, frozen=True):
    """Which calls are asked for."""

    kind: str = ""
    errors: bool = False
    sco: str | None = None
    words: str = ""


class Calls(msgspec.Struct, frozen=True):
    """A page of calls, and where the next one begins."""

    lines: list[Line]
    next: LinePlace | None


class Before(msgspec.Struct, frozen=True):
    """An element as it stood before a replay begins."""

    sco: str
    element: str
    value: str


class Given(msgspec.Struct, frozen=True):
    """An answer that was given to a question, and how often."""

    response: str
    answers: int
    is_right: bool


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question of a package over everybody. ``median_seconds``: None where the package told no latency."""

    sco: str
    identifier: str
    type: str
    description: str
    answers: int
    right_answers: int
    wrong_answers: int
    median_seconds: Decimal | None
    given: list[Given] = []

    @property
    def correct_rate(self) -> int | None:
        """Percent of the answers that the package called right or wrong which were right; None without any."""
        judged = self.right_answers + self.wrong_answers
        return round(100 * self.right_answers / judged) if judged else None


class ObjectiveFigures(msgspec.Struct, frozen=True, kw_only=True):
    """An objective over everybody. ``average_score``: percent where scaled, else as the package gave it."""

    sco: str
    identifier: str
    description: str | None
    people: int
    passed: int
    failed: int
    completed: int
    average_score: Decimal | None

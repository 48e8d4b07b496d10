"""What was handed in, what is said of it, and what it is worth. Instants are aware, points and shares are decimals."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import msgspec

State = Literal["all", "waiting", "graded", "again", "nothing"]
Decision = Literal["graded", "returned", "resubmission_requested"]
MARKED = ("graded", "returned", "resubmission_requested")
STATUS_WORDS = {
    "submitted": ("pending", "Waits for a grade"),
    "grading": ("in_progress", "Being graded"),
    "graded": ("done", "Graded"),
    "returned": ("done", "Returned"),
    "resubmission_requested": ("due_soon", "Asked for again"),
}
"""Status of a submission to the state that a page shows for it, and its words."""


class Line(msgspec.Struct, frozen=True):
    """A learner, or a group, in the list of an assignment, with the newest work; no id where nothing was handed in.

    ``key`` tells lines apart: the enrollment, or without names what stands for it.
    """

    key: UUID
    who: str
    members: list[str]
    place: str
    group_name: str | None
    submission_id: UUID | None
    submission_number: int | None
    status: str | None
    submitted_at: datetime | None
    late_days: int
    late_penalty_applied: Decimal
    points_earned: Decimal | None
    max_points: Decimal | None
    final_score: Decimal | None
    graded_at: datetime | None
    graded_by: str
    email: str
    hidden: bool

    @property
    def state(self) -> tuple[str, str]:
        """The state that the page shows, and its words."""
        return STATUS_WORDS[self.status] if self.status else ("not_started", "Nothing yet")


class LinePlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of the list ended."""

    place: str
    key: UUID


class Wanted(msgspec.Struct, frozen=True):
    """Which lines of the list are asked for."""

    state: State = "all"
    late: bool = False
    words: str = ""


class Page(msgspec.Struct, frozen=True):
    """A page of the list, and where the next one begins."""

    lines: list[Line]
    next: LinePlace | None


class Counts(msgspec.Struct, frozen=True):
    """How many lines an assignment has in each state."""

    waiting: int
    graded: int
    again: int
    nothing: int

    @property
    def all(self) -> int:
        """How many there are."""
        return self.waiting + self.graded + self.again + self.nothing


class Waiting(msgspec.Struct, frozen=True):
    """An assignment in which work waits, since ``oldest``."""

    id: UUID
    title: str
    course_id: UUID
    course_title: str
    waiting: int
    oldest: datetime


class Criterion(msgspec.Struct, frozen=True):
    """What work is judged by. ``given`` is None until it was."""

    name: str
    description: str
    points: Decimal
    given: Decimal | None
    comment: str


class Submission(msgspec.Struct, frozen=True):
    """One piece of work with its assignment. ``mine``: of the person who asks; ``graded_by`` may be hidden from him.

    ``hidden``: whoever marks it is not to know whose it is, and ``label`` stands for the name; files have types and
    sizes then, no names and no keys.
    """

    id: UUID
    assignment_id: UUID
    course_id: UUID
    submission_number: int
    submitted_at: datetime
    due_date: datetime | None
    late_days: int | None
    submission_text: str | None
    submission_html: str | None
    submission_url: str | None
    file_attachments: list[dict[str, Any]]
    status: str
    max_points: Decimal
    points_earned: Decimal | None
    score: Decimal | None
    late_penalty_applied: Decimal
    final_score: Decimal | None
    graded_at: datetime | None
    instructor_feedback_html: str | None
    rubric_scores: dict[str, Any] | None
    rubric_comments: dict[str, str] | None
    in_group: bool
    graded_apart: bool
    penalty_days: int | None
    penalty_per_day: Decimal | None
    penalty_from: int | None
    title: str
    rubric: list[dict[str, Any]] | None
    passing_percentage: Decimal
    course_title: str
    mine: bool
    graded_by: str | None
    hidden: bool
    label: str

    @property
    def is_marked(self) -> bool:
        """Whether the learner may read what became of it."""
        return self.status in MARKED

    @property
    def state(self) -> tuple[str, str]:
        """The state that the page shows, and its words."""
        return STATUS_WORDS[self.status]

    @property
    def passed(self) -> bool | None:
        """Whether the final score passes; None without one."""
        return None if self.final_score is None else self.final_score >= self.passing_percentage

    @property
    def criteria(self) -> list[Criterion]:
        """The rubric with what was given and said."""
        scores, comments = self.rubric_scores or {}, self.rubric_comments or {}
        return [
            Criterion(
                one["criterion"],
                str(one.get("description") or ""),
                Decimal(str(one["points"])),
                Decimal(str(scores[one["criterion"]])) if one["criterion"] in scores else None,
                comments.get(one["criterion"], ""),
            )
            for one in self.rubric or []
        ]


class Author(msgspec.Struct, frozen=True):
    """Somebody whose work it is."""

    id: UUID
    name: str
    submission_id: UUID
    graded_apart: bool


class Earlier(msgspec.Struct, frozen=True):
    """One of the times that somebody handed in."""

    id: UUID
    submission_number: int
    submitted_at: datetime
    status: str
    points_earned: Decimal | None
    max_points: Decimal
    final_score: Decimal | None

    @property
    def state(self) -> tuple[str, str]:
        """The state that the page shows, and its words."""
        return STATUS_WORDS[self.status]


class Change(msgspec.Struct, frozen=True):
    """One time that work was graded, returned or asked for again."""

    changed_at: datetime
    status_before: str
    status_after: str
    points_before: Decimal | None
    points_after: Decimal | None
    reason: str
    by: str

    @property
    def words(self) -> str:
        """What was done."""
        return STATUS_WORDS[self.status_after][1]


class Annotation(msgspec.Struct, frozen=True):
    """Something said on a page of a file or in the text."""

    id: UUID
    submission_id: UUID
    kind: str
    file_number: int | None
    page: int | None
    rects: list[list[float]] | None
    text_start: int | None
    text_end: int | None
    quote: str
    body: str
    created_at: datetime
    mine: bool
    author: str

    @property
    def where(self) -> str:
        """Where it stands, in words."""
        return "In the text" if self.file_number is None else f"Page {self.page}"


class Remark(msgspec.Struct, frozen=True):
    """What somebody wants to say on work: on a page of a file (``rects`` in shares of it) or in a range of the text."""

    body: str = ""
    quote: str = ""
    file: int | None = None
    page: int | None = None
    rects: list[tuple[float, float, float, float]] | None = None
    start: int | None = None
    end: int | None = None


class WorkFile(msgspec.Struct, frozen=True):
    """A file of the work. ``kind``: pdf and picture are shown in the page, anything else is downloaded."""

    number: int
    name: str
    size: str
    kind: Literal["pdf", "picture", "other"]
    href: str


class Work(msgspec.Struct, frozen=True):
    """What was handed in, made safe to show. ``url`` is None unless it leads to the web."""

    html: str
    text: str
    url: str | None


class Grade(msgspec.Struct, frozen=True):
    """What somebody decides. ``seen`` is the last change of the grade that he saw; None for none."""

    decision: Decision
    points: Decimal | None
    scores: dict[str, float] | None
    comments: dict[str, str]
    feedback: str
    reason: str
    seen: datetime | None


class Standing(msgspec.Struct, frozen=True):
    """How work stands after it was marked."""

    status: str
    points_earned: Decimal | None
    final_score: Decimal | None

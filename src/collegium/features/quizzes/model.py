"""Quizzes in the studio: their settings, what stands in them, and what is still missing."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

QuizType = Literal["pre_assessment", "formative", "summative", "final_exam", "practice"]
Status = Literal["draft", "published", "archived"]
Shown = Literal["immediately", "after_submission", "after_deadline", "never"]
Policy = Literal["best", "last", "average"]
Layout = Literal["all", "one"]
Source = Literal["course", "shared"]

TYPES: dict[str, str] = {
    "formative": "Check of understanding",
    "pre_assessment": "Test before the course",
    "summative": "Test",
    "final_exam": "Final exam",
    "practice": "Practice: never counts",
}
SHOWN: dict[str, str] = {
    "immediately": "At once, question by question",
    "after_submission": "After handing in",
    "after_deadline": "When the quiz has closed for everybody",
    "never": "Never",
}
POLICIES: dict[str, str] = {"best": "The best attempt", "last": "The last attempt", "average": "The average of all"}
LAYOUTS: dict[str, str] = {"all": "All questions on one page", "one": "One question on a page"}
QUESTION_TYPES: dict[str, str] = {
    "multiple_choice": "One choice",
    "true_false": "True or false",
    "multiple_answer": "Several choices",
    "short_answer": "Short answer",
    "numeric": "Number",
    "essay": "Essay",
    "fill_blank": "Blanks",
    "matching": "Matching",
    "ordering": "Ordering",
}
MOST_PLACES = 500


class Course(msgspec.Struct, frozen=True):
    """A course of the studio."""

    id: UUID
    title: str
    slug: str
    status: str


class NewQuiz(msgspec.Struct, frozen=True, kw_only=True):
    """What a quiz begins with; the rest is as usual until somebody changes it."""

    title: str
    description: str | None = None
    instructions: str | None = None
    quiz_type: QuizType = "formative"


class QuizLine(msgspec.Struct, frozen=True):
    """A quiz in the list of its course. ``questions`` is how many an attempt asks; ``pass_rate`` in percent."""

    id: UUID
    title: str
    status: Status
    quiz_type: QuizType
    lesson_id: UUID | None
    lesson_title: str | None
    is_final: bool
    questions: int
    total_points: Decimal
    attempts_count: int
    graded_count: int
    avg_score: Decimal | None
    pass_rate: Decimal | None


class Quiz(msgspec.Struct, frozen=True):
    """A quiz with all its settings and figures. ``taken``: somebody began it. Scores and rates are in percent."""

    id: UUID
    of_course_id: UUID
    lesson_id: UUID | None
    lesson_title: str | None
    lesson_criteria: str | None
    is_final: bool
    title: str
    description: str | None
    instructions: str | None
    quiz_type: QuizType
    status: Status
    passing_score: Decimal
    max_attempts: int | None
    require_passing: bool
    is_mandatory: bool
    time_limit_minutes: int | None
    shuffle_questions: bool
    shuffle_answers: bool
    show_correct_answers: Shown
    available_from: datetime | None
    available_until: datetime | None
    anonymous_grading: bool
    grading_policy: Policy
    layout: Layout
    total_points: Decimal
    taken: bool
    attempts_count: int
    graded_count: int
    passed_count: int
    avg_score: Decimal | None
    pass_rate: Decimal | None
    revision: int


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the builder: a question, a draw, or the heading of a section with what follows it.

    Of a question ``version_id`` is set, of a draw ``tag``, ``count`` and ``source``, of a heading ``title`` and
    ``instructions``. What only the page shows is filled when it is read.
    """

    kind: Literal["question", "draw", "section"]
    id: UUID | None = None
    points: Decimal = Decimal(1)
    version_id: UUID | None = None
    tag: str = ""
    count: int = 1
    source: Source = "course"
    title: str = ""
    instructions: str = ""
    question_id: UUID | None = None
    question_type: str = ""
    text: str = ""
    status: str = "active"
    newer_id: UUID | None = None
    keyed: bool = True
    best: Decimal = Decimal(1)
    pool: int = 0

    @property
    def asks(self) -> int:
        """How many questions of an attempt it makes."""
        return {"question": 1, "draw": self.count, "section": 0}[self.kind]


class Pool(msgspec.Struct, frozen=True):
    """How many active questions a bank has under a tag."""

    source: Source
    tag: str
    questions: int


class Check(msgspec.Struct, frozen=True):
    """One line of the check list. What is ``blocking`` keeps a quiz from being published."""

    words: str
    blocking: bool = True


class LessonChoice(msgspec.Struct, frozen=True):
    """A lesson that a quiz may belong to."""

    id: UUID
    title: str
    module_title: str


class Found(msgspec.Struct, frozen=True):
    """A question of the bank in its newest version. ``used`` when the quiz asks it already."""

    version_id: UUID
    question_type: str
    title: str | None
    text: str
    points: Decimal
    tags: list[str]
    difficulty: str
    shared: bool
    question_id: UUID
    created_at: datetime
    used: bool


class FoundPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of found questions ended."""

    created_at: datetime
    question_id: UUID

"""Questions as the bank keeps them. Points are decimals; instants are aware."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar, get_args
from uuid import UUID

import msgspec

QuestionType = Literal[
    "multiple_choice",
    "multiple_answer",
    "true_false",
    "short_answer",
    "numeric",
    "fill_blank",
    "matching",
    "ordering",
    "essay",
]
QUESTION_TYPES: tuple[QuestionType, ...] = get_args(QuestionType)
Difficulty = Literal["easy", "medium", "hard"]
DIFFICULTIES: tuple[Difficulty, ...] = get_args(Difficulty)
Status = Literal["draft", "active", "retired"]
STATUSES: tuple[Status, ...] = get_args(Status)
Sort = Literal["changed", "oldest", "title"]
SORTS: tuple[tuple[Sort, str], ...] = (
    ("changed", "Changed last first"),
    ("oldest", "Oldest first"),
    ("title", "By title"),
)
Row = TypeVar("Row")


class QuestionDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants a question to be: `check_draft` says what is wrong with it, in words.

    ``question_html``, the ``html`` of options, ``explanation`` and all feedback are HTML and cleaned when they are
    saved. ``answer_options`` and ``correct_answer`` have the shapes that README.md lists for each type.
    """

    question_type: str
    question_html: str
    title: str | None = None
    answer_options: Any = msgspec.field(default_factory=list[Any])
    correct_answer: Any = None
    points: Decimal = Decimal(1)
    explanation: str | None = None
    option_feedback: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    hint: str | None = None
    image_url: str | None = None
    image_alt: str | None = None
    video_url: str | None = None
    audio_url: str | None = None
    tags: tuple[str, ...] = ()
    difficulty: str = "medium"
    status: str = "active"
    rubric: list[dict[str, Any]] | None = None
    word_limit: int | None = None
    change_note: str | None = None


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question with its newest version. The key is None for who may not read it (``has_key`` says whether he may)."""

    id: UUID
    course_id: UUID | None
    organisation_id: UUID | None = None
    question_type: str
    title: str | None
    tags: list[str]
    difficulty: str
    status: str
    created_at: datetime
    updated_at: datetime
    version_id: UUID
    version: int
    question_text: str
    question_html: str | None
    answer_options: Any
    points: Decimal
    hint: str | None
    image_url: str | None
    image_alt: str | None
    video_url: str | None
    audio_url: str | None
    rubric: list[dict[str, Any]] | None
    word_limit: int | None
    used_at: datetime | None
    has_key: bool
    may_change: bool
    correct_answer: Any
    explanation: str | None
    option_feedback: dict[str, str] | None

    @property
    def name(self) -> str:
        """Its title, or the beginning of what it asks."""
        first = " ".join(self.question_text.split())
        return self.title or (first if len(first) <= 120 else first[:117].rsplit(" ", 1)[0] + " …")

    def draft(self) -> QuestionDraft:
        """The question as a draft: what an editor begins with, and what is copied."""
        return QuestionDraft(
            question_type=self.question_type,
            question_html=self.question_html or "",
            title=self.title,
            answer_options=self.answer_options,
            correct_answer=self.correct_answer,
            points=self.points,
            explanation=self.explanation,
            option_feedback=self.option_feedback or {},
            hint=self.hint,
            image_url=self.image_url,
            image_alt=self.image_alt,
            video_url=self.video_url,
            audio_url=self.audio_url,
            tags=tuple(self.tags),
            difficulty=self.difficulty,
            status=self.status,
            rubric=self.rubric,
            word_limit=self.word_limit,
        )


class Bank(msgspec.Struct, frozen=True):
    """Where questions are kept: a course's bank, an organisation's, or (both None) the one that all courses share."""

    course_id: UUID | None = None
    organisation_id: UUID | None = None


class BankFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which questions of a bank, in which order. Empty means any."""

    text: str = ""
    tag: str = ""
    question_type: str = ""
    difficulty: str = ""
    status: str = ""
    sort: str = "changed"


class BankPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of the bank ended, in whichever order."""

    changed: datetime
    title: str
    id: UUID


class Page(msgspec.Struct, Generic[Row], frozen=True):
    """One page of a list, and the cursor of the next; None at the end."""

    rows: list[Row]
    next: str | None = None


class Organisation(msgspec.Struct, frozen=True):
    """An organisation whose bank one may look through; ``kept`` says that one may write in it too."""

    id: UUID
    name: str
    kept: bool


class Figures(msgspec.Struct, frozen=True):
    """How a version, or a question, has fared. ``share_sum`` adds up the shares of the points that answers earned."""

    quizzes: int = 0
    asked: int = 0
    answered: int = 0
    full_points: int = 0
    share_sum: Decimal = Decimal(0)

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.quizzes + other.quizzes,
            self.asked + other.asked,
            self.answered + other.answered,
            self.full_points + other.full_points,
            self.share_sum + other.share_sum,
        )

    @property
    def right(self) -> int | None:
        """Percent of graded answers that earned everything; None before the first."""
        return round(self.full_points * 100 / self.answered) if self.answered else None

    @property
    def average(self) -> int | None:
        """Percent of the points that a graded answer earned on average; None before the first."""
        return round(self.share_sum * 100 / self.answered) if self.answered else None


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One wording of a question. ``used_at`` is when somebody was first asked it."""

    id: UUID
    version: int
    created_at: datetime
    used_at: datetime | None
    change_note: str | None
    question_text: str
    question_html: str | None
    answer_options: Any
    points: Decimal
    hint: str | None
    by: str | None
    correct_answer: Any
    explanation: str | None


class Place(msgspec.Struct, frozen=True):
    """A quiz that asks a question by name."""

    id: UUID
    title: str
    status: str
    version: int
    course_id: UUID


class Trial(msgspec.Struct, frozen=True):
    """What an answer would earn: a share from 0 to 1, what is said to it, and which of the accepted ones it was."""

    share: Decimal
    feedback: str | None
    matched: list[int] | None

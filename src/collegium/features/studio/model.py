"""Courses as those who build them see them. Instants are aware."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal, get_args
from uuid import UUID

import msgspec

Status = Literal["draft", "under_review", "published", "archived"]
LessonType = Literal[
    "video", "text", "pdf", "scorm", "quiz", "assignment", "live_session", "external_link", "embedded_content"
]
Criteria = Literal[
    "video_watched", "time_spent", "quiz_passed", "marked_complete", "scorm_completed", "assignment_passed"
]
LESSON_TYPES: tuple[LessonType, ...] = get_args(LessonType)
CATEGORIES = (
    "insurance_fundamentals",
    "health_benefits",
    "life_insurance",
    "retirement_planning",
    "compliance",
    "sales_techniques",
    "leadership",
    "technology",
    "continuing_education",
)
LONGEST_TITLE = 200


class Course(msgspec.Struct, frozen=True):
    """A course that the person who asks teaches or administers."""

    id: UUID
    title: str
    slug: str
    status: Status
    category: str
    description: str
    short_description: str | None
    instructor_id: UUID | None
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime
    thumbnail_url: str | None


class NewCourse(msgspec.Struct, frozen=True):
    """The wish for a new course. ``slug`` is made of the title unless one is wished for; it is made unique."""

    title: str
    category: str
    description: str = ""
    slug: str | None = None


class CourseLine(msgspec.Struct, frozen=True):
    """A course in the list of the studio. ``order_number`` and ``order_text`` are where it stands in that list."""

    id: UUID
    title: str
    slug: str
    status: Status
    category: str
    thumbnail_url: str | None
    modules: int
    lessons: int
    learners: int
    changed_at: datetime
    order_number: float
    order_text: str


class LessonSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What may be decided about a lesson when it is added. ``completion_criteria`` follows from the type by default."""

    description: str | None = None
    require_completion: bool = True
    is_preview: bool = False
    completion_criteria: Criteria | None = None
    min_time_seconds: int | None = None
    watched_percentage_required: Decimal = Decimal(90)
    estimated_duration_minutes: int | None = None
    learning_objectives: list[str] = []


class Video(msgspec.Struct, frozen=True):
    """How far the video of a lesson is. ``duration`` in seconds, None until it is known."""

    state: Literal["waiting", "processing", "ready", "failed"]
    duration: int | None


class OutlineLesson(msgspec.Struct, frozen=True):
    """A lesson in the outline. ``waits_for``: titles of what comes first; ``is_empty``: no content yet."""

    id: UUID
    module_id: UUID
    title: str
    lesson_type: LessonType
    state: Literal["live", "draft", "retired"]
    is_preview: bool
    require_completion: bool
    minutes: int | None
    unlock_date: datetime | None
    waits_for: list[str]
    video: Video | None
    is_empty: bool


class OutlineModule(msgspec.Struct, frozen=True):
    """A module in the outline with its lessons in their order."""

    id: UUID
    title: str
    state: Literal["live", "draft", "retired"]
    unlock_date: datetime | None
    waits_for: str | None
    lessons: list[OutlineLesson]

    @property
    def minutes(self) -> int:
        """What its lessons take together, as far as that is known."""
        return sum(lesson.minutes or 0 for lesson in self.lessons)


class Removed(msgspec.Struct, frozen=True):
    """A part that was taken out and can be put back; ``lessons`` went with a module."""

    kind: Literal["lesson", "module"]
    id: UUID
    title: str
    retired_at: datetime
    lessons: int


class Outline(msgspec.Struct, frozen=True):
    """The outline of a course as its team sees it."""

    modules: list[OutlineModule]
    removed: list[Removed]

    @property
    def lessons(self) -> int:
        """How many lessons there are."""
        return sum(len(module.lessons) for module in self.modules)

    @property
    def minutes(self) -> int:
        """What all lessons take together, as far as that is known."""
        return sum(module.minutes for module in self.modules)


class Arranged(msgspec.Struct):
    """A module and its lessons, by their ids: what is put in order."""

    id: UUID
    lessons: list[UUID]


class Part(msgspec.Struct, frozen=True):
    """A lesson or a module, as forms name it: ``lesson:<id>``."""

    kind: Literal["lesson", "module"]
    id: UUID

    @classmethod
    def read(cls, text: str) -> Part | None:
        """The part that a form names, or None."""
        kind, _, name = text.partition(":")
        try:
            return msgspec.convert({"kind": kind, "id": name}, cls)
        except msgspec.ValidationError:
            return None


class Home(msgspec.Struct, frozen=True):
    """A course that one may edit, as a place to copy to."""

    id: UUID
    title: str
    modules: list[tuple[UUID, str]]

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
Criteria = Literal["video_watched", "time_spent", "quiz_passed", "marked_complete", "scorm_completed"]
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

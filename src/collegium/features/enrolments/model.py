"""Enrolling and what a member's own learning looks like. Instants are aware."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from collegium.features.catalogue.service import Lock

Status = Literal["enrolled", "in_progress", "completed", "dropped", "expired", "suspended", "archived"]


class Enrol(msgspec.Struct, frozen=True):
    """The wish to take a course, or to take it up again after leaving it; in a cohort, when one was chosen."""

    slug: str
    cohort: UUID | None = None


class Leave(msgspec.Struct, frozen=True):
    """The wish to leave a course. What was done in it is kept."""

    slug: str


class Enrolment(msgspec.Struct, frozen=True):
    """Somebody's place in a course."""

    id: UUID
    course_id: UUID
    status: Status
    enrolled_at: datetime
    lessons_completed: int
    total_lessons: int
    completed_at: datetime | None
    expires_at: datetime | None
    cohort_id: UUID | None
    cohort_name: str | None
    cohort_starts_at: datetime | None
    cohort_ends_at: datetime | None


class NextLesson(msgspec.Struct, frozen=True):
    """The lesson to go on with. ``lock`` says what it waits for when no lesson that is left is open."""

    id: UUID
    title: str
    lesson_type: str
    estimated_duration_minutes: int | None
    lock: Lock | None


class Taken(msgspec.Struct, frozen=True):
    """A course that somebody has taken. ``done`` are the lessons completed, where the course goes on."""

    version: int
    id: UUID
    course_id: UUID
    status: Status
    enrolled_at: datetime
    last_accessed_at: datetime | None
    completed_at: datetime | None
    expires_at: datetime | None
    lessons_completed: int
    total_lessons: int
    certificate_number: str | None
    current_lesson_id: UUID | None
    slug: str
    title: str
    category: str
    thumbnail_url: str | None
    course_status: str
    ce_credits: Decimal
    estimated_duration_minutes: int | None
    version_number: int | None
    newer_version: int | None
    done: list[UUID]
    cohort_name: str | None = None
    cohort_starts_at: datetime | None = None
    cohort_ends_at: datetime | None = None

    def waits(self, now: datetime) -> bool:
        """Whether the lessons are shut because the cohort has not begun."""
        return self.is_active and self.cohort_starts_at is not None and self.cohort_starts_at > now

    @property
    def is_active(self) -> bool:
        """Whether there is something to go on with."""
        return self.status in ("enrolled", "in_progress")


class MyCourse(msgspec.Struct, frozen=True):
    """A course that somebody has taken, how far that went, and what is next in it."""

    id: UUID
    status: Status
    slug: str
    title: str
    category: str
    thumbnail_url: str | None
    course_status: str
    ce_credits: Decimal
    estimated_duration_minutes: int | None
    enrolled_at: datetime
    last_accessed_at: datetime | None
    completed_at: datetime | None
    expires_at: datetime | None
    lessons_completed: int
    total_lessons: int
    certificate_number: str | None
    version_number: int | None
    newer_version: int | None
    cohort_name: str | None
    cohort_starts_at: datetime | None
    cohort_ends_at: datetime | None
    next: NextLesson | None


class Learning(msgspec.Struct, frozen=True):
    """Somebody's courses in the order in which they matter: the latest first in each group."""

    current: MyCourse | None
    under_way: list[MyCourse]
    not_started: list[MyCourse]
    completed: list[MyCourse]
    others: list[MyCourse]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever taken."""
        return not (self.current or self.under_way or self.not_started or self.completed or self.others)

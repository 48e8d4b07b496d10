"""What the catalogue hands out. Lengths are whole minutes, money is decimal with its currency, instants are aware."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from collegium.features.catalogue.filters import Cursor

MarkMap = Mapping[UUID, str]
"""Courses that somebody has taken, each with the status of the enrollment."""


class CourseRow(msgspec.Struct, frozen=True):
    """A course as it stands in a list. ``order_number`` and ``order_text`` are its place in the order asked for."""

    id: UUID
    slug: str
    title: str
    short_description: str
    category: str
    difficulty_level: str
    delivery_format: str
    estimated_duration_minutes: int | None
    ce_credits: Decimal
    pricing_type: str
    price: Decimal
    member_price: Decimal | None
    currency: str
    thumbnail_url: str | None
    instructors: list[str]
    order_number: float
    order_text: str


class Listing(msgspec.Struct, frozen=True):
    """One page of courses, how many there are in all, and the counts of each facet under the other facets."""

    courses: Sequence[CourseRow]
    total: int
    counts: Mapping[str, Mapping[str, int]]
    next: Cursor | None


class Marks(msgspec.Struct, frozen=True):
    """What is one person's own in a list: the catalogue's version, and courses taken with how far they went."""

    version: int
    courses: MarkMap


class Instructor(msgspec.Struct, frozen=True):
    """What everybody may know of an instructor."""

    display_name: str
    headline: str
    bio: str

    @property
    def initials(self) -> str:
        """One or two letters for a small picture."""
        words = self.display_name.split()
        return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper()


class Lesson(msgspec.Struct, frozen=True):
    """A lesson in the outline. ``after`` is the title of what must be completed before it opens, if anything."""

    id: UUID
    title: str
    lesson_type: str
    is_preview: bool
    require_completion: bool
    estimated_duration_minutes: int | None
    unlock_date: datetime | None
    after: str | None


class Module(msgspec.Struct, frozen=True):
    """A section of a course with its lessons in order; ``after`` as for a lesson."""

    id: UUID
    title: str
    description: str | None
    unlock_date: datetime | None
    after: str | None
    lessons: list[Lesson]

    @property
    def minutes(self) -> int:
        """Length of its lessons together, as far as it is known."""
        return sum(lesson.estimated_duration_minutes or 0 for lesson in self.lessons)


class Course(msgspec.Struct, frozen=True):
    """Everything about a course that is the same for all who may see it."""

    id: UUID
    slug: str
    title: str
    short_description: str
    description: str
    learning_objectives: list[str]
    target_audience: str
    tags: list[str]
    category: str
    difficulty_level: str
    delivery_format: str
    language: str
    estimated_duration_minutes: int | None
    ce_credits: Decimal
    pricing_type: str
    price: Decimal
    member_price: Decimal | None
    currency: str
    completion_certificate: bool
    course_start_date: datetime | None
    course_end_date: datetime | None
    published_at: datetime | None
    updated_at: datetime
    thumbnail_url: str | None
    modules: list[Module]
    instructors: list[Instructor]

    @property
    def lessons(self) -> list[Lesson]:
        """Every lesson, in order."""
        return [lesson for module in self.modules for lesson in module.lessons]

    @property
    def has_rules(self) -> bool:
        """Whether any part of it opens by a rule, so that it may be shut for somebody who is in the course."""
        return any(part.unlock_date or part.after for part in (*self.modules, *self.lessons))


class Step(msgspec.Struct, frozen=True):
    """A lesson on the way through a course."""

    id: UUID
    title: str
    lesson_type: str
    estimated_duration_minutes: int | None


class CoursePath(msgspec.Struct, frozen=True):
    """The lessons of a course in their order; ``has_rules`` when any of them may be shut for a learner."""

    steps: list[Step]
    has_rules: bool


class Lock(msgspec.Struct, frozen=True):
    """Why a lesson is shut for a person: module_date, lesson_date, after_module or after_lesson."""

    lock_reason: str
    waits_for: str | None
    opens_at: datetime | None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How one person stands to one course. For a guest everything personal is at its default."""

    version: int
    id: UUID
    slug: str
    title: str
    status: str
    pricing_type: str
    price: Decimal
    member_price: Decimal | None
    currency: str
    allow_enrollment: bool
    enrollment_start_date: datetime | None
    enrollment_end_date: datetime | None
    max_enrollments: int | None
    seats_taken: int
    required_lessons: int
    price_now: Decimal | None = None
    avg_rating: Decimal | None = None
    total_reviews: int = 0
    enable_discussion_forum: bool = False
    signed_in: bool = False
    is_member: bool = False
    teaches: bool = False
    has_paid: bool = False
    enrollment_id: UUID | None = None
    enrollment_status: str | None = None
    lessons_completed: int = 0
    certificate_number: str | None = None
    version_number: int | None = None
    newer_version: int | None = None
    cohorts_only: bool = False
    has_cohorts: bool = False
    has_open_cohort: bool = False
    cohort_name: str | None = None
    cohort_starts_at: datetime | None = None
    cohort_ends_at: datetime | None = None
    lessons: Mapping[UUID, str] = {}

    def waits(self, now: datetime) -> bool:
        """Whether the person is in a cohort that has not begun, so that the lessons are shut."""
        return self.may_enter and self.cohort_starts_at is not None and self.cohort_starts_at > now

    def may_take_again(self, now: datetime) -> bool:
        """Whether a cohort can be joined beside the enrollment that counts: that one is done, or its time is over."""
        over = self.cohort_ends_at is not None and self.cohort_ends_at <= now
        done = self.enrollment_status in ("completed", "expired", "archived")
        return self.status == "published" and self.has_open_cohort and (done or (over and self.may_enter))

    @property
    def may_enter(self) -> bool:
        """Whether the lessons are open to the person as a learner."""
        return self.enrollment_status in ("enrolled", "in_progress", "completed")

    @property
    def seats_left(self) -> int | None:
        """Places that are left; None where their number is not limited."""
        return None if self.max_enrollments is None else max(0, self.max_enrollments - self.seats_taken)

    @property
    def own_price(self) -> Decimal:
        """What the course costs this person today, by the rule of the database."""
        if self.price_now is not None:
            return self.price_now
        if self.pricing_type not in ("paid", "premium"):
            return Decimal(0)
        return self.member_price if self.is_member and self.member_price is not None else self.price

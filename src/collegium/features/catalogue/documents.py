"""The catalogue as programs read it. Money is a decimal in a string, so that nobody rounds it on the way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from collegium.features.catalogue.entry import Entry, entry
from collegium.features.catalogue.model import Course, CourseRow, Instructor, Listing, Module, Standing


class CourseSummary(msgspec.Struct, frozen=True):
    """A course in a list. ``member_price`` is null where members pay what everybody pays."""

    id: UUID
    slug: str
    title: str
    short_description: str
    category: str
    level: str
    format: str
    minutes: int | None
    credits: float
    pricing: str
    price: str
    member_price: str | None
    currency: str
    instructors: list[str]

    @classmethod
    def of(cls, row: CourseRow | Course, instructors: list[str]) -> CourseSummary:
        """The summary of a course."""
        return cls(
            id=row.id,
            slug=row.slug,
            title=row.title,
            short_description=row.short_description,
            category=row.category,
            level=row.difficulty_level,
            format=row.delivery_format,
            minutes=row.estimated_duration_minutes,
            credits=float(row.ce_credits),
            pricing=row.pricing_type,
            price=str(row.price),
            member_price=None if row.member_price is None else str(row.member_price),
            currency=row.currency,
            instructors=instructors,
        )


class CourseList(msgspec.Struct, frozen=True):
    """One page of courses, how many match in all, what each filter would show under the others, and the next page."""

    courses: list[CourseSummary]
    total: int
    counts: Mapping[str, Mapping[str, int]]
    next: str | None

    @classmethod
    def of(cls, listing: Listing) -> CourseList:
        """The document of a listing."""
        return cls(
            courses=[CourseSummary.of(row, row.instructors) for row in listing.courses],
            total=listing.total,
            counts=listing.counts,
            next=listing.next.write() if listing.next else None,
        )


class You(msgspec.Struct, frozen=True):
    """How the caller stands to a course: what can be done now (``entry``), and what it costs."""

    entry: Entry
    price: str
    enrollment_id: UUID | None
    enrollment_status: str | None
    lessons_completed: int
    lessons_required: int
    certificate_number: str | None
    seats_left: int | None


class CourseDocument(msgspec.Struct, frozen=True):
    """A course with its outline, and how the caller stands to it."""

    course: CourseSummary
    status: str
    description: str
    learning_objectives: list[str]
    target_audience: str
    tags: list[str]
    instructors: list[Instructor]
    modules: list[Module]
    published_at: datetime | None
    you: You

    @classmethod
    def of(cls, course: Course, standing: Standing, now: datetime) -> CourseDocument:
        """The document of a course for one caller."""
        return cls(
            course=CourseSummary.of(course, [one.display_name for one in course.instructors]),
            status=standing.status,
            description=course.description,
            learning_objectives=course.learning_objectives,
            target_audience=course.target_audience,
            tags=course.tags,
            instructors=course.instructors,
            modules=course.modules,
            published_at=course.published_at,
            you=You(
                entry=entry(standing, now),
                price=str(standing.own_price),
                enrollment_id=standing.enrollment_id,
                enrollment_status=standing.enrollment_status,
                lessons_completed=standing.lessons_completed,
                lessons_required=standing.required_lessons,
                certificate_number=standing.certificate_number,
                seats_left=standing.seats_left,
            ),
        )

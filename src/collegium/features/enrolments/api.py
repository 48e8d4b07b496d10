"""Enrolling and one's own courses, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import PathParameter, QueryParameter
from litestar.types import ControllerRouterHandler

from collegium.features.enrolments import service
from collegium.features.enrolments.model import Enrol, Enrolment, MyCourse, Status
from collegium.web import pages
from collegium.web.apidocs import failures

Slug = Annotated[str, PathParameter(description="The course's name in addresses", max_length=120)]
ChosenCohort = Annotated[UUID | None, QueryParameter(description="The cohort to take the course in")]


class NextDocument(msgspec.Struct, frozen=True):
    """The lesson to go on with. ``locked`` when every lesson that is left waits; ``opens_at`` when a date is known."""

    id: UUID
    title: str
    type: str
    minutes: int | None
    locked: bool
    opens_at: datetime | None


class CohortDocument(msgspec.Struct, frozen=True):
    """The cohort in which the course is taken. Its lessons open at ``starts_at``; ``ends_at`` closes nothing."""

    name: str
    starts_at: datetime | None
    ends_at: datetime | None


class EnrolmentDocument(msgspec.Struct, frozen=True):
    """A course that the caller has taken, how far that went, and what is next in it."""

    id: UUID
    slug: str
    title: str
    status: Status
    enrolled_at: datetime
    last_accessed_at: datetime | None
    completed_at: datetime | None
    expires_at: datetime | None
    cohort: CohortDocument | None
    lessons_completed: int
    lessons_required: int
    credits: float
    certificate_number: str | None
    next: NextDocument | None


class MyEnrolments(msgspec.Struct, frozen=True):
    """All courses of the caller, the one used last first."""

    enrolments: list[EnrolmentDocument]


def _document(course: MyCourse) -> EnrolmentDocument:
    lesson = course.next
    following = None
    if lesson is not None:
        following = NextDocument(
            id=lesson.id,
            title=lesson.title,
            type=lesson.lesson_type,
            minutes=lesson.estimated_duration_minutes,
            locked=lesson.lock is not None,
            opens_at=lesson.lock.opens_at if lesson.lock else None,
        )
    return EnrolmentDocument(
        id=course.id,
        slug=course.slug,
        title=course.title,
        status=course.status,
        enrolled_at=course.enrolled_at,
        last_accessed_at=course.last_accessed_at,
        completed_at=course.completed_at,
        expires_at=course.expires_at,
        cohort=CohortDocument(course.cohort_name, course.cohort_starts_at, course.cohort_ends_at)
        if course.cohort_name
        else None,
        lessons_completed=course.lessons_completed,
        lessons_required=course.total_lessons,
        credits=float(course.ce_credits),
        certificate_number=course.certificate_number,
        next=following,
    )


@post(
    "/api/v1/courses/{slug:str}/enrolment",
    status_code=200,
    tags=["enrolments"],
    summary="Enrol in a course",
    responses=failures(400, 401, 403, 404, 409),
)
async def enrol(request: pages.WebRequest, slug: Slug, cohort: ChosenCohort = None) -> Enrolment:
    """Enrols the caller, or answers the place that the caller holds already. Why it cannot be is in `code`.

    A course may be taken in cohorts: name one of `GET /api/v1/courses/{slug}/cohorts`. Without one the caller takes the
    course at any time, where it allows that.
    """
    viewer = pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        return await service.enrol(tx, viewer.actor(), Enrol(slug, cohort))


@get(
    "/api/v1/me/enrolments",
    tags=["enrolments"],
    summary="List own courses",
    responses=failures(401),
)
async def my_enrolments(request: pages.WebRequest) -> MyEnrolments:
    """Every course that the caller has taken, with the lesson to go on with."""
    viewer = pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        taken = await service.courses(tx, viewer.actor(), request.app.state.paths)
    return MyEnrolments([_document(course) for course in taken])


ROUTES: list[ControllerRouterHandler] = [enrol, my_enrolments]

"""The catalogue's front door: finding courses, and one course as somebody sees it."""

from __future__ import annotations

import re
from collections.abc import Collection
from uuid import UUID

import msgspec

from collegium.features.catalogue.filters import PAGE_SIZE, CourseQuery, Cursor, credit_counts
from collegium.features.catalogue.model import (
    Course,
    CoursePath,
    CourseRow,
    Instructor,
    Listing,
    Lock,
    Marks,
    Module,
    Standing,
    Step,
)
from collegium.kit import queries
from collegium.kit.db import Actor, Transaction
from collegium.kit.errors import NotFound

Q = queries.load("collegium.features.catalogue")

_SLUG = re.compile(r"[a-z0-9-]{1,120}")
NO_SUCH_COURSE = "There is no course at this address. It may have been renamed or is not open to you."


async def browse(tx: Transaction, query: CourseQuery, after: Cursor | None = None, *, size: int = PAGE_SIZE) -> Listing:
    """Published courses that match, one page of ``size`` after a cursor, with counts. The same for every caller."""
    arguments = query.arguments()
    place = (after.number, after.text, after.id) if after else (None, None, None)
    # One more than is shown tells whether there is a next page.
    rows = await tx.all(CourseRow, Q.list_courses, *arguments, query.order, *place, size + 1)
    counts: dict[str, dict[str, int]] = {}
    for row in await tx.fetch(Q.count_courses, *arguments):
        counts.setdefault(row["facet"], {})[row["value"]] = row["courses"]
    counts["credits"] = credit_counts(counts.get("credits", {}))
    shown = rows[:size]
    last = shown[-1] if len(rows) > size else None
    return Listing(
        courses=shown,
        total=counts.pop("all")[""],
        counts=counts,
        next=Cursor(query.order, last.order_number, last.order_text, last.id) if last else None,
    )


async def version(tx: Transaction) -> int:
    """The number that cached pages of the catalogue are kept under; it moves with every change that they show."""
    return await tx.fetchval(Q.catalogue_version)


async def marks(tx: Transaction) -> Marks:
    """What lists show to the person who asks alone, and the catalogue's version, in one statement."""
    row = await tx.fetchrow(Q.my_marks)
    assert row is not None  # noqa: S101 - the statement answers one row
    return msgspec.convert(dict(row), Marks)


async def course(tx: Transaction, course_id: UUID) -> Course:
    """A course with its outline. Raises NotFound for those who may not see it."""
    row = await tx.fetchrow(Q.course, course_id)
    if row is None:
        raise NotFound(NO_SUCH_COURSE, code="no_such_course")
    columns = dict(row)
    columns["modules"] = msgspec.convert(columns["modules"], list[Module])
    columns["instructors"] = msgspec.convert(columns["instructors"], list[Instructor])
    return Course(**columns)


async def standing(tx: Transaction, actor: Actor, slug: str, *, may_teach: bool = True) -> Standing:
    """How the actor stands to a course; ``may_teach`` is false for somebody who is known to teach nothing.

    Raises NotFound for a course that is not there or not visible.
    """
    found: Standing | None = None
    if _SLUG.fullmatch(slug) is None:
        pass  # No course can have such a name, and some of what stands in addresses the database would not even read.
    elif actor.user_id is None:
        found = await tx.maybe(Standing, Q.standing_of_guest, slug)
    elif (row := await tx.fetchrow(Q.standing, slug, may_teach)) is not None:
        columns = dict(row)
        columns["lessons"] = msgspec.convert(columns["lessons"], dict[UUID, str])
        found = Standing(**columns)
    if found is None:
        raise NotFound(NO_SUCH_COURSE, code="no_such_course")
    return found


async def locks(tx: Transaction, course_ids: Collection[UUID]) -> dict[UUID, dict[UUID, Lock]]:
    """What is still shut for the person who asks: course to lesson to the reason."""
    found: dict[UUID, dict[UUID, Lock]] = {course_id: {} for course_id in course_ids}
    for row in await tx.fetch(Q.my_locks, list(course_ids)):
        found[row["course_id"]][row["lesson_id"]] = Lock(row["lock_reason"], row["waits_for"], row["opens_at"])
    return found


async def paths(tx: Transaction, course_ids: Collection[UUID]) -> dict[UUID, CoursePath]:
    """The way through each of some courses; one without lessons has an empty way."""
    found = {course_id: CoursePath([], False) for course_id in course_ids}
    for row in await tx.fetch(Q.paths, list(course_ids)):
        found[row["course_id"]] = CoursePath(msgspec.convert(row["lessons"], list[Step]), row["has_rules"])
    return found

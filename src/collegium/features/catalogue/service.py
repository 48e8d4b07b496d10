"""The catalogue's front door: finding courses, and one course as somebody sees it."""

from __future__ import annotations

import re
from uuid import UUID

import msgspec

from collegium.features.catalogue.filters import PAGE_SIZE, CourseQuery, Cursor, credit_counts
from collegium.features.catalogue.model import (
    Course,
    CourseRow,
    Instructor,
    Listing,
    Lock,
    Marks,
    Module,
    Standing,
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


async def standing(tx: Transaction, actor: Actor, slug: str) -> Standing:
    """How the actor stands to a course. Raises NotFound for a course that is not there or not visible."""
    found: Standing | None = None
    if _SLUG.fullmatch(slug) is None:
        pass  # No course can have such a name, and some of what stands in addresses the database would not even read.
    elif actor.user_id is None:
        found = await tx.maybe(Standing, Q.standing_of_guest, slug)
    elif (row := await tx.fetchrow(Q.standing, slug)) is not None:
        columns = dict(row)
        columns["lessons"] = msgspec.convert(columns["lessons"], dict[UUID, str])
        columns["locks"] = msgspec.convert(columns["locks"], dict[UUID, Lock])
        found = Standing(**columns)
    if found is None:
        raise NotFound(NO_SUCH_COURSE, code="no_such_course")
    return found

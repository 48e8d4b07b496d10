"""The catalogue for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from litestar import get
from litestar.params import FromQuery, PathParameter, QueryParameter
from litestar.types import ControllerRouterHandler

from collegium.features.catalogue import service
from collegium.features.catalogue.documents import CourseDocument, CourseList
from collegium.features.catalogue.filters import (
    LONGEST_SEARCH,
    PAGE_SIZE,
    Category,
    CourseQuery,
    Credits,
    Cursor,
    Format,
    Length,
    Level,
    Price,
    Sort,
)
from collegium.kit.errors import Problem
from collegium.kit.viewer import actor_of
from collegium.web import pages
from collegium.web.apidocs import failures

Words = Annotated[
    str | None, QueryParameter(description="Words to search for; typing errors are forgiven", max_length=LONGEST_SEARCH)
]
After = Annotated[str | None, QueryParameter(description="The `next` of the page before", max_length=4000)]
Limit = Annotated[int, QueryParameter(description="Courses on a page", ge=1, le=100)]
Slug = Annotated[str, PathParameter(description="The course's name in addresses", max_length=120)]


@get(
    "/api/v1/courses",
    tags=["catalogue"],
    summary="Find courses",
    responses=failures(400),
)
async def list_courses(
    request: pages.WebRequest,
    q: Words = None,
    category: FromQuery[list[Category] | None] = None,
    level: FromQuery[list[Level] | None] = None,
    format: FromQuery[list[Format] | None] = None,
    credits: FromQuery[Credits | None] = None,
    price: FromQuery[list[Price] | None] = None,
    length: FromQuery[list[Length] | None] = None,
    sort: FromQuery[Sort | None] = None,
    after: After = None,
    limit: Limit = PAGE_SIZE,
) -> CourseList:
    """Published courses that match, with counts for each filter under the others. The same for every caller.

    A course fits when it has one of the values given in each filter. `after` belongs to the same `q` and `sort`.
    """
    many = {"category": category, "level": level, "format": format, "price": price, "length": length}
    pairs = [(name, value) for name, values in many.items() for value in values or ()]
    query = CourseQuery.read([*pairs, ("q", q or ""), ("credits", credits or ""), ("sort", sort or "")])
    cursor = Cursor.read(after, query.order)
    if after and cursor is None:
        raise Problem("`after` is not a cursor of this order. Begin with the first page.", code="bad_cursor")
    async with pages.transaction(request) as tx:
        return CourseList.of(await service.browse(tx, query, cursor, size=limit))


@get(
    "/api/v1/courses/{slug:str}",
    tags=["catalogue"],
    summary="Read a course",
    responses=failures(400, 404),
)
async def read_course(request: pages.WebRequest, slug: Slug) -> CourseDocument:
    """A course with its outline, and what the caller can do at it now. Without a session the caller is a guest."""
    async with pages.transaction(request) as tx:
        standing = await service.standing(tx, actor_of(pages.viewer_of(request)), slug)
        return CourseDocument.of(await service.course(tx, standing.id), standing, datetime.now(UTC))


ROUTES: list[ControllerRouterHandler] = [list_courses, read_course]

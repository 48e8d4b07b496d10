"""The gradebook for programs, and for the grid of its page."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import get, put
from litestar.params import FromPath, FromQuery, JSONBody, PathParameter, QueryParameter
from litestar.types import ControllerRouterHandler

from collegium.features.gradebook import service
from collegium.features.gradebook.model import (
    Averages,
    Grid,
    History,
    MyGrades,
    SavedGrades,
    SaveGrades,
    Window,
)
from collegium.kit.errors import NotFound
from collegium.web import pages
from collegium.web.apidocs import failures

BASE = "/api/v1/gradebooks/{course_id:uuid}"
Words = Annotated[str, QueryParameter(name="q", max_length=200, description="Part of a name or an address")]
Sort = Annotated[
    str,
    QueryParameter(
        name="sort", max_length=40, description="name, final or the identity of an item; falling with a minus before it"
    ),
]
After = Annotated[
    str | None, QueryParameter(name="after", max_length=1000, description="Where the window before ended")
]
Slug = Annotated[str, PathParameter(description="The course's name in addresses", max_length=120)]


def filters_of(words: str, cohort: UUID | None, category: UUID | None, missing: bool, sort: str) -> service.Filters:
    """Which learners are asked for."""
    text = words.replace("\x00", "").strip()[:200]
    return service.Filters(words=text, cohort=cohort, category=category, missing=missing, sort=sort)


@get(BASE, tags=["gradebook"], summary="Read the frame of a gradebook", responses=failures(400, 401, 403, 404))
async def read_gradebook(
    request: pages.WebRequest,
    course_id: FromPath[UUID],
    q: Words = "",
    cohort: FromQuery[UUID | None] = None,
    category: FromQuery[UUID | None] = None,
    missing: FromQuery[bool] = False,
    sort: Sort = "name",
) -> Grid:
    """Columns, how many learners match, and the places where windows of a hundred begin."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        return await service.grid(tx, course_id, filters_of(q, cohort, category, missing, sort))


@get(
    f"{BASE}/rows", tags=["gradebook"], summary="Read learners and their grades", responses=failures(400, 401, 403, 404)
)
async def read_rows(
    request: pages.WebRequest,
    course_id: FromPath[UUID],
    q: Words = "",
    cohort: FromQuery[UUID | None] = None,
    category: FromQuery[UUID | None] = None,
    missing: FromQuery[bool] = False,
    sort: Sort = "name",
    after: After = None,
) -> Window:
    """Up to a hundred learners after a place, each with what he has in every column."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        return await service.window(tx, course_id, filters_of(q, cohort, category, missing, sort), after)


@put(f"{BASE}/cells", tags=["gradebook"], summary="Write grades", responses=failures(400, 401, 403, 404, 422))
async def write_cells(request: pages.WebRequest, course_id: FromPath[UUID], data: JSONBody[SaveGrades]) -> SavedGrades:
    """Writes cells, all in one transaction. A cell that somebody changed since its revision stays, and is a conflict.

    Points of null take back what a person wrote. Scores of quizzes and assignments are written over only with a reason.
    """
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        return await service.save(tx, course_id, data)


@get(f"{BASE}/averages", tags=["gradebook"], summary="Read averages", responses=failures(400, 401, 403, 404))
async def read_averages(request: pages.WebRequest, course_id: FromPath[UUID]) -> Averages:
    """Averages in percent of every item, every category and the final grade over all learners."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        return await service.averages(tx, course_id)


@get(
    BASE + "/cells/{enrollment_id:uuid}/{item_id:uuid}",
    tags=["gradebook"],
    summary="Read the history of a grade",
    responses=failures(400, 401, 403, 404),
)
async def read_history(
    request: pages.WebRequest, course_id: FromPath[UUID], enrollment_id: FromPath[UUID], item_id: FromPath[UUID]
) -> History:
    """A cell with who changed it, when, from what to what and why, and the work that its score comes from."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        return await service.history(tx, course_id, enrollment_id, item_id)


@get(
    "/api/v1/courses/{slug:str}/grades",
    tags=["gradebook"],
    summary="Read own grades",
    responses=failures(400, 401, 404),
)
async def read_own_grades(request: pages.WebRequest, slug: Slug) -> MyGrades:
    """What the person who asks has in a course that he takes, and the final grade that follows from it."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        _, grades = await service.my_grades(tx, slug)
    if grades is None:
        raise NotFound("You do not take this course.", code="not_enrolled")
    return grades


ROUTES: list[ControllerRouterHandler] = [
    read_gradebook,
    read_rows,
    write_cells,
    read_averages,
    read_history,
    read_own_grades,
]

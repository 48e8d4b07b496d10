"""The gradebook of a course: the grid, a table without a script, one learner's list, files out."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from collegium.features.gradebook import exporting, file_pages, learner_pages, service, setup_pages
from collegium.features.gradebook.api import filters_of
from collegium.features.gradebook.model import GradeCell, SaveGrades
from collegium.features.gradebook.words import read_points
from collegium.features.studio import service as studio
from collegium.kit.errors import Invalid, NotFound, Problem
from collegium.web import pages
from collegium.web.pages import WebRequest
from collegium.web.studio import course_place

course_place("/gradebook", "Gradebook", "table-2", rank=3)

PLACE = "/studio/{course_id:uuid}/gradebook"
PLAIN_SIZE = 50


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _asked(request: WebRequest) -> service.Filters:
    given = request.query_params
    return filters_of(
        given.get("q") or "",
        _uuid(given.get("cohort")),
        _uuid(given.get("category")),
        given.get("missing") == "1",
        given.get("sort") or "name",
    )


def _query(filters: service.Filters, **more: str) -> str:
    named = {
        "q": filters.words,
        "cohort": str(filters.cohort or ""),
        "category": str(filters.category or ""),
        "missing": "1" if filters.missing else "",
        "sort": "" if filters.sort == "name" else filters.sort,
        **more,
    }
    text = urlencode({name: value for name, value in named.items() if value})
    return f"?{text}" if text else ""


@get(PLACE, include_in_schema=False)
async def gradebook(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """The page of the grid. What stands in it works without a script: a table, page by page."""
    pages.require_teacher(request)
    filters = _asked(request)
    async with pages.transaction(request) as tx:
        course = await studio.course(tx, course_id)
        everything = await service.columns(tx, course_id)
        nameless = await service.nameless(tx, course_id)
        cohorts = await service.cohorts(tx, course_id)
        people, following = await service.people(tx, course_id, filters, request.query_params.get("after"), PLAIN_SIZE)
        cells = await service.cells(tx, course_id, [one.enrollment_id for one in people])
    categories = list({one.category_id: (str(one.category_id), one.category_name) for one in everything}.values())
    path = f"/studio/{course_id}/gradebook"
    return pages.render(
        request,
        "gradebook/gradebook.html",
        studio_course=course,
        path=path,
        filters=filters,
        columns=[one for one in everything if filters.category in (None, one.category_id)],
        nameless=nameless,
        categories=categories,
        cohorts=cohorts,
        people=people,
        cells=cells,
        query=_query(filters),
        first="after" not in request.query_params,
        following=path + _query(filters, after=following) if following else None,
        learner=None,
    )


@get(PLACE + "/learners/{enrollment_id:uuid}", include_in_schema=False)
async def learner(request: WebRequest, course_id: FromPath[UUID], enrollment_id: FromPath[UUID]) -> Response[str]:
    """One learner's grades as a list, each with a form: for phones, and without a script."""
    return await _learner(request, course_id, enrollment_id)


async def _learner(
    request: WebRequest, course_id: UUID, enrollment_id: UUID, problem: Problem | None = None, given: Any = None
) -> Response[str]:
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        course = await studio.course(tx, course_id)
        columns = await service.columns(tx, course_id)
        person = await service.learner(tx, course_id, enrollment_id)
        cells = await service.cells(tx, course_id, [enrollment_id])
        final = await service.final_of(tx, course_id, enrollment_id)
    return pages.render(
        request,
        "gradebook/learner.html",
        status=problem.status if problem else 200,
        studio_course=course,
        path=f"/studio/{course_id}/gradebook",
        person=person,
        final=final,
        rows=[(one, cells.get((enrollment_id, one.id))) for one in columns],
        problem=problem,
        given=given or {},
    )


@post(PLACE + "/learners/{enrollment_id:uuid}", include_in_schema=False)
async def save_learner(request: WebRequest, course_id: FromPath[UUID], enrollment_id: FromPath[UUID]) -> Response[str]:
    """Writes one grade of a learner from a form."""
    pages.require_teacher(request)
    given = await setup_pages.read_form(request)
    try:
        item = _uuid(given.get("item"))
        if item is None:
            raise NotFound("There is no such column in this gradebook.")
        excused = given.get("act") == "excuse"
        points = None if given.get("act") == "take-back" else read_points(given.get("points", ""))
        revision = given.get("revision", "")
        cell = GradeCell(
            enrollment_id,
            item,
            points,
            excused,
            given.get("comment"),
            int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 10 else 0,
        )
        async with pages.transaction(request) as tx:
            saved = await service.save(tx, course_id, SaveGrades([cell], given.get("reason")))
        if saved.cells[0].outcome == "conflict":
            words = "Somebody else changed this grade meanwhile. It is shown as it is now; nothing of yours was saved."
            raise Invalid(words, code="changed_meanwhile")
    except Problem as problem:
        if problem.status not in (403, 409, 422):
            raise
        return await _learner(request, course_id, enrollment_id, problem, given)
    path = f"/studio/{course_id}/gradebook/learners/{enrollment_id}#g-{item.hex}"
    return pages.redirect(request, path, flash=("success", "The grade is saved."))


@get(PLACE + ".csv", include_in_schema=False)
async def as_csv(request: WebRequest, course_id: FromPath[UUID]) -> Stream:
    """The gradebook as CSV (RFC 4180), sent while it is read."""
    return await _file(request, course_id, "csv", "text/csv")


@get(PLACE + ".xlsx", include_in_schema=False)
async def as_xlsx(request: WebRequest, course_id: FromPath[UUID]) -> Stream:
    """The gradebook as a spreadsheet."""
    return await _file(request, course_id, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")


async def _file(request: WebRequest, course_id: UUID, kind: str, media_type: str) -> Stream:
    viewer = pages.require_teacher(request)
    filters = _asked(request)
    async with pages.transaction(request) as tx:
        course = await studio.course(tx, course_id)
        columns = await service.columns(tx, course_id, filters.category)
    write = exporting.csv_lines if kind == "csv" else exporting.xlsx
    content = write(pages.site_of(request).db, viewer.actor(), course_id, columns, filters)
    headers = {
        "content-disposition": f'attachment; filename="grades-{course.slug}.{kind}"',
        "cache-control": "private, no-store",
    }
    return Stream(content, media_type=media_type, headers=headers)


ROUTES: list[ControllerRouterHandler] = [
    gradebook,
    learner,
    save_learner,
    as_csv,
    as_xlsx,
    *setup_pages.ROUTES,
    *file_pages.ROUTES,
    *learner_pages.ROUTES,
]

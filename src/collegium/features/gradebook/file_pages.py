"""Grades from a file: choose it, see what it would change, then have that done."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.gradebook import importing, tables
from collegium.features.gradebook.setup_pages import read_form
from collegium.features.studio import service as studio
from collegium.kit.errors import Invalid, Problem
from collegium.web import pages
from collegium.web.pages import WebRequest

PLACE = "/studio/{course_id:uuid}/gradebook/import"


async def _choose(request: WebRequest, course_id: UUID, problem: Problem | None = None) -> Response[str]:
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        course = await studio.course(tx, course_id)
    return pages.render(
        request,
        "gradebook/import.html",
        status=problem.status if problem else 200,
        studio_course=course,
        path=f"/studio/{course_id}/gradebook",
        problem=problem,
    )


@get(PLACE, include_in_schema=False)
async def choose(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Where a file is chosen."""
    return await _choose(request, course_id)


@post(PLACE, include_in_schema=False)
async def look(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Reads a file; nothing is written yet."""
    pages.require_teacher(request)
    form: Any = await request.form()
    sent = form.get("upload")
    try:
        if not isinstance(sent, UploadFile) or not sent.filename:
            raise Invalid("Choose a file first.", code="no_file")
        content = await sent.read(tables.MOST_BYTES + 1)
        async with pages.transaction(request) as tx:
            await studio.course(tx, course_id)
            made = await importing.look(tx, course_id, sent.filename, content)
    except Invalid as problem:
        return await _choose(request, course_id, problem)
    return pages.redirect(request, f"/studio/{course_id}/gradebook/import/{made}")


async def _report(
    request: WebRequest, course_id: UUID, import_id: UUID, problem: Problem | None = None, reason: str = ""
) -> Response[str]:
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        course = await studio.course(tx, course_id)
        found = await importing.find(tx, course_id, import_id)
    return pages.render(
        request,
        "gradebook/report.html",
        status=problem.status if problem else 200,
        studio_course=course,
        path=f"/studio/{course_id}/gradebook",
        found=found,
        report=found.report,
        problem=problem,
        reason=reason,
    )


@get(PLACE + "/{import_id:uuid}", include_in_schema=False)
async def report(request: WebRequest, course_id: FromPath[UUID], import_id: FromPath[UUID]) -> Response[str]:
    """What a file would change, and what of it cannot be used."""
    return await _report(request, course_id, import_id)


@post(PLACE + "/{import_id:uuid}", include_in_schema=False)
async def apply(request: WebRequest, course_id: FromPath[UUID], import_id: FromPath[UUID]) -> Response[str]:
    """Writes all of it, or nothing."""
    pages.require_teacher(request)
    given = await read_form(request)
    try:
        async with pages.transaction(request) as tx:
            await studio.course(tx, course_id)
            changed = await importing.apply(tx, course_id, import_id, given.get("reason", ""))
    except Problem as problem:
        if problem.status not in (403, 409, 422):
            raise
        return await _report(request, course_id, import_id, problem, given.get("reason", ""))
    words = f"{changed} {'grade is' if changed == 1 else 'grades are'} in the gradebook."
    return pages.redirect(request, f"/studio/{course_id}/gradebook", flash=("success", words))


ROUTES: list[ControllerRouterHandler] = [choose, look, report, apply]

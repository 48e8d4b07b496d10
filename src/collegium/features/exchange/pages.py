"""Importing, exporting and copying courses in the studio."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from urllib.parse import quote, urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from collegium.features.exchange import service
from collegium.features.exchange.plan import Finding
from collegium.features.studio import service as studio
from collegium.kit.errors import Problem
from collegium.web import pages
from collegium.web.pages import WebRequest
from collegium.web.studio import course_place, site_place

site_place("/studio/import", "Import", "import", rank=60)
course_place("/export", "Export and copy", "file-output", rank=90)

SORTS = (
    ("left_out", "Not taken", "circle-x"),
    ("cleaned", "Taken out of text", "eraser"),
    ("changed", "Taken in another way", "replace"),
    ("note", "Good to know", "info"),
)


@get("/studio/import", include_in_schema=False)
async def import_page(request: WebRequest, after: FromQuery[str] = "") -> Response[str]:
    """Where a package is uploaded, and what was imported before."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        lines, more = await service.imports(tx, _place(after))
        packages = await service.own_packages(tx)
    following = f"{lines[-1].created_at.isoformat()}_{lines[-1].id}" if more else None
    return pages.render(
        request,
        "exchange/import.html",
        imports=lines,
        packages=packages,
        after=after,
        next_page="/studio/import?" + urlencode({"after": following}) if following else None,
    )


@post("/studio/import", include_in_schema=False)
async def begin(request: WebRequest) -> Response[str]:
    """Has an uploaded package read."""
    pages.require_teacher(request)
    form = await request.form()
    try:
        file = UUID(str(form.get("file", "")))
    except ValueError:
        return pages.redirect(request, "/studio/import", flash=("error", "Choose a package first."))
    try:
        async with pages.transaction(request) as tx:
            found = await service.begin_import(tx, file)
    except Problem as problem:
        return pages.redirect(request, "/studio/import", flash=("error", problem.detail))
    return pages.redirect(request, f"/studio/import/{found}")


@get("/studio/import/{import_id:uuid}", include_in_schema=False)
async def one_import(request: WebRequest, import_id: FromPath[UUID]) -> Response[str]:
    """How an import stands: progress, what will happen, what happened."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        found = await service.find_import(tx, import_id)
    # htmx asks for the part that changes while a job is at work, and for the page once it has ended.
    part = pages.is_fragment(request) and found.is_under_way
    groups = _groups(found.report.findings if found.report else [])
    response = pages.render(request, "exchange/_state.html" if part else "exchange/one.html", one=found, groups=groups)
    if pages.is_fragment(request) and not part:
        response.headers["HX-Refresh"] = "true"
    return response


@post("/studio/import/{import_id:uuid}/run", include_in_schema=False)
async def run(request: WebRequest, import_id: FromPath[UUID]) -> Response[str]:
    """Has the package imported."""
    pages.require_teacher(request)
    return await _then(request, import_id, "run", f"/studio/import/{import_id}")


@post("/studio/import/{import_id:uuid}/cancel", include_in_schema=False)
async def cancel(request: WebRequest, import_id: FromPath[UUID]) -> Response[str]:
    """Gives the import up."""
    pages.require_teacher(request)
    return await _then(request, import_id, "cancel", "/studio/import")


async def _then(request: WebRequest, import_id: UUID, what: str, path: str) -> Response[str]:
    try:
        async with pages.transaction(request) as tx:
            await (service.run_import if what == "run" else service.cancel_import)(tx, import_id)
    except Problem as problem:
        return pages.redirect(request, f"/studio/import/{import_id}", flash=("error", problem.detail))
    words = "The import was cancelled. Nothing was written."
    return pages.redirect(request, path, flash=("success", words) if what == "cancel" else None)


@get("/studio/{course_id:uuid}/export", include_in_schema=False)
async def export_page(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """What a package of the course holds, with its size; downloading it, and copying the course."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        course = await studio.course(tx, course_id)
        found = await service.describe(pages.site_of(request), tx, course_id, author=True)
    return pages.render(
        request,
        "exchange/export.html",
        studio_course=course,
        found=found,
        contents=service.contents(found),
        file_name=_file_name(course.slug),
        copy_title=f"Copy of {course.title}"[:200],
    )


@get("/studio/{course_id:uuid}/export/package", include_in_schema=False)
async def package(request: WebRequest, course_id: FromPath[UUID], author: FromQuery[str] = "") -> Stream:
    """The package itself, made while it is sent."""
    pages.require_teacher(request)
    site = pages.site_of(request)
    async with pages.transaction(request) as tx:
        course = await studio.course(tx, course_id)
        found = await service.describe(site, tx, course_id, author=author == "1")
    # The first piece is made before the status is sent, so that a missing file is told and not a broken download.
    body = await _started(service.export(site, found))
    name = quote(_file_name(course.slug), safe="")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}", "Cache-Control": "private, no-store"}
    return Stream(body, media_type="application/zip", headers={**headers, "X-Content-Type-Options": "nosniff"})


@post("/studio/{course_id:uuid}/export/copy", include_in_schema=False)
async def copy(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Has the course copied to a new draft."""
    pages.require_teacher(request)
    form = await request.form()
    try:
        async with pages.transaction(request) as tx:
            found = await service.begin_copy(tx, course_id, str(form.get("title", "")))
    except Problem as problem:
        if problem.status == 404:
            raise
        return pages.redirect(request, f"/studio/{course_id}/export", flash=("error", problem.detail))
    return pages.redirect(request, f"/studio/import/{found}")


def _file_name(slug: str) -> str:
    return f"{slug}.collegium.zip"


def _place(text: str) -> tuple[datetime, UUID] | None:
    day, _, name = text.partition("_")
    try:
        return datetime.fromisoformat(day), UUID(name)
    except ValueError:
        return None


def _groups(findings: list[Finding]) -> list[tuple[str, str, list[Finding]]]:
    """Findings by sort, those that lose something first; empty ones are left out."""
    found = [(words, icon, [one for one in findings if one.sort == sort]) for sort, words, icon in SORTS]
    return [group for group in found if group[2]]


async def _started(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    first = await anext(pieces, b"")

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    return whole()


ROUTES: list[ControllerRouterHandler] = [
    import_page, begin, one_import, run, cancel, export_page, package, copy,
]  # fmt: skip

"""Questions in and out of files, in the studio of a course."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from collegium.features.question_files import service
from collegium.features.question_files.model import FORMATS, TYPE_WORDS
from collegium.features.questions import service as questions
from collegium.features.questions.service import DIFFICULTIES, QUESTION_TYPES, SORTS, STATUSES, BankFilter
from collegium.features.studio import service as studio
from collegium.kit.db import Transaction
from collegium.kit.errors import NotFound, Problem
from collegium.kit.viewer import actor_of
from collegium.web import csvfile, pages
from collegium.web.pages import WebRequest

BASE = "/studio/{course_id:uuid}/questions"
THEIRS = "/organisations/{organisation_id:uuid}/questions"
REPORT_COLUMNS = ("number", "place", "name", "type", "points", "already there", "what became of it", "remarks")


def _path(course_id: UUID, rest: str = "") -> str:
    return f"/studio/{course_id}/questions/import{rest}"


@get(f"{BASE}/import", include_in_schema=False)
async def import_page(request: WebRequest, course_id: FromPath[UUID], after: FromQuery[str] = "") -> Response[str]:
    """Where a file is chosen, and what was imported before."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        course = await studio.course(tx, course_id)
        lines, more = await service.imports(tx, course_id, _place(after))
    following = f"{lines[-1].created_at.isoformat()}_{lines[-1].id}" if more else None
    return pages.render(
        request,
        "question_files/import.html",
        studio_course=course,
        imports=lines,
        formats=FORMATS,
        most=service.MOST_SENT,
        after=after,
        next_page=f"{_path(course_id)}?{urlencode({'after': following})}" if following else None,
    )


@post(f"{BASE}/import", include_in_schema=False)
async def begin(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Has a file read: sent with the form, or a package that was uploaded."""
    pages.require_teacher(request)
    form: Any = await request.form()
    sent, package = form.get("upload"), str(form.get("file") or "")
    try:
        async with pages.transaction(request) as tx:
            if package:
                found = await service.begin_package(tx, course_id, UUID(package))
            elif isinstance(sent, UploadFile) and sent.filename:
                content = await sent.read(service.MOST_SENT + 1)
                if len(content) > service.MOST_SENT:
                    words = "This file is larger than 7 MB. Pack it as a zip and choose that."
                    return pages.redirect(request, _path(course_id), flash=("error", words))
                found = await service.begin(tx, course_id, sent.filename, content)
            else:
                return pages.redirect(request, _path(course_id), flash=("error", "Choose a file first."))
    except ValueError:
        return pages.redirect(request, _path(course_id), flash=("error", "Choose a file first."))
    except Problem as problem:
        if problem.status == 404 and problem.code != "no_such_package":
            raise
        return pages.redirect(request, _path(course_id), flash=("error", problem.detail))
    return pages.redirect(request, _path(course_id, f"/{found}"))


@get(f"{BASE}/import/template", include_in_schema=False)
async def template(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """A table to begin with: an example of each type."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await studio.course(tx, course_id)
    return Response(service.template(), media_type="text/csv; charset=utf-8", headers=_download("questions.csv"))


@get(f"{BASE}/import/{{import_id:uuid}}", include_in_schema=False)
async def one_import(request: WebRequest, course_id: FromPath[UUID], import_id: FromPath[UUID]) -> Response[str]:
    """How an import stands: what was found, which questions to take, what was made."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        course = await studio.course(tx, course_id)
        found = await service.find(tx, course_id, import_id)
    part = pages.is_fragment(request) and found.is_under_way
    response = pages.render(
        request,
        "question_files/_state.html" if part else "question_files/one.html",
        studio_course=course,
        one=found,
        chosen=set(found.chosen or []),
        formats=FORMATS,
        types=TYPE_WORDS,
    )
    if pages.is_fragment(request) and not part:
        response.headers["HX-Refresh"] = "true"
    return response


@post(f"{BASE}/import/{{import_id:uuid}}/run", include_in_schema=False)
async def run(request: WebRequest, course_id: FromPath[UUID], import_id: FromPath[UUID]) -> Response[str]:
    """Has the chosen questions put into the bank."""
    pages.require_teacher(request)
    form: Any = await request.form()
    sent = [str(one) for one in form.getall("n", [])]
    chosen = [int(one) for one in sent if one.isascii() and one.isdigit() and len(one) < 7]
    try:
        async with pages.transaction(request) as tx:
            found = await service.find(tx, course_id, import_id)
            await service.run(tx, import_id, chosen or (found.chosen or []))
    except Problem as problem:
        if problem.status == 404:
            raise
        return pages.redirect(request, _path(course_id, f"/{import_id}"), flash=("error", problem.detail))
    return pages.redirect(request, _path(course_id, f"/{import_id}"))


@post(f"{BASE}/import/{{import_id:uuid}}/cancel", include_in_schema=False)
async def cancel(request: WebRequest, course_id: FromPath[UUID], import_id: FromPath[UUID]) -> Response[str]:
    """Gives the import up."""
    pages.require_teacher(request)
    try:
        async with pages.transaction(request) as tx:
            await service.find(tx, course_id, import_id)
            await service.cancel(tx, import_id)
    except Problem as problem:
        if problem.status == 404:
            raise
        return pages.redirect(request, _path(course_id, f"/{import_id}"), flash=("error", problem.detail))
    words = "The import was cancelled. Nothing was written."
    return pages.redirect(request, _path(course_id), flash=("success", words))


@get(f"{BASE}/import/{{import_id:uuid}}/report", include_in_schema=False)
async def report(request: WebRequest, course_id: FromPath[UUID], import_id: FromPath[UUID]) -> Response[bytes]:
    """The report as a table to keep: a row for each question."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        found = await service.find(tx, course_id, import_id)
    if found.report is None:
        raise NotFound("This import has no report.")
    rows: list[Sequence[object]] = [REPORT_COLUMNS]
    for one in found.report.questions:
        notes = " ".join(f"{note.words} ({note.place})" if note.place else note.words for note in one.notes)
        became = _became(one.type, one.number, found)
        kind = TYPE_WORDS.get(one.type or "", "")
        rows.append([one.number, one.place, one.name, kind, one.points, one.known, became, notes])
    return csvfile.small("report.csv", rows, before=b"\xef\xbb\xbf")


def _became(type: str | None, number: int, found: service.Import) -> str:
    if type is None:
        return "not taken"
    if found.state == "done":
        return "imported" if number in (found.chosen or []) else "not chosen"
    return "can be imported"


def wanted_of(request: WebRequest) -> BankFilter:
    """The filter of the bank's list, as its addresses say it; what is not known stands for any."""
    given = request.query_params
    known: dict[str, tuple[str, ...]] = {
        "type": QUESTION_TYPES, "difficulty": DIFFICULTIES, "status": STATUSES,
        "sort": tuple(name for name, _ in SORTS),
    }  # fmt: skip
    chosen = {name: given.get(name, "") if given.get(name, "") in values else "" for name, values in known.items()}
    return BankFilter(
        text=given.get("q", "")[:200],
        tag=given.get("tag", "")[:100],
        question_type=chosen["type"],
        difficulty=chosen["difficulty"],
        status=chosen["status"],
        sort=chosen["sort"] or "changed",  # pyright: ignore[reportArgumentType]
    )


def bank_of(request: WebRequest, own: service.Place) -> service.Place:
    """The bank that the list shows: its own, the shared one, or an organisation's."""
    given = request.query_params.get("bank", "")
    if given == "shared":
        return service.Place(None)
    try:
        return service.Place(None, UUID(given)) if given else own
    except ValueError:
        return own


async def _home(tx: Transaction, request: WebRequest) -> tuple[service.Place, str, str, dict[str, Any]]:
    """The bank that an address is of: it, its address, the beginning of files' names, what the layout needs."""
    given = request.path_params
    if "course_id" in given:
        course = await studio.course(tx, given["course_id"])
        return service.Place(course.id), f"/studio/{course.id}/questions", course.slug, {"studio_course": course}
    found = await questions.organisation(tx, given["organisation_id"])
    more = {"studio_organisation": found}
    return service.Place(None, found.id), f"/organisations/{found.id}/questions", found.name, more


@get([f"{BASE}/export", f"{THEIRS}/export"], include_in_schema=False)
async def export_page(request: WebRequest, format: FromQuery[str] = "") -> Response[str] | Stream:
    """What goes out, and what a format cannot say; with a format in the address the file, made while it is sent."""
    if "course_id" in request.path_params:
        pages.require_teacher(request)
    else:
        pages.require_viewer(request)
    wanted = wanted_of(request)
    async with pages.transaction(request) as tx:
        own, path, slug, layout = await _home(tx, request)
        bank = bank_of(request, own)
        if format in service.EXPORTS:
            kind = service.EXPORTS[format]
            found = None
        else:
            kind = None
            found = {name: await service.losses(tx, bank, wanted, name) for name in service.EXPORTS}
    if kind is not None:
        body = await _started(
            service.export(pages.site_of(request), actor_of(pages.viewer_of(request)), bank, wanted, format)
        )
        name = f"{slug}-questions.{kind.ending}"
        return Stream(body, media_type=kind.media_type, headers=_download(name))
    given = {name: value for name, value in request.query_params.items() if name != "format" and value}
    return pages.render(
        request,
        "question_files/export.html",
        **layout,
        path=path,
        kinds=service.EXPORTS,
        found=found,
        query=urlencode(given),
        filtered=bool({"q", "tag", "type", "difficulty", "status"} & set(given)),
    )


def _download(name: str) -> dict[str, str]:
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }


def _place(text: str) -> tuple[datetime, UUID] | None:
    day, _, name = text.partition("_")
    try:
        return datetime.fromisoformat(day), UUID(name)
    except ValueError:
        return None


async def _started(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The first piece is made before the status is sent, so that what fails is told and not a broken download."""
    first = await anext(pieces, b"")

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    return whole()


ROUTES: list[ControllerRouterHandler] = [
    import_page, begin, template, one_import, run, cancel, report, export_page,
]  # fmt: skip

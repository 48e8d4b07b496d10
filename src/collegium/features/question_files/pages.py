"""Questions in and out of files: in the bank of a course, in its studio, and of an organisation, by who manages it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
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
from collegium.kit.errors import Invalid, NotFound, Problem
from collegium.kit.viewer import actor_of
from collegium.web import csvfile, pages
from collegium.web.pages import WebRequest

BASE = "/studio/{course_id:uuid}/questions"
THEIRS = "/organisations/{organisation_id:uuid}/questions"
PACK = "Pack it as a zip and choose that."
IN_PARTS = "Import it in parts."
REPORT_COLUMNS = ("number", "place", "name", "type", "points", "already there", "what became of it", "remarks")


def both(rest: str) -> list[str]:
    """The addresses of a page that courses and organisations have."""
    return [BASE + rest, THEIRS + rest]


class Home(msgspec.Struct, frozen=True):
    """The bank that an address is of: its address, the beginning of files' names, what the layout needs."""

    bank: service.Place
    path: str
    slug: str
    layout: dict[str, Any]

    def into(self, rest: object = "") -> str:
        """An address of the bank's imports."""
        return f"{self.path}/import" + (f"/{rest}" if rest else "")


@asynccontextmanager
async def _at_home(request: WebRequest) -> AsyncGenerator[tuple[Transaction, Home]]:
    """The request's transaction, and the bank that its address names.

    Raises SignInNeeded, Forbidden for who does not teach (in the studio), NotFound for what is not the person's.
    """
    given = request.path_params
    if "course_id" in given:
        pages.require_teacher(request)
    else:
        pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        if "course_id" in given:
            course = await studio.course(tx, given["course_id"])
            path, layout = f"/studio/{course.id}/questions", {"studio_course": course, "bank_name": "this course"}
            yield tx, Home(service.Place(course.id), path, course.slug, layout)
        else:
            found = await questions.organisation(tx, given["organisation_id"])
            path, layout = f"/organisations/{found.id}/questions", {"studio_organisation": found}
            yield tx, Home(service.Place(None, found.id), path, found.name, layout | {"bank_name": found.name})


@get(both("/import"), include_in_schema=False)
async def import_page(request: WebRequest, after: FromQuery[str] = "") -> Response[str]:
    """Where a file is chosen, and what was imported before."""
    async with _at_home(request) as (tx, home):
        lines, more = await service.imports(tx, home.bank, _place(after))
    following = f"{lines[-1].created_at.isoformat()}_{lines[-1].id}" if more else None
    return pages.render(
        request,
        "question_files/import.html",
        **home.layout,
        path=home.path,
        library=pages.require_viewer(request).is_teacher,
        imports=lines,
        formats=FORMATS,
        most=service.MOST_SENT,
        after=after,
        next_page=f"{home.into()}?{urlencode({'after': following})}" if following else None,
    )


async def _sent(request: WebRequest) -> tuple[UUID | None, str, bytes]:
    """What a form sends: a package of the library, or a file's name and content. Raises Invalid."""
    form: Any = await request.form()
    sent, package = form.get("upload"), str(form.get("file") or "")
    if package:
        try:
            return UUID(package), "", b""
        except ValueError:
            raise Invalid("Choose a file first.") from None
    if not isinstance(sent, UploadFile) or not sent.filename:
        raise Invalid("Choose a file first.")
    content = await sent.read(service.MOST_SENT + 1)
    if len(content) > service.MOST_SENT:
        teaches = pages.require_viewer(request).is_teacher
        raise Invalid(f"This file is larger than 7 MB. {PACK if teaches else IN_PARTS}")
    return None, sent.filename, content


@post(both("/import"), include_in_schema=False)
async def begin(request: WebRequest) -> Response[str]:
    """Has a file read: sent with the form, or a package that was uploaded."""
    pages.require_viewer(request)
    try:
        package, name, content = await _sent(request)
        async with _at_home(request) as (tx, home):
            if package is not None:
                found = await service.begin_package(tx, home.bank, package)
            else:
                found = await service.begin(tx, home.bank, name, content)
    except Problem as problem:
        if problem.status in (401, 403) or (problem.status == 404 and problem.code != "no_such_package"):
            raise
        return pages.redirect(request, request.url.path, flash=("error", problem.detail))
    return pages.redirect(request, home.into(found))


@get(both("/import/template"), include_in_schema=False)
async def template(request: WebRequest) -> Response[str]:
    """A table to begin with: an example of each type."""
    async with _at_home(request):
        pass
    return Response(service.template(), media_type="text/csv; charset=utf-8", headers=_download("questions.csv"))


@get(both("/import/{import_id:uuid}"), include_in_schema=False)
async def one_import(request: WebRequest, import_id: FromPath[UUID]) -> Response[str]:
    """How an import stands: what was found, which questions to take, what was made."""
    async with _at_home(request) as (tx, home):
        found = await service.find(tx, home.bank, import_id)
    part = pages.is_fragment(request) and found.is_under_way
    response = pages.render(
        request,
        "question_files/_state.html" if part else "question_files/one.html",
        **home.layout,
        bank_path=home.path,
        one=found,
        chosen=set(found.chosen or []),
        formats=FORMATS,
        types=TYPE_WORDS,
    )
    if pages.is_fragment(request) and not part:
        response.headers["HX-Refresh"] = "true"
    return response


@post(both("/import/{import_id:uuid}/run"), include_in_schema=False)
async def run(request: WebRequest, import_id: FromPath[UUID]) -> Response[str]:
    """Has the chosen questions put into the bank."""
    form: Any = await request.form()
    sent = [str(one) for one in form.getall("n", [])]
    chosen = [int(one) for one in sent if one.isascii() and one.isdigit() and len(one) < 7]
    back = request.url.path.removesuffix("/run")
    try:
        async with _at_home(request) as (tx, home):
            found = await service.find(tx, home.bank, import_id)
            await service.run(tx, import_id, chosen or (found.chosen or []))
    except Problem as problem:
        if problem.status in (401, 403, 404):
            raise
        return pages.redirect(request, back, flash=("error", problem.detail))
    return pages.redirect(request, back)


@post(both("/import/{import_id:uuid}/cancel"), include_in_schema=False)
async def cancel(request: WebRequest, import_id: FromPath[UUID]) -> Response[str]:
    """Gives the import up."""
    try:
        async with _at_home(request) as (tx, home):
            await service.find(tx, home.bank, import_id)
            await service.cancel(tx, import_id)
    except Problem as problem:
        if problem.status in (401, 403, 404):
            raise
        return pages.redirect(request, request.url.path.removesuffix("/cancel"), flash=("error", problem.detail))
    return pages.redirect(request, home.into(), flash=("success", "The import was cancelled. Nothing was written."))


@get(both("/import/{import_id:uuid}/report"), include_in_schema=False)
async def report(request: WebRequest, import_id: FromPath[UUID]) -> Response[bytes]:
    """The report as a table to keep: a row for each question."""
    async with _at_home(request) as (tx, home):
        found = await service.find(tx, home.bank, import_id)
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


@get(both("/export"), include_in_schema=False)
async def export_page(request: WebRequest, format: FromQuery[str] = "") -> Response[str] | Stream:
    """What goes out, and what a format cannot say; with a format in the address the file, made while it is sent."""
    wanted = wanted_of(request)
    async with _at_home(request) as (tx, home):
        bank = bank_of(request, home.bank)
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
        name = f"{home.slug}-questions.{kind.ending}"
        return Stream(body, media_type=kind.media_type, headers=_download(name))
    given = {name: value for name, value in request.query_params.items() if name != "format" and value}
    return pages.render(
        request,
        "question_files/export.html",
        **home.layout,
        path=home.path,
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

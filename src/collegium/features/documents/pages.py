"""Fetching the files of a lesson, and the studio's page about them."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import HttpMethod, Response, get, post, route
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from collegium.features.documents import files, service
from collegium.features.documents.model import Describe, Stored
from collegium.kit.errors import Forbidden, Invalid, NotFound, Problem
from collegium.kit.viewer import actor_of
from collegium.web import pages, studio
from collegium.web.pages import WebRequest

studio.lesson_place("/files", "Files", rank=4)

FILES = "/studio/{course_id:uuid}/lessons/{lesson_id:uuid}/files"


class NewOrder(msgspec.Struct, frozen=True):
    """Attachments in their new order."""

    order: list[UUID]


def _is_download(request: WebRequest) -> bool:
    """Whether somebody fetches the file from its beginning: no range, no look at the headers alone, no guess ahead."""
    asked = request.headers
    early = "prefetch" in asked.get("sec-purpose", "") or asked.get("purpose") == "prefetch"
    return request.method == "GET" and "range" not in asked and "if-none-match" not in asked and not early


@route(
    "/attachments/{attachment_id:uuid}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    include_in_schema=False,
    opt={"exclude_from_csrf": True},
)
async def attachment(request: WebRequest, attachment_id: FromPath[UUID]) -> Stream:
    """An attachment, for those whom the database lets have it. A download is counted when it begins."""
    viewer, site = pages.viewer_of(request), pages.site_of(request)
    count = _is_download(request)
    # Unlike other GETs this one may write: the count.
    async with site.db.transaction(actor_of(viewer), read_only=not count) as tx:
        stored = await service.attached_file(tx, viewer, attachment_id, count=count)
    return await files.send(request, site, stored)


@route(
    "/documents/{lesson_id:uuid}/{version:str}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    include_in_schema=False,
    opt={"exclude_from_csrf": True},
)
async def document(
    request: WebRequest, lesson_id: FromPath[UUID], version: FromPath[str], download: FromQuery[bool] = False
) -> Stream:
    """The document of a lesson, piece by piece as the reader asks. The version keeps pieces of two files apart."""
    viewer, site = pages.viewer_of(request), pages.site_of(request)
    async with pages.transaction(request) as tx:
        found = await service.document(tx, viewer, lesson_id)
    if found is None:
        raise NotFound(service.GONE)
    if found.version != version:
        raise NotFound("This document was replaced. Reload the lesson to read the new one.", code="replaced")
    if download and not found.allow_download:
        raise Forbidden("The instructor offers this document for reading in the page only.", code="not_offered")
    stored = Stored(found.file_key, found.file_name, "application/pdf")
    return await files.send(request, site, stored, inline=not download)


# The studio ---------------------------------------------------------------------------------------------------------


@get(FILES, include_in_schema=False)
async def show_files(
    request: WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID], removed: FromQuery[UUID | None] = None
) -> Response[str]:
    """The files of a lesson; ``removed`` names one that may be brought back."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        lesson = await service.studio_lesson(tx, course_id, lesson_id)
        found = await service.attachments(tx, pages.viewer_of(request), lesson_id)
        document = await service.document(tx, pages.viewer_of(request), lesson_id)
        opened, whole = await service.readers(tx, lesson_id) if document else (0, 0)
        gone = await _removed(tx, lesson_id, removed)
    template = "documents/_attached.html" if pages.is_fragment(request) else "documents/files.html"
    return pages.render(
        request,
        template,
        lesson=lesson,
        studio_course=lesson.studio_course,
        attachments=found,
        document=document,
        opened=opened,
        whole=whole,
        removed=gone,
        here=f"/studio/{course_id}/lessons/{lesson_id}/files",
    )


async def _removed(tx: service.Transaction, lesson: UUID, attachment: UUID | None) -> service.Attachment | None:
    if attachment is None:
        return None
    try:
        found = await service.attachment(tx, lesson, attachment)
    except NotFound:
        return None
    return found if found.removed_at else None


def _back(request: WebRequest, words: str, query: str = "") -> Response[str]:
    path = request.url.path
    return pages.redirect(
        request, path[: path.index("/files") + 6] + query, flash=("success", words) if words else None
    )


@post(FILES, include_in_schema=False)
async def attach(request: WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """Puts a file that was uploaded with the lesson."""
    pages.require_teacher(request)
    form = await request.form()
    file_id = _uuid(str(form.get("file_id", "")))
    async with pages.transaction(request) as tx:
        await service.studio_lesson(tx, course_id, lesson_id)
        await service.attach_file(tx, lesson_id, file_id)
    return _back(request, "")


@post(FILES + "/document", include_in_schema=False)
async def place_document(request: WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """Makes a PDF that was uploaded the lesson's document."""
    pages.require_teacher(request)
    form = await request.form()
    file_id = _uuid(str(form.get("file_id", "")))
    async with pages.transaction(request) as tx:
        await service.studio_lesson(tx, course_id, lesson_id)
        count = await service.place_document(pages.site_of(request), tx, lesson_id, file_id)
    return _back(request, f"The document is in its place. It has {count} page{'' if count == 1 else 's'}.")


@post(FILES + "/document/download", include_in_schema=False)
async def allow_download(request: WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """Says whether readers are offered the file."""
    pages.require_teacher(request)
    form = await request.form()
    allowed = form.get("allow_download") == "1"
    async with pages.transaction(request) as tx:
        await service.studio_lesson(tx, course_id, lesson_id)
        await service.allow_download(tx, lesson_id, allowed=allowed)
    return _back(request, "Readers may download the document." if allowed else "The document is read in the page only.")


@post(FILES + "/document/remove", include_in_schema=False)
async def remove_document(request: WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """Takes the document out of the lesson."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await service.studio_lesson(tx, course_id, lesson_id)
        name = await service.remove_document(tx, lesson_id)
    return _back(request, f"“{name}” is out of the lesson. The file is still in the media library.")


@post(FILES + "/order", status_code=204, include_in_schema=False)
async def order(
    request: WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID], data: JSONBody[NewOrder]
) -> None:
    """The new order after a drag, all at once."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await service.studio_lesson(tx, course_id, lesson_id)
        await service.reorder(tx, lesson_id, data.order)


@post(FILES + "/{attachment_id:uuid}", include_in_schema=False)
async def describe(
    request: WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID], attachment_id: FromPath[UUID]
) -> Response[str]:
    """Keeps what is said of an attachment and who may have it."""
    pages.require_teacher(request)
    form = await request.form()
    said = Describe(str(form.get("description", "")), form.get("requires_enrollment") == "1")
    try:
        async with pages.transaction(request) as tx:
            await service.studio_lesson(tx, course_id, lesson_id)
            name = await service.describe(tx, lesson_id, attachment_id, said)
    except Invalid as problem:
        path = request.url.path
        return pages.redirect(request, path[: path.index("/files") + 6], flash=("error", problem.detail))
    return _back(request, f"Saved what is said of “{name}”.")


@post(FILES + "/{attachment_id:uuid}/{what:str}", include_in_schema=False)
async def change(
    request: WebRequest,
    course_id: FromPath[UUID],
    lesson_id: FromPath[UUID],
    attachment_id: FromPath[UUID],
    what: FromPath[str],
) -> Response[str]:
    """Moves an attachment up or down, removes it, or brings it back."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await service.studio_lesson(tx, course_id, lesson_id)
        if what in ("up", "down"):
            await service.move(tx, lesson_id, attachment_id, -1 if what == "up" else 1)
            return _back(request, "")
        if what == "remove":
            await service.remove(tx, lesson_id, attachment_id)
            return _back(request, "", f"?removed={attachment_id}")
        if what == "restore":
            name = await service.restore(tx, lesson_id, attachment_id)
            return _back(request, f"“{name}” is with the lesson again.")
    raise NotFound("There is no page at this address.")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Problem("No file was named. Upload it again.", status=400, code="no_file") from None


ROUTES: list[ControllerRouterHandler] = [
    attachment,
    document,
    show_files,
    attach,
    place_document,
    allow_download,
    remove_document,
    order,
    describe,
    change,
]

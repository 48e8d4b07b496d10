"""Files of the media library for those who may see them, and the library itself in the studio."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import HttpMethod, Response, get, post, route
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from collegium.features.uploads import library, service, serving
from collegium.features.uploads.library import Entry, Filter
from collegium.kit.errors import Invalid, NotFound, Problem
from collegium.kit.storage import Missing
from collegium.web import pages
from collegium.web.pages import WebRequest
from collegium.web.studio import site_place
from collegium.web.words import plural

READ = [HttpMethod.GET, HttpMethod.HEAD]
KINDS = [
    ("", "All kinds"),
    ("image", "Pictures"),
    ("video", "Videos"),
    ("audio", "Sounds"),
    ("document", "Documents"),
    ("captions", "Captions"),
    ("archive", "Packages"),
]
ICONS = {
    "image": "image",
    "video": "film",
    "audio": "audio-lines",
    "document": "file-text",
    "captions": "captions",
    "archive": "package",
}
ONE = {
    "image": "Picture",
    "video": "Video",
    "audio": "Sound",
    "document": "Document",
    "captions": "Captions",
    "archive": "Package",
}
SORTS = [("new", "Newest first"), ("name", "By name"), ("size", "Largest first")]

site_place("/studio/media", "Media", "images", rank=2)


@route("/files/{file_id:uuid}", http_method=READ, include_in_schema=False, opt={"exclude_from_csrf": True})
async def file(request: WebRequest, file_id: FromPath[UUID]) -> Stream:
    """A file that the person who asks may see, or part of it."""
    async with pages.transaction(request) as tx:
        found = await service.stored_file(tx, file_id)
    try:
        return await serving.answer(request, pages.site_of(request).storage, found)
    except Missing:
        raise NotFound("This file is not there any more.", code="no_such_file") from None


@route("/files/{file_id:uuid}/thumbnail", http_method=READ, include_in_schema=False, opt={"exclude_from_csrf": True})
async def thumbnail(request: WebRequest, file_id: FromPath[UUID]) -> Stream:
    """A small picture of a file."""
    async with pages.transaction(request) as tx:
        found = await service.stored_file(tx, file_id)
    try:
        return await serving.answer_thumbnail(request, pages.site_of(request).storage, found)
    except Missing:
        raise NotFound("There is no small picture of this file.", code="no_such_file") from None


def _words() -> dict[str, Any]:
    return {"icons": ICONS, "one_of": ONE, "size_in_words": service.size_in_words}


@get("/studio/media", include_in_schema=False)
async def media_library(request: WebRequest) -> Response[str]:
    """The files that the person who asks may work with."""
    viewer = pages.require_teacher(request)
    wanted = Filter.read(request.query_params)
    async with pages.transaction(request) as tx:
        shelf = await library.find(tx, wanted)
        courses = await library.courses(tx)
    mine, whole = await service.usage(pages.site_of(request), viewer.id)
    return pages.render(
        request,
        "uploads/library.html",
        wanted=wanted,
        shelf=shelf,
        courses=courses,
        kinds=KINDS,
        sorts=SORTS,
        mine=mine,
        whole=whole,
        first=wanted.path() if wanted.after else None,
        next=wanted.path(after=shelf.next) if shelf.next else None,
        limits=[(rule.words, rule.accepts, service.size_in_words(rule.most)) for rule in _shown()],
        **_words(),
    )


def _shown() -> list[service.Purpose]:
    return [service.PURPOSES[name] for name in ("lesson_image", "lesson_video", "attachment", "captions", "package")]


def _file_page(
    request: WebRequest, entry: Entry, uses: list[library.Use], problem: Invalid | None = None, given: str | None = None
) -> Response[str]:
    return pages.render(
        request,
        "uploads/file.html",
        status=problem.status if problem else 200,
        file=entry,
        uses=uses,
        given=entry.filename if given is None else given,
        errors=problem.fields if problem else {},
        **_words(),
    )


@get("/studio/media/{file_id:uuid}", include_in_schema=False)
async def media_file(request: WebRequest, file_id: FromPath[UUID]) -> Response[str]:
    """One file: what it is, where it is used, its name."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        entry = await library.one(tx, file_id)
        uses = await library.uses(tx, [file_id])
    return _file_page(request, entry, uses.get(file_id, []))


@post("/studio/media/{file_id:uuid}/name", include_in_schema=False)
async def rename_file(request: WebRequest, file_id: FromPath[UUID]) -> Response[str]:
    """Gives a file another name."""
    pages.require_teacher(request)
    name = str((await request.form()).get("filename", ""))
    try:
        async with pages.transaction(request) as tx:
            kept = await library.rename(tx, file_id, name)
    except Invalid as problem:
        async with pages.transaction(request) as tx:
            entry, uses = await library.one(tx, file_id), await library.uses(tx, [file_id])
        return _file_page(request, entry, uses.get(file_id, []), problem, name[:200])
    return pages.redirect(request, f"/studio/media/{file_id}", flash=("success", f'It is called "{kept}" now.'))


def _chosen(values: list[Any]) -> list[UUID]:
    found: list[UUID] = []
    for value in values[: library.MOST_AT_ONCE]:
        try:
            found.append(UUID(str(value)))
        except ValueError:
            continue
    return found


@get("/studio/media/delete", include_in_schema=False)
async def ask_to_delete(request: WebRequest) -> Response[str]:
    """Names what would be deleted, and what stays because it is used."""
    pages.require_teacher(request)
    chosen = _chosen(request.query_params.getall("file", []))
    async with pages.transaction(request) as tx:
        uses = await library.uses(tx, chosen)
        entries = [entry for file_id in chosen if (entry := await _maybe(tx, file_id))]
    if not entries:
        return pages.redirect(request, "/studio/media", flash=("info", "Choose the files to delete first."))
    free = [entry for entry in entries if entry.id not in uses]
    return pages.render(
        request,
        "uploads/delete.html",
        free=free,
        used=[entry for entry in entries if entry.id in uses],
        uses=uses,
        size=service.size_in_words(sum(entry.byte_size for entry in free)),
        **_words(),
    )


async def _maybe(tx: Any, file_id: UUID) -> Entry | None:
    try:
        return await library.one(tx, file_id)
    except NotFound:
        return None


@post("/studio/media/delete", include_in_schema=False)
async def delete_files(request: WebRequest) -> Response[str]:
    """Deletes files that nothing uses."""
    pages.require_teacher(request)
    form = await request.form()
    try:
        async with pages.transaction(request) as tx:
            names = await library.delete(tx, _chosen(form.getall("file", [])))
    except Problem as problem:
        if problem.status != 409:
            raise
        return pages.redirect(request, "/studio/media", flash=("error", problem.detail + " Nothing was deleted."))
    what = f'"{names[0]}" is deleted.' if len(names) == 1 else f"{plural(len(names), 'file')} are deleted."
    return pages.redirect(request, "/studio/media", flash=("success", what))


class Choice(msgspec.Struct, frozen=True):
    """A file that a dialog offers."""

    id: UUID
    url: str
    thumbnail: str | None
    filename: str
    kind: str
    mime: str
    bytes: int
    size: str


@get("/studio/media/choices", include_in_schema=False)
async def choices(request: WebRequest) -> Response[list[Choice]]:
    """Files that are ready, for the dialog that picks one: `q`, `kind`, `course` as on the page."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        found = await library.find(tx, Filter.read(request.query_params), only_ready=True)
    made = [
        Choice(
            entry.id,
            f"/files/{entry.id}",
            f"/files/{entry.id}/thumbnail" if entry.has_thumbnail else None,
            entry.filename,
            entry.kind,
            entry.mime_type,
            entry.byte_size,
            service.size_in_words(entry.byte_size),
        )
        for entry in found.files
    ]
    return Response(made, headers={"Cache-Control": "no-store"})


ROUTES: list[ControllerRouterHandler] = [
    file,
    thumbnail,
    media_library,
    media_file,
    rename_file,
    ask_to_delete,
    delete_files,
    choices,
]

"""One's own collections: the list, one of them, its order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from urllib.parse import urlencode
from uuid import UUID

from litestar import HttpMethod, Response, get, post, route
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from collegium.features.library import service
from collegium.features.library.model import KINDS, Clip, Collection, Cursor, Part
from collegium.features.library.share_pages import SHARE_ROUTES
from collegium.kit.cursors import read_cursor, write_cursor
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid, NotFound, Problem
from collegium.kit.storage import InvalidKey, Missing, media_response
from collegium.web import pages
from collegium.web.pages import WebRequest

Act: TypeAlias = Callable[[Transaction], Awaitable[object]]


async def _field(request: WebRequest, name: str) -> str:
    return str((await request.form()).get(name, ""))


def _here(collection_id: UUID) -> str:
    return f"/library/{collection_id}"


@get("/library", include_in_schema=False)
async def library(request: WebRequest) -> Response[str]:
    """One's own collections."""
    return await _library(request)


async def _library(request: WebRequest, *, error: Invalid | None = None, name: str = "") -> Response[str]:
    pages.require_viewer(request)
    words = " ".join(request.query_params.get("q", "").split())[: service.LONGEST_SEARCH]
    after = read_cursor(request.query_params.get("after"), Cursor)
    async with pages.transaction(request) as tx:
        shelf = await service.shelf(tx, words, after)
    return pages.render(
        request,
        "library/index.html",
        status=422 if error else 200,
        shelf=shelf,
        words=words,
        errors=error.fields if error else {},
        typed=name,
        first="/library?" + urlencode({"q": words}) if words else "/library",
        is_first=after is None,
        following="/library?" + urlencode(({"q": words} if words else {}) | {"after": write_cursor(shelf.next)})
        if shelf.next
        else None,
    )


@post("/library", include_in_schema=False)
async def begin(request: WebRequest) -> Response[str]:
    """Begins a collection and leads into it."""
    pages.require_viewer(request)
    name = await _field(request, "name")
    try:
        async with pages.transaction(request) as tx:
            made = await service.create(tx, name)
    except Invalid as problem:
        return await _library(request, error=problem, name=name)
    return pages.redirect(request, _here(made))


@get("/library/{collection_id:uuid}", include_in_schema=False)
async def show(request: WebRequest, collection_id: FromPath[UUID]) -> Response[str]:
    """One collection: its player, its parts and videos."""
    viewer = pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        found = await service.collection(tx, collection_id)
    return pages.render(request, "library/collection.html", **context(request, found), teaches=viewer.is_teacher)


def context(request: WebRequest, found: Collection) -> dict[str, Any]:
    """What the page of a collection shows."""
    playing, following = playing_of(found.clips, request.query_params.get("video"))
    return {
        "collection": found,
        "here": _here(found.id),
        "kinds": KINDS,
        "playing": playing,
        "following": following,
        "source": f"/library/videos/{playing.id}/file" if playing else None,
        "link": service.link_of(pages.site_of(request), found.share) if found.share else None,
    }


def playing_of(clips: list[Clip], asked: str | None) -> tuple[Clip | None, Clip | None]:
    """The video to show and the one after it: the one asked for, else none. What lies elsewhere is not played here."""
    playable = [clip for clip in clips if clip.address is None]
    for number, clip in enumerate(playable):
        if str(clip.id) == asked:
            return clip, playable[number + 1] if number + 1 < len(playable) else None
    return None, None


@route(
    "/library/videos/{video_id:uuid}/file",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    include_in_schema=False,
)
async def video_file(request: WebRequest, video_id: FromPath[UUID]) -> Stream:
    """The file of one's own video, also in parts."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        key = await service.file_key(tx, video_id)
    return await stored(request, key)


async def stored(request: WebRequest, key: str) -> Stream:
    """A stored file as an answer. Raises NotFound."""
    try:
        return await media_response(request, pages.site_of(request).storage, key)
    except (Missing, InvalidKey):
        raise NotFound("The file of this video is not there any more.") from None


@post("/library/{collection_id:uuid}", include_in_schema=False)
async def change(request: WebRequest, collection_id: FromPath[UUID]) -> Response[str]:
    """Renames a collection, or has it play in another way."""
    pages.require_viewer(request)
    form = await request.form()
    return await _done(
        request,
        collection_id,
        "Saved.",
        lambda tx: service.change(tx, collection_id, str(form.get("name", "")), str(form.get("session_type", ""))),
    )


async def _done(request: WebRequest, collection_id: UUID, words: str | None, act: Act) -> Response[str]:
    """Does something to a collection and shows it again; what was not accepted is said there."""
    try:
        async with pages.transaction(request) as tx:
            answer = await act(tx)
    except Problem as problem:
        if problem.status not in (409, 422) or pages.is_fragment(request):
            raise
        return pages.redirect(request, _here(collection_id), flash=("error", problem.detail))
    if pages.is_fragment(request):
        async with pages.transaction(request) as tx:
            found = await service.collection(tx, collection_id)
        return pages.render(request, "library/_parts.html", **context(request, found))
    said = words.format(answer) if words else None
    return pages.redirect(request, _here(collection_id), flash=("success", said) if said else None)


@post("/library/{collection_id:uuid}/parts", include_in_schema=False)
async def add_part(request: WebRequest, collection_id: FromPath[UUID]) -> Response[str]:
    """Adds a part at the end."""
    pages.require_viewer(request)
    name = await _field(request, "name")
    return await _done(request, collection_id, None, lambda tx: service.add_part(tx, collection_id, name))


@post("/library/{collection_id:uuid}/parts/{part_id:uuid}", include_in_schema=False)
async def rename_part(request: WebRequest, collection_id: FromPath[UUID], part_id: FromPath[UUID]) -> Response[str]:
    """Renames a part."""
    pages.require_viewer(request)
    name = await _field(request, "name")
    return await _done(request, collection_id, None, lambda tx: service.rename_part(tx, collection_id, part_id, name))


@post("/library/{collection_id:uuid}/videos", include_in_schema=False)
async def add_video(request: WebRequest, collection_id: FromPath[UUID]) -> Response[str]:
    """Puts a file that arrived at the end of a part."""
    pages.require_viewer(request)
    form = await request.form()
    part, file = _uuid(form.get("part")), _uuid(form.get("file"))
    return await _done(request, collection_id, None, lambda tx: service.add_video(tx, part, file))


def _uuid(given: object) -> UUID:
    try:
        return UUID(str(given))
    except ValueError:
        raise Invalid("This does not say what is meant. Load the page again and try once more.") from None


@post("/library/{collection_id:uuid}/videos/{video_id:uuid}", include_in_schema=False)
async def rename_video(request: WebRequest, collection_id: FromPath[UUID], video_id: FromPath[UUID]) -> Response[str]:
    """Renames a video."""
    pages.require_viewer(request)
    name = await _field(request, "name")
    return await _done(request, collection_id, None, lambda tx: service.rename_video(tx, collection_id, video_id, name))


@post("/library/{collection_id:uuid}/order", include_in_schema=False)
async def put_in_order(request: WebRequest, collection_id: FromPath[UUID]) -> Response[str]:
    """Puts all parts and videos into the order that the page sends."""
    pages.require_viewer(request)
    wanted = service.read_order(await _field(request, "order"))
    return await _done(request, collection_id, None, lambda tx: service.order(tx, collection_id, wanted))


@post("/library/{collection_id:uuid}/move", include_in_schema=False)
async def move(request: WebRequest, collection_id: FromPath[UUID]) -> Response[str]:
    """Moves a part or a video one place up or down."""
    pages.require_viewer(request)
    form = await request.form()
    to = str(form.get("to", ""))
    item = _uuid(form.get("item"))
    if to not in ("up", "down"):
        raise Invalid("Say where to move it: up or down.")
    direction: service.Direction = "up" if to == "up" else "down"
    return await _done(request, collection_id, None, lambda tx: service.move(tx, collection_id, item, direction))


@get("/library/{collection_id:uuid}/rename", include_in_schema=False)
async def ask_for_name(request: WebRequest, collection_id: FromPath[UUID]) -> Response[str]:
    """Asks for another name of a collection, a part or a video."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        found = await service.collection(tx, collection_id)
    here = _here(collection_id)
    part, clip = _item(found, request.query_params.get("item"))
    heading, value, action, kinds = "Settings of the collection", found.name, here, KINDS
    if part or clip:
        heading, kinds = f"Rename the {'part' if part else 'video'}", ()
        value = part.name if part else clip.file_name if clip else ""
        action = f"{here}/{'parts' if part else 'videos'}/{(part or clip).id}"  # pyright: ignore[reportOptionalMemberAccess]
    return pages.render(
        request,
        "library/rename.html",
        collection=found,
        here=here,
        heading=heading,
        value=value,
        action=action,
        kinds=kinds,
    )


def _item(found: Collection, asked: str | None) -> tuple[Part | None, Clip | None]:
    """The part or the video of an address."""
    part = next((one for one in found.parts if str(one.id) == asked), None)
    return part, next((one for one in found.clips if str(one.id) == asked), None)


# Removing: asked before, on a page of its own where there is no script for a dialog.


@get("/library/{collection_id:uuid}/remove", include_in_schema=False)
async def ask_to_remove(request: WebRequest, collection_id: FromPath[UUID]) -> Response[str]:
    """Asks before a collection, a part or a video goes, and names what goes."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        found = await service.collection(tx, collection_id)
    part, clip = _item(found, request.query_params.get("item"))
    return pages.render(request, "library/remove.html", **context(request, found), part=part, clip=clip)


@post("/library/{collection_id:uuid}/remove", include_in_schema=False)
async def remove(request: WebRequest, collection_id: FromPath[UUID]) -> Response[str]:
    """Removes a collection with everything in it."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        name = await service.remove(tx, collection_id)
    return pages.redirect(request, "/library", flash=("success", f"“{name}” is removed."))


@post("/library/{collection_id:uuid}/parts/{part_id:uuid}/remove", include_in_schema=False)
async def remove_part(request: WebRequest, collection_id: FromPath[UUID], part_id: FromPath[UUID]) -> Response[str]:
    """Removes a part with its videos."""
    pages.require_viewer(request)
    words = "“{}” is removed."
    return await _done(request, collection_id, words, lambda tx: service.remove_part(tx, collection_id, part_id))


@post("/library/{collection_id:uuid}/videos/{video_id:uuid}/remove", include_in_schema=False)
async def remove_video(request: WebRequest, collection_id: FromPath[UUID], video_id: FromPath[UUID]) -> Response[str]:
    """Takes a video out."""
    pages.require_viewer(request)
    words = "“{}” is removed."
    return await _done(request, collection_id, words, lambda tx: service.remove_video(tx, collection_id, video_id))


@post("/library/{collection_id:uuid}/course", include_in_schema=False)
async def make_course(request: WebRequest, collection_id: FromPath[UUID]) -> Response[str]:
    """Makes a draft course of a collection and leads into the studio."""
    pages.require_teacher(request)
    try:
        async with pages.transaction(request) as tx:
            course = await service.make_course(tx, collection_id)
    except Problem as problem:
        if problem.status != 409:
            raise
        return pages.redirect(request, _here(collection_id), flash=("error", problem.detail))
    words = "This draft course was made of your collection. The collection stays as it is."
    return pages.redirect(request, f"/studio/{course}", flash=("success", words))


ROUTES: list[ControllerRouterHandler] = [
    library, begin, show, video_file, change, add_part, rename_part, add_video, rename_video, put_in_order, move,
    ask_for_name, ask_to_remove, remove, remove_part, remove_video, make_course, *SHARE_ROUTES,
]  # fmt: skip

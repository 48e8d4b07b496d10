"""The editor of a lesson: its page, saving, who else is there, and its history."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.types import ControllerRouterHandler

from collegium.features.authoring import service
from collegium.features.authoring.clean import LANGUAGES
from collegium.features.authoring.model import MOST_BLOCKS
from collegium.features.authoring.service import Block, LessonContent, SaveContent
from collegium.features.studio import service as studio
from collegium.kit.errors import Conflict, Invalid, Problem
from collegium.web import pages
from collegium.web.pages import WebRequest
from collegium.web.studio import course_path

EDITED_MEANWHILE = "edited_meanwhile"


def _path(course_id: UUID, lesson_id: UUID, suffix: str = "") -> str:
    return course_path(course_id, f"/lessons/{lesson_id}{suffix}")


def _hosts(request: WebRequest) -> tuple[str, ...]:
    return service.embed_hosts(pages.site_of(request).settings.embed_hosts)


@get("/studio/{course_id:uuid}/lessons/{lesson_id:uuid}", include_in_schema=False)
async def edit_lesson(request: WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """The editor of a lesson."""
    return await _editor(request, course_id, lesson_id)


async def _editor(
    request: WebRequest, course_id: UUID, lesson_id: UUID, *, problem: Invalid | None = None, given: str | None = None
) -> Response[str]:
    """The page; with what was wrong about an address that was sent."""
    viewer = pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        course = await studio.course(tx, course_id)
        lesson = await service.lesson_content(tx, course_id, lesson_id)
        parts = await service.blocks(tx, lesson_id)
    here = _path(course_id, lesson_id)
    config = {
        "lessonId": str(lesson_id),
        "courseId": str(course_id),
        "userId": str(viewer.id),
        "revision": lesson.revision,
        "blocks": service.as_json(parts),
        "saveUrl": here + "/content",
        "presenceUrl": here + "/presence",
        "historyUrl": here + "/history",
        "languages": LANGUAGES,
        "isText": lesson.lesson_type == "text",
    }
    return pages.render(
        request,
        "authoring/editor.html",
        status=problem.status if problem else 200,
        studio_course=course,
        lesson=lesson,
        blocks=parts,
        here=here,
        config=msgspec.json.encode(config).decode(),
        elsewhere=lesson.lesson_type in service.ELSEWHERE,
        hosts=_hosts(request),
        problem=problem,
        address=lesson.content_url if given is None else given,
        line_count=_line_count,
    )


def _line_count(html: str) -> int:
    return min(24, 4 + len(html) // 90)


@post("/studio/{course_id:uuid}/lessons/{lesson_id:uuid}/content", include_in_schema=False)
async def save_content(
    request: WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID], data: JSONBody[SaveContent]
) -> Response[Any]:
    """Saves what the editor sends; answers 409 with both texts when somebody else has saved meanwhile."""
    pages.require_teacher(request)
    try:
        async with pages.transaction(request) as tx:
            await service.lesson_content(tx, course_id, lesson_id)
            saved = await service.save(tx, lesson_id, data)
            lesson = await service.lesson_content(tx, course_id, lesson_id)
    except Problem as problem:
        if problem.code != EDITED_MEANWHILE:
            raise
        return await _lost(request, course_id, lesson_id, data, problem)
    return _json({"revision": saved.revision, "savedAt": lesson.saved_at, "blocks": saved.changed})


async def _lost(
    request: WebRequest, course_id: UUID, lesson_id: UUID, command: SaveContent, problem: Problem
) -> Response[Any]:
    # The refusal undid its transaction, so that what lost is kept in one of its own.
    async with pages.transaction(request) as tx:
        kept = await service.keep_conflict(tx, lesson_id, command)
        theirs = await service.lesson_content(tx, course_id, lesson_id)
        parts = await service.blocks(tx, lesson_id)
    document = problem.document() | {
        "kept": kept,
        "theirs": {
            "revision": theirs.revision,
            "blocks": service.as_json(parts),
            "savedBy": theirs.saved_by or "Somebody else",
            "savedAt": theirs.saved_at,
        },
    }
    return _json(document, status=409)


@get("/studio/{course_id:uuid}/lessons/{lesson_id:uuid}/content", include_in_schema=False)
async def read_content(request: WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[Any]:
    """The lesson as it stands now, for an open editor whose lesson somebody else has saved."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        lesson = await service.lesson_content(tx, course_id, lesson_id)
        parts = await service.blocks(tx, lesson_id)
    return _json({"revision": lesson.revision, "savedAt": lesson.saved_at, "blocks": service.as_json(parts)})


@post("/studio/{course_id:uuid}/lessons/{lesson_id:uuid}/presence", include_in_schema=False)
async def presence(
    request: WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID], leaving: FromQuery[bool] = False
) -> Response[Any]:
    """Says that the editor is open, or closed; answers who else is there and which state the lesson is in."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        others = await service.note_editing(tx, lesson_id, here=not leaving)
        lesson = await service.lesson_content(tx, course_id, lesson_id)
    return _json(
        {
            "others": [other.name for other in others],
            "revision": lesson.revision,
            "savedBy": lesson.saved_by or "Somebody else",
        }
    )


@post("/studio/{course_id:uuid}/lessons/{lesson_id:uuid}/text", include_in_schema=False)
async def save_text(request: WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """Saves the texts of a lesson from plain fields of HTML, for browsers that run no scripts."""
    pages.require_teacher(request)
    form = await request.form()
    async with pages.transaction(request) as tx:
        await service.lesson_content(tx, course_id, lesson_id)
        parts = [_with_text(part, form.get(f"text-{part.id}")) for part in await service.blocks(tx, lesson_id)]
    parts = [part for part in parts if form.get(f"remove-{part.id}") != "1"]
    if fresh := str(form.get("new") or "").strip():
        parts.append(Block(uuid4(), "rich_text", {"html": fresh}))
    command = SaveContent(_number(form.get("base")), parts[:MOST_BLOCKS])
    here = _path(course_id, lesson_id)
    try:
        async with pages.transaction(request) as tx:
            await service.save(tx, lesson_id, command)
    except Problem as problem:
        if problem.code != EDITED_MEANWHILE:
            raise
        async with pages.transaction(request) as tx:
            kept = await service.keep_conflict(tx, lesson_id, command)
        words = "Somebody else has saved this lesson since you opened it. Your text is kept here: compare, and choose."
        return pages.redirect(request, f"{here}/history?show={kept}", flash=("warning", words))
    return pages.redirect(request, here, flash=("success", "Saved."))


def _with_text(part: Block, html: object) -> Block:
    if part.type != "rich_text" or not isinstance(html, str):
        return part
    return Block(part.id, part.type, {"html": html}, part.metadata)


def _number(value: object) -> int:
    text = str(value or "")
    return int(text) if text.isdigit() and len(text) < 10 and int(text) else 1


@post("/studio/{course_id:uuid}/lessons/{lesson_id:uuid}/address", include_in_schema=False)
async def save_address(request: WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID]) -> Response[str]:
    """Keeps the address of a lesson whose content lies elsewhere."""
    pages.require_teacher(request)
    form = await request.form()
    given = str(form.get("content_url") or "")
    try:
        async with pages.transaction(request) as tx:
            lesson = await service.lesson_content(tx, course_id, lesson_id)
            if lesson.lesson_type not in service.ELSEWHERE:
                raise Conflict("A lesson of this type has no address.", code="no_address")
            await service.save_address(tx, lesson, given, _hosts(request))
    except Invalid as problem:
        return await _editor(request, course_id, lesson_id, problem=problem, given=given)
    return pages.redirect(request, _path(course_id, lesson_id), flash=("success", "The address is saved."))


@get("/studio/{course_id:uuid}/lessons/{lesson_id:uuid}/history", include_in_schema=False)
async def history(
    request: WebRequest,
    course_id: FromPath[UUID],
    lesson_id: FromPath[UUID],
    show: FromQuery[UUID | None] = None,
    before: FromQuery[UUID | None] = None,
) -> Response[str]:
    """The states that a lesson was in, and how one of them differs from what stands there now."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        course = await studio.course(tx, course_id)
        lesson = await service.lesson_content(tx, course_id, lesson_id)
        found, following = await service.revisions(tx, lesson_id, before)
        shown = await service.revision(tx, lesson_id, show) if show else None
        now = await service.blocks(tx, lesson_id)
    here = _path(course_id, lesson_id)
    return pages.render(
        request,
        "authoring/history.html",
        studio_course=course,
        lesson=lesson,
        here=here,
        revisions=found,
        shown=shown,
        lines=service.difference(service.lines(now), service.lines(shown.blocks)) if shown else [],
        same=bool(shown) and _same(shown.blocks, now),
        next=f"{here}/history?before={following}" if following else None,
        first=f"{here}/history" if before else None,
    )


def _same(one: list[Block], other: list[Block]) -> bool:
    return [(part.type, part.content) for part in one] == [(part.type, part.content) for part in other]


@post("/studio/{course_id:uuid}/lessons/{lesson_id:uuid}/history/{revision_id:uuid}/restore", include_in_schema=False)
async def restore(
    request: WebRequest, course_id: FromPath[UUID], lesson_id: FromPath[UUID], revision_id: FromPath[UUID]
) -> Response[str]:
    """Makes a lesson be as it was. What stood there until now stays in the history."""
    pages.require_teacher(request)
    form = await request.form()
    async with pages.transaction(request) as tx:
        lesson: LessonContent = await service.lesson_content(tx, course_id, lesson_id)
        await service.restore(tx, lesson_id, revision_id, _number(form.get("base")) or lesson.revision)
    words = "Brought back. What stood there until now is in the history too."
    return pages.redirect(request, _path(course_id, lesson_id), flash=("success", words))


def _json(body: object, status: int = 200) -> Response[Any]:
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


ROUTES: list[ControllerRouterHandler] = [
    edit_lesson,
    save_content,
    read_content,
    presence,
    save_text,
    save_address,
    history,
    restore,
]

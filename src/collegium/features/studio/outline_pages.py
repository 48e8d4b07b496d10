"""The outline of a course: the page, and what can be done in it. Each act answers the outline as it is now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.assignments import service as assignments
from collegium.features.quizzes import service as quizzes
from collegium.features.studio import service
from collegium.features.studio.forms import Form, instant, read_form
from collegium.features.studio.kinds import KINDS
from collegium.features.studio.service import Arranged, Part
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid, NotFound, Problem
from collegium.web import pages
from collegium.web.pages import Kind, WebRequest
from collegium.web.studio import course_path
from collegium.web.words import plural

Said = tuple[str, dict[str, Any]]
STEPS = {"up": -1, "down": 1}


class Wish(msgspec.Struct):
    """A new order of a course, and what the person had before him."""

    outline: list[Arranged]
    base: list[Arranged]


async def _context(tx: Transaction, course_id: UUID) -> dict[str, Any]:
    return {
        "studio_course": await service.course(tx, course_id),
        "outline": await service.outline(tx, course_id),
        "kinds": KINDS,
    }


@get("/studio/{course_id:uuid}", include_in_schema=False)
async def outline_page(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """The outline of a course."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        context = await _context(tx, course_id)
    return pages.render(request, "studio/outline.html", **context)


@get("/studio/{course_id:uuid}/outline", include_in_schema=False)
async def outline_part(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """The outline alone, for a page that shows an older one."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        context = await _context(tx, course_id)
    return pages.render(request, "studio/_tree.html", **context)


@post("/studio/{course_id:uuid}/order", include_in_schema=False, status_code=204)
async def order(request: WebRequest, course_id: FromPath[UUID]) -> None:
    """Puts the whole course in order at once; 409 when it is not what the person had before him any more."""
    pages.require_teacher(request)
    try:
        wish = msgspec.json.decode(await request.body(), type=Wish)
    except msgspec.DecodeError:
        raise Invalid("This is not an order of modules and lessons.", code="outline_shape") from None
    async with pages.transaction(request) as tx:
        await service.order(tx, course_id, wish.outline, wish.base)


@post("/studio/{course_id:uuid}/rename", include_in_schema=False)
async def rename(request: WebRequest, course_id: FromPath[UUID]) -> Response[dict[str, str]]:
    """Gives a module or lesson another title; answers it as it is kept."""
    pages.require_teacher(request)
    form = await read_form(request)
    part = _one(form)
    async with pages.transaction(request) as tx:
        title = await service.rename(tx, course_id, part, form.text("title"))
    return Response({"title": title}, status_code=200)


@post("/studio/{course_id:uuid}/act", include_in_schema=False)
async def act(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Does something to one part of the outline or to several that were chosen."""
    viewer = pages.require_teacher(request)
    form = await read_form(request)
    verb, _, named = form.text("act").partition(" ")
    parts = [Part.read(named)] if named else [Part.read(text) for text in form.all("part")]
    chosen = [part for part in parts if part is not None]
    try:
        if not chosen:
            raise Invalid("Choose something in the outline first.", code="nothing_chosen")
        if verb in ("copy", "move"):
            return pages.redirect(request, course_path(course_id, f"/{verb}?" + _query(chosen)))
        async with pages.transaction(request) as tx:
            await service.course(tx, course_id)
            at = instant(form.text("at"), viewer.time_zone) if verb == "open" else None
            words, event = await _do(tx, course_id, verb, chosen, at)
    except Problem as problem:
        return await _refused(request, course_id, problem)
    return await _answer(request, course_id, words, event)


async def _do(tx: Transaction, course_id: UUID, verb: str, parts: Sequence[Part], at: datetime | None) -> Said:
    lessons = [part.id for part in parts if part.kind == "lesson"]
    match verb:
        case "up" | "down":
            await service.nudge(tx, course_id, parts[0], STEPS[verb])
            return "", {}
        case "duplicate":
            made = [await service.duplicate(tx, course_id, part) for part in parts]
            return "Copied.", {"outline-added": {"part": f"{parts[-1].kind}:{made[-1]}"}}
        case "remove":
            titles = await service.remove(tx, course_id, parts)
            words = f"“{titles[0]}” is removed." if len(titles) == 1 else f"{len(titles)} parts are removed."
            names = [f"{part.kind}:{part.id}" for part in parts]
            return words, {"outline-removed": {"parts": names, "text": words}}
        case "restore":
            titles = await service.restore(tx, course_id, parts)
            words = f"“{titles[0]}” is back." if len(titles) == 1 else f"{len(titles)} parts are back."
            return words, {}
        case "required" | "optional":
            count = await service.require(tx, course_id, lessons, required=verb == "required")
            return f"{plural(count, 'lesson')} changed to {verb}.", {}
        case "open":
            count = await service.open_on(tx, course_id, lessons, at)
            return f"{plural(count, 'lesson')} changed: {'open on that date' if at else 'open at once'}.", {}
        case _ if (kind := KINDS.get(verb.removeprefix("add-"))) and parts[0].kind == "module":
            if kind.comes_with:
                raise Invalid(f"{kind.words} lessons come with {kind.comes_with}.", code="not_available_yet")
            title = f"New {kind.words.lower()}"
            made = await service.add_lesson(tx, parts[0].id, verb[4:], title)
            if verb == "add-quiz":
                await quizzes.create_quiz(tx, course_id, made, quizzes.NewQuiz(title=title))
            if verb == "add-assignment":
                await assignments.create_assignment(tx, course_id, made, assignments.NewAssignment(title=title))
            return "", {"outline-added": {"part": f"lesson:{made}", "rename": True}}
        case _:
            raise Invalid("This cannot be done to the outline.", code="no_such_act")


@post("/studio/{course_id:uuid}/modules", include_in_schema=False)
async def add_module(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Adds a module at the end."""
    pages.require_teacher(request)
    form = await read_form(request)
    try:
        async with pages.transaction(request) as tx:
            made = await service.add_module(tx, course_id, form.text("title"))
    except Problem as problem:
        return await _refused(request, course_id, problem)
    return await _answer(request, course_id, "", {"outline-added": {"part": f"module:{made}"}})


async def _answer(request: WebRequest, course_id: UUID, words: str, event: dict[str, Any]) -> Response[str]:
    """What was done, with the outline as it is now: a part of the page for scripts, else the page anew."""
    if not pages.is_fragment(request):
        return pages.redirect(request, course_path(course_id), flash=("success", words) if words else None)
    viewer = pages.require_teacher(request)
    async with pages.site_of(request).db.transaction(viewer.actor(), read_only=True) as tx:
        context = await _context(tx, course_id)
    response = pages.render(request, "studio/_tree.html", **context)
    if words and "outline-removed" not in event:
        event = {**event, "toast": {"kind": "success", "text": words}}
    if event:
        response.headers["HX-Trigger-After-Settle"] = _header(event)
    return response


async def _refused(request: WebRequest, course_id: UUID, problem: Problem) -> Response[str]:
    """Why nothing was done, beside the outline; an outline that is not one's own is not found."""
    if isinstance(problem, NotFound) and problem.code == "no_such_course":
        raise problem
    kind: Kind = "error"
    if not pages.is_fragment(request):
        return pages.redirect(request, course_path(course_id), flash=(kind, problem.detail))
    response = await _answer(request, course_id, "", {})
    event = {"toast": {"kind": kind, "text": problem.detail}}
    response.headers["HX-Trigger-After-Settle"] = _header(event)
    return response


def _header(event: dict[str, Any]) -> str:
    # Headers are Latin-1, titles are not.
    return "".join(c if ord(c) < 127 else f"\\u{ord(c):04x}" for c in msgspec.json.encode(event).decode())


def _one(form: Form) -> Part:
    part = Part.read(form.text("part"))
    if part is None:
        raise Invalid("Say which module or lesson is meant.", code="nothing_chosen")
    return part


def _query(parts: Sequence[Part]) -> str:
    return urlencode([("part", f"{part.kind}:{part.id}") for part in parts])


ROUTES: list[ControllerRouterHandler] = [outline_page, outline_part, order, rename, act, add_module]

"""Choosing where parts of an outline go: another place in the course, or a copy in another course."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.studio import service
from collegium.features.studio.forms import read_form
from collegium.features.studio.service import Home, Outline, Part
from collegium.kit.errors import Invalid
from collegium.web import pages
from collegium.web.pages import WebRequest
from collegium.web.studio import course_path
from collegium.web.words import plural


def _read(texts: Sequence[str]) -> list[Part]:
    """The parts that an address or a form names: lessons, or modules. Raises Invalid."""
    parts = [part for part in map(Part.read, texts) if part is not None]
    if not parts or len({part.kind for part in parts}) > 1:
        raise Invalid("Choose lessons, or a module, in the outline first.", code="nothing_chosen")
    return parts


def _titles(outline: Outline, parts: Sequence[Part]) -> list[str]:
    known = {module.id: module.title for module in outline.modules}
    known |= {lesson.id: lesson.title for module in outline.modules for lesson in module.lessons}
    return [known[part.id] for part in parts if part.id in known]


def places(outline: Outline, parts: Sequence[Part]) -> list[tuple[str, str]]:
    """Every place where parts can go, as a select offers them: ``module after``, and words."""
    chosen = {part.id for part in parts}
    if parts[0].kind == "module":
        left = [module for module in outline.modules if module.id not in chosen]
        return [("first", "First"), *((str(module.id), f"After {module.title}") for module in left)]
    found: list[tuple[str, str]] = []
    for module in outline.modules:
        found.append((f"{module.id} first", f"{module.title}: first"))
        left = [lesson for lesson in module.lessons if lesson.id not in chosen]
        found += [(f"{module.id} {lesson.id}", f"{module.title}: after {lesson.title}") for lesson in left]
    return found


@get("/studio/{course_id:uuid}/move", include_in_schema=False)
async def choose_place(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Where parts of the outline can go."""
    pages.require_teacher(request)
    parts = _read(request.query_params.getall("part", []))
    async with pages.transaction(request) as tx:
        course = await service.course(tx, course_id)
        outline = await service.outline(tx, course_id)
    return pages.render(
        request,
        "studio/move.html",
        studio_course=course,
        parts=parts,
        titles=_titles(outline, parts),
        places=places(outline, parts),
    )


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@post("/studio/{course_id:uuid}/move", include_in_schema=False)
async def move(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Moves them there."""
    pages.require_teacher(request)
    form = await read_form(request)
    parts = _read(form.all("part"))
    module, _, after = form.text("place").partition(" ")
    target = _id(module)
    async with pages.transaction(request) as tx:
        await service.course(tx, course_id)
        if parts[0].kind == "module":
            await service.move_module(tx, course_id, parts[0].id, target)
        elif target is None:
            raise Invalid("Choose a place.", code="no_place")
        else:
            await service.move(tx, course_id, [part.id for part in parts], target, _id(after))
    return pages.redirect(request, course_path(course_id), flash=("success", "Moved."))


@get("/studio/{course_id:uuid}/copy", include_in_schema=False)
async def choose_course(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Which other course copies can go to."""
    pages.require_teacher(request)
    parts = _read(request.query_params.getall("part", []))
    whole = parts[0].kind == "module"
    async with pages.transaction(request) as tx:
        course = await service.course(tx, course_id)
        outline = await service.outline(tx, course_id)
        homes: list[Home] = [home for home in await service.homes(tx, course_id) if whole or home.modules]
    return pages.render(
        request,
        "studio/copy.html",
        studio_course=course,
        parts=parts,
        titles=_titles(outline, parts),
        homes=homes,
        whole=whole,
    )


@post("/studio/{course_id:uuid}/copy", include_in_schema=False)
async def copy(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Copies them there."""
    pages.require_teacher(request)
    form = await read_form(request)
    parts = _read(form.all("part"))
    home = _id(form.text("home"))
    if home is None:
        raise Invalid("Choose where the copy goes.", code="no_place")
    async with pages.transaction(request) as tx:
        await service.course(tx, course_id)
        if parts[0].kind == "module":
            await service.copy_modules(tx, course_id, parts, home)
        else:
            await service.copy_lessons(tx, course_id, parts, home)
    words = f"{plural(len(parts), parts[0].kind)} copied."
    return pages.redirect(request, course_path(course_id), flash=("success", words))


ROUTES: list[ControllerRouterHandler] = [choose_place, move, choose_course, copy]

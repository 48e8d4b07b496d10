"""How a gradebook is set up: categories and weights, columns, what counts, and a look at the effect in advance."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.gradebook import setup
from collegium.features.studio import service as studio
from collegium.kit.errors import Conflict, Invalid, Problem
from collegium.web import pages
from collegium.web.pages import WebRequest

PLACE = "/studio/{course_id:uuid}/gradebook/setup"


async def read_form(request: WebRequest) -> dict[str, str]:
    """The text fields that were sent, without what the database cannot keep; of several of a name, the last."""
    sent = await request.form()
    return {
        name: value.encode("utf-8", "ignore").decode().replace("\x00", "").replace("\r\n", "\n")
        for name, value in sent.multi_items()
        if isinstance(value, str)
    }


async def _page(
    request: WebRequest,
    course_id: UUID,
    given: Mapping[str, str] | None = None,
    problem: Problem | None = None,
    effect: setup.Effect | None = None,
    added: Mapping[str, str] | None = None,
) -> Response[str]:
    """The page, with what was sent when that was not saved; ``added`` is what was to be made."""
    viewer = pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        course = await studio.course(tx, course_id)
        found = await setup.setup(tx, course_id)
    return pages.render(
        request,
        "gradebook/setup.html",
        status=problem.status if problem else 200,
        studio_course=course,
        path=f"/studio/{course_id}/gradebook",
        setup=found,
        given=given or {},
        added=added or {},
        errors=problem.fields if isinstance(problem, Invalid) else {},
        problem=problem,
        effect=effect,
        zone=viewer.time_zone,
    )


@get(PLACE, include_in_schema=False)
async def show(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """The setup."""
    return await _page(request, course_id)


@post(PLACE, include_in_schema=False)
async def save(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Saves the setup, or says what saving would do."""
    viewer = pages.require_teacher(request)
    given = await read_form(request)
    async with pages.transaction(request) as tx:
        await studio.course(tx, course_id)
    try:
        if given.get("act") == "preview":
            effect = await setup.preview(lambda: pages.transaction(request), course_id, given, viewer.time_zone)
            return await _page(request, course_id, given, effect=effect)
        async with pages.transaction(request) as tx:
            await setup.save(tx, course_id, given, viewer.time_zone)
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        return await _page(request, course_id, None if isinstance(problem, Conflict) else given, problem)
    words = "The setup is saved. Final grades follow in a moment."
    return pages.redirect(request, f"/studio/{course_id}/gradebook/setup", flash=("success", words))


async def _act(request: WebRequest, course_id: UUID, act: str, thing: UUID | None = None) -> Response[str]:
    viewer = pages.require_teacher(request)
    given = await read_form(request)
    path = f"/studio/{course_id}/gradebook/setup"
    words = ""
    try:
        async with pages.transaction(request) as tx:
            await studio.course(tx, course_id)
            if act == "category":
                await setup.add_category(tx, course_id, given)
                words = "The category is there. Choose which items belong to it."
            elif act == "column":
                await setup.add_item(tx, course_id, given, viewer.time_zone)
                words = "The column is there."
            elif act == "remove-category" and thing:
                words = f"“{await setup.remove_category(tx, course_id, thing)}” is removed."
            elif thing:
                words = f"“{await setup.remove_item(tx, course_id, thing)}” is removed with its grades."
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        if thing is None:
            return await _page(request, course_id, problem=problem, added=given)
        return pages.redirect(request, path, flash=("error", problem.detail))
    return pages.redirect(request, path, flash=("success", words))


@post(PLACE + "/categories", include_in_schema=False)
async def add_category(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Makes a category."""
    return await _act(request, course_id, "category")


@post(PLACE + "/columns", include_in_schema=False)
async def add_column(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Makes a column of one's own."""
    return await _act(request, course_id, "column")


@post(PLACE + "/categories/{category_id:uuid}/remove", include_in_schema=False)
async def remove_category(request: WebRequest, course_id: FromPath[UUID], category_id: FromPath[UUID]) -> Response[str]:
    """Removes an empty category."""
    return await _act(request, course_id, "remove-category", category_id)


@post(PLACE + "/columns/{item_id:uuid}/remove", include_in_schema=False)
async def remove_column(request: WebRequest, course_id: FromPath[UUID], item_id: FromPath[UUID]) -> Response[str]:
    """Removes a column of one's own with its grades."""
    return await _act(request, course_id, "remove-column", item_id)


ROUTES: list[ControllerRouterHandler] = [show, save, add_category, add_column, remove_category, remove_column]

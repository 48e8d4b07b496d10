"""My learning, enrolling and leaving."""

from __future__ import annotations

from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.enrolments import service
from collegium.features.enrolments.model import Enrol, Leave
from collegium.kit.errors import Problem
from collegium.kit.site import Site
from collegium.web import pages
from collegium.web.pages import WebRequest


def prepare(_site: Site) -> dict[str, object]:
    """What one's learning keeps for as long as the site runs."""
    return {"paths": service.Paths()}


@get("/me/learning", include_in_schema=False)
async def my_learning(request: WebRequest) -> Response[str]:
    """Everything that the person who asks learns and has learnt."""
    viewer = pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        taken = await service.courses(tx, viewer.actor(), request.app.state.paths)
    return pages.render(request, "enrolments/learning.html", learning=service.learning(taken))


@post("/courses/{slug:str}/enrol", include_in_schema=False)
async def enrol(request: WebRequest, slug: FromPath[str]) -> Response[str]:
    """Enrols and leads into the course; a refusal leads back to the course's page, which says why."""
    viewer = pages.require_viewer(request)
    try:
        async with pages.transaction(request) as tx:
            await service.enrol(tx, viewer.actor(), Enrol(slug))
    except Problem as problem:
        if problem.status not in (403, 409):
            raise
        return pages.redirect(request, f"/courses/{quote(slug, safe='')}", flash=("error", problem.detail))
    words = "You are enrolled. This course now stands under My learning."
    return pages.redirect(request, f"/learn/{slug}", flash=("success", words))


@get("/courses/{slug:str}/leave", include_in_schema=False)
async def ask_to_leave(request: WebRequest, slug: FromPath[str]) -> Response[str]:
    """Asks before leaving, for those whose browser shows no dialog."""
    viewer = pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        title = await service.place_to_leave(tx, viewer.actor(), Leave(slug))
    return pages.render(request, "enrolments/leave.html", slug=slug, course_title=title)


@post("/courses/{slug:str}/leave", include_in_schema=False)
async def leave(request: WebRequest, slug: FromPath[str]) -> Response[str]:
    """Leaves a course and returns to one's learning."""
    viewer = pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        title = await service.leave(tx, viewer.actor(), Leave(slug))
    words = f"You left {title}. What you did in it is kept, and you can take it up again."
    return pages.redirect(request, "/me/learning", flash=("success", words))


ROUTES: list[ControllerRouterHandler] = [my_learning, enrol, ask_to_leave, leave]

"""My learning, enrolling and leaving."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.enrolments import service
from collegium.features.enrolments.model import Enrol, Leave
from collegium.kit.errors import Problem
from collegium.kit.site import Site
from collegium.web import pages
from collegium.web.pages import WebRequest
from collegium.web.words import day


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
    chosen = (await request.form()).get("cohort")
    try:
        cohort = UUID(chosen) if isinstance(chosen, str) and chosen not in ("", "none") else None
        async with pages.transaction(request) as tx:
            place = await service.enrol(tx, viewer.actor(), Enrol(slug, cohort))
    except ValueError:
        return pages.redirect(
            request, f"/courses/{quote(slug, safe='')}", flash=("error", "Choose one of the cohorts.")
        )
    except Problem as problem:
        if problem.status not in (403, 409):
            raise
        return pages.redirect(request, f"/courses/{quote(slug, safe='')}", flash=("error", problem.detail))
    words = "You are enrolled. This course now stands under My learning."
    if place.cohort_starts_at is not None and place.cohort_starts_at > datetime.now(UTC):
        begins = day(place.cohort_starts_at, viewer.time_zone)
        words = f"You are enrolled in “{place.cohort_name}”. It begins on {begins}, and its lessons open then."
        return pages.redirect(request, f"/courses/{slug}", flash=("success", words))
    return pages.redirect(request, f"/learn/{slug}", flash=("success", words))


@get("/courses/{slug:str}/choose", include_in_schema=False)
async def choose(request: WebRequest, slug: FromPath[str]) -> Response[str]:
    """Keeps the cohort that a guest chose through his sign-in, and leads back to the course with it ticked."""
    pages.require_viewer(request)
    cohort = quote(request.query_params.get("cohort", "")[:40], safe="")
    return pages.redirect(request, f"/courses/{quote(slug, safe='')}?cohort={cohort}#entry")


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


ROUTES: list[ControllerRouterHandler] = [my_learning, enrol, choose, ask_to_leave, leave]

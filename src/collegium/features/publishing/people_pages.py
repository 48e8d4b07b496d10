"""The studio's page of a course's team."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.publishing import service
from collegium.features.publishing.forms import read_form
from collegium.kit.errors import Problem
from collegium.web import pages
from collegium.web.pages import WebRequest


@get("/studio/{course_id:uuid}/people", include_in_schema=False)
async def people(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Who teaches the course, who may do what, and instructors who could join."""
    viewer = pages.require_teacher(request)
    words = " ".join(request.query_params.get("q", "").replace("\x00", "").split())[:100]
    async with pages.transaction(request) as tx:
        standing = await service.standing(tx, course_id)
        team = await service.team(tx, course_id)
        looks_for_name = bool(words) and "@" not in words and standing.rights.leads
        found = await service.find(tx, course_id, words) if looks_for_name else []
    return pages.render(
        request,
        "publishing/people.html",
        studio_course=standing.course,
        rights=standing.rights,
        team=team,
        found=found,
        words=words,
        me=viewer.id,
        without_review=pages.site_of(request).settings.publish_without_review,
        path=f"/studio/{course_id}/people",
    )


@post("/studio/{course_id:uuid}/people/add", include_in_schema=False)
async def add(request: WebRequest, course_id: FromPath[UUID]) -> Response[str]:
    """Takes an instructor into the team: by the address, or one that was found by the name."""
    pages.require_teacher(request)
    form = await read_form(request)
    back = f"/studio/{course_id}/people"
    try:
        async with pages.transaction(request) as tx:
            name = await service.add(tx, course_id, form.text("profile"), form.text("email"))
    except Problem as problem:
        if problem.status not in (403, 409, 422):
            raise
        return pages.redirect(request, back, flash=("error", problem.detail))
    return pages.redirect(request, back, flash=("success", f"{name} is of the team now, and was told."))


@post("/studio/{course_id:uuid}/people/{profile_id:uuid}/remove", include_in_schema=False)
async def remove(request: WebRequest, course_id: FromPath[UUID], profile_id: FromPath[UUID]) -> Response[str]:
    """Takes a co-instructor out of the team."""
    viewer = pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await service.remove(tx, course_id, profile_id)
    if profile_id == viewer.id and not viewer.is_admin:
        return pages.redirect(request, "/studio", flash=("success", "You left the team of the course."))
    return pages.redirect(request, f"/studio/{course_id}/people", flash=("success", "The team has changed."))


ROUTES: list[ControllerRouterHandler] = [people, add, remove]

"""The studio's page of accommodations in a quiz."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.quizzes import service
from collegium.features.quizzes.forms import id_of, read_form
from collegium.features.quizzes.places import quiz_path
from collegium.kit.errors import Invalid
from collegium.kit.fields import zone_of
from collegium.web import pages
from collegium.web.pages import WebRequest

PEOPLE = "/studio/{course_id:uuid}/quizzes/{quiz_id:uuid}/people"


async def _page(
    request: WebRequest,
    course_id: UUID,
    quiz_id: UUID,
    given: Mapping[str, str] | None = None,
    problem: Invalid | None = None,
) -> Response[str]:
    viewer = pages.require_teacher(request)
    sent = dict(given or {})
    words = " ".join((sent.get("q") or request.query_params.get("q", "")).replace("\x00", "").split())[:100]
    async with pages.transaction(request) as tx:
        course = await service.course(tx, course_id)
        quiz = await service.quiz(tx, course_id, quiz_id)
        granted = await service.accommodations(tx, quiz_id)
        found = await service.find_enrolled(tx, course_id, quiz_id, words)
    return pages.render(
        request,
        "quizzes/people.html",
        status=problem.status if problem else 200,
        studio_course=course,
        quiz=quiz,
        path=quiz_path(course_id, quiz_id),
        granted=granted,
        found=found,
        words=words,
        chosen=sent.get("enrollment") or request.query_params.get("enrollment", ""),
        values={name: sent.get(name, "") for name in ("extra_minutes", "extra_attempts", "until", "reason")},
        errors=problem.fields if problem else {},
        zone=zone_of(viewer.time_zone).key,
    )


@get(PEOPLE, include_in_schema=False)
async def people(request: WebRequest, course_id: FromPath[UUID], quiz_id: FromPath[UUID]) -> Response[str]:
    """Who has more time, more attempts or a later end, and who could have."""
    return await _page(request, course_id, quiz_id)


@post(PEOPLE, include_in_schema=False)
async def grant(request: WebRequest, course_id: FromPath[UUID], quiz_id: FromPath[UUID]) -> Response[str]:
    """Grants somebody an accommodation, or changes it."""
    viewer = pages.require_teacher(request)
    form = await read_form(request)
    enrollment = id_of(form.text("enrollment"))
    try:
        if enrollment is None:
            raise Invalid("Choose a person first.", fields={"q": "Choose a person first: search by name or address."})
        async with pages.transaction(request) as tx:
            await service.quiz(tx, course_id, quiz_id)
            await service.grant(tx, course_id, quiz_id, enrollment, form.fields, zone_of(viewer.time_zone))
    except Invalid as problem:
        return await _page(request, course_id, quiz_id, form.fields, problem)
    words = "Saved. It holds from the next attempt on; one under way keeps its end."
    return pages.redirect(request, quiz_path(course_id, quiz_id, "/people"), flash=("success", words))


@post(PEOPLE + "/{accommodation_id:uuid}/remove", include_in_schema=False)
async def withdraw(
    request: WebRequest, course_id: FromPath[UUID], quiz_id: FromPath[UUID], accommodation_id: FromPath[UUID]
) -> Response[str]:
    """Takes an accommodation away."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        await service.quiz(tx, course_id, quiz_id)
        await service.withdraw(tx, quiz_id, accommodation_id)
    return pages.redirect(request, quiz_path(course_id, quiz_id, "/people"), flash=("success", "It is taken away."))


ROUTES: list[ControllerRouterHandler] = [people, grant, withdraw]

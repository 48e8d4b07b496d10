"""The studio's page of a quiz's settings."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.quizzes import service
from collegium.features.quizzes.forms import read_form
from collegium.features.quizzes.model import LAYOUTS, POLICIES, SHOWN, TYPES
from collegium.features.quizzes.places import quiz_path
from collegium.features.quizzes.settings import FIELDS
from collegium.kit.errors import Conflict, Invalid
from collegium.kit.fields import zone_of
from collegium.web import pages
from collegium.web.pages import WebRequest

SETTINGS = "/studio/{course_id:uuid}/quizzes/{quiz_id:uuid}/settings"


async def _page(
    request: WebRequest,
    course_id: UUID,
    quiz_id: UUID,
    given: Mapping[str, str] | None = None,
    problem: Invalid | Conflict | None = None,
) -> Response[str]:
    """The page, with what was sent when that was not saved."""
    viewer = pages.require_teacher(request)
    zone = zone_of(viewer.time_zone)
    async with pages.transaction(request) as tx:
        course = await service.course(tx, course_id)
        quiz = await service.quiz(tx, course_id, quiz_id)
        lessons = await service.lessons(tx, course_id)
    now = service.texts(quiz, zone)
    sent = {name: (given or {}).get(name, "") for name in now}
    return pages.render(
        request,
        "quizzes/settings.html",
        status=problem.status if problem else 200,
        studio_course=course,
        quiz=quiz,
        path=quiz_path(course_id, quiz_id),
        values=sent if problem else now,
        was=service.mark(now),
        errors=problem.fields if isinstance(problem, Invalid) else {},
        theirs=problem.theirs if isinstance(problem, service.SavedMeanwhile) else {},
        labels={name: field.label for name, field in FIELDS.items()},
        problem=problem,
        saved=problem is None and "saved" in request.query_params,
        lessons=[("", "The course itself"), *((str(one.id), f"{one.module_title}: {one.title}") for one in lessons)],
        types=list(TYPES.items()),
        shown=list(SHOWN.items()),
        policies=list(POLICIES.items()),
        layouts=list(LAYOUTS.items()),
        zone=zone.key,
    )


@get(SETTINGS, include_in_schema=False)
async def settings(request: WebRequest, course_id: FromPath[UUID], quiz_id: FromPath[UUID]) -> Response[str]:
    """Every setting of a quiz."""
    return await _page(request, course_id, quiz_id)


@post(SETTINGS, include_in_schema=False)
async def save(request: WebRequest, course_id: FromPath[UUID], quiz_id: FromPath[UUID]) -> Response[str]:
    """Saves them; what somebody else saved meanwhile is shown beside one's own."""
    viewer = pages.require_teacher(request)
    form = await read_form(request)
    try:
        async with pages.transaction(request) as tx:
            await service.save(tx, course_id, quiz_id, form.fields, form.text("was"), zone_of(viewer.time_zone))
    except (Invalid, service.SavedMeanwhile) as problem:
        return await _page(request, course_id, quiz_id, form.fields, problem)
    return pages.redirect(request, quiz_path(course_id, quiz_id, "/settings?saved=1"))


ROUTES: list[ControllerRouterHandler] = [settings, save]

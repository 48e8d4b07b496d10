"""The studio's pages for grading a question anew: which, what would change, and how far it is."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.quizzes import service
from collegium.features.quizzes.forms import id_of, read_form
from collegium.features.quizzes.model import QUESTION_TYPES
from collegium.features.quizzes.places import quiz_path
from collegium.kit.errors import NotFound, Problem
from collegium.web import pages
from collegium.web.pages import WebRequest

REGRADE = "/studio/{course_id:uuid}/quizzes/{quiz_id:uuid}/regrade"


async def _page(
    request: WebRequest,
    course_id: UUID,
    quiz_id: UUID,
    version: UUID | None,
    reason: str = "",
    problem: Problem | None = None,
) -> Response[str]:
    viewer = pages.require_teacher(request)
    async with pages.site_of(request).db.transaction(viewer.actor(), read_only=True) as tx:
        course = await service.course(tx, course_id)
        quiz = await service.quiz(tx, course_id, quiz_id)
        listed = await service.regradable(tx, quiz_id)
        chosen = next((one for one in listed if one.version_id == version), None)
        if version is not None and chosen is None:
            raise NotFound("This question is not one of the quiz that was asked and has a key.")
        preview = await service.preview_regrade(tx, chosen.version_id) if chosen else None
    return pages.render(
        request,
        "quizzes/regrade.html",
        status=problem.status if problem else 200,
        studio_course=course,
        quiz=quiz,
        path=quiz_path(course_id, quiz_id),
        listed=listed,
        chosen=chosen,
        preview=preview,
        reason=reason,
        problem=problem,
        kinds=QUESTION_TYPES,
    )


@get(REGRADE, include_in_schema=False)
async def choose(request: WebRequest, course_id: FromPath[UUID], quiz_id: FromPath[UUID]) -> Response[str]:
    """Questions that were asked, and for the chosen one what grading it anew would change."""
    return await _page(request, course_id, quiz_id, id_of(request.query_params.get("version", "")))


@post(REGRADE, include_in_schema=False)
async def begin(request: WebRequest, course_id: FromPath[UUID], quiz_id: FromPath[UUID]) -> Response[str]:
    """Begins it and leads to where it is watched."""
    pages.require_teacher(request)
    form = await read_form(request)
    version, reason = id_of(form.text("version")), " ".join(form.text("reason").split())
    try:
        async with pages.transaction(request) as tx:
            await service.quiz(tx, course_id, quiz_id)
            if version is None or all(one.version_id != version for one in await service.regradable(tx, quiz_id)):
                raise NotFound("This question is not one of the quiz that was asked and has a key.")
            begun = await service.begin_regrade(tx, version, reason, tell=bool(form.text("tell")))
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        return await _page(request, course_id, quiz_id, version, reason, problem)
    return pages.redirect(request, quiz_path(course_id, quiz_id, f"/regrade/{begun}"))


@get(REGRADE + "/{regrade_id:uuid}", include_in_schema=False)
async def watch(
    request: WebRequest, course_id: FromPath[UUID], quiz_id: FromPath[UUID], regrade_id: FromPath[UUID]
) -> Response[str]:
    """How far it is, and what came of it."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        course = await service.course(tx, course_id)
        quiz = await service.quiz(tx, course_id, quiz_id)
        found = await service.regrade(tx, regrade_id)
    template = "quizzes/_regrading.html" if pages.is_fragment(request) else "quizzes/regrading.html"
    return pages.render(
        request, template, studio_course=course, quiz=quiz, path=quiz_path(course_id, quiz_id), found=found
    )


ROUTES: list[ControllerRouterHandler] = [choose, begin, watch]

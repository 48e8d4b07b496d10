"""The studio's page that shows a quiz as a learner would get it."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.attempts import service as attempts
from collegium.features.questions import service as questions
from collegium.features.quizzes import service
from collegium.features.quizzes.places import quiz_path
from collegium.web import pages
from collegium.web.pages import WebRequest


@get("/studio/{course_id:uuid}/quizzes/{quiz_id:uuid}/preview", include_in_schema=False)
async def preview(request: WebRequest, course_id: FromPath[UUID], quiz_id: FromPath[UUID]) -> Response[str]:
    """A quiz as an attempt that begins now would ask it; nothing is kept and nothing counts."""
    pages.require_teacher(request)
    async with pages.transaction(request) as tx:
        course = await service.course(tx, course_id)
        quiz = await service.quiz(tx, course_id, quiz_id)
        view = await service.preview(tx, quiz_id)
        versions = {item["position"]: UUID(item["version_id"]) for item in view["questions"]}
        said = await questions.said_to_answers(tx, list(versions.values()))
    return pages.render(
        request,
        "quizzes/preview.html",
        studio_course=course,
        quiz=quiz,
        path=quiz_path(course_id, quiz_id),
        view=view,
        items=attempts.asked(view),
        said={position: said.get(version, []) for position, version in versions.items()},
    )


ROUTES: list[ControllerRouterHandler] = [preview]

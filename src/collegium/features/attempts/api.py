"""Taking a quiz for programs, and for the page's own island. Answers go by a route of their own (answers.py)."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import get, post, put
from litestar.params import FromPath, JSONBody, PathParameter
from litestar.types import ControllerRouterHandler

from collegium.features.attempts import service
from collegium.features.attempts.model import MOST_POSITIONS, Flag, HandedIn, SaveAnswer, SavedAnswer
from collegium.web import pages
from collegium.web.apidocs import PlainRoute, failures

Position = Annotated[int, PathParameter(ge=1, le=MOST_POSITIONS, description="The question's place in the attempt.")]

ANSWER = PlainRoute(
    path="/api/v1/attempts/{attempt_id}/answers/{position}",
    operation="ApiV1AttemptsAttemptIdAnswersPositionSaveAnswer",
    tag="attempts",
    summary="Save an answer",
    description="Saves one answer of an attempt in progress and answers after its commit. A save whose `seq` is not"
    " higher than that of the last one changes nothing and is answered with what is stored. 409 when the attempt was"
    " handed in or its time is over.",
    takes=SaveAnswer,
    answers=SavedAnswer,
    fails=(401, 403, 404, 405, 409, 413, 422),
    method="put",
    parameters=(
        {"name": "attempt_id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}},
        {
            "name": "position",
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 1, "maximum": MOST_POSITIONS},
        },
    ),
)


@post(
    "/api/v1/quizzes/{quiz_id:uuid}/attempts",
    status_code=200,
    tags=["attempts"],
    summary="Begin an attempt",
    responses=failures(400, 401, 403, 404, 409),
)
async def begin_attempt(request: pages.WebRequest, quiz_id: FromPath[UUID]) -> dict[str, Any]:
    """Begins an attempt at a quiz or answers the one in progress: questions in order, what was saved, the deadline.

    Options are named 1, 2, 3 as they are shown. Nothing in the answer says what is right.
    """
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        return await service.start_and_view(tx, quiz_id)


@get(
    "/api/v1/attempts/{attempt_id:uuid}",
    tags=["attempts"],
    summary="Read an attempt",
    responses=failures(400, 401, 404),
)
async def read_attempt(request: pages.WebRequest, attempt_id: FromPath[UUID]) -> dict[str, Any]:
    """An attempt of the person who asks as it is now; ``server_time`` is what ``deadline_at`` is to be held against."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        return await service.own_view(tx, attempt_id)


@put(
    "/api/v1/attempts/{attempt_id:uuid}/flags/{position:int}",
    tags=["attempts"],
    summary="Mark a question",
    responses=failures(400, 401, 404),
)
async def flag_question(
    request: pages.WebRequest, attempt_id: FromPath[UUID], position: Position, data: JSONBody[Flag]
) -> Flag:
    """Marks a question to look at again, or takes the mark away."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        return Flag(await service.flag(tx, attempt_id, position, data.flagged))


@post(
    "/api/v1/attempts/{attempt_id:uuid}/answers/{position:int}/reveal",
    status_code=200,
    tags=["attempts"],
    summary="Show what is right",
    responses=failures(400, 401, 403, 404, 409),
)
async def reveal_answer(request: pages.WebRequest, attempt_id: FromPath[UUID], position: Position) -> dict[str, Any]:
    """In a quiz that shows answers immediately: what was right in an answered question. The answer is final then."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        return await service.reveal(tx, attempt_id, position)


@post(
    "/api/v1/attempts/{attempt_id:uuid}/submit",
    status_code=200,
    tags=["attempts"],
    summary="Hand in",
    responses=failures(400, 401, 403, 404),
)
async def submit_attempt(request: pages.WebRequest, attempt_id: FromPath[UUID]) -> HandedIn:
    """Hands an attempt in and answers what came of it; one that is handed in already is answered as it is."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        return await service.submit(tx, attempt_id)


@get(
    "/api/v1/attempts/{attempt_id:uuid}/result",
    tags=["attempts"],
    summary="Read a result",
    responses=failures(400, 401, 404, 409),
)
async def read_result(request: pages.WebRequest, attempt_id: FromPath[UUID]) -> dict[str, Any]:
    """The result of an attempt that is handed in. What was right is in it only when the quiz allows it."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        return await service.result(tx, attempt_id)


ROUTES: list[ControllerRouterHandler] = [
    begin_attempt,
    read_attempt,
    flag_question,
    reveal_answer,
    submit_attempt,
    read_result,
]

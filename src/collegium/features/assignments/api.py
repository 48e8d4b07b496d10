"""Handing in for programs, and for the page's own island: the same service as the pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from collegium.features.assignments import service
from collegium.features.assignments.handing import OwnSubmission, Receipt, Work
from collegium.web import pages
from collegium.web.apidocs import failures


class DraftText(msgspec.Struct, frozen=True):
    """What is being written; ``text`` is words, or HTML that begins with a block such as ``<p>``. ``revision`` is the
    one that it was made from; nothing was saved before: 0."""

    text: str = ""
    url: str = ""
    revision: int | None = None


class SavedDraft(msgspec.Struct, frozen=True):
    """The revision that was saved."""

    revision: int


@get(
    "/api/v1/assignments/{assignment_id:uuid}",
    tags=["assignments"],
    summary="Read an assignment",
    responses=failures(400, 401, 404),
)
async def read_assignment(request: pages.WebRequest, assignment_id: FromPath[UUID]) -> dict[str, Any]:
    """An assignment as the person who asks has it: the task, the deadline that holds for him, what lateness costs now,
    his draft and his uploads; ``state`` says whether he can hand in."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        found: dict[str, Any] = msgspec.to_builtins(await service.card(tx, assignment_id))
    return found


@get(
    "/api/v1/assignments/{assignment_id:uuid}/submissions",
    tags=["assignments"],
    summary="Read one's submissions",
    responses=failures(400, 401, 404),
)
async def read_submissions(request: pages.WebRequest, assignment_id: FromPath[UUID]) -> list[OwnSubmission]:
    """What the person who asks handed in, the last first, each with its deduction in words."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        await service.card(tx, assignment_id)
        return await service.own_submissions(tx, assignment_id)


@post(
    "/api/v1/assignments/{assignment_id:uuid}/submissions",
    tags=["assignments"],
    summary="Hand in",
    responses=failures(400, 401, 403, 404, 409, 422),
)
async def hand_in(request: pages.WebRequest, assignment_id: FromPath[UUID], data: JSONBody[Work]) -> Receipt:
    """Hands in for the person who asks, or for his group. Files are uploads with the purpose ``submission`` for this
    assignment, by id. With ``number`` it is taken only when it is that submission, so that a repeated request hands in
    once. 409 when it has not opened, is past its deadline, or nothing is left; 422 for what it does not take."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        return await service.hand_in(tx, assignment_id, data)


@put(
    "/api/v1/assignments/{assignment_id:uuid}/draft",
    tags=["assignments"],
    summary="Keep a draft",
    responses=failures(400, 401, 403, 404, 409, 422),
)
async def save_draft(request: pages.WebRequest, assignment_id: FromPath[UUID], data: JSONBody[DraftText]) -> SavedDraft:
    """Keeps what is being written. 409 when another revision than the given was saved meanwhile."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        return SavedDraft(await service.save_draft(tx, assignment_id, data.text, data.url, data.revision))


ROUTES: list[ControllerRouterHandler] = [read_assignment, read_submissions, hand_in, save_draft]

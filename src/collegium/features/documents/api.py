"""What the reader of documents tells the server."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import post
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from collegium.features.documents import service
from collegium.features.documents.model import Reading
from collegium.web import pages
from collegium.web.apidocs import failures


@post(
    "/api/v1/documents/{lesson_id:uuid}/open",
    status_code=200,
    tags=["documents"],
    summary="Open a lesson's document",
    responses=failures(400, 401, 403, 404),
)
async def open_document(request: pages.WebRequest, lesson_id: FromPath[UUID]) -> dict[str, Any]:
    """Notes that the learner opened the document of a lesson, and answers where he was and which pages he has seen."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        return await service.open_document(tx, lesson_id)


@post(
    "/api/v1/documents/{lesson_id:uuid}/reading",
    status_code=200,
    tags=["documents"],
    summary="Tell what was read",
    responses=failures(400, 401, 403, 404, 409, 422),
)
async def note_reading(request: pages.WebRequest, lesson_id: FromPath[UUID], data: JSONBody[Reading]) -> dict[str, Any]:
    """Keeps the learner's place and the pages that were in view for a second or longer.

    A report may come twice or late: what counts is the union of the pages.
    """
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        return await service.note_reading(tx, lesson_id, data)


ROUTES: list[ControllerRouterHandler] = [open_document, note_reading]

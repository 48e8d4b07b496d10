"""Files of the media library, for those who may see them."""

from __future__ import annotations

from uuid import UUID

from litestar import HttpMethod, route
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from collegium.features.uploads import service, serving
from collegium.kit.errors import NotFound
from collegium.kit.storage import Missing
from collegium.web import pages
from collegium.web.pages import WebRequest

READ = [HttpMethod.GET, HttpMethod.HEAD]


@route("/files/{file_id:uuid}", http_method=READ, include_in_schema=False, opt={"exclude_from_csrf": True})
async def file(request: WebRequest, file_id: FromPath[UUID]) -> Stream:
    """A file that the person who asks may see, or part of it."""
    async with pages.transaction(request) as tx:
        found = await service.stored_file(tx, file_id)
    try:
        return await serving.answer(request, pages.site_of(request).storage, found)
    except Missing:
        raise NotFound("This file is not there any more.", code="no_such_file") from None


@route("/files/{file_id:uuid}/thumbnail", http_method=READ, include_in_schema=False, opt={"exclude_from_csrf": True})
async def thumbnail(request: WebRequest, file_id: FromPath[UUID]) -> Stream:
    """A small picture of a file."""
    async with pages.transaction(request) as tx:
        found = await service.stored_file(tx, file_id)
    try:
        return await serving.answer_thumbnail(request, pages.site_of(request).storage, found)
    except Missing:
        raise NotFound("There is no small picture of this file.", code="no_such_file") from None


ROUTES: list[ControllerRouterHandler] = [file, thumbnail]

"""Making lessons of files that were just uploaded."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.studio.forms import read_form
from collegium.features.studio.from_files import lesson_from_file
from collegium.kit.errors import Invalid
from collegium.web import pages
from collegium.web.pages import WebRequest


@post("/studio/{course_id:uuid}/from-file", include_in_schema=False)
async def from_file(request: WebRequest, course_id: FromPath[UUID]) -> Response[dict[str, str]]:
    """Makes a lesson of a file of the media library; answers which."""
    pages.require_teacher(request)
    form = await read_form(request)
    try:
        module, file = UUID(form.text("module")), UUID(form.text("file"))
    except ValueError:
        raise Invalid("Choose a module and a file.", code="nothing_chosen") from None
    async with pages.transaction(request) as tx:
        part = await lesson_from_file(pages.site_of(request), tx, course_id, module, file)
    return Response({"part": f"{part.kind}:{part.id}"}, status_code=200)


ROUTES: list[ControllerRouterHandler] = [from_file]

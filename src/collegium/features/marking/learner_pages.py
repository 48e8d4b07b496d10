"""What a learner is shown of his work, and the files of work for everybody who may see it."""

from __future__ import annotations

from uuid import UUID

from litestar import HttpMethod, Response, get, route
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from collegium.features.marking import service
from collegium.kit.errors import NotFound
from collegium.web import pages
from collegium.web.pages import WebRequest


@get("/submissions/{submission_id:uuid}", include_in_schema=False)
async def result(request: WebRequest, submission_id: FromPath[UUID]) -> Response[str]:
    """One's own work: what was handed in, what it is worth and why, and what was said on it.

    Who teaches the course is led to where it is marked.
    """
    viewer = pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        work = await service.submission(tx, submission_id)
        if not work.mine:
            if not viewer.is_teacher:
                raise NotFound(service.NO_WORK, code="no_such_submission")
            return pages.redirect(request, f"/studio/{work.course_id}/submissions/{submission_id}")
        earlier = await service.earlier(tx, submission_id)
        said = await service.remarks(tx, submission_id)
    return pages.render(
        request,
        "marking/result.html",
        work=work,
        shown=service.shown_work(work.submission_text, work.submission_html, work.submission_url),
        files=service.shown_files(work.file_attachments, f"/submissions/{submission_id}/files"),
        feedback=service.shown_feedback(work),
        annotations=said,
        deduction=service.deduction(work),
        earlier=earlier,
        newest=earlier[0] if earlier else work,
        zone=viewer.time_zone,
    )


@route(
    "/submissions/{submission_id:uuid}/files/{number:int}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    include_in_schema=False,
    opt={"exclude_from_csrf": True},
)
async def file(request: WebRequest, submission_id: FromPath[UUID], number: FromPath[int]) -> Stream:
    """A file of work, for its author and for those who teach the course, as the database decides."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        work = await service.submission(tx, submission_id)
    site = pages.site_of(request)
    stored = await service.file_to_send(site, work, number)
    served = await service.serve_file(site.storage, stored, request.method, request.headers)
    return Stream(
        served.body,
        status_code=served.status,
        headers=served.headers,
        media_type=served.headers.get("content-type", "application/octet-stream"),
    )


ROUTES: list[ControllerRouterHandler] = [result, file]

"""Resumable uploads at /uploads by the tus protocol, version 1.0.0, and what became of each."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog
from litestar import HttpMethod, MediaType, Request, Response, get, route
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.uploads import service, tus
from collegium.features.uploads.receiving import Incoming
from collegium.kit import ranges
from collegium.kit.errors import Invalid, Problem
from collegium.web import pages
from collegium.web.pages import WebRequest
from collegium.web.problems import PROBLEM_JSON, problem_of

log = structlog.get_logger("collegium.uploads")


def _problem(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Every refusal as problem JSON: who uploads is a program, which shows the words."""
    problem = problem_of(error)
    if problem is None:
        reference = str(request.scope.get("request_id", ""))
        log.error("upload_failed", path=request.url.path, request_id=reference, exc_info=error)
        problem = Problem(
            "Something broke on our side and was noted. What was sent is kept; try again in a moment.",
            status=500, code="internal", title="Something broke", extra={"reference": reference},
        )  # fmt: skip
    return Response(
        msgspec.json.encode({**problem.document(), "instance": request.url.path}),
        status_code=problem.status,
        headers={**tus.ALWAYS, **problem.headers},
        media_type=PROBLEM_JSON,
    )


# The more special kind wins over what the application says of it.
ANSWERS: Any = {Problem: _problem, Exception: _problem}


def _done(status: int, headers: dict[str, str]) -> Response[None]:
    return Response(None, status_code=status, headers={**tus.ALWAYS, **headers}, media_type=MediaType.TEXT)


def _expires(moment: datetime) -> dict[str, str]:
    return {"Upload-Expires": ranges.http_date(moment)}


@route(
    "/uploads",
    http_method=[HttpMethod.OPTIONS, HttpMethod.POST],
    exception_handlers=ANSWERS,
    request_max_body_size=None,
    include_in_schema=False,
)
async def uploads(request: WebRequest) -> Response[None]:
    """Says what the server can do, or begins an upload."""
    if request.method == "OPTIONS":
        return _done(204, tus.CAPABILITIES)
    viewer = pages.require_viewer(request)
    tus.check_version(request.headers)
    if "upload-defer-length" in request.headers:
        raise Problem("The length of a file must be known when its upload begins.", code="bad_header")
    told = tus.metadata(request.headers.get("upload-metadata", ""))
    wish = service.Begin(
        told.get("filename", ""),
        tus.number(request.headers, "upload-length"),
        told.get("purpose", ""),
        _id_of(told.get("course", ""), "a course"),
        _id_of(told.get("assignment", ""), "an assignment"),
    )
    site, actor = pages.site_of(request), viewer.actor()
    file_id = await service.begin(site, actor, viewer.is_teacher, wish)
    offset = 0
    if request.headers.get("content-type") == tus.BODY:
        offset, _ = await service.append(site, actor, file_id, 0, _incoming(request))
    upload = await service.find(site, actor, file_id)
    headers = {"Location": f"/uploads/{file_id}", "Upload-Offset": str(offset), **_expires(upload.expires_at)}
    return _done(201, headers)


def _id_of(text: str, what: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Invalid(f"This is not {what}.", code="bad_course") from None


def _incoming(request: WebRequest) -> Incoming:
    length = request.headers.get("content-length", "")
    return Incoming(request.receive, int(length) if length.isdigit() else None, tus.checksum(request.headers))


@route(
    "/uploads/{file_id:uuid}",
    http_method=[HttpMethod.OPTIONS, HttpMethod.HEAD, HttpMethod.PATCH, HttpMethod.DELETE, HttpMethod.POST],
    exception_handlers=ANSWERS,
    request_max_body_size=None,
    include_in_schema=False,
)
async def upload(request: WebRequest, file_id: FromPath[UUID]) -> Response[None]:
    """Where an upload stands (HEAD), more of its bytes (PATCH), or its end (DELETE)."""
    method = tus.method_of(request.method, request.headers)
    if method == "OPTIONS":
        return _done(204, tus.CAPABILITIES)
    viewer = pages.require_viewer(request)
    tus.check_version(request.headers)
    site, actor = pages.site_of(request), viewer.actor()
    if method == "HEAD":
        found = await service.position(site, actor, file_id)
        headers = {"Upload-Offset": str(found.received), "Upload-Length": str(found.length)}
        return _done(200, {**headers, **_expires(found.expires_at)})
    if method == "DELETE":
        await service.end(site, actor, file_id)
        return _done(204, {})
    if method != "PATCH":
        raise Problem("Send the bytes of an upload by PATCH.", status=405, code="method_not_allowed")
    if request.headers.get("content-type") != tus.BODY:
        raise Problem(f"The bytes of an upload are sent as {tus.BODY}.", status=415, code="bad_content_type")
    offset = tus.number(request.headers, "upload-offset")
    now, expires_at = await service.append(site, actor, file_id, offset, _incoming(request))
    return _done(204, {"Upload-Offset": str(now), **_expires(expires_at)})


@get("/uploads/{file_id:uuid}/result", include_in_schema=False, exception_handlers=ANSWERS)
async def result(request: WebRequest, file_id: FromPath[UUID]) -> Response[service.Result]:
    """What became of an upload: on its way, being checked, ready, or refused and why."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        found = await service.result(tx, file_id)
    return Response(found, headers={"Cache-Control": "no-store"})


ROUTES: list[ControllerRouterHandler] = [uploads, upload, result]

"""Packages on the site's own pages: a lesson's launch panel, what opens the player and keeps it going, the preview."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.scorm import service
from collegium.features.scorm.service import Launch, Q
from collegium.kit.errors import Conflict, Invalid, NotFound
from collegium.web import pages, policy
from collegium.web.pages import WebRequest

MODES: dict[str, Literal["normal", "review"]] = {"normal": "normal", "review": "review"}


class Opened(msgspec.Struct, frozen=True, rename="camel"):
    """What the lesson's page frames, and the only origin to which it speaks."""

    url: str
    origin: str
    sandbox: str = service.SANDBOX
    allow: str = service.ALLOW


class Token(msgspec.Struct, frozen=True, rename="camel"):
    """The token that follows another one."""

    token: str
    expires_at: str


def _opened(launch: Launch) -> Response[Opened]:
    return Response(Opened(launch.url, launch.origin), headers={"cache-control": "no-store"})


@post("/learn/{slug:str}/{lesson_id:uuid}/launch", status_code=200, include_in_schema=False)
async def launch(request: WebRequest, slug: FromPath[str], lesson_id: FromPath[UUID]) -> Response[Any]:
    """Opens the player on a lesson's package. Without scripts there is no player: the page says so."""
    pages.require_viewer(request)
    form = await request.form()
    mode = MODES.get(str(form.get("mode", "normal")))
    if mode is None:
        raise Invalid("A package is opened to go on or to look at it again.", code="no_such_mode")
    if "json" not in request.headers.get("accept", ""):
        # The button was pressed before the page's script was there, which presses it again.
        asked = f"{mode}-new" if form.get("new") else mode
        return pages.redirect(request, f"/learn/{slug}/{lesson_id}?open={asked}")
    async with pages.transaction(request) as tx:
        opened = await service.launch(pages.site_of(request), tx, lesson_id, mode, bool(form.get("new")))
    return _opened(opened)


@get("/learn/{slug:str}/{lesson_id:uuid}/package", include_in_schema=False)
async def package(request: WebRequest, slug: FromPath[str], lesson_id: FromPath[UUID]) -> Response[str]:
    """The launch panel as it stands now, as a fragment."""
    viewer = pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        enrollment = await tx.fetchval(Q.enrollment_of_lesson, lesson_id)
        card = await service.card(tx, lesson_id, enrollment)
    if card is None:
        raise NotFound("This lesson has no package.")
    return pages.render(
        request,
        "scorm/_panel.html",
        card=card,
        here=f"/learn/{slug}/{lesson_id}",
        access="open",
        zone=viewer.time_zone,
    )


@post("/scorm/renew", status_code=200, include_in_schema=False)
async def renew(request: WebRequest) -> Response[Token]:
    """Another hour for a player that this person opened."""
    pages.require_viewer(request)
    token = str((await request.form()).get("token", ""))
    async with pages.transaction(request) as tx:
        renewed = await service.renew(pages.site_of(request), tx, token)
    return Response(Token(renewed.token, renewed.expires_at.isoformat()), headers={"cache-control": "no-store"})


@get("/studio/packages/{package_id:uuid}/preview", include_in_schema=False)
async def preview(request: WebRequest, package_id: FromPath[UUID]) -> Response[str]:
    """A package as a learner sees it, or one of its organisations; nothing counts."""
    pages.require_teacher(request)
    organization = request.query_params.get("organization") or None
    async with pages.transaction(request) as tx:
        found = await tx.fetchrow(Q.package_title, package_id, organization)
    if found is None or (organization and found["organization"] is None):
        raise NotFound("There is no such package.")
    response = pages.render(
        request,
        "scorm/preview.html",
        package_id=package_id,
        title_of=found["organization"] or found["title"],
        organization=organization,
    )
    policy.allow_content(response, service.content_of(pages.site_of(request)))
    return response


@post("/studio/packages/{package_id:uuid}/preview", status_code=200, include_in_schema=False)
async def open_preview(request: WebRequest, package_id: FromPath[UUID]) -> Response[Opened]:
    """Opens the player on a package in the mode browse."""
    pages.require_teacher(request)
    if "json" not in request.headers.get("accept", ""):
        raise Conflict("The page was not ready yet. Go back and press the button again.", code="not_ready")
    organization = str((await request.form()).get("organization", "")) or None
    async with pages.transaction(request) as tx:
        opened = await service.preview(pages.site_of(request), tx, package_id, organization)
    return _opened(opened)


ROUTES: list[ControllerRouterHandler] = [launch, package, renew, preview, open_preview]

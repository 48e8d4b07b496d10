"""Sharing a collection, and what whoever holds a link sees. The link's pages are kept by nobody and listed nowhere."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from litestar import HttpMethod, Response, get, post, route
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from collegium.features.library import service
from collegium.features.library.model import Clip
from collegium.kit.errors import Invalid, NotFound, Problem
from collegium.kit.storage import InvalidKey, Missing, media_response
from collegium.web import pages
from collegium.web.pages import WebRequest

# Opening a link, and the pieces in which a browser fetches a film: each from one address.
OPENING = RateLimitConfig(rate_limit=("minute", 60))
FETCHING = RateLimitConfig(rate_limit=("minute", 600))
# The address is a secret: nobody keeps a copy, lists it or passes it on.
KEPT_BY_NOBODY = {
    "Cache-Control": "private, no-store",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
}


def end_of(day: str, zone: str) -> datetime | None:
    """The end of a day, as a field of a form gives it, in a person's time zone; None for an empty field.

    Raises Invalid for what is no day.
    """
    if not day.strip():
        return None
    try:
        found = datetime.combine(datetime.strptime(day.strip(), "%Y-%m-%d").date(), time(0))  # noqa: DTZ007 - a day
        return (found + timedelta(days=1)).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except (ZoneInfoNotFoundError, OverflowError):
        raise Invalid("Choose another day.") from None
    except ValueError:
        words = "Choose a day, such as 2027-01-31, or leave the field empty."
        raise Invalid(words, fields={"until": words}) from None


@post("/library/{collection_id:uuid}/share", include_in_schema=False)
async def share(request: WebRequest, collection_id: FromPath[UUID]) -> Response[str]:
    """Makes a link to one's own collection."""
    viewer = pages.require_viewer(request)
    here = f"/library/{collection_id}"
    form = await request.form()
    try:
        until = end_of(str(form.get("until", "")), viewer.time_zone)
        async with pages.transaction(request) as tx:
            await service.share(pages.site_of(request), tx, collection_id, until, datetime.now(UTC))
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        return pages.redirect(request, here + "#sharing", flash=("error", problem.detail))
    words = "Whoever has the link can look at this collection now."
    return pages.redirect(request, here + "#sharing", flash=("success", words))


@post("/library/{collection_id:uuid}/unshare", include_in_schema=False)
async def withdraw(request: WebRequest, collection_id: FromPath[UUID]) -> Response[str]:
    """Takes the link back."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        await service.withdraw(tx, collection_id)
    words = "The link is withdrawn. Whoever opens it now sees nothing."
    return pages.redirect(request, f"/library/{collection_id}#sharing", flash=("success", words))


@get("/library/shared/{token:str}", include_in_schema=False, middleware=[OPENING.middleware])
async def shared(request: WebRequest, token: FromPath[str]) -> Response[str]:
    """A collection as whoever holds its link sees it."""
    try:
        found = await service.shared(pages.site_of(request), token)
    except NotFound as problem:
        answer = pages.render(request, "library/no_link.html", status=404, problem=problem)
        answer.headers.update(KEPT_BY_NOBODY)
        return answer
    playable = [clip for clip in found.clips if clip.address is None]
    playing = _asked(playable, request.query_params.get("video")) or (playable[0] if playable else None)
    at = playable.index(playing) if playing else 0
    context: dict[str, Any] = {
        "shared": found,
        "here": f"/library/shared/{token}",
        "playing": playing,
        "following": playable[at + 1] if at + 1 < len(playable) else None,
        "source": f"/library/shared/{token}/videos/{playing.id}" if playing else None,
    }
    answer = pages.render(request, "library/shared.html", **context)
    answer.headers.update(KEPT_BY_NOBODY)
    return answer


def _asked(clips: list[Clip], asked: str | None) -> Clip | None:
    return next((clip for clip in clips if str(clip.id) == asked), None)


@route(
    "/library/shared/{token:str}/videos/{video_id:uuid}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    include_in_schema=False,
    middleware=[FETCHING.middleware],
)
async def shared_file(request: WebRequest, token: FromPath[str], video_id: FromPath[UUID]) -> Stream:
    """A video that a link shows, also in parts. The link is looked at for each part, so that a withdrawn one ends."""
    site = pages.site_of(request)
    key = await service.shared_file_key(site, token, video_id)
    try:
        answer = await media_response(request, site.storage, key)
    except (Missing, InvalidKey):
        raise NotFound("The file of this video is not there any more.") from None
    answer.headers.update(KEPT_BY_NOBODY)
    return answer


SHARE_ROUTES: list[ControllerRouterHandler] = [share, withdraw, shared, shared_file]

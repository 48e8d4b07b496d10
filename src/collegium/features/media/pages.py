"""Serving media by signed, expiring links made for one person, with ranges. Nothing of a lesson is public."""

from __future__ import annotations

from litestar import HttpMethod, route
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from collegium.features.media import captions_pages, studio_pages
from collegium.kit.errors import Forbidden, NotFound, Problem
from collegium.kit.storage import BadLink, InvalidKey, Missing, media_response
from collegium.web import pages


@route(
    "/media/{token:str}/{key:path}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    include_in_schema=False,
    opt={"exclude_from_csrf": True},
)
async def media(request: pages.WebRequest, token: FromPath[str], key: FromPath[str]) -> Stream:
    """A stored file, when the link was made for this person and has not run out."""
    site = pages.site_of(request)
    viewer = pages.viewer_of(request)
    wanted = key.removeprefix("/")
    try:
        site.media_signer.check(token, wanted, viewer.id if viewer else None)
    except BadLink as error:
        if error.expired:
            raise Problem(
                "This link has run out. Reload the lesson's page to get a new one.", status=410, code="link_expired",
                title="Link has run out",
            ) from None  # fmt: skip
        raise Forbidden("This link was not made for you. Open the lesson's page.", code="bad_link") from None
    try:
        return await media_response(request, site.storage, wanted)
    except (Missing, InvalidKey):
        raise NotFound("This file is not there any more.") from None


ROUTES: list[ControllerRouterHandler] = [media, *studio_pages.ROUTES, *captions_pages.ROUTES]

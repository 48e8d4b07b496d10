"""One's own notices."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.types import ControllerRouterHandler

from collegium.features.notices import service
from collegium.features.notices.model import Place
from collegium.kit.cursors import read_cursor, write_cursor
from collegium.web import pages
from collegium.web.pages import WebRequest


@get("/me/notices", include_in_schema=False)
async def my_notices(request: WebRequest) -> Response[str]:
    """What the site has told the person who asks."""
    pages.require_viewer(request)
    after = read_cursor(request.query_params.get("after"), Place)
    async with pages.transaction(request) as tx:
        found = await service.mine(tx, after)
    return pages.render(
        request,
        "notices/notices.html",
        found=found,
        any_new=any(one.read_at is None for one in found.notices),
        is_first=after is None,
        following=f"/me/notices?after={write_cursor(found.next)}" if found.next else None,
    )


@post("/me/notices/read", include_in_schema=False)
async def mark_read(request: WebRequest) -> Response[str]:
    """Marks all of them as read."""
    pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        await service.mark_read(tx)
    return pages.redirect(request, "/me/notices")


ROUTES: list[ControllerRouterHandler] = [my_notices, mark_read]

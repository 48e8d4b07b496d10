"""The player's calls to the server, apart from the heartbeat itself (heartbeat.py)."""

from __future__ import annotations

from litestar import post
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler

from collegium.features.progress import service
from collegium.features.progress.heartbeat import PATH
from collegium.features.progress.model import Acknowledged, Heartbeat, OpenPlayback, Playback
from collegium.features.progress.nonces import Nonces
from collegium.web import pages
from collegium.web.apidocs import PlainRoute, failures

HEARTBEAT = PlainRoute(
    path=PATH,
    operation="ApiV1PlaybackHeartbeat",
    tag="playback",
    summary="Tell what was played",
    description="Counts the seconds that were played since the last acknowledged heartbeat, once each. Answers after "
    "they are committed. The nonce takes the place of a token against forged requests.",
    takes=Heartbeat,
    answers=Acknowledged,
    fails=(401, 409, 413, 422),
)


@post(
    "/api/v1/playback",
    status_code=200,
    tags=["playback"],
    summary="Open the player on a video",
    responses=failures(400, 401, 403, 404, 409, 413),
)
async def open_playback(request: pages.WebRequest, data: JSONBody[OpenPlayback]) -> Playback:
    """Opens the player on a video and makes any other player of this person stale."""
    viewer = pages.require_viewer(request)
    site = pages.site_of(request)
    async with pages.transaction(request) as tx:
        return await service.open_playback(tx, Nonces(site.key("playback")), viewer, str(request.auth), data.video_id)


ROUTES: list[ControllerRouterHandler] = [open_playback]

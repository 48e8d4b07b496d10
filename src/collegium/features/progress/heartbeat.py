"""The heartbeat's route: plain ASGI in front of the framework, because every player calls it every ten seconds."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import msgspec
import structlog
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from collegium.features.progress.model import Heartbeat
from collegium.features.progress.service import SIGNED_OUT, Heartbeats
from collegium.kit.errors import Conflict, Invalid, Problem, SignInNeeded
from collegium.kit.site import Site
from collegium.web.problems import PROBLEM_JSON, problem_of
from collegium.web.sessions import COOKIE, SessionCache, request_cookie

PATH = "/api/v1/playback/heartbeat"
LARGEST_BODY = 64 * 1024
log = structlog.get_logger("collegium.progress")
_decoder = msgspec.json.Decoder(Heartbeat)
_encoder = msgspec.json.Encoder()


async def _body(scope: Scope, receive: Receive) -> bytes:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > LARGEST_BODY:
            raise Problem("This heartbeat is too large.", status=413, code="too_large")
    parts: list[bytes] = []
    size = 0
    while True:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            raise Problem("The connection closed before the heartbeat had arrived.", code="disconnected")
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > LARGEST_BODY:
            raise Problem("This heartbeat is too large.", status=413, code="too_large")
        parts.append(part)
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _read(body: bytes) -> Heartbeat:
    try:
        beat = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"This is not a heartbeat: {error}", code="bad_heartbeat") from None
    except RecursionError:
        raise Invalid("This is not a heartbeat: it is nested too deeply.", code="bad_heartbeat") from None
    return beat


class HeartbeatRoute:
    """Answers ``POST /api/v1/playback/heartbeat`` and passes everything else on.

    A forged request from another site cannot carry the nonce, so no other token is asked for.
    """

    def __init__(self, app: ASGIApp, site: Site, sessions: SessionCache) -> None:
        self._app = app
        self._heartbeats = Heartbeats.of(site)
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers or passes on; see the class."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        status, kind, body = 200, b"application/json", b""
        headers: list[tuple[bytes, bytes]] = []
        try:
            body = await self._answer(scope, receive)
        except Exception as error:
            problem = problem_of(error)
            if problem is None:
                reference = uuid4().hex[:16]
                log.error("heartbeat_failed", request_id=reference, exc_info=error)
                problem = Problem(
                    "Something broke on our side and was noted. Your progress is kept on this device.",
                    status=500,
                    code="internal",
                    title="Something broke",
                    extra={"reference": reference},
                )
            status, kind = problem.status, PROBLEM_JSON.encode()
            body = _encoder.encode({**problem.document(), "instance": PATH})
            headers = [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
        headers += [
            (b"content-type", kind),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def _answer(self, scope: HTTPScope, receive: Receive) -> bytes:
        if scope["method"] != "POST":
            raise Problem("Send heartbeats by POST.", status=405, code="method_not_allowed", headers={"Allow": "POST"})
        token = request_cookie(scope, COOKIE)
        if not token:
            raise SignInNeeded(SIGNED_OUT)
        beat = _read(await _body(scope, receive))
        if not self._heartbeats.knows(beat, token):
            await self._must_be_of(beat, token)
            return _encoder.encode(await self._heartbeats.record(beat, token, fresh=True))
        try:
            return _encoder.encode(await self._heartbeats.record(beat, token, fresh=False))
        except SignInNeeded:
            # The session that opened the player has ended, but this may be a newer one of the same person, which
            # took the player over with its first heartbeat.
            self._sessions.forget(token)
            await self._must_be_of(beat, token)
        return _encoder.encode(await self._heartbeats.record(beat, token, fresh=True))

    async def _must_be_of(self, beat: Heartbeat, token: str) -> None:
        """Raises SignInNeeded without a session, Conflict when the nonce was given to somebody else."""
        viewer = await self._sessions.find(token)
        if viewer is None:
            raise SignInNeeded(SIGNED_OUT)
        if not self._heartbeats.belongs_to(beat, viewer):
            raise Conflict("This heartbeat does not continue what you played here.", code="replayed_nonce")

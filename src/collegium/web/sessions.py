"""Who is asking: the session cookie, resolved once a request and remembered for a moment."""

from __future__ import annotations

import time
from typing import Any

from litestar.types import ASGIApp, Receive, Scope, Send

from collegium.features.people import service as people
from collegium.kit.db import SYSTEM, Database
from collegium.kit.viewer import Viewer

COOKIE = "collegium_session"
REMEMBER_S = 10.0
REMEMBER_MOST = 20_000
hash_token = people.hash_token


def cookie_value(header: bytes, name: str) -> str | None:
    """One cookie's value from a Cookie header (RFC 6265 section 4.2.1), or None."""
    wanted = name.encode() + b"="
    if wanted not in header:
        return None
    for pair in header.split(b";"):
        stripped = pair.strip()
        if stripped.startswith(wanted):
            return stripped[len(wanted) :].strip(b'"').decode("latin-1")
    return None


def request_cookie(scope: Any, name: str) -> str | None:
    """One cookie of a request."""
    for key, value in scope["headers"]:
        if key == b"cookie" and (found := cookie_value(value, name)) is not None:
            return found
    return None


class SessionCache:
    """Finds viewers by session token and remembers them for ten seconds.

    A revoked session is forgotten at once: the database notifies every process. Should that message be lost (a pooler
    in between, a broken connection), ten seconds are the longest that a revoked session can go on.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[bytes, tuple[float, Viewer | None]] = {}
        db.on("collegium_session_ended", self._forget)
        db.on("collegium_person_changed", lambda _payload: self._known.clear())

    def _forget(self, token_hash: str) -> None:
        if token_hash:
            self._known.pop(bytes.fromhex(token_hash), None)
        else:
            self._known.clear()

    def forget(self, token: str) -> None:
        """Forgets one token, after this process changed its session."""
        self._known.pop(hash_token(token), None)

    async def find(self, token: str) -> Viewer | None:
        """The viewer whose session has this token, or None."""
        key = hash_token(token)
        now = time.monotonic()
        known = self._known.get(key)
        if known is not None and known[0] > now:
            return known[1]
        async with self._db.transaction(SYSTEM) as tx:
            viewer = await people.find_viewer(tx, key)
        if len(self._known) >= REMEMBER_MOST:
            self._known.clear()
        self._known[key] = (now + REMEMBER_S, viewer)
        return viewer


def session_middleware(app: ASGIApp) -> ASGIApp:
    """Puts the viewer (or None) into ``scope["user"]``, by the cache of the application's site."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            token = request_cookie(scope, COOKIE)
            sessions: SessionCache = scope["litestar_app"].state["sessions"]
            scope["user"] = await sessions.find(token) if token else None
            scope["auth"] = token
        await app(scope, receive, send)

    return middleware

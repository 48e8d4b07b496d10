"""The files of a package, to the player that was opened on it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

from litestar.types import Scope, Send

from collegium.features.scorm import service
from collegium.features.scorm.headers import Headers, Pairs
from collegium.features.scorm.model import Player
from collegium.features.scorm.tokens import Token
from collegium.kit import ranges
from collegium.kit.site import Site
from collegium.kit.storage import Meta, Missing

REMEMBER_S = 15.0
"""Seconds for which it is not asked again whether a player may still be shown its package."""
REMEMBER_MOST = 5_000
KEPT = b"private, max-age=3600"
"""A version of a package never changes, and the address holds the token."""
KEPT_ASKED = b"private, no-cache"
"""Of a package that was given to a partner: a browser asks each time, for it may have been revoked."""


class Files:
    """Answers files below a package's prefix, also with a token that ran out while its player is the current one."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._known: dict[Token, tuple[float, Player | None]] = {}

    async def answer(self, scope: Scope, send: Send, token: Token, path: str, headers: Headers) -> None:
        """The file, a part of it, or 404; 403 when the player may not be shown its package any more."""
        method: str = scope["method"]  # type: ignore[typeddict-item]
        if method not in ("GET", "HEAD"):
            await _short(send, 405, headers.closed)
            return
        player = await self._player(token)
        if player is None:
            await _short(send, 404, headers.closed)
            return
        going_on = player.current and player.fresh
        if not (player.signed_in and player.enrolled) or (token.expired() and not going_on):
            await _short(send, 403, headers.closed)
            return
        file = await service.file(self._site, player.package_id, path)
        try:
            meta = await self._site.storage.head(file.storage_key) if file else None
        except Missing:
            meta = None
        if file is None or meta is None:
            await _short(send, 404, headers.closed)
            return
        await self._send(scope, send, meta, file.media_type, headers, KEPT_ASKED if player.dispatched else KEPT)

    async def _player(self, token: Token) -> Player | None:
        now = time.monotonic()
        known = self._known.get(token)
        if known and known[0] > now:
            return known[1]
        found = await service.player(self._site, token)
        if len(self._known) >= REMEMBER_MOST:
            self._known.clear()
        self._known[token] = (now + REMEMBER_S, found)
        return found

    async def _send(self, scope: Scope, send: Send, meta: Meta, kind: str, headers: Headers, kept: bytes) -> None:
        asked = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}  # type: ignore[typeddict-item]
        method = str(scope["method"])  # type: ignore[typeddict-item]
        plan = ranges.plan(method, asked, size=meta.size, etag=meta.etag, last_modified=meta.last_modified)
        given: Pairs = [
            *headers.package,
            (b"content-type", kind.encode()),
            (b"accept-ranges", b"bytes"),
            (b"last-modified", ranges.http_date(meta.last_modified).encode()),
            (b"cache-control", kept),
        ]
        if meta.etag:
            given.append((b"etag", meta.etag.encode()))
        body: AsyncIterator[bytes] | None = None
        if plan.status == 416:
            given += [(b"content-range", f"bytes */{meta.size}".encode()), (b"content-length", b"0")]
        elif plan.body is not None:
            given.append((b"content-length", str(len(plan.body)).encode()))
            if plan.status == 206:
                given.append((b"content-range", plan.body.content_range(meta.size).encode()))
            if method == "GET" and len(plan.body):
                body = self._site.storage.stream(meta.key, plan.body.start, plan.body.stop, etag=meta.etag)
        start: Any = {"type": "http.response.start", "status": plan.status, "headers": given}
        await send(start)
        if body is not None:
            async for part in body:
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _short(send: Send, status: int, headers: Pairs) -> None:
    words = b"There is nothing here." if status == 404 else b"This player has ended. Open the lesson again."
    whole: Any = [
        *headers,
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(words)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": whole})
    await send({"type": "http.response.body", "body": words, "more_body": False})

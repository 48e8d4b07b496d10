"""A request whose transaction the database gave up for another one's sake is done again, before anybody is answered.

PostgreSQL ends one of two transactions that wait for each other (SQLSTATE 40P01), and one that cannot have run after
those beside it (40001). Nothing of it was kept and nothing is wrong with it: done once more, it goes through. Whoever
still finds somebody in his way, or has kept something by then, is told so in words (`problems`, 503).
"""

from __future__ import annotations

import asyncio
import random
from typing import Any

import structlog
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from litestar.utils.scope.state import CONNECTION_STATE_KEY, ScopeState

from collegium.kit.db import Writes, following_writes

log = structlog.get_logger("collegium.web")
GIVEN_UP = "collegium_given_up"
"""Where `problems` notes in the scope of a request that the database gave it up."""
TIMES = 3
"""How often a request is tried in all."""
LONGEST_BODY = 1024 * 1024
"""Bytes of a body that are kept for another try; what is longer is an upload, which has its own way to go on."""
PAUSE_S = 0.03


class _Attempt:
    """One try: what it reads is kept, and what it answers goes out unless it was given up and may be tried again."""

    def __init__(self, receive: Receive, send: Send, earlier: list[Any], *, reads: bool, last: bool) -> None:
        self._receive, self._send = receive, send
        self._earlier = list(earlier)
        self._size = sum(len(message.get("body", b"")) for message in earlier)
        self._may = not last
        self._reads = reads
        self.read = list(earlier)
        self.withheld = False

    async def receive(self) -> Any:
        if self._earlier:
            return self._earlier.pop(0)
        message = await self._receive()
        if self._may and message["type"] == "http.request":
            self.read.append(message)
            self._size += len(message["body"])
            if self._size > LONGEST_BODY:
                self._may = False
                self.read.clear()
        return message

    async def send(self, message: Message, scope: dict[str, Any], writes: Writes) -> None:
        if message["type"] == "http.response.start":
            self.withheld = self._may and GIVEN_UP in scope and (self._reads or not writes.kept)
        if not self.withheld:
            await self._send(message)


def again_middleware(app: ASGIApp) -> ASGIApp:
    """Tries a request again that was given up, where that is safe: it only reads, or nothing that it wrote was kept."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        reads = scope["method"] in ("GET", "HEAD", "OPTIONS")
        given: dict[str, Any] = scope  # type: ignore[assignment]
        read: list[Any] = []
        for left in reversed(range(TIMES)):
            one = _Attempt(receive, send, read, reads=reads, last=left == 0)
            with following_writes() as writes:
                here = given if left == TIMES - 1 else _anew(given)

                async def answer(
                    message: Message, one: _Attempt = one, here: dict[str, Any] = here, writes: Writes = writes
                ) -> None:
                    await one.send(message, here, writes)

                await app(here, one.receive, answer)  # type: ignore[arg-type]
            if not one.withheld:
                return
            read = one.read
            log.info("request_again", method=scope["method"], path=scope["path"], left=left)
            # Two that met once are not to meet again.
            await asyncio.sleep(PAUSE_S * random.uniform(0.5, 1.5) * (TIMES - left))  # noqa: S311

    return middleware


def _anew(scope: dict[str, Any]) -> dict[str, Any]:
    """The scope of a request as it was before it was tried: nothing read, nothing answered."""
    state = dict(scope.get("state") or {})
    fresh = state[CONNECTION_STATE_KEY] = ScopeState()
    fresh.exception_handlers = ScopeState.from_scope(scope).exception_handlers  # type: ignore[arg-type]
    return {name: value for name, value in scope.items() if name != GIVEN_UP} | {"state": state}

"""The outermost layer: a request id, security headers and one line of log for each request."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import structlog
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from collegium.kit.db import note_request

log = structlog.get_logger("collegium.access")

# Inline styles are allowed because the player's controls carry their own; scripts come from the site alone.
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; worker-src 'self' blob:; font-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# The worker that reads PDFs decodes scanned pages by WebAssembly. A worker lives by the policy of its own script, so
# the leave to compile it (which is none to evaluate text) stays with that one folder.
PDF_WORKER = "/static/dist/pdfjs/"
WORKER_POLICY = POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")


class Outer:
    """Wraps the whole application. ``secure`` says whether the site is reached by TLS."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        headers = {
            "content-security-policy": POLICY,
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
        }
        if secure:
            headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on; see the class."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid4().hex[:16]
        extended: dict[str, Any] = scope  # type: ignore[assignment]
        extended["request_id"] = request_id
        note_request(request_id)
        began = time.perf_counter()
        status = 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = {name for name, _ in message["headers"]}
                if scope["path"].startswith(PDF_WORKER):
                    given.add(b"content-security-policy")
                    message["headers"] = [*message["headers"], (b"content-security-policy", WORKER_POLICY.encode())]
                message["headers"] = [
                    *message["headers"],
                    *(pair for pair in self._headers if pair[0] not in given),
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        finally:
            # Addresses may carry one-time tokens in their query: only the path is written down.
            path = scope["path"]
            if not path.startswith(("/static/", "/healthz")):
                log.debug(
                    "request",
                    method=scope["method"],
                    path=_without_tokens(path),
                    status=status,
                    ms=round((time.perf_counter() - began) * 1000, 1),
                    request_id=request_id,
                )


def _without_tokens(path: str) -> str:
    for prefix in ("/media/", "/confirm/", "/reset-password/", "/library/shared/"):
        if path.startswith(prefix):
            return prefix + "…"
    return path

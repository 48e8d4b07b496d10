"""Routes in front of the framework, for what is called so often that its layers would cost more than the work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from secrets import compare_digest
from typing import Any, TypeVar
from uuid import uuid4

import msgspec
import structlog
from litestar.middleware.csrf import CSRF_SECRET_LENGTH, generate_csrf_hash
from litestar.types import Receive, Scope, Send

from collegium.kit.errors import Forbidden, Invalid, Problem
from collegium.web.problems import PROBLEM_JSON, problem_of
from collegium.web.sessions import request_cookie

T = TypeVar("T")
JSON = b"application/json"
log = structlog.get_logger("collegium.web")
_encoder = msgspec.json.Encoder()


def header(scope: Scope, name: bytes) -> str | None:
    """One header of a request."""
    for key, value in scope["headers"]:  # type: ignore[typeddict-item]
        if key == name:
            return bytes(value).decode("latin-1")
    return None


async def body_of(scope: Scope, receive: Receive, largest: int) -> bytes:
    """The body of a request; raises Problem 413 when it is larger than so many bytes."""
    declared = header(scope, b"content-length")
    if declared is not None and declared.isdigit() and int(declared) > largest:
        raise Problem("This is too large.", status=413, code="too_large")
    parts: list[bytes] = []
    size = 0
    while True:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            raise Problem("The connection closed before the request had arrived.", code="disconnected")
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > largest:
            raise Problem("This is too large.", status=413, code="too_large")
        parts.append(part)
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def decoded(decoder: msgspec.json.Decoder[T], body: bytes, *, code: str) -> T:
    """A body as what it should be; raises Invalid with the reason."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"This cannot be read: {error}", code=code) from None
    except RecursionError:
        raise Invalid("This cannot be read: it is nested too deeply.", code=code) from None


class CsrfCheck:
    """The same double submit that the framework asks of its own routes: the header repeats the signed cookie."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def require(self, scope: Scope) -> None:
        """Raises Forbidden unless the request carries the token of its own browser."""
        given, kept = header(scope, b"x-csrf-token"), request_cookie(scope, "csrftoken")
        if given is None or kept is None or not compare_digest(given.encode(), kept.encode()) or not self._signed(kept):
            raise Forbidden("Reload the page, then try again. Nothing was changed.", code="csrf")

    def _signed(self, token: str) -> bool:
        secret, mark = token[:CSRF_SECRET_LENGTH], token[CSRF_SECRET_LENGTH:]
        return bool(mark) and compare_digest(mark.encode(), generate_csrf_hash(secret, self._secret).encode())


async def answer(send: Send, path: str, work: Callable[[], Awaitable[object]], *, event: str, broken: str) -> None:
    """Answers what ``work`` answers as JSON, what it raises as problem JSON; ``broken`` says what a fault left."""
    status, kind = 200, JSON
    headers: list[tuple[bytes, bytes]] = []
    try:
        body = _encoder.encode(await work())
    except Exception as error:
        problem = problem_of(error)
        if problem is None:
            reference = uuid4().hex[:16]
            log.error(event, request_id=reference, exc_info=error)
            problem = Problem(
                broken, status=500, code="internal", title="Something broke", extra={"reference": reference}
            )
        status, kind = problem.status, PROBLEM_JSON.encode()
        body = _encoder.encode({**problem.document(), "instance": path})
        headers = [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
    headers += [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})

"""The built front end's files, answered from memory before the framework: a first visit asks for a dozen of them."""

from __future__ import annotations

import asyncio
import gzip
import mimetypes
from pathlib import Path
from typing import NamedTuple

from litestar.types import ASGIApp, Receive, Scope, Send

PREFIX = "/static/dist/assets/"
LARGEST = 2_000_000
"""Bytes; what is larger is left to the framework, which streams it."""
WORTH_PACKING = 1_000
PACKED = ("text/", "application/json", "image/svg+xml")


class _Kept(NamedTuple):
    kind: bytes
    body: bytes
    packed: bytes | None


class BuiltFiles:
    """Answers GET and HEAD of files below ``PREFIX`` and passes everything else on, as parts of a file too.

    Their names carry a digest of their content, so what was read once is good for ever, here and in browsers.
    """

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self._app = app
        self._folder = folder.resolve()
        self._kept: dict[str, _Kept] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers or passes on; see the class."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX) or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        asked = dict(scope["headers"])
        name = scope["path"].removeprefix(PREFIX)
        kept = None if b"range" in asked else self._kept.get(name) or await asyncio.to_thread(self._read, name)
        if kept is None:
            await self._app(scope, receive, send)
            return
        packed = kept.packed if b"gzip" in asked.get(b"accept-encoding", b"") else None
        body = kept.body if packed is None else packed
        headers = [
            (b"content-type", kept.kind),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"public, max-age=31536000, immutable"),
            (b"vary", b"Accept-Encoding"),
            *([(b"content-encoding", b"gzip")] if packed is not None else []),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})  # type: ignore[typeddict-item]
        await send(
            {"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body, "more_body": False}
        )

    def _read(self, name: str) -> _Kept | None:
        try:
            path = (self._folder / name).resolve()
            if not path.is_relative_to(self._folder) or not path.is_file() or path.stat().st_size > LARGEST:
                return None
            body = path.read_bytes()
        except (OSError, ValueError):
            return None
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        kind = "text/javascript" if path.suffix in (".js", ".mjs") else kind
        text = kind.startswith(PACKED)
        packed = gzip.compress(body, 9, mtime=0) if text and len(body) > WORTH_PACKING else None
        kept = self._kept[name] = _Kept((f"{kind}; charset=utf-8" if text else kind).encode(), body, packed)
        return kept

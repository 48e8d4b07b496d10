"""Answers about a stored file: ranges, conditions, and headers that let no file act as a page of the site."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from litestar import Request
from litestar.response import Stream

from collegium.features.uploads.model import Stored
from collegium.kit import ranges
from collegium.kit.storage import Missing, Storage

_SEEN = ("image/", "video/", "audio/")
_INLINE = (*_SEEN, "text/vtt")


async def answer(request: Request[Any, Any, Any], storage: Storage, file: Stored) -> Stream:
    """The file itself; `?download=1` has it saved. Raises Missing."""
    kept = "download" in request.query_params
    return await _answer(
        request, storage, file.storage_key, file.mime_type, f'"{file.sha256[:32]}"', disposition(file, kept)
    )


async def answer_thumbnail(request: Request[Any, Any, Any], storage: Storage, file: Stored) -> Stream:
    """The small picture of a file. Raises Missing where there is none."""
    if file.thumbnail_key is None:
        raise Missing(str(file.id))
    mime = "image/webp" if file.thumbnail_key.endswith(".webp") else "image/jpeg"
    return await _answer(request, storage, file.thumbnail_key, mime, f'"t{file.sha256[:31]}"', "inline")


def disposition(file: Stored, kept: bool) -> str:
    """Content-Disposition (RFC 6266): saved, unless it is something that a page shows."""
    how = "inline" if not kept and file.mime_type.startswith(_INLINE) else "attachment"
    plain = re.sub(r'[^A-Za-z0-9 ._()-]|["\\]', "_", file.filename)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(file.filename, safe='')}"


async def _answer(
    request: Request[Any, Any, Any], storage: Storage, key: str, mime: str, etag: str, where: str
) -> Stream:
    meta = await storage.head(key)
    plan = ranges.plan(request.method, request.headers, size=meta.size, etag=etag, last_modified=meta.last_modified)
    headers = {
        "accept-ranges": "bytes",
        # Who lost the right to see it is asked at each use; what did not change is not sent again.
        "cache-control": "private, no-cache",
        "cross-origin-resource-policy": "same-origin",
        "etag": etag,
        "last-modified": ranges.http_date(meta.last_modified),
        "x-content-type-options": "nosniff",
    }
    if not mime.startswith(_SEEN):
        headers["content-security-policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    content_type = f"{mime}; charset=utf-8" if mime.startswith("text/") else mime
    body: AsyncIterator[bytes] = _nothing()
    if plan.status == 416:
        headers |= {"content-range": f"bytes */{meta.size}", "content-length": "0"}
    elif plan.body is not None:
        headers |= {"content-length": str(len(plan.body)), "content-disposition": where}
        if plan.status == 206:
            headers["content-range"] = plan.body.content_range(meta.size)
        if request.method == "GET" and len(plan.body):
            body = storage.stream(key, plan.body.start, plan.body.stop, etag=meta.etag)
    return Stream(body, status_code=plan.status, headers=headers, media_type=content_type)


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""

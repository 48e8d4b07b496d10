"""Sending stored files: with a safe name, its own type, ranges, and nothing that a browser would run."""

from __future__ import annotations

from litestar.response import Stream

from collegium.features.documents.model import Stored
from collegium.features.documents.naming import disposition, safe_name
from collegium.kit.errors import NotFound
from collegium.kit.site import Site
from collegium.kit.storage import InvalidKey, Missing, serve
from collegium.web.pages import WebRequest

__all__ = ["disposition", "safe_name", "send"]


async def send(request: WebRequest, site: Site, stored: Stored, *, inline: bool = False) -> Stream:
    """A stored file as an answer: whole, a range, or unchanged. Raises NotFound when it lies nowhere."""
    try:
        served = await serve(site.storage, stored.key, request.headers, method=request.method, download_as=stored.name)
    except (Missing, InvalidKey):
        raise NotFound("This file is not there any more. Tell the instructor.") from None
    headers = dict(served.headers)
    # Who lost the right to it is asked anew: no browser keeps an attachment, and a document only to compare.
    headers["cache-control"] = "private, no-cache" if inline else "private, no-store"
    if "content-type" in headers:
        headers["content-type"] = stored.mime_type
        headers["content-disposition"] = disposition(stored.name, inline=inline)
    if inline:
        # The browser's own reader of PDFs does not work in a sandbox. Nothing but a PDF is sent inline.
        headers.pop("content-security-policy", None)
    return Stream(
        served.body,
        status_code=served.status,
        headers=headers,
        media_type=headers.get("content-type", "application/octet-stream"),
    )

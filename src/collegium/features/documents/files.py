"""Sending stored files: with a safe name, its own type, ranges, and nothing that a browser would run."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from litestar.response import Stream

from collegium.features.documents.model import Stored
from collegium.kit.errors import NotFound
from collegium.kit.site import Site
from collegium.kit.storage import InvalidKey, Missing, serve
from collegium.web.pages import WebRequest

# Turns a text around or hides in it: "gnp.exe" must not read as "exe.png".
_HIDDEN = re.compile(r"[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_ATTR_CHAR = "!#$&+-.^_`|~"


def safe_name(name: str) -> str:
    """A file's name without a folder, control characters, or letters that hide or turn others; never empty."""
    kept = _HIDDEN.sub("", unicodedata.normalize("NFC", name))
    kept = re.sub(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*]', "_", kept).strip(" .")
    return kept[:200] or "file"


def disposition(name: str, *, inline: bool = False) -> str:
    """Content-Disposition for a name: RFC 6266, with plain ASCII for old programs and RFC 5987's form for the rest."""
    safe = safe_name(name)
    plain = unicodedata.normalize("NFKD", safe).encode("ascii", "ignore").decode().strip()
    # Without letters of its own the plain form keeps the extension.
    stem, dot, ending = plain.rpartition(".")
    plain = f"{(stem if dot else ending).strip(' .') or 'file'}{dot}{ending if dot else ''}"
    # In a quoted string a percent sign is read as an escape by some programs.
    plain = re.sub(r"[%;]", "_", plain)
    kind = "inline" if inline else "attachment"
    header = f'{kind}; filename="{plain}"'
    return header if plain == safe else f"{header}; filename*=UTF-8''{quote(safe, safe=_ATTR_CHAR)}"


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

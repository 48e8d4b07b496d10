"""The parts of a lesson: each type's content brought into its form, or refused in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from collegium.features.authoring.clean import LONGEST, clean_html, plain_text
from collegium.features.authoring.model import Block
from collegium.kit.errors import Invalid

FILE_ADDRESS = re.compile(r"/files/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_YOUTUBE = (
    "youtube.com",
    "www.youtube.com",
    "m.youtube.com",
    "youtu.be",
    "youtube-nocookie.com",
    "www.youtube-nocookie.com",
)
_KINDS = {"rich_text": "text", "image": "picture", "video": "video", "file": "file", "youtube": "YouTube video"}


def file_address(value: object) -> str | None:
    """The address of a file of this site, or None for anything else."""
    return value if isinstance(value, str) and FILE_ADDRESS.fullmatch(value) else None


def youtube_id(address: str) -> str | None:
    """The id of a video, from its address in any of YouTube's forms or from the id alone; None when there is none."""
    text = address.strip()
    if _VIDEO_ID.fullmatch(text):
        return text
    parts = urlsplit(text if "://" in text else f"https://{text}")
    if (parts.hostname or "") not in _YOUTUBE:
        return None
    named = parse_qs(parts.query).get("v", [""])[0]
    last = parts.path.rstrip("/").rsplit("/", 1)[-1]
    return next((found for found in (named, last) if _VIDEO_ID.fullmatch(found)), None)


def tidy(blocks: Sequence[Block], before: Sequence[Block] = ()) -> list[dict[str, Any]]:
    """The parts as the database keeps them. Raises Invalid with the number and kind of the first that is not whole.

    What stood among the parts ``before`` just so may stay, whoever wrote it: it stops nobody from saving the rest.
    """
    old = {part.id: part for part in before}
    kept: list[dict[str, Any]] = []
    for number, block in enumerate(blocks, 1):
        try:
            content = _SHAPES[block.type](block.content)
        except Invalid as problem:
            same = old.get(block.id)
            if same is not None and (same.type, same.content) == (block.type, block.content):
                kept.append(
                    {"id": str(block.id), "type": block.type, "content": block.content, "metadata": block.metadata}
                )
                continue
            words = f"Part {number}, a {_KINDS[block.type]}: {problem.detail} Nothing was saved."
            raise Invalid(words, code="bad_block") from None
        kept.append({"id": str(block.id), "type": block.type, "content": content, "metadata": block.metadata})
    return kept


def _words(content: dict[str, Any], name: str, most: int) -> str:
    value = content.get(name)
    text = " ".join(value.replace("\x00", "").split()) if isinstance(value, str) else ""
    if len(text) > most:
        raise Invalid(f"This is longer than {most} characters.")
    return text


def _whole(content: dict[str, Any], name: str, most: int) -> int | None:
    value = content.get(name)
    return value if isinstance(value, int) and 0 < value <= most else None


def _file(content: dict[str, Any]) -> str:
    address = file_address(content.get("url"))
    if address is None:
        raise Invalid("Choose a file first.")
    return address


def _rich_text(content: dict[str, Any]) -> dict[str, Any]:
    html = content.get("html")
    if not isinstance(html, str):
        raise Invalid("There is no text in it.")
    if len(html) > LONGEST:
        raise Invalid("It has more than 400,000 characters. Divide it into two parts.")
    cleaned = clean_html(html)
    return {"html": cleaned, "plain_text": plain_text(cleaned)}


def _image(content: dict[str, Any]) -> dict[str, Any]:
    address, alt = _file(content), _words(content, "alt_text", 1000)
    if not alt:
        raise Invalid("Say what the picture shows, for those who cannot see it.")
    kept: dict[str, Any] = {"url": address, "alt_text": alt, "caption": _words(content, "caption", 1000)}
    size = {name: _whole(content, name, 20_000) for name in ("width", "height")}
    return kept | ({} if None in size.values() else size)


def _video(content: dict[str, Any]) -> dict[str, Any]:
    return {"url": _file(content), "title": _words(content, "title", 200)}


def _stored_file(content: dict[str, Any]) -> dict[str, Any]:
    return {
        "url": _file(content),
        "filename": _words(content, "filename", 255) or "File",
        "file_type": _words(content, "file_type", 127),
        "file_size": _whole(content, "file_size", 1 << 40) or 0,
        "description": _words(content, "description", 1000),
    }


def _youtube(content: dict[str, Any]) -> dict[str, Any]:
    found = youtube_id(str(content.get("video_id", "")))
    if found is None:
        raise Invalid("This is not the address of a video on YouTube.")
    return {"video_id": found, "title": _words(content, "title", 200)}


_SHAPES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "rich_text": _rich_text,
    "image": _image,
    "video": _video,
    "file": _stored_file,
    "youtube": _youtube,
}


def lines(blocks: Sequence[Block]) -> list[str]:
    """The parts as lines of plain words, to be compared and read."""
    found: list[str] = []
    for block in blocks:
        content = block.content
        if block.type == "rich_text":
            found += plain_text(str(content.get("html", ""))).splitlines()
        elif block.type == "image":
            found.append(
                f"Picture: {content.get('alt_text', '')}"
                + (f" ({content['caption']})" if content.get("caption") else "")
            )
        elif block.type == "file":
            found.append(f"File: {content.get('filename', '')}")
        elif block.type == "video":
            found.append(f"Video: {content.get('title') or content.get('url', '')}")
        else:
            found.append(f"YouTube video: {content.get('title') or content.get('video_id', '')}")
    return found

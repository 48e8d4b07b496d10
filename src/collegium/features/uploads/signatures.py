"""What the first bytes of a file say that it is. Its name plays no part."""

from __future__ import annotations

import re
from typing import Literal

import puremagic

Family = Literal["image", "video", "audio", "pdf", "zip", "text", "html", "svg", "program", "office_old", "other"]
HEAD = 8192
"""Bytes that are looked at."""

_MARKUP = re.compile(rb"<\s*(?:!doctype\s+html|html|head|body|script|iframe|meta|title)\b", re.IGNORECASE)
_SVG = re.compile(rb"<\s*(?:[a-z]+:)?svg\b", re.IGNORECASE)
_PROGRAMS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa", b"\xcf\xfa\xed\xfe", b"#!", b"<?php", b"\x00asm")
_IMAGES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg", b"GIF87a": "gif", b"GIF89a": "gif"}
# Containers by their first bytes; the names are extensions.
_FILMS = {
    b"\x1a\x45\xdf\xa3": "mkv",
    b"FLV\x01": "flv",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "wmv",
    b"\x00\x00\x01\xba": "mpg",
    b"\x00\x00\x01\xb3": "mpg",
}
_SOUNDS = {b"ID3": "mp3", b"fLaC": "flac"}


def _boxed(head: bytes) -> tuple[Family, str] | None:
    """Files of the ISO base media kind: `ftyp` and a brand (ISO/IEC 14496-12, 4.3)."""
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free"):
        return "video", "mov"
    if head[4:8] != b"ftyp":
        return None
    brand = head[8:12]
    if brand in (b"avif", b"avis"):
        return "image", "avif"
    if brand in (b"heic", b"heix", b"mif1", b"msf1", b"hevc"):
        return "other", "heic"
    if brand in (b"M4A ", b"M4B "):
        return "audio", "m4a"
    return "video", "mov" if brand == b"qt  " else "mp4"


def _riff(head: bytes) -> tuple[Family, str] | None:
    if head[:4] != b"RIFF":
        return None
    kinds: dict[bytes, tuple[Family, str]] = {
        b"WEBP": ("image", "webp"),
        b"WAVE": ("audio", "wav"),
        b"AVI ": ("video", "avi"),
    }
    return kinds.get(head[8:12], ("other", "riff"))


def _sound_or_film(head: bytes) -> tuple[Family, str] | None:
    for start, extension in _FILMS.items():
        if head.startswith(start):
            webm = extension == "mkv" and b"webm" in head[:64]
            return "video", "webm" if webm else extension
    for start, extension in _SOUNDS.items():
        if head.startswith(start):
            return "audio", extension
    if head[:4] == b"OggS":
        return ("video", "ogv") if b"\x80theora" in head[:256] else ("audio", "ogg")
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06 != 0 and head[2] & 0xF0 != 0xF0:
        return "audio", "mp3"
    if len(head) > 188 * 2 and head[0] == head[188] == head[376] == 0x47:
        return "video", "ts"
    return None


def sniff(head: bytes) -> tuple[Family, str]:
    """Family and usual extension by the first bytes (up to HEAD of them)."""
    for start, extension in _IMAGES.items():
        if head.startswith(start):
            return "image", extension
    if head.startswith(b"%PDF-"):
        return "pdf", "pdf"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip", "zip"
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "office_old", "doc"
    if head.startswith(_PROGRAMS):
        return "program", "exe"
    found = _boxed(head) or _riff(head) or _sound_or_film(head)
    return found or _text(head) or ("other", _guess(head))


def _text(head: bytes) -> tuple[Family, str] | None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if _SVG.search(head) and (start.startswith(b"<") or b"http://www.w3.org/2000/svg" in head):
        return "svg", "svg"
    if _MARKUP.search(head[:1024]) or (start.startswith(b"<") and _MARKUP.search(head)):
        return "html", "html"
    if b"\0" in head:
        return None
    for cut in range(4):
        # The last letter may have been cut in two.
        try:
            head[: len(head) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return "text", "txt"
    return None


def _guess(head: bytes) -> str:
    """What puremagic takes other bytes for: an extension for the words of a refusal, or nothing."""
    try:
        found = puremagic.from_string(head)
    except (puremagic.PureError, ValueError):
        return ""
    return str(found).lstrip(".").lower()[:8]

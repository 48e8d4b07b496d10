"""Names of files as people give them, made harmless."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 200
_NOT_IN_NAMES = re.compile(r'[<>:"|?*]')
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def clean(name: str) -> str:
    """The last part of a path, without anything that hides, turns or steers: what a list may show and a disk keep.

    ``../../etc/passwd`` becomes ``passwd``; a name of which nothing is left becomes ``file``.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(c for c in last if unicodedata.category(c) not in _UNSEEN)
    tidy = re.sub(r"\s+", " ", _NOT_IN_NAMES.sub("_", seen)).strip(" .")
    if len(tidy) > LONGEST:
        stem, extension = split(tidy)
        tidy = stem[: LONGEST - len(extension)].rstrip(" .") + extension
    return tidy or "file"


def split(name: str) -> tuple[str, str]:
    """Stem and extension (with its dot, lower case): ``("Plan", ".pdf")``; no extension is an empty text."""
    match = re.fullmatch(r"(.+)(\.[A-Za-z0-9]{1,8})", name)
    return (match[1], match[2].lower()) if match else (name, "")


def with_extension(name: str, extension: str) -> str:
    """The name with the extension that its content has: a picture named ``photo.mp4`` becomes ``photo.png``.

    ``extension`` comes without its dot.
    """
    stem, had = split(name)
    if had == f".{extension}" or (had, extension) in ((".jpeg", "jpg"), (".md", "txt")):
        return name
    return stem[: LONGEST - len(extension) - 1] + f".{extension}"

"""Unpacking the files of a package and bringing them into the store, in constant memory."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from collegium.kit import media_types
from collegium.kit.unpack import Archive, Progress

# What every store keeps as it is written.
_PLAIN = re.compile(r"[A-Za-z0-9._()-]+( [A-Za-z0-9._()-]+)*(/[A-Za-z0-9._()-]+( [A-Za-z0-9._()-]+)*)*")
_ODD = "odd-names"


class StoredFile(msgspec.Struct, frozen=True):
    """A file of a package, and what it is called below the package's place in the store."""

    path: str
    stored_as: str
    size: int
    media_type: str


def unpack(archive: Archive, files: dict[str, str], folder: Path, progress: Progress) -> list[StoredFile]:
    """Writes the files of a package below ``folder``, under the names that the store takes. Raises UnpackError."""
    name_of = _namer()
    made: set[Path] = set()
    written: list[StoredFile] = []
    for path, entry in files.items():
        stored_as = name_of(path)
        target = folder.joinpath(*stored_as.split("/"))
        if target.parent not in made:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            made.add(target.parent)
        archive.write_to(entry, target, progress)
        written.append(StoredFile(path, stored_as, archive.entries[entry].size, media_types.of(path)))
    return written


def _namer() -> Callable[[str], str]:
    number = 0

    def name_of(path: str) -> str:
        nonlocal number
        parts = path.split("/")
        plain = _PLAIN.fullmatch(path) and len(path) <= 700 and parts[0] != _ODD
        if plain and all(len(part) <= 200 and not part.endswith(".") for part in parts):
            return path
        number += 1
        ending = re.sub(r"[^a-z0-9]", "", path.rpartition("/")[2].rpartition(".")[2].lower())[:10]
        return f"{_ODD}/{number}.{ending or 'bin'}"

    return name_of

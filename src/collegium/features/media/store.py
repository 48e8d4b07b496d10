"""Where what is made of a video lies, and the queries of this feature."""

from __future__ import annotations

import hashlib
from pathlib import Path
from uuid import UUID

from collegium.kit import queries

Q = queries.load("collegium.features.media")


def folder(video: UUID) -> str:
    """Where everything that was made of a video lies."""
    return f"videos/{video}"


def run_folder(video: UUID, run: UUID) -> str:
    """Where one run puts what it makes. It is never written again, so a browser may keep what it has of it."""
    return f"videos/{video}/{run}"


def captions_key(video: UUID, lang: str, text: bytes) -> str:
    """Where captions of one language lie. Other words get another name, so no browser shows old ones from its cache."""
    return f"videos/{video}/captions/{lang}-{hashlib.blake2s(text, digest_size=8).hexdigest()}.vtt"


def files_below(folder: Path) -> list[Path]:
    """Every file in a folder of this machine, in order of name."""
    return sorted(path for path in folder.rglob("*") if path.is_file())

"""Files and folders that appear whole in a local folder, or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def copy(source: Path, target: Path) -> None:
    """Copies a file so that it appears whole, or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # A store of this kind takes a name with `#` and digits at its end for a file that is being written.
    part = target.with_name(f"{target.name}#{secrets.randbelow(1 << 62)}")
    try:
        shutil.copyfile(source, part)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def files_in(folder: Path) -> list[Path]:
    """All files below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def move_folder(source: Path, target: Path) -> None:
    """Makes a folder of files durable and puts it in its place by one rename."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}-{secrets.randbelow(1 << 62)}")
    if source.stat().st_dev == target.parent.stat().st_dev:
        part = source
    else:
        shutil.copytree(source, part)
    try:
        paths = [part, *part.rglob("*")]
        # Several at a time, so that the disk's journal takes them together.
        with ThreadPoolExecutor(8) as pool:
            for _ in pool.map(_sync, paths):
                pass
        part.rename(target)
        _sync(target.parent)
    except BaseException:
        if part != source:
            shutil.rmtree(part, ignore_errors=True)
        raise

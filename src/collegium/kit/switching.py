"""The last step of a restore: from the old database and files to the new ones, finished even after a kill -9.

The database is renamed in one transaction, which is the moment that counts. The folders beside it follow by rename. A
note in the data folder says what is to be moved; whoever opens the site next finishes what the note says, or, when the
database was not renamed, throws the note away: then everything is as it was.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psycopg

NOTE = "restore.json"


class Move(msgspec.Struct, frozen=True):
    """What stands at ``new`` comes to ``final``, and what stood there goes to ``before``. Within the data folder."""

    new: str
    final: str
    before: str


class Note(msgspec.Struct, frozen=True):
    """A restore whose last step has begun."""

    database: str
    oid: int
    """Of the new database: when the name leads to it, it has been renamed."""
    moves: list[Move]


def begin(data_dir: Path, note: Note) -> None:
    """Writes the note, on the disk when this returns."""
    partial = data_dir / (NOTE + ".new")
    with partial.open("wb") as file:
        file.write(msgspec.json.encode(note))
        file.flush()
        os.fsync(file.fileno())
    partial.rename(data_dir / NOTE)
    sync(data_dir)


def finish(data_dir: Path, admin_dsn: str) -> bool:
    """Does what a note says, if there is one. True when the new state is in place because of it."""
    path = data_dir / NOTE
    if not path.exists():
        return False
    with _alone(data_dir):
        if not path.exists():
            return False
        note = msgspec.json.decode(path.read_bytes(), type=Note)
        with psycopg.connect(admin_dsn, autocommit=True) as session:
            row = session.execute("select oid::bigint from pg_database where datname = %s", [note.database]).fetchone()
        renamed = row is not None and row[0] == note.oid
        if renamed:
            for move in note.moves:
                _move(data_dir, move)
            sync(data_dir)
        path.unlink()
        sync(data_dir)
    return renamed


def _move(data_dir: Path, move: Move) -> None:
    new, final, before = data_dir / move.new, data_dir / move.final, data_dir / move.before
    if not new.exists():
        return  # Done already.
    if final.exists():
        final.rename(before)
    new.rename(final)


def sync(folder: Path) -> None:
    """Wait until what was renamed in a folder is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _alone(data_dir: Path) -> Generator[None]:
    with (data_dir / ".restore.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

"""The last step of a restore, stopped at every point."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from collegium.kit import switching
from collegium.kit.switching import NOTE, Move, Note
from tests.support.database import Database

FILES = Move("files.restoring", "files", "files.before")
KEY = Move("secret.key.restoring", "secret.key", "secret.key.before")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("files", "old"), ("files.restoring", "new")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text(text)
    (tmp_path / "secret.key").write_text("old")
    (tmp_path / "secret.key.restoring").write_text("new")
    return tmp_path


def state(folder: Path) -> tuple[str, str]:
    return (folder / "files" / "a").read_text(), (folder / "secret.key").read_text()


def oid(database: Database) -> int:
    with psycopg.connect(database.dsn_super) as session:
        row = session.execute("select oid::bigint from pg_database where datname = current_database()").fetchone()
    assert row
    return row[0]


def finish(folder: Path, database: Database) -> bool:
    return switching.finish(folder, database.server.dsn("postgres", "postgres"))


def test_without_a_note_nothing_happens(folder: Path, database: Database) -> None:
    assert not finish(folder, database)
    assert state(folder) == ("old", "old")


def test_before_the_database_is_renamed_all_stays_as_it_was(folder: Path, database: Database) -> None:
    for note in (Note("no_such_database", 1, [FILES, KEY]), Note(database.name, oid(database) + 1, [FILES, KEY])):
        switching.begin(folder, note)
        assert not finish(folder, database)
        assert state(folder) == ("old", "old")
        assert not (folder / NOTE).exists()


@pytest.mark.parametrize("done", range(5))
def test_afterwards_whoever_comes_next_moves_the_rest(folder: Path, database: Database, done: int) -> None:
    switching.begin(folder, Note(database.name, oid(database), [FILES, KEY]))
    steps = [(move.final, move.before) if n == 0 else (move.new, move.final) for move in (FILES, KEY) for n in (0, 1)]
    for start, end in steps[:done]:
        (folder / start).rename(folder / end)
    assert finish(folder, database)
    assert state(folder) == ("new", "new")
    assert (folder / "files.before" / "a").read_text() == (folder / "secret.key.before").read_text() == "old"
    assert not (folder / NOTE).exists()
    assert not finish(folder, database)

"""`collegium doctor --access` on a database at work: it says what is, finds what differs, and leaves nothing behind."""

from __future__ import annotations

import threading

import psycopg
from tests.support.database import Database

from collegium.access import MATRIX, found_guild, table_of, trial
from collegium.access.stage import ACTORS
from collegium.features.operations import access

TABLES = """
select n.nspname || '.' || quote_ident(c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname in ('public', 'auth', 'private', 'procrastinate')
"""
SOME = ["profiles", "courses", "enrollments", "certificates", "quiz_attempts", "scorm_tracking", "web_sessions"]
# What a difference is called, and the change that makes it.
DIFFERENCES = {
    "enrollments: owner may select: -, declared yes": (
        'drop policy "Members can view own enrollments" on public.enrollments'
    ),
    "certificates: stranger may update": (
        "create policy p on public.certificates for update to authenticated using (true);"
        " grant update on public.certificates to authenticated"
    ),
    "private.complete_lesson: called by": "grant execute on function private.complete_lesson to authenticated",
    "later is not declared": "create table public.later (n integer)",
    "web_sessions: stranger may select: yes": "alter table public.web_sessions disable row level security",
}


def rows(database: Database) -> dict[str, int]:
    """How many rows each table has."""
    with psycopg.connect(database.dsn_super) as connection:
        names = [name for (name,) in connection.execute(TABLES)]
        return {name: connection.execute(f"select count(*) from {name}".encode()).fetchone()[0] for name in names}  # type: ignore[index]


def test_all_is_as_declared_and_nothing_stays(database: Database) -> None:
    """Some tables of each kind; tests/db/test_matrix.py tries every one in the same way."""
    before = rows(database)
    said: list[str] = []
    assert access.examine(database.dsn_owner, said.append, SOME) == []
    assert rows(database) == before
    heads = [line.split(" ")[0] for line in said if line and not line.startswith(" ")]
    assert {table_of(case) for case in MATRIX if case in heads} == set(SOME)
    assert {line.strip().split()[0] for line in said if line.startswith("  ")} >= {
        "select",
        "insert",
        "update",
        "delete",
    }


def test_without_a_choice_it_is_every_table() -> None:
    assert {table_of(case) for case in MATRIX} == set(trial.tables())


def test_differences_are_named(database: Database) -> None:
    with psycopg.connect(database.dsn_owner) as connection:
        for change in DIFFERENCES.values():
            connection.execute(change.encode())
    found = access.examine(database.dsn_owner, lambda _: None, ["enrollments", "certificates", "web_sessions"])
    for words in DIFFERENCES:
        assert [line for line in found if words in line], (words, found)


def test_a_table_that_cannot_be_tried_is_said(database: Database) -> None:
    """Where the people of the trial are there already, it cannot make them."""
    with psycopg.connect(database.dsn_owner) as connection:
        found_guild(connection)
    found = access.examine(database.dsn_owner, lambda _: None, ["profiles", "courses"])
    assert [line.split(":")[0] for line in found] == ["profiles", "courses"]


def test_somebody_at_work_is_not_kept_waiting(database: Database) -> None:
    """A trial that meets a lock gives up instead of making a queue."""
    with (
        psycopg.connect(database.dsn_owner) as other,
        psycopg.connect(database.dsn_owner, autocommit=True) as connection,
    ):
        other.execute("lock table public.memberships in access exclusive mode")
        (_, tried), *_ = trial.try_tables(connection, ["memberships"])
        assert isinstance(tried, psycopg.errors.LockNotAvailable)


def test_the_table_shows_each_actor(database: Database) -> None:
    with psycopg.connect(database.dsn_owner, autocommit=True) as connection:
        (_, tried), *_ = trial.try_tables(connection, ["profiles"])
    assert not isinstance(tried, psycopg.Error)
    lines = list(access.table_lines(tried))
    assert lines[0] == "profiles"
    assert len(lines[1].split()) == len(ACTORS)
    assert lines[2].split()[:6] == ["select", "yes", "hidden", "hidden", "yes", "hidden"]


def test_it_stops_when_it_is_told_to(database: Database) -> None:
    """A site that is shut down at night does not wait for the rest of the tables."""
    stop = threading.Event()
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        stop.set()

    assert access.examine(database.dsn_owner, say, stop=stop) == []
    assert 1 <= len({line for line in said if line in MATRIX}) < 10

"""The queries of db/invariants: each answers the rows that break the rule in its first line."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from collegium.kit.migrations import resource_dir
from tests.support.database import Database, as_actor

FOLDER = resource_dir("db/invariants")


@dataclass(frozen=True)
class Invariant:
    """One rule in words, and the query that finds what breaks it."""

    name: str
    rule: str
    sql: str


def read() -> dict[str, Invariant]:
    """All of them by name."""
    found: dict[str, Invariant] = {}
    for path in sorted(FOLDER.glob("*.sql")):
        first, sql = path.read_text(encoding="utf-8").split("\n", 1)
        found[path.stem] = Invariant(path.stem, first.removeprefix("--").strip(), sql)
    return found


INVARIANTS = read()


async def offending(database: Database) -> dict[str, list[asyncpg.Record]]:
    """The rules that do not hold in a database, with the rows that break them."""
    async with database.connect("web") as session, as_actor(session, "service_role"):
        found = {name: await session.fetch(rule.sql) for name, rule in INVARIANTS.items()}
    return {name: rows for name, rows in found.items() if rows}

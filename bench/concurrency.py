"""Sixteen clients for a minute: enrol, learn, complete, leave, review, grade; then every counter is held against its recount."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

import psycopg
from tests.db.invariants import offending
from tests.db.mixed_run import faults, found_crowd, play
from tests.support.database import Database

from collegium.access import found_guild
from collegium.kit import migrations
from collegium.kit.embedded import Server

CLIENTS, SECONDS = 16, 60.0


@dataclass(frozen=True)
class Outcome:
    """What a mixed run did and left behind."""

    per_second: float
    refused: int
    faults: str
    broken: str


def _found(database: Database) -> None:
    with psycopg.connect(database.dsn_owner) as connection:
        found_guild(connection)


def run(server: Server) -> Outcome:
    """A mixed run on a database of its own, which is durable."""
    name = f"mixed_{secrets.token_hex(4)}"

    async def work() -> Outcome:
        await migrations.migrate(await migrations.ensure_database(server, name))
        database = Database(server, name)
        await asyncio.to_thread(_found, database)
        answers = await play(database, await found_crowd(database), CLIENTS, seconds=SECONDS)
        wrong = {answer: answers[answer] for answer in faults(answers)}
        broken = await offending(database)
        refused = sum(answers.values()) - answers["done"] - sum(wrong.values())
        return Outcome(answers["done"] / SECONDS, refused, str(wrong or ""), ", ".join(broken))

    try:
        return asyncio.run(work())
    finally:
        asyncio.run(migrations.drop(server, name))

"""Sixteen clients for a minute: enrol, learn, complete, leave, review, grade; then every counter is held against its recount."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

from tests.db.invariants import offending
from tests.db.mixed_run import faults, found_crowd, play
from tests.support.database import Database

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


def run(server: Server) -> Outcome:
    """A mixed run on a database of its own, which is durable."""
    name = f"mixed_{secrets.token_hex(4)}"

    async def work() -> Outcome:
        await migrations.migrate(await migrations.ensure_database(server, name))
        database = Database(server, name)
        answers = await play(database, await found_crowd(database), CLIENTS, SECONDS)
        wrong = {answer: answers[answer] for answer in faults(answers)}
        broken = await offending(database)
        refused = sum(answers.values()) - answers["done"] - sum(wrong.values())
        return Outcome(answers["done"] / SECONDS, refused, str(wrong or ""), ", ".join(broken))

    try:
        return asyncio.run(work())
    finally:
        asyncio.run(migrations.drop(server, name))

"""Handing in: what a learner has before him, and how far he is. Time, deadline and deduction are the database's."""

from __future__ import annotations

from uuid import UUID

import msgspec

from collegium.features.assignments.model import Card, Standing
from collegium.kit import queries
from collegium.kit.db import Transaction

Q = queries.load("collegium.features.assignments")


async def card(tx: Transaction, assignment_id: UUID) -> Card:
    """An assignment as the actor has it before him. Raises the refusal ``no_such_assignment`` (404)."""
    return msgspec.convert(await tx.fetchval(Q.card, assignment_id), Card, strict=False)


async def cards_of_lesson(tx: Transaction, lesson_id: UUID) -> list[Card]:
    """The cards of a lesson's assignments, for somebody who may open the lesson."""
    return [await card(tx, row["id"]) for row in await tx.fetch(Q.assignments_of_lesson, lesson_id)]


async def standings(tx: Transaction, enrollment_id: UUID) -> list[Standing]:
    """How far an enrollment is in each published assignment of its course."""
    return await tx.all(Standing, Q.standings, enrollment_id)

"""Grading a question anew after its key was corrected: what would change, and having it done."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.errors import NotFound

Q = queries.load("collegium.features.quizzes")
# How many attempts are looked at in one transaction: their learners wait for no longer than that takes.
PORTION = 500


class Regradable(msgspec.Struct, frozen=True):
    """A version of a question that was asked. ``corrected``: its key changed since it was graded, here or anywhere."""

    version_id: UUID
    question_id: UUID
    question_type: str
    text: str
    key_changed_at: datetime
    used_at: datetime
    state: str | None
    regraded_at: datetime | None
    regrade_id: UUID | None
    corrected: bool


class Change(msgspec.Struct, frozen=True):
    """One attempt that would change. Scores are in percent, None where an answer waits for a person."""

    id: UUID
    name: str
    quiz: str
    points_before: Decimal | None
    points_after: Decimal
    score_before: Decimal | None
    score_after: Decimal | None
    passed_before: bool | None
    passed_after: bool | None
    flips: bool
    difference: Decimal


class Preview(msgspec.Struct, frozen=True):
    """What would change, and the hundred attempts that it concerns most."""

    attempts: int
    changed: int
    rise: int
    fall: int
    now_passed: int
    now_failed: int
    shown: list[Change]


class Regrade(msgspec.Struct, frozen=True):
    """A question that is graded anew: ``seen`` of ``attempts`` are looked at."""

    id: UUID
    version_id: UUID
    reason: str
    tell: bool
    state: str
    attempts: int
    seen: int
    changed: int
    now_passed: int
    now_failed: int
    created_at: datetime
    finished_at: datetime | None


async def regradable(tx: Transaction, quiz_id: UUID) -> list[Regradable]:
    """Questions of a quiz that were asked and have a key, those with a corrected key first."""
    return await tx.all(Regradable, Q.regradable, quiz_id)


async def preview_regrade(tx: Transaction, version_id: UUID) -> Preview:
    """What grading a question anew would change now. Raises NotFound for who may not change its key."""
    return msgspec.convert(await tx.fetchval(Q.regrade_preview, version_id), Preview)


async def begin_regrade(tx: Transaction, version_id: UUID, reason: str, *, tell: bool) -> UUID:
    """Has a question graded anew in the background; answers the regrade. Raises NotFound, Conflict, Invalid."""
    return await tx.fetchval(Q.begin_regrade, version_id, reason, tell)


async def regrade(tx: Transaction, regrade_id: UUID) -> Regrade:
    """How far a regrade is. Raises NotFound."""
    found = await tx.maybe(Regrade, Q.regrade, regrade_id)
    if found is None:
        raise NotFound("There is no such regrade in a course that you teach.")
    return found


async def regrade_some(tx: Transaction, regrade_id: UUID) -> str:
    """Does the next portion, as the system: ``wait`` (ask again in a moment), ``again`` or ``done``."""
    state: str = await tx.fetchval(Q.regrade_some, regrade_id, PORTION)
    return state

"""What is decided about packages: the rule by which one counts as finished, and who moves to a newer version."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import msgspec

from collegium.features.packages.work import Q
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid

PAGE = 50


class Rule(msgspec.Struct, frozen=True):
    """When a package counts as finished. ``passing`` in percent; none leaves it to the package."""

    rule: str
    passing: Decimal | None
    attempts: int | None

    @classmethod
    def read(cls, rule: str, passing: str, attempts: str) -> Rule:
        """From a form; raises Invalid."""
        wrong: dict[str, str] = {}
        mark: Decimal | None = None
        number: int | None = None
        try:
            mark = (
                Decimal(passing.strip().rstrip("%").strip().replace(",", ".")).quantize(Decimal("0.01"))
                if passing.strip()
                else None
            )
        except InvalidOperation:
            wrong["passing"] = "Give a number between 0 and 100, or nothing."
        if mark is not None and not 0 <= mark <= 100:
            wrong["passing"] = "Give a number between 0 and 100, or nothing."
        if attempts.strip():
            number = int(attempts) if attempts.strip().isdecimal() and len(attempts.strip()) <= 4 else 0
            if not 1 <= number <= 1000:
                wrong["attempts"] = "Give a number between 1 and 1,000, or nothing."
        if wrong:
            raise Invalid("", fields=wrong)
        return cls(rule, mark, number)


class Change(msgspec.Struct, frozen=True):
    """Somebody for whom a rule would change something."""

    was_met: bool
    is_met: bool
    name: str
    course: str | None
    status: str
    score: float | None


class Preview(msgspec.Struct, frozen=True):
    """What a rule would change: of ``people``, ``met`` have finished now, ``newly`` would, ``stays`` keep it anyway."""

    people: int
    met: int
    newly: int
    stays: int
    used_up: int
    listed: list[Change]


class Decision(msgspec.Struct, frozen=True):
    """Something that was decided, with its reason."""

    id: UUID
    scorm_package_id: UUID
    kind: str
    reason: str
    details: dict[str, Any]
    created_at: datetime
    made_by: str


class Learner(msgspec.Struct, frozen=True):
    """Somebody who has begun a version and was not moved to a newer one."""

    id: UUID
    name: str
    place: str
    course: str
    status: str
    score: Decimal | None
    progress: Decimal
    last_accessed_at: datetime | None
    finished: bool


async def preview(tx: Transaction, package_id: UUID, rule: Rule) -> Preview:
    """What a rule would change, from what was recorded; nothing is changed. Raises NotFound, Conflict, Invalid."""
    found = await tx.fetchval(Q.preview_rule, package_id, rule.rule, rule.passing, rule.attempts)
    return msgspec.convert(found, Preview)


async def set_rule(tx: Transaction, package_id: UUID, rule: Rule, reason: str) -> tuple[int, int]:
    """Gives a package a rule; answers how many registrations were held against it, and how many are finished newly."""
    found = await tx.fetchval(Q.set_rule, package_id, rule.rule, rule.passing, rule.attempts, reason)
    return found["people"], found["newly"]


async def history(tx: Transaction, packages: list[UUID]) -> list[Decision]:
    """What was decided about some packages, the latest first."""
    return await tx.all(Decision, Q.history, packages)


async def learners(tx: Transaction, package_id: UUID, after: str = "") -> tuple[list[Learner], str | None]:
    """Those of one's courses who are at a version, by name, and after what the next page begins."""
    place, _, name = after.rpartition("_")
    try:
        last = UUID(name)
    except ValueError:
        place, last = "", UUID(int=0)
    found = await tx.all(Learner, Q.on_version, package_id, place, last, PAGE + 1)
    more = found[PAGE - 1] if len(found) > PAGE else None
    return found[:PAGE], f"{more.place}_{more.id}" if more else None


async def move(tx: Transaction, package_id: UUID, registrations: list[UUID] | None, reason: str) -> int:
    """Lets learners begin the newest version anew: those, or all that have not finished; answers how many."""
    return await tx.fetchval(Q.move, package_id, registrations, reason)

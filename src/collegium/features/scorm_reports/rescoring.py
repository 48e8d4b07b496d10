"""Other results for attempts whose package said something else than it should: proposed, and decided by another."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

import msgspec

from collegium.features.scorm_reports.work import Q, like
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid

PAGE = 50
COMPLETIONS = {"completed": "Completed", "incomplete": "Incomplete", "unknown": "Nothing said"}
SUCCESSES = {"passed": "Passed", "failed": "Failed", "unknown": "Nothing said"}
STATES = {
    "pending": ("pending", "Waits for a decision"),
    "approved": ("done", "Approved"),
    "declined": ("failed", "Declined"),
    "withdrawn": ("archived", "Withdrawn"),
}
"""State of a proposal to the state that a page shows, and its words."""


class Rescore(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal. ``to_…`` None leaves that part as it was; scores are percent; instants are aware."""

    id: UUID
    attempt_id: UUID
    scorm_enrollment_id: UUID
    attempt_number: int
    was_completion: str
    was_success: str
    was_score: Decimal | None
    to_completion: str | None
    to_success: str | None
    to_score: Decimal | None
    reason: str
    state: str
    proposed_by: UUID | None
    proposer: str
    proposed_at: datetime
    decider: str
    decided_at: datetime | None
    words: str
    is_moved: bool

    @property
    def shown(self) -> tuple[str, str]:
        """The state that a page shows, and its words."""
        return STATES[self.state]

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """What is corrected: its name, what it was, what it shall be."""
        found: list[tuple[str, str, str]] = []
        if self.to_completion is not None:
            found.append(("Completion", COMPLETIONS[self.was_completion], COMPLETIONS[self.to_completion]))
        if self.to_success is not None:
            found.append(("Success", SUCCESSES[self.was_success], SUCCESSES[self.to_success]))
        if self.to_score is not None:
            found.append(("Score", _percent(self.was_score), _percent(self.to_score)))
        return found


class Open(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal that waits, in the queue of administrators."""

    id: UUID
    scorm_enrollment_id: UUID
    attempt_id: UUID
    name: str
    package_title: str
    course_title: str | None
    proposed_by: UUID | None
    proposer: str
    proposed_at: datetime
    reason: str

    @property
    def path(self) -> str:
        """Where it is decided: beside what the package said."""
        return f"/studio/registrations/{self.scorm_enrollment_id}?attempt={self.attempt_id}#corrections"


class OpenPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of the queue ended."""

    proposed_at: datetime
    id: UUID


class Queue(msgspec.Struct, frozen=True):
    """A page of proposals that wait, the oldest first, and where the next one begins."""

    proposals: list[Open]
    next: OpenPlace | None


def _percent(value: Decimal | None) -> str:
    return "None" if value is None else f"{value.normalize():f} %"


def read_score(text: str) -> Decimal | None:
    """A score in percent from a form, None without any. Raises Invalid."""
    given = text.strip().removesuffix("%").strip().replace(",", ".")
    if not given:
        return None
    try:
        score = Decimal(given[:20]).quantize(Decimal("0.01"))
    except InvalidOperation:
        score = Decimal(-1)
    if not 0 <= score <= 100:
        raise Invalid("", fields={"score": "Give a number between 0 and 100, or nothing to leave it as it is."})
    return score


async def propose(
    tx: Transaction, attempt_id: UUID, completion: str | None, success: str | None, score: Decimal | None, reason: str
) -> UUID:
    """Proposes another result for an attempt. Raises Problem in words."""
    found: UUID = await tx.fetchval(Q.propose_rescore, attempt_id, completion, success, score, reason)
    return found


async def withdraw(tx: Transaction, rescore_id: UUID) -> None:
    """Takes back a proposal of the actor. Raises Problem."""
    await tx.execute(Q.withdraw_rescore, rescore_id)


async def decide(tx: Transaction, rescore_id: UUID, approved: bool, words: str) -> str:
    """Approves or declines a proposal and answers which; who proposed it is told. Raises Problem."""
    found: str = await tx.fetchval(Q.decide_rescore, rescore_id, approved, words)
    return found


async def rescores(tx: Transaction, registration_id: UUID) -> list[Rescore]:
    """The proposals for the attempts of a registration, the last first."""
    return await tx.all(Rescore, Q.rescores, registration_id)


async def queue(tx: Transaction, words: str = "", after: OpenPlace | None = None, size: int = PAGE) -> Queue:
    """A page of the proposals that wait for a decision, the oldest first."""
    place = (after.proposed_at, after.id) if after else (None, None)
    found = await tx.all(Open, Q.open_rescores, like(words), *place, size + 1)
    shown = found[:size]
    return Queue(shown, OpenPlace(shown[-1].proposed_at, shown[-1].id) if len(found) > size else None)

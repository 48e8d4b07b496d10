"""What is said of dispatches on their pages and to the partner's system."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

Status = Literal["not attempted", "incomplete", "completed", "passed", "failed"]
"""cmi.core.lesson_status of SCORM 1.2, as the partner's system is told."""


class Package(msgspec.Struct, frozen=True):
    """The package that is given away."""

    id: UUID
    title: str
    import_state: str
    is_active: bool
    may_give: bool

    @property
    def path(self) -> str:
        """Where its dispatches stand."""
        return f"/studio/packages/{self.id}/dispatches"


class Dispatch(msgspec.Struct, frozen=True, kw_only=True):
    """A package given to a partner. Without ``max_launches`` and ``expires_at`` there is no such limit."""

    id: UUID
    scorm_package_id: UUID
    partner: str
    note: str | None
    max_registrations: int
    max_launches: int | None
    expires_at: datetime | None
    revoked_at: datetime | None
    registrations: int
    launches: int
    created_at: datetime
    is_over: bool

    @property
    def path(self) -> str:
        """Its own page."""
        return f"/studio/packages/{self.scorm_package_id}/dispatches/{self.id}"

    @property
    def state(self) -> str:
        """How it stands, in a word or two."""
        if self.revoked_at is not None:
            return "Revoked"
        if self.is_over:
            return "Expired"
        if self.registrations >= self.max_registrations:
            return "All places taken"
        if self.max_launches is not None and self.launches >= self.max_launches:
            return "No launches left"
        return "Open"


class Learner(msgspec.Struct, frozen=True, kw_only=True):
    """A learner of a partner, who has no name here. Score in percent."""

    id: UUID
    student: bytes
    number: int
    launches: int
    created_at: datetime
    last_launched_at: datetime
    completion_status: str
    success_status: str
    score: float | None
    seconds: float
    released: bool
    """Whether his place is free again."""

    @property
    def code(self) -> str:
        """By which he can be told from others: the same for the same identifier of the same dispatch."""
        code = self.student.hex()[:8]
        return code if self.number == 1 else f"{code} ({self.number})"

    @property
    def status(self) -> Status:
        """In SCORM 1.2's words."""
        return status_of(self.completion_status, self.success_status)


class Totals(msgspec.Struct, frozen=True):
    """What a dispatch has come to."""

    completed: int
    passed: int
    failed: int
    score: float | None
    seconds: float


class Opened(msgspec.Struct, frozen=True, rename="camel"):
    """A player for a learner of a partner, and the ticket that his system keeps for the next time."""

    url: str
    origin: str
    sandbox: str
    allow: str
    ticket: str


class Standing(msgspec.Struct, frozen=True):
    """What the partner's system is told: status, score in percent, seconds altogether."""

    status: Status
    score: float | None
    seconds: float


def status_of(completion: str, success: str) -> Status:
    """One word of SCORM 1.2 for the two of SCORM 2004."""
    if success == "passed":
        return "passed"
    if success == "failed":
        return "failed"
    if completion == "completed":
        return "completed"
    return "not attempted" if completion == "not attempted" else "incomplete"

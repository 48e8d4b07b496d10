"""Extensions: a later deadline or more submissions for one person, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from collegium.features.assignments.model import Assignment
from collegium.features.assignments.settings import NOT_SAVED, whole
from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid, NotFound
from collegium.kit.fields import Wrong, moment

Q = queries.load("collegium.features.assignments")


class Extension(msgspec.Struct, frozen=True):
    """What one person has beside everybody else. ``granted_by`` is None for who is not known here."""

    id: UUID
    name: str
    due_date: datetime | None
    extra_submissions: int
    reason: str
    created_at: datetime
    granted_by: str | None


class Enrolled(msgspec.Struct, frozen=True):
    """Somebody of the course who was found by words."""

    enrollment_id: UUID
    name: str
    email: str
    has_one: bool


async def extensions(tx: Transaction, assignment_id: UUID) -> list[Extension]:
    """All of an assignment, by name."""
    return await tx.all(Extension, Q.extensions, assignment_id)


async def find_enrolled(tx: Transaction, course_id: UUID, assignment_id: UUID, words: str) -> list[Enrolled]:
    """Up to twenty of a course by name or address; nobody for no words."""
    return await tx.all(Enrolled, Q.enrolled, course_id, assignment_id, words) if words else []


async def grant(tx: Transaction, of: Assignment, enrollment_id: UUID, given: Mapping[str, str], zone: ZoneInfo) -> None:
    """Grants an extension, or changes the one that somebody has. Raises Invalid, NotFound."""
    errors: dict[str, str] = {}

    def read(name: str, reader: Any) -> Any:
        try:
            return reader(given.get(name, ""), zone)
        except Wrong as wrong:
            errors[name] = str(wrong)
            return None

    until: datetime | None = read("until", moment("Due"))
    more: int = read("extra_submissions", whole("More submissions", 0, 100)) or 0
    reason = " ".join(given.get("reason", "").split())
    if not 1 <= len(reason) <= 1000:
        errors["reason"] = "Why: say it in at most 1000 characters. It stands in the audit log."
    if until is not None and "until" not in errors:
        if of.due_date is None:
            errors["until"] = "Due: this assignment has no deadline, so nobody needs a later one."
        elif until <= of.due_date:
            errors["until"] = "Due: give a later deadline than everybody has."
    if not errors and until is None and not more:
        errors["until"] = "Give a later deadline or more submissions."
    if errors:
        raise Invalid(NOT_SAVED, fields=errors)
    if await tx.fetchval(Q.grant_extension, of.course_id, of.id, enrollment_id, until, more, reason) is None:
        raise NotFound("This person is not enrolled in the course any more.", code="not_enrolled")


async def withdraw(tx: Transaction, assignment_id: UUID, extension_id: UUID) -> None:
    """Takes an extension away; what was handed in under it keeps its deadline."""
    await tx.execute(Q.remove_extension, assignment_id, extension_id)

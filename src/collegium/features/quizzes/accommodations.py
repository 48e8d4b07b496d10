"""Accommodations: more time, more attempts or a later end of a quiz for one person, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from collegium.features.quizzes.settings import whole
from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid, NotFound
from collegium.kit.fields import Wrong, moment

Q = queries.load("collegium.features.quizzes")


class Accommodation(msgspec.Struct, frozen=True):
    """What one person has in a quiz beside everybody else. ``granted_by`` is None for who is not known here."""

    id: UUID
    member_id: UUID
    name: str
    extra_minutes: int
    extra_attempts: int
    available_until: datetime | None
    reason: str
    created_at: datetime
    granted_by: str | None


class Enrolled(msgspec.Struct, frozen=True):
    """Somebody of the course who was found by words."""

    enrollment_id: UUID
    name: str
    email: str
    has_one: bool


async def accommodations(tx: Transaction, quiz_id: UUID) -> list[Accommodation]:
    """All of a quiz, by name."""
    return await tx.all(Accommodation, Q.accommodations, quiz_id)


async def find_enrolled(tx: Transaction, course_id: UUID, quiz_id: UUID, words: str) -> list[Enrolled]:
    """Up to twenty of a course by name or address; nobody for no words."""
    return await tx.all(Enrolled, Q.enrolled, course_id, quiz_id, words) if words else []


async def grant(
    tx: Transaction, course_id: UUID, quiz_id: UUID, enrollment_id: UUID, given: Mapping[str, str], zone: ZoneInfo
) -> None:
    """Grants an accommodation, or changes the one that somebody has. Raises Invalid, NotFound."""
    errors: dict[str, str] = {}
    minutes = attempts = 0
    until: datetime | None = None
    try:
        minutes = whole("More minutes", 0, 10080)(given.get("extra_minutes", ""), zone) or 0
    except Wrong as wrong:
        errors["extra_minutes"] = str(wrong)
    try:
        attempts = whole("More attempts", 0, 100)(given.get("extra_attempts", ""), zone) or 0
    except Wrong as wrong:
        errors["extra_attempts"] = str(wrong)
    try:
        until = moment("Closes")(given.get("until", ""), zone)
    except Wrong as wrong:
        errors["until"] = str(wrong)
    reason = " ".join(given.get("reason", "").split())
    if not 1 <= len(reason) <= 1000:
        errors["reason"] = "Why: say it in at most 1000 characters. It stands in the audit log."
    if not errors and not (minutes or attempts or until):
        errors["extra_minutes"] = "Give more minutes, more attempts or a later end."
    if errors:
        raise Invalid("Nothing was saved. Please look at this again.", fields=errors)
    if (
        await tx.fetchval(Q.add_accommodation, course_id, quiz_id, enrollment_id, minutes, attempts, until, reason)
        is None
    ):
        raise NotFound("This person is not enrolled in the course any more.", code="not_enrolled")


async def withdraw(tx: Transaction, quiz_id: UUID, accommodation_id: UUID) -> None:
    """Takes an accommodation away; an attempt that has begun keeps what it began with."""
    await tx.execute(Q.remove_accommodation, quiz_id, accommodation_id)

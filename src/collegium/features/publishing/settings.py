"""A course's settings, section by section. What somebody else saved meanwhile is shown, not written over unseen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import msgspec

from collegium.features.publishing.fields import FIELDS, SECTIONS
from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.errors import Conflict, Invalid, NotFound
from collegium.kit.fields import Wrong

Q = queries.load("collegium.features.publishing")


SAVES = {
    "about": Q.save_about,
    "learning": Q.save_learning,
    "price": Q.save_price,
    "enrollment": Q.save_enrollment,
    "recognition": Q.save_recognition,
    "community": Q.save_community,
}


class Price(msgspec.Struct, frozen=True):
    """A dated price of a course beside its own. ``audience`` in words; ``open`` when this page may remove it."""

    id: UUID
    name: str
    audience: str
    amount: Decimal
    currency: str
    valid_from: date
    valid_until: date | None


class Requirement(msgspec.Struct, frozen=True):
    """What a course asks for first: another course, or something in words."""

    id: UUID
    title: str
    is_course: bool


class Choice(msgspec.Struct, frozen=True):
    """A course that may be required first."""

    id: UUID
    title: str


class SavedMeanwhile(Conflict):
    """Somebody else saved this section meanwhile; ``theirs`` maps each field that differs to what is saved now."""

    def __init__(self, theirs: Mapping[str, str]) -> None:
        words = (
            "Somebody else saved this section while you had it open. Nothing of yours is lost: look at both, then save."
        )
        super().__init__(words, code="saved_meanwhile")
        self.theirs = dict(theirs)


async def texts(tx: Transaction, course_id: UUID, zone: ZoneInfo, *, hold: bool = False) -> dict[str, str]:
    """Every setting as the text of its field; with ``hold`` the row stays locked. Raises NotFound."""
    row = await tx.fetchrow(Q.settings_to_change if hold else Q.settings, course_id)
    if row is None:
        raise NotFound("There is no course here that you may edit.")
    return {name: field.show(row[name], zone) for name, field in FIELDS.items()}


def mark(section: str, values: Mapping[str, str]) -> str:
    """What a form carries so that it can be told whether its section was saved meanwhile."""
    kept = [values[name] for name in SECTIONS[section]]
    return hashlib.sha256(msgspec.json.encode(kept)).hexdigest()[:32]


async def save(
    tx: Transaction, course_id: UUID, section: str, given: Mapping[str, str], was: str, zone: ZoneInfo
) -> None:
    """Saves one section.

    Raises Invalid with words at each field, SavedMeanwhile when the section is not what the form was filled with.
    """
    names = SECTIONS[section]
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name in names:
        try:
            values[name] = FIELDS[name].read(given.get(name, ""), zone)
        except Wrong as wrong:
            errors[name] = str(wrong)
    errors |= _together(values)
    if errors:
        raise Invalid("Nothing was saved. Please look at this again.", fields=errors)
    now = await texts(tx, course_id, zone, hold=True)
    mine = {name: FIELDS[name].show(values[name], zone) for name in names}
    if was != mark(section, now):
        theirs = {name: now[name] for name in names if now[name] != mine[name]}
        if theirs:
            raise SavedMeanwhile(theirs)
    try:
        await tx.execute(SAVES[section], course_id, *(values[name] for name in names))
    except asyncpg.UniqueViolationError:
        words = "Another course has this address. Choose another one."
        raise Invalid(words, fields={"slug": words}, code="slug_taken") from None


def _together(values: Mapping[str, Any]) -> dict[str, str]:
    """What must fit together."""
    wrong: dict[str, str] = {}
    if values.get("pricing_type") in ("paid", "premium") and values.get("price") == 0:
        wrong["price"] = "Price: a course that is paid for needs a price above 0."
    for first, last, words in (
        ("enrollment_start_date", "enrollment_end_date", "Enrollment ends: this must be later than it opens."),
        ("course_start_date", "course_end_date", "Course ends: this must be later than it begins."),
    ):
        start, end = values.get(first), values.get(last)
        if isinstance(start, datetime) and isinstance(end, datetime) and end <= start:
            wrong[last] = words
    return wrong


async def prices(tx: Transaction, course_id: UUID) -> list[Price]:
    """The dated prices of a course, by their first day."""
    return await tx.all(Price, Q.prices, course_id)


async def add_price(tx: Transaction, course_id: UUID, given: Mapping[str, str], zone: ZoneInfo) -> None:
    """Adds a dated price for everybody or for members. Raises Invalid with words at each field."""
    errors: dict[str, str] = {}
    name = " ".join(given.get("price_name", "").split())
    if not 1 <= len(name) <= 120:
        errors["price_name"] = "Name: what this price is called, in at most 120 characters."
    audience = given.get("price_audience", "")
    if audience not in ("everybody", "member"):
        errors["price_audience"] = "For whom: choose one of the list."
    amount = None
    try:
        amount = FIELDS["price"].read(given.get("price_amount", "") or "x", zone)
    except Wrong:
        errors["price_amount"] = "Amount: a number such as 12.50."
    days: dict[str, date | None] = {}
    for field, label in (("price_from", "First day"), ("price_until", "Not from")):
        try:
            days[field] = date.fromisoformat(given[field]) if given.get(field) else None
        except ValueError:
            errors[field] = f"{label}: a day such as 2027-01-31."
    first, until = days.get("price_from"), days.get("price_until")
    if first and until and until <= first:
        errors["price_until"] = "Not from: this must be later than the first day."
    if errors:
        raise Invalid("The price was not added. Please look at this again.", fields=errors)
    await tx.execute(Q.add_price, course_id, name, audience, amount, first, until)


async def remove_price(tx: Transaction, course_id: UUID, price_id: UUID) -> None:
    """Takes a dated price away. Raises NotFound."""
    if await tx.fetchval(Q.remove_price, price_id, course_id) is None:
        raise NotFound("This price is not there any more.")


async def requirements(tx: Transaction, course_id: UUID) -> tuple[list[Requirement], list[Choice]]:
    """What a course asks for first, and the courses that could be asked for too."""
    return await tx.all(Requirement, Q.prerequisites, course_id), await tx.all(
        Choice, Q.possible_prerequisites, course_id
    )


async def add_requirement(tx: Transaction, course_id: UUID, required: str, words: str) -> None:
    """Asks for a course or for something in words. Raises Invalid (prerequisite_circle among others)."""
    text = " ".join(words.split())
    if bool(required) == bool(text):
        say = "Choose a course, or write what is asked for; not both."
        raise Invalid(say, fields={"requires_course": say})
    if len(text) > 500:
        say = "At most 500 characters."
        raise Invalid(say, fields={"requirement": say})
    try:
        course = UUID(required) if required else None
    except ValueError:
        raise Invalid("There is no such course.", fields={"requires_course": "Choose a course of the list."}) from None
    if course == course_id:
        say = "A course cannot ask for itself."
        raise Invalid(say, fields={"requires_course": say})
    try:
        await tx.execute(Q.add_prerequisite, course_id, course, text or None)
    except asyncpg.UniqueViolationError:
        say = "The course asks for this one already."
        raise Invalid(say, fields={"requires_course": say}) from None


async def remove_requirement(tx: Transaction, course_id: UUID, requirement_id: UUID) -> None:
    """Asks for something no longer. Raises NotFound."""
    if await tx.fetchval(Q.remove_prerequisite, requirement_id, course_id) is None:
        raise NotFound("This requirement is not there any more.")

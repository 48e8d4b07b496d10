"""Categories, weights and columns: read from a form, looked at in advance, saved."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from collegium.features.gradebook import service
from collegium.features.gradebook.model import Column
from collegium.kit.db import Transaction
from collegium.kit.errors import Conflict, Invalid, NotFound

Q = service.Q
CHANGED = "Somebody else changed the setup meanwhile. Here it is as it stands now; make your changes again."


class Category(msgspec.Struct, frozen=True):
    """A kind of work."""

    id: UUID
    name: str
    weight: Decimal
    drop_lowest: int
    weighting: str
    position: int
    items: int


class Setup(msgspec.Struct, frozen=True):
    """How a gradebook is set up."""

    missing_work: str
    categories: list[Category]
    items: list[Column]

    @property
    def mark(self) -> str:
        """Changes when anything of it does."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]


class Effect(msgspec.Struct, frozen=True):
    """What a setup would do to final grades: how many it changes, averages, and those whom it changes most."""

    learners: int
    changed: int
    before: float | None
    after: float | None
    most: list[tuple[str, float | None, float | None]]


class _LookedAt(Exception):
    """Ends a transaction that was only to see what would happen."""


async def setup(tx: Transaction, course_id: UUID) -> Setup:
    """The setup as it is. Drafts of quizzes and assignments are there too."""
    items = await tx.all(Column, Q.columns, course_id)
    missing = await tx.fetchval(Q.missing_work, course_id)
    return Setup(missing or "nothing", await tx.all(Category, Q.categories, course_id), items)


def _number(text: str, what: str, errors: dict[str, str], field: str, most: Decimal = Decimal(99999)) -> Decimal:
    try:
        value = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 <= value <= most or value != round(value, 2):
        errors[field] = f"{what}: a number from 0 to {most}, with at most two decimals."
        return Decimal(0)
    return value


def _whole(text: str, most: int, default: int = 0) -> int:
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 7 else default


def read_due(text: str, zone: str, errors: dict[str, str], field: str) -> datetime | None:
    """A day and time in a person's zone; None for nothing."""
    if not text.strip():
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        errors[field] = "Due: a day and a time."
        return None


async def save(tx: Transaction, course_id: UUID, given: Mapping[str, str], zone: str) -> None:
    """Saves what the form has. Raises Invalid, and Conflict when the setup changed since the form was filled."""
    now = await setup(tx, course_id)
    if given.get("was", "") != now.mark:
        raise Conflict(CHANGED, code="setup_changed")
    errors: dict[str, str] = {}
    missing = given.get("missing_work", "nothing")
    if missing != now.missing_work and missing in ("nothing", "zero_after_due"):
        await tx.execute(Q.set_missing_work, course_id, missing)
    for one in now.categories:
        field = f"c-{one.id.hex}"
        name = " ".join(given.get(f"{field}-name", one.name).split())
        if not 1 <= len(name) <= 120:
            errors[f"{field}-name"] = "A category has a name of at most 120 characters."
        weight = _number(given.get(f"{field}-weight", str(one.weight)), "Weight", errors, f"{field}-weight")
        weighting = given.get(f"{field}-weighting", one.weighting)
        values = (
            name, weight, _whole(given.get(f"{field}-drop", ""), 50, one.drop_lowest),
            weighting if weighting in ("points", "equal") else one.weighting,
            _whole(given.get(f"{field}-position", ""), 10000, one.position),
        )  # fmt: skip
        if not errors:
            await tx.execute(Q.change_category, course_id, one.id, *values)
    known = {one.id for one in now.categories}
    for place, item in enumerate(now.items, 1):
        await _save_item(tx, course_id, item, given, zone, errors, known, place)
    if errors:
        raise Invalid("Nothing was saved.", fields=errors)


async def _save_item(
    tx: Transaction, course_id: UUID, item: Column, given: Mapping[str, str], zone: str, errors: dict[str, str],
    categories: set[UUID], place: int,
) -> None:  # fmt: skip
    field = f"i-{item.id.hex}"
    weight = _number(given.get(f"{field}-weight", str(item.weight)), "Weight", errors, f"{field}-weight")
    try:
        category = UUID(given.get(f"{field}-category", str(item.category_id)))
    except ValueError:
        category = item.category_id
    if category not in categories:
        category = item.category_id
    # A box that is not ticked is not sent: the field beside it says that the form had one.
    boxed = f"{field}-boxes" in given
    counts = f"{field}-counts" in given if boxed else item.counts
    hidden = f"{field}-hidden" in given if boxed else item.is_hidden
    position = _whole(given.get(f"{field}-position", ""), 10000, place)
    own = item.source == "own" and f"{field}-title" in given
    title, points, due = item.title, item.max_points, item.due_at
    if own:
        title, points, due = _own(given, field, zone, errors)
    if errors:
        return
    await tx.execute(Q.change_item, course_id, item.id, category, weight, counts, hidden, position)
    if own:
        await tx.execute(Q.change_own_item, course_id, item.id, title, points, due)


def _own(
    given: Mapping[str, str], field: str, zone: str, errors: dict[str, str]
) -> tuple[str, Decimal, datetime | None]:
    prefix = f"{field}-" if field else ""
    title = " ".join(given.get(f"{prefix}title", "").split())
    if not 1 <= len(title) <= 200:
        errors[f"{prefix}title"] = "A column has a title of at most 200 characters."
    points = _number(given.get(f"{prefix}max", ""), "Points", errors, f"{prefix}max")
    if points == 0 and f"{prefix}max" not in errors:
        errors[f"{prefix}max"] = "Points: more than 0."
    return title, points, read_due(given.get(f"{prefix}due", ""), zone, errors, f"{prefix}due")


async def preview(tx_of: Any, course_id: UUID, given: Mapping[str, str], zone: str) -> Effect:
    """What saving would do to final grades, by doing it in a transaction that is then undone.

    ``tx_of()`` opens a transaction as the person who asks. Raises what `save` raises.
    """
    found = Effect(0, 0, None, None, [])
    try:
        async with tx_of() as tx:
            everybody: list[UUID] = await tx.fetchval(Q.all_enrollments, course_id)
            before = await _finals(tx, course_id, everybody)
            await save(tx, course_id, given, zone)
            after = await _finals(tx, course_id, everybody)
            found = await _effect(tx, course_id, before, after)
            raise _LookedAt
    except _LookedAt:
        pass
    return found


async def _finals(tx: Transaction, course_id: UUID, everybody: list[UUID]) -> dict[UUID, float | None]:
    rows = await tx.fetch(Q.finals, course_id, everybody)
    return {row["enrollment_id"]: None if row["final_grade"] is None else float(row["final_grade"]) for row in rows}


def _mean(finals: Mapping[UUID, float | None]) -> float | None:
    known = [one for one in finals.values() if one is not None]
    return round(sum(known) / len(known), 2) if known else None


async def _effect(
    tx: Transaction, course_id: UUID, before: Mapping[UUID, float | None], after: Mapping[UUID, float | None]
) -> Effect:
    moved = sorted(
        (one for one in before if before[one] != after.get(one)),
        key=lambda one: -abs((after.get(one) or 0) - (before[one] or 0)),
    )
    people = await tx.fetch(Q.people_of_file, course_id, moved[:10], [])
    names = {row["enrollment_id"]: f"{row['first_name']} {row['last_name']}".strip() for row in people}
    return Effect(
        len(before), len(moved), _mean(before), _mean(after),
        [(names.get(one, "–"), before[one], after.get(one)) for one in moved[:10]],
    )  # fmt: skip


async def add_category(tx: Transaction, course_id: UUID, given: Mapping[str, str]) -> UUID:
    """Makes a category. Raises Invalid, and CG409 for a name that is taken."""
    errors: dict[str, str] = {}
    name = " ".join(given.get("name", "").split())
    if not 1 <= len(name) <= 120:
        errors["name"] = "A category has a name of at most 120 characters."
    weight = _number(given.get("weight", ""), "Weight", errors, "weight")
    if errors:
        raise Invalid("No category was made.", fields=errors)
    made: UUID = await tx.fetchval(Q.add_category, course_id, name, weight)
    return made


async def add_item(tx: Transaction, course_id: UUID, given: Mapping[str, str], zone: str) -> UUID:
    """Makes a column of one's own; the first one of a course brings a category. Raises Invalid."""
    errors: dict[str, str] = {}
    title, points, due = _own(given, "", zone, errors)
    found = await tx.all(Category, Q.categories, course_id)
    category = next((one.id for one in found if str(one.id) == given.get("category")), None)
    if category is None and found:
        errors["category"] = "Choose a category."
    if errors:
        raise Invalid("No column was made.", fields=errors)
    if category is None:
        category = await tx.fetchval(Q.add_category, course_id, "All work", Decimal(100))
    made: UUID = await tx.fetchval(Q.add_item, course_id, category, title, points, due)
    return made


async def remove_category(tx: Transaction, course_id: UUID, category_id: UUID) -> str:
    """Removes an empty category; answers its name. Raises NotFound, CG409."""
    return _there(await tx.fetchval(Q.remove_category, course_id, category_id))


async def remove_item(tx: Transaction, course_id: UUID, item_id: UUID) -> str:
    """Removes a column of one's own with its grades; answers its title. Raises NotFound, CG409."""
    return _there(await tx.fetchval(Q.remove_item, course_id, item_id))


def _there(name: str | None) -> str:
    if name is None:
        raise NotFound("There is no such thing in this gradebook.", code="no_such_item")
    return name

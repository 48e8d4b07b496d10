"""Groups of an assignment: made by hand or by chance. That one which has handed in stays is held by the database."""

from __future__ import annotations

import random
from collections.abc import Sequence
from uuid import UUID

import asyncpg
import msgspec

from collegium.features.assignments.model import Assignment
from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.errors import Conflict, Invalid, NotFound

Q = queries.load("collegium.features.assignments")
MOST_AT_ONCE = 5000
"""People that are put into groups by chance at once."""
SHOWN = 200
"""People without a group that the page names."""


class Person(msgspec.Struct, frozen=True):
    """Somebody who takes the course."""

    enrollment_id: UUID
    name: str
    email: str


class Group(msgspec.Struct, frozen=True):
    """A group with who is in it; one that has handed in is fixed."""

    id: UUID
    name: str
    handed_in: bool
    members: list[Person]


async def groups(tx: Transaction, assignment_id: UUID) -> list[Group]:
    """The groups of an assignment, in the order of their names."""
    return [msgspec.convert(dict(row.items()), Group, strict=False) for row in await tx.fetch(Q.groups, assignment_id)]


async def without_group(tx: Transaction, of: Assignment, most: int = SHOWN) -> tuple[list[Person], int]:
    """Who takes the course and is in no group, by name and at most so many, and how many they are."""
    people = await tx.all(Person, Q.without_group, of.course_id, of.id, most)
    return people, await tx.fetchval(Q.count_without_group, of.course_id, of.id) if len(people) == most else len(people)


def clean_name(name: str) -> str:
    """A group's name without surplus spaces. Raises Invalid."""
    cleaned = " ".join(name.split())
    if not 1 <= len(cleaned) <= 100:
        words = "Name: give the group a name of at most 100 characters."
        raise Invalid(words, fields={"name": words}, code="group_name")
    return cleaned


async def add_group(tx: Transaction, of: Assignment, name: str, people: Sequence[UUID] = ()) -> UUID:
    """Makes a group and puts people into it. Raises Invalid for its name, Conflict for what is fixed."""
    cleaned = clean_name(name)
    made = await tx.fetch(Q.add_groups, of.id, [cleaned])
    if not made:
        words = f"There is a group “{cleaned}” already. Give this one another name."
        raise Invalid(words, fields={"name": words}, code="group_exists")
    if people:
        await put(tx, of, made[0]["id"], people)
    return made[0]["id"]


async def rename(tx: Transaction, of: Assignment, group_id: UUID, name: str) -> None:
    """Gives a group another name. Raises Invalid, NotFound."""
    try:
        found = await tx.fetchval(Q.rename_group, of.id, group_id, clean_name(name))
    except asyncpg.UniqueViolationError:
        words = "Another group has this name already."
        raise Invalid(words, fields={"name": words}, code="group_exists") from None
    if found is None:
        raise NotFound("This group is not there any more.", code="no_such_group")


async def remove(tx: Transaction, of: Assignment, group_id: UUID) -> str:
    """Removes a group that has not handed in; answers its name. Raises Conflict, NotFound."""
    try:
        name: str | None = await tx.fetchval(Q.remove_group, of.id, group_id)
    except asyncpg.ForeignKeyViolationError:
        raise Conflict("This group has handed in, so it stays.", code="group_handed_in") from None
    if name is None:
        raise NotFound("This group is not there any more.", code="no_such_group")
    return name


async def put(tx: Transaction, of: Assignment, group_id: UUID | None, people: Sequence[UUID]) -> None:
    """Puts people into a group, or into none. Raises Conflict when a group of theirs has handed in, Invalid."""
    if group_id is None:
        for person in people:
            await tx.execute(Q.take_out_of_group, of.id, person)
        return
    try:
        await tx.execute(Q.put_into_group, of.id, group_id, list(people))
    except asyncpg.ForeignKeyViolationError:
        words = "Somebody of these does not take this course any more, or the group is gone. Reload the page."
        raise Invalid(words, code="not_in_course") from None


def spread(people: Sequence[UUID], size: int) -> list[list[UUID]]:
    """People in random groups of about a size: the sizes differ by one at most, and nobody is left over."""
    if not people:
        return []
    mixed = random.SystemRandom().sample(list(people), len(people))
    count = max(1, round(len(mixed) / size))
    return [mixed[n::count] for n in range(count)]


async def make_at_random(tx: Transaction, of: Assignment, size: int) -> int:
    """Puts everybody who is in no group into new ones of about a size; answers how many groups were made."""
    if not 2 <= size <= 50:
        words = "People in a group: a whole number from 2 to 50."
        raise Invalid(words, fields={"size": words}, code="group_size")
    people, _ = await without_group(tx, of, MOST_AT_ONCE)
    if not people:
        raise Conflict("Everybody is in a group already.", code="nobody_left")
    parts = spread([one.enrollment_id for one in people], size)
    taken = {one.name for one in await groups(tx, of.id)}
    free = [name for n in range(1, len(parts) + len(taken) + 1) if (name := f"Group {n}") not in taken]
    rows = await tx.fetch(Q.add_groups, of.id, free[: len(parts)])
    pairs = [(row["id"], person) for row, part in zip(rows, parts, strict=True) for person in part]
    await tx.execute(Q.put_into_groups, of.id, [group for group, _ in pairs], [person for _, person in pairs])
    return len(parts)

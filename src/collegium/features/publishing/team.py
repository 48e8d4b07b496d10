"""Who teaches a course."""

from __future__ import annotations

from uuid import UUID

import msgspec

from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid

Q = queries.load("collegium.features.publishing")


class Teacher(msgspec.Struct, frozen=True):
    """Somebody of a course's team."""

    profile_id: UUID
    name: str
    email: str
    headline: str | None
    is_author: bool


class Found(msgspec.Struct, frozen=True):
    """An instructor who could be taken into the team."""

    profile_id: UUID
    name: str
    headline: str | None


async def team(tx: Transaction, course_id: UUID) -> list[Teacher]:
    """The author, then the co-instructors. Raises NotFound."""
    return await tx.all(Teacher, Q.team, course_id)


async def find(tx: Transaction, course_id: UUID, words: str) -> list[Found]:
    """Up to ten instructors whose name has these words. Raises Forbidden for who may not change the team."""
    return await tx.all(Found, Q.find_instructors, course_id, words)


async def add(tx: Transaction, course_id: UUID, profile: str, email: str) -> str:
    """Takes an instructor into the team and answers his name. Raises Invalid, Conflict or Forbidden."""
    try:
        chosen = UUID(profile) if profile else None
    except ValueError:
        raise Invalid("There is no such instructor.", code="no_such_instructor") from None
    name: str = await tx.fetchval(Q.add_instructor, course_id, chosen, email)
    return name


async def remove(tx: Transaction, course_id: UUID, profile_id: UUID) -> None:
    """Takes a co-instructor out of the team. Raises NotFound or Forbidden."""
    await tx.execute(Q.remove_instructor, course_id, profile_id)

"""Names of the parts of the course whose outline is worked on."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from collegium.features.studio import service
from collegium.kit.db import Transaction
from tests.support.people import Course, Person

MakePerson = Callable[..., Person]
MakeCourse = Callable[..., Course]
Titles = list[tuple[str, list[str]]]


async def titles(tx: Transaction, course: UUID) -> Titles:
    """The outline in words."""
    shown = await service.outline(tx, course)
    return [(module.title, [lesson.title for lesson in module.lessons]) for module in shown.modules]


def ids(course: Course, letters: str) -> list[UUID]:
    found = [course.lesson(letter).id for letter in letters]
    return [one for one in found if one]


def module_ids(course: Course) -> tuple[UUID, UUID]:
    first, second = course.lesson("a").module_id, course.lesson("d").module_id
    assert first
    assert second
    return first, second

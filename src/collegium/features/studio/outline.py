"""The outline of a course: looking at it, putting it in order, copying, taking out and putting back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from collegium.features.studio.courses import Q
from collegium.features.studio.model import (
    Arranged,
    Home,
    Outline,
    OutlineLesson,
    OutlineModule,
    Part,
    Removed,
    Video,
)
from collegium.features.studio.titles import clean_title
from collegium.kit.db import Transaction
from collegium.kit.errors import NotFound

GONE = "This part is not in the outline any more. Somebody may have removed it: look under Recently removed."


async def outline(tx: Transaction, course_id: UUID) -> Outline:
    """The outline of a course that the actor teaches: three statements, whatever its size."""
    lessons: dict[UUID, list[OutlineLesson]] = {}
    for row in await tx.fetch(Q.outline_lessons, course_id):
        columns = dict(row)
        state, duration = columns.pop("video_state"), columns.pop("video_duration")
        video = Video(state, duration) if state else None
        lessons.setdefault(row["module_id"], []).append(OutlineLesson(**columns, video=video))
    modules = [
        OutlineModule(**row, lessons=lessons.get(row["id"], [])) for row in await tx.fetch(Q.outline_modules, course_id)
    ]
    return Outline(modules, await tx.all(Removed, Q.removed_parts, course_id))


async def arrangement(tx: Transaction, course_id: UUID) -> list[Arranged]:
    """The ids of a course's modules and lessons in their order."""
    return await tx.all(Arranged, Q.arrangement, course_id)


async def order(tx: Transaction, course_id: UUID, wanted: Sequence[Arranged], seen: Sequence[Arranged]) -> None:
    """Puts the whole course in order. ``seen`` is what the person had before him when he arranged it.

    Raises the database's refusals: outline_changed (409) when that is not what is there, outline_incomplete (422) when
    a part is left out or named twice, no_such_course (404) for who does not teach it.
    """
    await tx.execute(Q.order_outline, course_id, _names(wanted), _names(seen))


def _names(arranged: Sequence[Arranged]) -> list[object]:
    return [{"id": str(module.id), "lessons": [str(lesson) for lesson in module.lessons]} for module in arranged]


async def nudge(tx: Transaction, course_id: UUID, part: Part, step: int) -> None:
    """Moves a part up (-1) or down (1) by one place; a lesson at the edge of its module goes into the next one.

    At the end of the course it stays. Raises NotFound when it is not there any more.
    """
    await tx.execute(Q.hold_outline, course_id)
    seen = await arrangement(tx, course_id)
    await order(tx, course_id, nudged(seen, part, step), seen)


def nudged(seen: Sequence[Arranged], part: Part, step: int) -> list[Arranged]:
    """The arrangement after one step of a part; the given one stays as it is. Raises NotFound."""
    modules = [Arranged(module.id, list(module.lessons)) for module in seen]
    if part.kind == "module":
        at = next((number for number, module in enumerate(modules) if module.id == part.id), None)
        if at is None:
            raise NotFound(GONE)
        modules.insert(min(max(at + step, 0), len(modules) - 1), modules.pop(at))
        return modules
    at = next((number for number, module in enumerate(modules) if part.id in module.lessons), None)
    if at is None:
        raise NotFound(GONE)
    here = modules[at].lessons
    place = here.index(part.id)
    if 0 <= place + step < len(here):
        here.insert(place + step, here.pop(place))
    elif 0 <= at + step < len(modules):
        there = modules[at + step].lessons
        there.insert(len(there) if step < 0 else 0, here.pop(place))
    return modules


async def move(
    tx: Transaction, course_id: UUID, lessons: Collection[UUID], module_id: UUID, after: UUID | None
) -> None:
    """Puts lessons, in the order in which they stand, into a module: after one of its lessons, or first.

    Raises NotFound when the module, or the lesson to follow, is not there any more.
    """
    await tx.execute(Q.hold_outline, course_id)
    seen = await arrangement(tx, course_id)
    await order(tx, course_id, moved(seen, lessons, module_id, after), seen)


def moved(seen: Sequence[Arranged], lessons: Collection[UUID], module_id: UUID, after: UUID | None) -> list[Arranged]:
    """The arrangement with some lessons elsewhere; the given one stays as it is. Raises NotFound."""
    chosen = [lesson for module in seen for lesson in module.lessons if lesson in set(lessons)]
    target = next((module for module in seen if module.id == module_id), None)
    if target is None or len(chosen) < len(set(lessons)) or (after is not None and after not in target.lessons):
        raise NotFound(GONE)
    place = 0 if after is None else target.lessons.index(after) + 1
    before = [lesson for lesson in target.lessons[:place] if lesson not in chosen]
    behind = [lesson for lesson in target.lessons[place:] if lesson not in chosen]
    return [
        Arranged(module.id, [*before, *chosen, *behind])
        if module.id == module_id
        else Arranged(module.id, [lesson for lesson in module.lessons if lesson not in chosen])
        for module in seen
    ]


async def move_module(tx: Transaction, course_id: UUID, module_id: UUID, after: UUID | None) -> None:
    """Puts a module after another one, or first. Raises NotFound."""
    await tx.execute(Q.hold_outline, course_id)
    seen = await arrangement(tx, course_id)
    left = [module for module in seen if module.id != module_id]
    place = 0 if after is None else next((n + 1 for n, module in enumerate(left) if module.id == after), -1)
    if len(left) == len(seen) or place < 0:
        raise NotFound(GONE)
    chosen = next(module for module in seen if module.id == module_id)
    await order(tx, course_id, [*left[:place], chosen, *left[place:]], seen)


async def rename(tx: Transaction, course_id: UUID, part: Part, title: str) -> str:
    """Gives a part another title; answers it as it is kept. Raises Invalid, or NotFound when it is gone."""
    query = Q.rename_lesson if part.kind == "lesson" else Q.rename_module
    kept: str | None = await tx.fetchval(query, course_id, part.id, clean_title(title))
    if kept is None:
        raise NotFound(GONE)
    return kept


async def _titles(tx: Transaction, course_id: UUID, parts: Collection[Part]) -> dict[UUID, str]:
    """Titles of parts of this course. Raises NotFound when one is not of it: no address reaches into another."""
    rows = await tx.fetch(Q.titles_of_parts, course_id, [part.id for part in parts])
    found: dict[UUID, str] = {row["id"]: row["title"] for row in rows}
    if any(part.id not in found for part in parts):
        raise NotFound(GONE)
    return found


async def remove(tx: Transaction, course_id: UUID, parts: Collection[Part]) -> list[str]:
    """Takes parts out of the course; nothing that a learner has evidence of is lost. Answers their titles."""
    titles = await _titles(tx, course_id, parts)
    for part in parts:
        await tx.execute(Q.remove_lesson if part.kind == "lesson" else Q.remove_module, part.id)
    return [titles[part.id] for part in parts]


async def restore(tx: Transaction, course_id: UUID, parts: Collection[Part]) -> list[str]:
    """Puts parts back that were taken out; answers their titles."""
    titles = await _titles(tx, course_id, parts)
    await tx.execute(Q.hold_outline, course_id)
    for part in parts:
        await tx.execute(Q.restore_lesson if part.kind == "lesson" else Q.restore_module, part.id)
    return [titles[part.id] for part in parts]


async def duplicate(tx: Transaction, course_id: UUID, part: Part) -> UUID:
    """A copy right after the original, with its content and without anybody's progress."""
    await _titles(tx, course_id, [part])
    if part.kind == "module":
        return await tx.fetchval(Q.copy_module, part.id, course_id)
    seen = await arrangement(tx, course_id)
    module = next((module for module in seen if part.id in module.lessons), None)
    if module is None:
        raise NotFound(GONE)
    return await tx.fetchval(Q.copy_lesson, part.id, module.id)


async def copy_lessons(tx: Transaction, course_id: UUID, lessons: Sequence[Part], module_id: UUID) -> None:
    """Copies lessons to the end of a module of any course that the actor teaches. Raises NotFound."""
    await _titles(tx, course_id, lessons)
    for part in lessons:
        await tx.execute(Q.copy_lesson, part.id, module_id)


async def copy_modules(tx: Transaction, course_id: UUID, modules: Sequence[Part], to_course: UUID) -> None:
    """Copies modules with their lessons to the end of any course that the actor teaches. Raises NotFound."""
    await _titles(tx, course_id, modules)
    for part in modules:
        await tx.execute(Q.copy_module, part.id, to_course)


async def require(tx: Transaction, course_id: UUID, lessons: Collection[UUID], *, required: bool) -> int:
    """Makes lessons required or optional; answers how many changed."""
    return await tx.fetchval(Q.require_lessons, course_id, list(lessons), required)


async def open_on(tx: Transaction, course_id: UUID, lessons: Collection[UUID], at: datetime | None) -> int:
    """Has lessons open on a date, or at once; answers how many changed."""
    return await tx.fetchval(Q.open_lessons_on, course_id, list(lessons), at)


async def homes(tx: Transaction, course_id: UUID) -> list[Home]:
    """Other courses that the actor may edit, with their modules: where a copy can go."""
    return [
        Home(row["id"], row["title"], msgspec.convert(row["modules"], list[tuple[UUID, str]]))
        for row in await tx.fetch(Q.homes, course_id)
    ]

"""The front door: the grid in windows, writing grades, histories, averages, and a learner's own page.

The rule of the final grade is the database's (`private.grade_lines`, `private.final_grades`): nothing here has its own.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from collegium.features.gradebook.history import cell_history
from collegium.features.gradebook.model import (
    STATES,
    Averages,
    Cell,
    Column,
    ColumnHead,
    Grid,
    History,
    Line,
    MyGrades,
    Person,
    SavedCell,
    SavedGrades,
    SaveGrades,
    Shown,
    Window,
)
from collegium.kit import queries
from collegium.kit.cursors import read_cursor, write_cursor
from collegium.kit.db import SYSTEM, Actor, Database, Transaction
from collegium.kit.errors import Invalid, NotFound
from collegium.kit.site import Site

__all__ = ["Averages", "Column", "Grid", "History", "Line", "MyGrades", "SaveGrades", "SavedGrades", "Window"]

Q = queries.load("collegium.features.gradebook")
SIZE = 100
MOST_CELLS = 5000
MARKING = importlib.util.find_spec("collegium.features.marking") is not None
_STATE_PLACE = {state: place for place, state in enumerate(STATES)}
_SLUG = re.compile(r"[a-z0-9-]{1,120}")


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which learners are asked for, and in which order: by ``name``, ``final`` or an item, falling with a minus."""

    words: str = ""
    cohort: UUID | None = None
    category: UUID | None = None
    missing: bool = False
    sort: str = "name"

    @property
    def by_name(self) -> bool:
        return self._item_or_final is None

    @property
    def item(self) -> UUID | None:
        """The item that it is sorted by; None for the final grade."""
        found = self._item_or_final
        return None if found is None or found == "final" else UUID(found)

    @property
    def sign(self) -> int:
        return -1 if self.sort.startswith("-") else 1

    @property
    def _item_or_final(self) -> str | None:
        wanted = self.sort.removeprefix("-")
        if wanted == "final":
            return wanted
        try:
            return str(UUID(wanted))
        except ValueError:
            return None


class _Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a window ended."""

    name: str
    value: str
    id: UUID


def _place_of(row: Any) -> str:
    return write_cursor(_Place(row["sort_name"], str(row["sort_value"]), row["enrollment_id"]))


async def columns(tx: Transaction, course_id: UUID, category: UUID | None = None) -> list[Column]:
    """The items that the gradebook shows, in order; drafts have no column yet. Raises NotFound (CG404)."""
    found = await tx.all(Column, Q.columns, course_id)
    return [one for one in found if not one.is_draft and category in (None, one.category_id)]


async def nameless(tx: Transaction, course_id: UUID) -> list[str]:
    """Titles of the assignments that are marked without names, whose grades come when the work is returned."""
    return [row["title"] for row in await tx.fetch(Q.nameless, course_id)]


async def cohorts(tx: Transaction, course_id: UUID) -> list[tuple[str, str]]:
    """Identities and names of the course's cohorts."""
    return [(str(row["id"]), row["name"]) for row in await tx.fetch(Q.cohorts, course_id)]


def _heads(found: Sequence[Column]) -> list[ColumnHead]:
    return [
        ColumnHead(
            one.id, one.title, one.source, float(one.max_points), one.category_id, one.category_name,
            one.counts, one.is_hidden, one.due_at,
        )
        for one in found
    ]  # fmt: skip


async def grid(tx: Transaction, course_id: UUID, filters: Filters) -> Grid:
    """The frame: columns, how many learners match, and where each window begins. Raises NotFound."""
    shown = await columns(tx, course_id, filters.category)
    given = (course_id, filters.words, filters.cohort, filters.missing)
    if filters.by_name:
        marks = await tx.fetch(Q.marks_by_name, *given, SIZE)
    else:
        marks = await tx.fetch(Q.marks_by_value, *given, filters.item, filters.sign, SIZE)
    total = marks[-1]["total"] if marks else 0
    # The last of all begins no window.
    return Grid(total, SIZE, [_place_of(row) for row in marks[:-1]], _heads(shown), STATES)


async def people(
    tx: Transaction, course_id: UUID, filters: Filters, after: str | None = None, size: int = SIZE
) -> tuple[list[Person], str | None]:
    """Learners after a place, and the place where the next ones begin."""
    place = read_cursor(after, _Place)
    given = (course_id, filters.words, filters.cohort, filters.missing)
    if filters.by_name:
        name, last = (place.name, place.id) if place else (None, None)
        found = await tx.all(Person, Q.people_by_name, *given, name, last, size + 1)
    else:
        value, last = (_decimal(place.value), place.id) if place else (None, None)
        found = await tx.all(Person, Q.people_by_value, *given, filters.item, value, last, filters.sign, size + 1)
    shown = found[:size]
    if len(found) <= size:
        return shown, None
    end = shown[-1]
    return shown, write_cursor(_Place(end.sort_name, str(end.sort_value), end.enrollment_id))


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if re.fullmatch(r"-?[0-9]{1,10}(\.[0-9]{1,30})?", text) else None


async def cells(tx: Transaction, course_id: UUID, enrollments: Sequence[UUID]) -> dict[tuple[UUID, UUID], Cell]:
    """What some learners have, by enrollment and item."""
    found = await tx.fetch(Q.cells, course_id, list(enrollments))
    return {(row["enrollment_id"], row["item_id"]): Cell(*row.values()) for row in found}


def shown_cell(cell: Cell | None) -> Shown | None:
    """A cell as the grid takes it."""
    if cell is None:
        return None
    points = None if cell.points is None else float(cell.points)
    return Shown(
        points, _STATE_PLACE[cell.state], cell.revision, cell.overridden, cell.waiting, cell.comment is not None
    )


async def window(tx: Transaction, course_id: UUID, filters: Filters, after: str | None = None) -> Window:
    """Up to a hundred learners with their cells. Raises NotFound."""
    shown = await columns(tx, course_id, filters.category)
    found, following = await people(tx, course_id, filters, after)
    ids = [one.enrollment_id for one in found]
    items = [column.id for column in shown]
    have = {row["enrollment_id"]: row for row in await tx.fetch(Q.window, course_id, ids)}
    rows = [
        Line(
            one.enrollment_id, one.name, one.email, one.cohort_name,
            *_grades(have.get(one.enrollment_id), items),
        )
        for one in found
    ]  # fmt: skip
    return Window(rows, following)


def _grades(row: asyncpg.Record | None, items: list[UUID]) -> tuple[float | None, list[Shown | None]]:
    """The final grade of a learner and his cells in the order of items."""
    if row is None:
        return None, [None] * len(items)
    _, final, places, *lists = row
    have = {
        item: Shown(points, _STATE_PLACE[state], revision, overridden, waiting, commented)
        for item, points, state, revision, overridden, waiting, commented in zip(places, *lists, strict=True)
    }
    return None if final is None else float(final), [have.get(item) for item in items]


async def _finals(tx: Transaction, course_id: UUID, enrollments: Sequence[UUID]) -> dict[UUID, float | None]:
    rows = await tx.fetch(Q.finals, course_id, list(enrollments))
    return {row["enrollment_id"]: None if row["final_grade"] is None else float(row["final_grade"]) for row in rows}


async def averages(tx: Transaction, course_id: UUID) -> Averages:
    """Averages over everybody in the course. Raises NotFound."""
    found: dict[str, dict[str, float]] = {"item": {}, "category": {}, "course": {}}
    for row in await tx.fetch(Q.averages, course_id):
        if row["average"] is not None:
            found[row["kind"]][str(row["id"])] = float(row["average"])
    return Averages(found["item"], found["category"], found["course"].get(str(course_id)))


async def save(tx: Transaction, course_id: UUID, wanted: SaveGrades) -> SavedGrades:
    """Writes cells; each is saved, the same as before, or in conflict with what somebody else wrote meanwhile.

    Raises Invalid for too many, and what the database refuses: out of range, no reason, own work, unknown cells.
    """
    if len(wanted.cells) > MOST_CELLS:
        raise Invalid(f"At most {MOST_CELLS} grades at a time; these are {len(wanted.cells)}.")
    given = [
        {
            "e": one.enrollment_id, "i": one.item_id, "points": one.points, "excused": one.excused,
            "comment": one.comment, "revision": one.revision,
        }
        for one in wanted.cells
    ]  # fmt: skip
    reason = (wanted.reason or "").replace("\x00", "").strip() or None
    if any("\x00" in (one.comment or "") for one in wanted.cells):
        raise Invalid("A comment has a character that cannot be kept.")
    outcomes = await tx.fetch(Q.set_grades, course_id, given, reason)
    learners = sorted({one.enrollment_id for one in wanted.cells})
    have = await cells(tx, course_id, learners)
    finals = await _finals(tx, course_id, learners)
    saved = [
        SavedCell(e, i, row["outcome"], shown_cell(have.get((e, i))))
        for row in outcomes
        for e, i in [(row["enrollment_id"], row["item_id"])]
    ]
    return SavedGrades(saved, {str(one): final for one, final in finals.items()})


async def learner(tx: Transaction, course_id: UUID, enrollment_id: UUID) -> Person:
    """One learner of the course. Raises NotFound."""
    found = await tx.maybe(Person, Q.learner, course_id, enrollment_id)
    if found is None:
        raise NotFound("There is no such learner in this course.")
    return found


async def final_of(tx: Transaction, course_id: UUID, enrollment_id: UUID) -> float | None:
    """A learner's final grade as the rule gives it now."""
    return (await _finals(tx, course_id, [enrollment_id])).get(enrollment_id)


async def history(tx: Transaction, course_id: UUID, enrollment_id: UUID, item_id: UUID) -> History:
    """A cell with who changed it, and the work that its score comes from. Raises NotFound."""
    column = next((one for one in await columns(tx, course_id) if one.id == item_id), None)
    who = await tx.maybe(Person, Q.learner, course_id, enrollment_id)
    if column is None or who is None:
        raise NotFound("There is no such cell in this gradebook.", code="no_such_cell")
    have = (await cells(tx, course_id, [enrollment_id])).get((enrollment_id, item_id))
    changes = await tx.fetch(Q.history, enrollment_id, item_id)
    work: list[asyncpg.Record] = []
    if column.quiz_id:
        work = await tx.fetch(Q.attempts, enrollment_id, column.quiz_id)
    elif column.assignment_id:
        work = await tx.fetch(Q.submissions, enrollment_id, column.assignment_id)
    return cell_history(column, who, have, changes, work, _work_page(course_id, column))


def _work_page(course_id: UUID, column: Column) -> str | None:
    """Where a piece of work is looked at, where the site has such a page."""
    if column.quiz_id:
        return "/attempts/{}/result"
    marked = importlib.util.find_spec("collegium.features.marking.pages") is not None if MARKING else False
    return f"/studio/{course_id}/submissions/{{}}" if column.assignment_id and marked else None


async def every_line(
    db: Database, actor: Actor, course_id: UUID, filters: Filters, shown: Sequence[Column], *, size: int = 250
) -> AsyncIterator[list[tuple[Person, list[Cell | None]]]]:
    """Everybody's line in pages, each read in a transaction of its own: a slow reader holds nothing open."""
    after: str | None = None
    while True:
        async with db.transaction(actor, read_only=True) as tx:
            found, after = await people(tx, course_id, filters, after, size)
            have = await cells(tx, course_id, [one.enrollment_id for one in found])
        yield [(one, [have.get((one.enrollment_id, column.id)) for column in shown]) for one in found]
        if after is None:
            return


async def my_grades(tx: Transaction, slug: str) -> tuple[dict[str, Any], MyGrades | None]:
    """A course and the grades in it of the person who asks; None for who does not take it. Raises NotFound."""
    row = await tx.fetchrow(Q.my_grades, slug) if _SLUG.fullmatch(slug) else None
    if row is None:
        raise NotFound("There is no course at this address.")
    course = {"id": row["id"], "title": row["title"], "slug": row["slug"]}
    return course, None if row["grades"] is None else msgspec.convert(row["grades"], MyGrades)


async def settle(site: Site) -> int:
    """Computes the next final grades that wait for it; answers how many it looked at."""
    async with site.db.transaction(SYSTEM) as tx:
        return await tx.fetchval(Q.settle)


async def look_at_the_clock(site: Site) -> None:
    """Notes what became due, and forgets old files."""
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.mark_due)
        await tx.execute(Q.forget_imports)

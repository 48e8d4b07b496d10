"""Grades from a file: first what it would change, cell by cell; then, if wanted, all of it or nothing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from collegium.features.gradebook import service, tables
from collegium.features.gradebook.exporting import EXCUSED, FINAL, FIRST, headings
from collegium.features.gradebook.history import plain
from collegium.features.gradebook.model import Cell, Column, Person
from collegium.features.gradebook.tables import Formula, Value
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid, NotFound

Q = service.Q
MOST_SHOWN = 500
MOST_CHANGES = 60_000
TAKE_BACK = "-"
_NUMBER = re.compile(r"[0-9]{1,6}([.,][0-9]{1,10})?")
_BATCH = 500
_WHO = (FIRST[0].casefold(), FIRST[2].casefold())
_OURS = tuple(name.casefold() for name in (*FIRST, FINAL))


class Trouble(msgspec.Struct, frozen=True):
    """What cannot be used: the row of the file, the column if it is one cell, and why."""

    row: int
    column: str
    words: str


class Wanted(msgspec.Struct, frozen=True):
    """A cell that would change."""

    learner: str
    column: str
    before: str
    after: str
    computed: bool


class Report(msgspec.Struct, frozen=True):
    """What a file would do. ``changes`` and ``troubles`` hold the first five hundred of each."""

    learners: int = 0
    changed: int = 0
    same: int = 0
    wrong: int = 0
    overrides: int = 0
    used: list[str] = []
    ignored: list[str] = []
    changes: list[Wanted] = []
    troubles: list[Trouble] = []


class Import(msgspec.Struct, frozen=True):
    """A file that was looked at."""

    id: UUID
    file_name: str
    report: Report
    applied: bool
    reason: str | None


class _Plan:
    """Collects what a file would do."""

    def __init__(self) -> None:
        self.cells: list[dict[str, Any]] = []
        self.changes: list[Wanted] = []
        self.troubles: list[Trouble] = []
        self.learners: set[UUID] = set()
        self.changed = self.same = self.wrong = self.overrides = 0
        self.seen: set[tuple[UUID, UUID]] = set()

    def trouble(self, row: int, column: str, words: str) -> None:
        self.wrong += 1
        if len(self.troubles) < MOST_SHOWN:
            self.troubles.append(Trouble(row, column[:200], words))

    def take(self, person: Person, column: Column, cell: Cell | None, points: Decimal | None, excused: bool) -> None:
        """Compares what the file says with what is there, as it is shown."""
        self.learners.add(person.enrollment_id)
        now = None if cell is None else cell.points
        was_excused = cell is not None and cell.state == "excused"
        if points is None and not excused:
            # Taken back: nothing stands there, or the work's own score.
            same = not was_excused and (cell is None or (not cell.overridden and column.source != "own") or now is None)
        else:
            same = excused == was_excused and (excused or now == points)
        if same:
            self.same += 1
            return
        self.changed += 1
        computed = column.source != "own"
        self.overrides += computed
        # Who is excused keeps the points that a person wrote.
        kept = now if excused and cell is not None and (not computed or cell.overridden) else points
        self.cells.append(
            {
                "e": person.enrollment_id, "i": column.id, "points": kept, "excused": excused, "comment": None,
                "revision": 0 if cell is None else cell.revision,
            }
        )  # fmt: skip
        if len(self.changes) < MOST_SHOWN:
            before = "excused" if was_excused else plain(now)
            after = "excused" if excused else plain(points) if points is not None else "taken back"
            self.changes.append(Wanted(person.name, column.title, before, after, computed))


async def look(tx: Transaction, course_id: UUID, file_name: str, content: bytes) -> UUID:
    """Reads a file and keeps what it would change; answers where that is found. Raises Invalid."""
    rows = await asyncio.to_thread(tables.read, file_name, content)
    plan, used, ignored = await _plan(tx, course_id, rows)
    if plan.changed > MOST_CHANGES:
        raise Invalid(f"This file changes more than {MOST_CHANGES} grades. Send it in parts.", code="too_many_changes")
    report = Report(
        learners=len(plan.learners),
        changed=plan.changed,
        same=plan.same,
        wrong=plan.wrong,
        overrides=plan.overrides,
        used=used,
        ignored=ignored,
        changes=plan.changes,
        troubles=plan.troubles,
    )
    name = "".join(one for one in file_name if one.isprintable())[:255] or "grades"
    made: UUID = await tx.fetchval(Q.add_import, course_id, name, plan.cells, report)
    return made


async def _plan(tx: Transaction, course_id: UUID, rows: Sequence[list[Value]]) -> tuple[_Plan, list[str], list[str]]:
    head = [one.text if isinstance(one, Formula) else one for one in rows[0]]
    shown = await service.columns(tx, course_id)
    by_name = {name.removeprefix("'").casefold(): column for name, column in zip(headings(shown), shown, strict=True)}
    known = {name.casefold(): place for place, name in enumerate(head) if name.casefold() in _WHO}
    places = {place: by_name[name.casefold()] for place, name in enumerate(head) if name.casefold() in by_name}
    if not known:
        words = "The first row names the columns. One of them must be “Learner ID” or “E-mail”, as in an export."
        raise Invalid(words, code="no_learner_column")
    if len(set(places.values())) < len(places):
        raise Invalid("Two columns of this file are called the same. Take one of them out.", code="column_twice")
    plan = _Plan()
    ignored = [name for place, name in enumerate(head) if place not in places and name and name.casefold() not in _OURS]
    for name in ignored:
        plan.trouble(1, name, "There is no column of this name in the gradebook. It is passed over.")
    if not places:
        raise Invalid("None of the columns of this file is in the gradebook.", code="no_known_column")
    people = await _people(tx, course_id, rows[1:], known)
    for start in range(0, len(people), _BATCH):
        batch = people[start : start + _BATCH]
        have = await service.cells(tx, course_id, [one.enrollment_id for _, one in batch if one])
        for number, person in batch:
            if person is None:
                plan.trouble(number, "", f"Nobody in this course is “{_who(rows[number - 1], known)}”.")
                continue
            for place, column in places.items():
                value = rows[number - 1][place] if place < len(rows[number - 1]) else ""
                _cell(plan, number, person, column, have.get((person.enrollment_id, column.id)), value)
    return plan, [column.title for column in places.values()], ignored


def _who(row: Sequence[Value], known: dict[str, int]) -> str:
    texts = (row[place] for place in known.values() if place < len(row))
    return next((text for text in texts if isinstance(text, str) and text), "–")[:120]


async def _people(
    tx: Transaction, course_id: UUID, rows: Sequence[list[Value]], known: dict[str, int]
) -> list[tuple[int, Person | None]]:
    """The learner of each row, with the row's number in the file."""

    def field(row: Sequence[Value], name: str) -> str:
        place = known.get(name.casefold())
        value = row[place] if place is not None and place < len(row) else ""
        return value if isinstance(value, str) else ""

    ids: list[UUID | None] = []
    for row in rows:
        try:
            ids.append(UUID(field(row, FIRST[0])))
        except ValueError:
            ids.append(None)
    emails = [field(row, FIRST[2]).lower() for row in rows]
    found = await tx.all(
        Person, Q.people_of_file, course_id, [one for one in ids if one], [one for one in emails if one]
    )
    by_id = {one.enrollment_id: one for one in found}
    by_email: dict[str, list[Person]] = {}
    for one in found:
        by_email.setdefault(one.email.lower(), []).append(one)
    people: list[tuple[int, Person | None]] = []
    for number, (identity, email) in enumerate(zip(ids, emails, strict=True), 2):
        same = by_email.get(email, [])
        # Who takes the course twice is found by identity only.
        people.append((number, by_id.get(identity) if identity else same[0] if len(same) == 1 else None))
    return people


def _cell(plan: _Plan, number: int, person: Person, column: Column, cell: Cell | None, value: Value) -> None:
    if value == "":
        return
    if (person.enrollment_id, column.id) in plan.seen:
        plan.trouble(number, column.title, f"{person.name} stands in this file twice. The first row counts.")
        return
    plan.seen.add((person.enrollment_id, column.id))
    if isinstance(value, Formula):
        plan.trouble(number, column.title, "A formula. Put the number itself there.")
    elif value.upper() == EXCUSED:
        plan.take(person, column, cell, None, True)
    elif value == TAKE_BACK:
        plan.take(person, column, cell, None, False)
    elif not _NUMBER.fullmatch(value):
        plan.trouble(number, column.title, f"“{value[:40]}” is no number of points. EX excuses, - takes back.")
    else:
        points = round(Decimal(value.replace(",", ".")), 2)
        if points > column.max_points:
            plan.trouble(number, column.title, f"{value} is more than the {plain(column.max_points)} points there are.")
        else:
            plan.take(person, column, cell, points, False)


async def find(tx: Transaction, course_id: UUID, import_id: UUID) -> Import:
    """What a file of the person who asks would change, or has changed. Raises NotFound."""
    row = await tx.fetchrow(Q.one_import, course_id, import_id)
    if row is None:
        raise NotFound("There is no such file of yours, or a day has passed. Choose it again.", code="no_such_import")
    report = msgspec.convert(row["report"], Report)
    return Import(row["id"], row["file_name"], report, row["applied_at"] is not None, row["reason"])


async def apply(tx: Transaction, course_id: UUID, import_id: UUID, reason: str) -> int:
    """Writes what a file would change; answers how many grades. Raises NotFound, Invalid, Conflict (as Problem)."""
    await find(tx, course_id, import_id)
    changed: int = await tx.fetchval(Q.apply_import, import_id, reason)
    return changed

"""A gradebook as a file: CSV sent while it is read, XLSX written to disk row by row and then sent."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from collegium.features.gradebook import service
from collegium.features.gradebook.history import plain
from collegium.features.gradebook.model import Cell, Column, Person
from collegium.kit.csvtext import safe
from collegium.kit.db import Actor, Database

EXCUSED = "EX"
FIRST = ("Learner ID", "Name", "E-mail", "Cohort")
FINAL = "Final grade"
_CHUNK = 1 << 16


def headings(columns: Sequence[Column]) -> list[str]:
    """A heading for each column by which it is found again: its title, with its mark where two are called the same."""
    often = Counter(one.title.casefold() for one in columns)
    return [safe(one.title if often[one.title.casefold()] == 1 else f"{one.title} [{mark(one.id)}]") for one in columns]


def mark(item_id: UUID) -> str:
    """What tells two columns of the same title apart. Its end: ids begin with their time."""
    return item_id.hex[-8:]


def _value(cell: Cell | None) -> Decimal | str | None:
    if cell is None:
        return None
    return EXCUSED if cell.state == "excused" else cell.points


def _people_part(person: Person) -> list[str]:
    return [str(person.enrollment_id), safe(person.name), safe(person.email), safe(person.cohort_name or "")]


async def csv_lines(
    db: Database, actor: Actor, course_id: UUID, columns: Sequence[Column], filters: service.Filters
) -> AsyncIterator[bytes]:
    """The file in pieces."""
    yield b"\xef\xbb\xbf" + _csv([[*FIRST, *headings(columns), FINAL]])
    async for page in service.every_line(db, actor, course_id, filters, columns):
        yield _csv([_csv_row(person, cells) for person, cells in page])


def _csv_row(person: Person, cells: Sequence[Cell | None]) -> list[str]:
    written = [value if isinstance(value, str) else _plain(value) for value in map(_value, cells)]
    return [*_people_part(person), *written, _plain(person.final_grade)]


def _plain(value: Decimal | None) -> str:
    return "" if value is None else plain(value)


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


async def xlsx(
    db: Database, actor: Actor, course_id: UUID, columns: Sequence[Column], filters: service.Filters
) -> AsyncIterator[bytes]:
    """The file in pieces, after it was written whole: its table of contents stands at its end."""
    handle, name = tempfile.mkstemp(prefix="collegium-grades-", suffix=".xlsx")
    os.close(handle)
    path = Path(name)
    try:
        book = openpyxl.Workbook(write_only=True)
        sheet: Any = book.create_sheet("Gradebook")
        sheet.freeze_panes = "C2"
        sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 12, 28
        sheet.append([_head(sheet, text) for text in (*FIRST, *headings(columns), FINAL)])
        async for page in service.every_line(db, actor, course_id, filters, columns):
            await asyncio.to_thread(_append, sheet, page)
        await asyncio.to_thread(book.save, path)
        file = await asyncio.to_thread(path.open, "rb")
        with file:
            while piece := await asyncio.to_thread(file.read, _CHUNK):
                yield piece
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


def _head(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, value=text)
    cell.font = Font(bold=True)
    return cell


def _append(sheet: Any, page: Sequence[tuple[Person, list[Cell | None]]]) -> None:
    for person, cells in page:
        final = None if person.final_grade is None else float(person.final_grade)
        values = (float(v) if isinstance(v, Decimal) else v for v in map(_value, cells))
        sheet.append([*_people_part(person), *values, final])

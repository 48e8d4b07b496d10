"""Tables in files of others: CSV and XLSX read with bounds, hostile ones refused, into plain texts and numbers."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import openpyxl

from collegium.kit.errors import Invalid
from collegium.kit.unpack import Archive, Limits, UnpackError, open_archive

MOST_BYTES = 5 << 20
MOST_ROWS = 20_000
MOST_COLUMNS = 300
MOST_TEXT = 500
# A gradebook of 2,000 learners and 60 items is 6 MB when unpacked.
LIMITS = Limits(entries=200, total=40 << 20, one=30 << 20, ratio=100, any_ratio=1 << 20, depth=8, name=200)
TOO_LARGE = "This file is larger than 5 MB. Export the gradebook and fill in that file, or send it in parts."


class Formula(msgspec.Struct, frozen=True):
    """A cell that would be computed by a spreadsheet; what it shows is not what it says."""

    text: str


Value = str | Formula


def read(name: str, content: bytes) -> list[list[Value]]:
    """The rows of a table, the empty ones left out. Raises Invalid in words for whatever is not a table of grades."""
    if len(content) > MOST_BYTES:
        raise Invalid(TOO_LARGE, code="file_too_large")
    rows = _xlsx(content) if content[:4] == b"PK\x03\x04" else _csv(name, content)
    found: list[list[Value]] = []
    for row in rows:
        while row and row[-1] == "":
            row.pop()
        if not row:
            continue
        if len(found) > MOST_ROWS:
            raise Invalid(f"This file has more than {MOST_ROWS} rows.", code="too_many_rows")
        if len(row) > MOST_COLUMNS:
            raise Invalid(f"This file has more than {MOST_COLUMNS} columns.", code="too_many_columns")
        found.append(row)
    if len(found) < 2:
        raise Invalid("There is nothing in this file but a heading. Fill in grades below it.", code="empty_file")
    return found


def _csv(name: str, content: bytes) -> Iterator[list[Value]]:
    if b"\x00" in content[:4096] and content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise Invalid(f"“{name[:80]}” is neither CSV nor XLSX.", code="unknown_format")
    try:
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    head = text[:4096].splitlines()[0] if text.strip() else ""
    mark = max(",;\t", key=head.count)
    try:
        for row in csv.reader(io.StringIO(text.replace("\x00", "")), delimiter=mark, strict=True):
            yield [_text(one) for one in row[: MOST_COLUMNS + 1]]
    except csv.Error as error:
        raise Invalid("This file is not CSV as spreadsheets write it: a quotation mark is not closed.") from error


def _text(value: str) -> Value:
    text = value.strip()[:MOST_TEXT]
    if text[:1] == "'" and text[1:2] in "=+-@":
        return text[1:]
    if text[:1] == "=" or (text[:1] in "+@" and not re.fullmatch(r"\+?[0-9.,]+", text)):
        return Formula(text)
    return text


def _xlsx(content: bytes) -> Iterator[list[Value]]:
    with tempfile.TemporaryDirectory(prefix="collegium-grades-") as folder:
        path = Path(folder) / "table.xlsx"
        path.write_bytes(content)
        try:
            with open_archive(path, LIMITS) as archive:
                _check_parts(archive)
            yield from _sheet(path)
        except UnpackError as error:
            raise Invalid(f"This file is not opened: {error}", code="hostile_file") from error
        except Invalid:
            raise
        # What a broken file raises inside the reader is of any kind.
        except Exception as error:
            raise Invalid("This XLSX file is broken. Save it again, or as CSV.", code="broken_file") from error


def _check_parts(archive: Archive) -> None:
    """No part declares a document type, whose entities could grow without end or read other files."""
    if "[Content_Types].xml" not in archive:
        raise Invalid("This is a zip file, but no XLSX.", code="unknown_format")
    for name in archive.entries:
        if not name.endswith((".xml", ".rels")):
            continue
        before = b""
        for piece in archive.stream(name):
            if b"\x00" in piece or b"<!doctype" in (before + piece).lower() or b"<!entity" in (before + piece).lower():
                raise Invalid(
                    "This file declares entities, which a table of grades does not need.", code="hostile_file"
                )
            before = piece[-16:]


def _sheet(path: Path) -> Iterator[list[Value]]:
    book = openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
    try:
        sheet: Any = book.worksheets[0]
        sheet.reset_dimensions()
        for row in islice(sheet.iter_rows(max_col=MOST_COLUMNS + 1), MOST_ROWS + 2):
            yield [_value(cell) for cell in row]
    finally:
        book.close()


def _value(cell: Any) -> Value:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        return Formula(str(value)[:MOST_TEXT])
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return f"{Decimal(repr(value)):f}"
    return _text(str(value)) if not str(value).startswith("=") else Formula(str(value)[:MOST_TEXT])

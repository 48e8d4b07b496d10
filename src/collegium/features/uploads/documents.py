"""Documents and archives: PDF, Office's own formats, plain text and ZIP, each read as what it says it is."""

from __future__ import annotations

import re
import stat
import zipfile
from pathlib import Path
from typing import Any

import pypdf
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from collegium.features.uploads.model import Refused

MOST_PAGES = 5000
MOST_ENTRIES = 20_000
MOST_UNPACKED = 8_000_000_000
MOST_RATIO = 200
_MARKUP = re.compile(rb"<\s*(?:!doctype|html|script|svg|iframe)\b", re.IGNORECASE)
_ACTIVE = {"/JavaScript": "a script", "/Launch": "a command that starts a program", "/ImportData": "a data import"}
_OFFICE = {
    "word/": ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "xl/": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "ppt/": ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
}


# PDF ------------------------------------------------------------------------------------------------------


def check_pdf(path: Path) -> int:
    """The number of pages of a PDF that is whole, unlocked and runs nothing. Raises Refused."""
    _check_ends(path)
    try:
        reader = pypdf.PdfReader(path, strict=False)
        if reader.is_encrypted:
            raise Refused("This PDF is protected by a password. Save it without one and upload it again.")
        pages = len(reader.pages)
        if not pages:
            raise Refused("This PDF has no pages.")
        if pages > MOST_PAGES:
            raise Refused(f"This PDF has more than {MOST_PAGES} pages. Split it and upload the parts.")
        reader.pages[0].mediabox  # noqa: B018 - the first page must be there, not only be counted
        _refuse_active(reader)
    except Refused:
        raise
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError, RecursionError) as error:
        raise Refused("This PDF is damaged. Open it in a PDF program, save it again and upload that.") from error
    return pages


def _check_ends(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(1024)
        file.seek(max(0, path.stat().st_size - 4096))
        tail = file.read()
    if not re.match(rb"%PDF-[12]\.\d", head):
        raise Refused("This file is not a PDF.")
    _, found, rest = tail.rpartition(b"%%EOF")
    if not found:
        raise Refused("This PDF is cut off: its end is missing. Upload it again from where it came.")
    if _MARKUP.search(head) or rest.strip(b"\0 \t\r\n\f"):
        raise Refused("This PDF carries something else besides its pages. Print it to a new PDF and upload that.")


def _refuse_active(reader: pypdf.PdfReader) -> None:
    numbers = {(number, generation) for generation, held in reader.xref.items() for number in held}
    numbers |= {(number, 0) for number in reader.xref_objStm}
    for number, generation in sorted(numbers):
        try:
            found = reader.get_object(IndirectObject(number, generation, reader))
        except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError, RecursionError):
            continue  # An object that cannot be read is none that a viewer would run.
        _look(found, 0)
    _look(reader.trailer, 0)


def _look(value: Any, depth: int) -> None:
    """Looks through one object; what it refers to is an object of its own and looked at by itself."""
    if depth > 60:
        raise Refused("This PDF is nested too deeply. Print it to a new PDF and upload that.")
    if isinstance(value, DictionaryObject):
        action = value.raw_get("/S") if "/S" in value else None
        what = _ACTIVE.get(str(action)) or ("a script" if "/JS" in value or "/JavaScript" in value else None)
        if what:
            raise Refused(f"This PDF carries {what}. Print it to a new PDF, which leaves it out, and upload that.")
        for name in value:
            _look(value.raw_get(name), depth + 1)
    elif isinstance(value, ArrayObject):
        for index in range(len(value)):
            _look(list.__getitem__(value, index), depth + 1)


# ZIP and Office -------------------------------------------------------------------------------------------


def check_zip(path: Path) -> list[str]:
    """The names in an archive that unpacks to what it says and nowhere else. Raises Refused."""
    with path.open("rb") as file:
        if file.read(4) not in (b"PK\x03\x04", b"PK\x05\x06"):
            raise Refused("This is not a ZIP archive.")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_entries(entries, path.stat().st_size)
            if archive.start_dir + _directory_size(entries) > path.stat().st_size:
                raise Refused("This archive is damaged. Pack it again and upload it.")
            whole = sum(entry.file_size for entry in entries)
            if whole <= 500_000_000 and archive.testzip() is not None:
                raise Refused("This archive is damaged: a file in it cannot be unpacked. Pack it again.")
            return [entry.filename for entry in entries]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, RuntimeError) as error:
        if isinstance(error, Refused):
            raise
        raise Refused("This archive is damaged or packed in an unusual way. Pack it as an ordinary ZIP.") from error


def _directory_size(entries: list[zipfile.ZipInfo]) -> int:
    return sum(46 + len(entry.orig_filename.encode("utf-8", "replace")) for entry in entries)


def _check_entries(entries: list[zipfile.ZipInfo], size: int) -> None:
    if not entries:
        raise Refused("This archive is empty.")
    if len(entries) > MOST_ENTRIES:
        raise Refused(f"This archive holds more than {MOST_ENTRIES} files.")
    whole = sum(entry.file_size for entry in entries)
    if whole > MOST_UNPACKED or (whole > 50_000_000 and whole > size * MOST_RATIO):
        raise Refused("This archive unpacks to far more than it should. It is not taken.")
    if min(entry.header_offset for entry in entries) != 0:
        raise Refused("This archive has something else before its beginning. Pack it again and upload it.")
    for entry in entries:
        name = entry.orig_filename
        parts = re.split(r"[/\\]", name)
        if ".." in parts or name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name) or "\0" in name:
            raise Refused("A name in this archive leads out of its folder. It is not taken.")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise Refused("This archive holds a link to another file. Pack the files themselves.")
        if entry.flag_bits & 0x1:
            raise Refused("This archive is protected by a password. Pack it without one.")


def check_office(path: Path) -> tuple[str, str]:
    """Extension and type of a Word, Excel or PowerPoint file without macros. Raises Refused."""
    names = check_zip(path)
    if "[Content_Types].xml" not in names:
        raise Refused("Archives are not taken here. Upload the files themselves, each by its own.")
    if any(name.lower().endswith(("vbaproject.bin", "vbadata.xml")) for name in names):
        raise Refused("This document carries macros. Save it without them (.docx, .xlsx or .pptx) and upload that.")
    for start, found in _OFFICE.items():
        if any(name.startswith(start) for name in names):
            return found
    raise Refused("This kind of Office file is not taken. Save it as .docx, .xlsx or .pptx.")


# Text -----------------------------------------------------------------------------------------------------


def check_text(path: Path, extension: str) -> tuple[str, str]:
    """Extension and type of plain text. Raises Refused."""
    if extension not in (".txt", ".csv", ".md"):
        raise Refused("Text is taken as .txt or .csv. Programs, web pages and scripts are not taken.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            while part := file.read(1 << 20):
                if "\0" in part:
                    raise Refused("This is not a text.")
    except UnicodeDecodeError:
        raise Refused("This text is not in UTF-8. Save it again with the encoding UTF-8.") from None
    return ("csv", "text/csv") if extension == ".csv" else ("txt", "text/plain")

"""Questions out of files into a bank, of a course or an organisation, and out of it into files. The front door."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from collegium.features.question_files.exporting import EXPORTS, export, losses
from collegium.features.question_files.model import Import, ImportLine, Place, Report
from collegium.features.question_files.work import Q, make_questions, read_file
from collegium.kit.db import Transaction
from collegium.kit.errors import NotFound
from collegium.standards.question_csv.writer import template

__all__ = [
    "EXPORTS", "MOST_SENT", "Import", "ImportLine", "Place", "Report", "begin", "begin_package", "cancel", "export",
    "find", "imports", "losses", "make_questions", "read_file", "run", "template",
]  # fmt: skip

PAGE_SIZE = 20
MOST_SENT = 7_000_000
"""Bytes of a file that comes with a form; a larger one is a zip that comes by the media library's uploads."""


async def begin(tx: Transaction, bank: Place, name: str, content: bytes) -> UUID:
    """Has a file read that was sent; answers the import. Raises NotFound, Conflict, Invalid, Problem 413."""
    return await tx.fetchval(Q.begin, bank.course_id, name, content, None, bank.organisation_id)


async def begin_package(tx: Transaction, bank: Place, file_id: UUID) -> UUID:
    """Has a package of the actor's library read; answers the import. Raises NotFound, Conflict."""
    return await tx.fetchval(Q.begin, bank.course_id, "", None, file_id, bank.organisation_id)


async def run(tx: Transaction, import_id: UUID, chosen: list[int]) -> None:
    """Has the questions with these numbers put into the bank. Raises Conflict, Invalid."""
    await tx.execute(Q.run, import_id, chosen)


async def cancel(tx: Transaction, import_id: UUID) -> None:
    """Gives an import up; nothing of it stays. Raises Conflict."""
    await tx.execute(Q.cancel, import_id)


async def find(tx: Transaction, bank: Place, import_id: UUID) -> Import:
    """An import of the actor into a bank; raises NotFound."""
    row = await tx.fetchrow(Q.import_, import_id, bank.course_id, bank.organisation_id)
    if row is None:
        raise NotFound("There is no such import of yours into this bank.", code="no_such_import")
    return msgspec.convert(dict(row), Import)


async def imports(
    tx: Transaction, bank: Place, after: tuple[datetime, UUID] | None = None
) -> tuple[list[ImportLine], bool]:
    """One page of the actor's imports into a bank, the latest first, and whether there are more."""
    rows = await tx.all(
        ImportLine, Q.imports, bank.course_id, bank.organisation_id, *(after or (None, None)), PAGE_SIZE + 1
    )
    return rows[:PAGE_SIZE], len(rows) > PAGE_SIZE

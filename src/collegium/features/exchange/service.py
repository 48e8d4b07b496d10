"""Courses as files: out as a package, in from one, and copied. The feature's front door."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

import msgspec

from collegium.features.exchange.plan import Report
from collegium.features.exchange.reading import Described, Q, Stored, describe
from collegium.features.exchange.work import make_course, plan_of, read_package
from collegium.features.exchange.zipping import Outgoing, package
from collegium.kit.db import Transaction
from collegium.kit.errors import NotFound
from collegium.kit.site import Site

__all__ = [
    "Contents", "Described", "Import", "ImportLine", "Package", "Report", "begin_copy", "begin_import", "cancel_import",
    "contents", "describe", "export", "find_import", "imports", "make_course", "own_packages", "plan_of",
    "read_package", "run_import",
]  # fmt: skip

PAGE_SIZE = 20


class Import(msgspec.Struct, frozen=True):
    """An import as its owner sees it. ``times_before`` is how often the same file was imported before."""

    id: UUID
    kind: str | None
    file_id: UUID | None
    file_name: str
    file_size: int | None
    state: str
    progress: int
    step: str
    report: Report | None
    problem: str | None
    course_id: UUID | None
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    is_stuck: bool
    course_title: str | None
    times_before: int

    @property
    def is_under_way(self) -> bool:
        """Whether a job is at work."""
        return self.state in ("reading", "importing")


class ImportLine(msgspec.Struct, frozen=True):
    """An import in the list."""

    id: UUID
    kind: str | None
    file_name: str
    state: str
    progress: int
    title: str | None
    course_id: UUID | None
    course_title: str | None
    created_at: datetime


class Package(msgspec.Struct, frozen=True):
    """A package in one's media library."""

    id: UUID
    filename: str
    byte_size: int
    created_at: datetime


class Contents(msgspec.Struct, frozen=True):
    """What a package of a course holds, in numbers."""

    modules: int
    lessons: int
    types: list[tuple[str, int]]
    files: int
    bytes: int


def contents(found: Described) -> Contents:
    """What the package of a course holds."""
    lessons = list(found.document.lessons())
    return Contents(
        modules=len(found.document.modules),
        lessons=len(lessons),
        types=Counter(lesson.type for lesson in lessons).most_common(),
        files=len(found.files),
        bytes=found.bytes,
    )


def export(site: Site, found: Described) -> AsyncIterator[bytes]:
    """The package of a course, piece by piece. Raises Changed or Missing when a file is not what the database says."""

    def outgoing(file: Stored) -> Outgoing:
        return Outgoing(
            id=file.id,
            filename=file.filename,
            ending=file.ending,
            bytes=file.bytes,
            sha256=file.sha256,
            open=lambda: site.storage.stream(file.key),
        )

    return package(found.document, [outgoing(file) for file in found.files])


async def begin_import(tx: Transaction, file_id: UUID) -> UUID:
    """Has a package of the actor's library read; answers the import. Raises Forbidden, NotFound, Conflict."""
    return await tx.fetchval(Q.begin_import, file_id)


async def begin_copy(tx: Transaction, course_id: UUID, title: str) -> UUID:
    """Has a course copied that the actor teaches; answers the import. Raises Forbidden, NotFound, Conflict, Invalid."""
    return await tx.fetchval(Q.begin_copy, course_id, title)


async def run_import(tx: Transaction, import_id: UUID) -> None:
    """Has a package imported that was read. Raises Conflict."""
    await tx.execute(Q.run_import, import_id)


async def cancel_import(tx: Transaction, import_id: UUID) -> None:
    """Gives an import up; nothing of it stays. Raises Conflict."""
    await tx.execute(Q.cancel_import, import_id)


async def find_import(tx: Transaction, import_id: UUID) -> Import:
    """An import of the actor; raises NotFound."""
    row = await tx.fetchrow(Q.import_, import_id)
    if row is None:
        raise NotFound("There is no such import of yours.", code="no_such_import")
    return msgspec.convert(dict(row), Import)


async def imports(tx: Transaction, after: tuple[datetime, UUID] | None = None) -> tuple[list[ImportLine], bool]:
    """One page of the actor's imports, the latest first, and whether there are more."""
    rows = await tx.all(ImportLine, Q.imports, *(after or (None, None)), PAGE_SIZE + 1)
    return rows[:PAGE_SIZE], len(rows) > PAGE_SIZE


async def own_packages(tx: Transaction) -> list[Package]:
    """The latest packages in the actor's media library."""
    return await tx.all(Package, Q.own_packages)

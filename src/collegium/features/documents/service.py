"""Files with a lesson: attachments to download, and documents that are read in the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

import asyncpg
import msgspec

from collegium.features.documents.measure import measure
from collegium.features.documents.model import (
    Attachment,
    Describe,
    Document,
    Read,
    Reading,
    Stored,
    StudioLesson,
    size_words,
)
from collegium.features.documents.naming import disposition, safe_name
from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid, NotFound
from collegium.kit.site import Site
from collegium.kit.viewer import Viewer

__all__ = [
    "GONE",
    "Attachment",
    "Describe",
    "Document",
    "Read",
    "Reading",
    "Stored",
    "StudioLesson",
    "disposition",
    "safe_name",
    "size_words",
]

Q = queries.load("collegium.features.documents")
_RANGE = re.compile(r"\[(\d+),(\d+)\)")
LONGEST_DESCRIPTION = 1000
GONE = "This file is not here, or it is not for you. Open the lesson to see what you may download."


def pages_of(text: str) -> list[tuple[int, int]]:
    """The half-open ranges of pages in an int4multirange's text."""
    return [(int(start), int(end)) for start, end in _RANGE.findall(text)]


# What learners see -------------------------------------------------------------------------------------------------


async def attachments(tx: Transaction, viewer: Viewer | None, lesson: UUID) -> list[Attachment]:
    """The files of a lesson that the reader may download, in their order."""
    return await tx.all(Attachment, Q.attachments if viewer else Q.attachments_for_guest, lesson)


async def document(tx: Transaction, viewer: Viewer | None, lesson: UUID) -> Document | None:
    """A lesson's document as far as it is open to the reader, with his place in it."""
    return await tx.maybe(Document, Q.document if viewer else Q.document_for_guest, lesson)


def reader_config(found: Document, *, tracked: bool) -> str:
    """What the reader's island needs, as JSON. ``tracked``: the place and the pages seen are kept."""
    config = {
        "lessonId": str(found.lesson_id),
        "url": f"/documents/{found.lesson_id}/{found.version}",
        "bytes": found.file_size_bytes,
        "pages": found.page_count,
        "sizes": found.page_sizes,
        "page": found.page,
        "offset": found.offset,
        "seen": pages_of(found.seen),
        "openUrl": f"/api/v1/documents/{found.lesson_id}/open",
        "readingUrl": f"/api/v1/documents/{found.lesson_id}/reading",
        "tracked": tracked,
    }
    return msgspec.json.encode(config).decode()


async def attached_file(tx: Transaction, viewer: Viewer | None, attachment: UUID, *, count: bool) -> Stored:
    """Where an attachment lies. ``count`` counts a download, which needs a transaction that may write.

    Raises NotFound for whoever may not have it.
    """
    found = await tx.maybe(Stored, Q.attached_file if viewer else Q.attached_file_for_guest, attachment)
    if found is None:
        raise NotFound(GONE)
    if count:
        await tx.execute(Q.note_download if viewer else Q.note_download_of_guest, attachment)
    return found


async def read_of_enrollment(tx: Transaction, enrollment: UUID) -> dict[UUID, Read]:
    """How far a learner is in each document of his course, by lesson."""
    return {row.lesson_id: row for row in await tx.all(Read, Q.read_of_enrollment, enrollment)}


async def open_document(tx: Transaction, lesson: UUID) -> dict[str, object]:
    """Notes that the reader opened a document; answers page, offset, pages, seen and seen_count.

    Raises the database's refusals: ``not_enrolled`` and ``locked`` (403), ``no_such_document`` (404).
    """
    return await tx.fetchval(Q.open_document, lesson)


async def note_reading(tx: Transaction, lesson: UUID, reading: Reading) -> dict[str, object]:
    """Keeps the reader's place and the pages he has seen; answers counted, retry_after (seconds), seen_count and pages.

    Raises ``not_opened`` (409), ``too_many_pages`` (422), and those of open_document().
    """
    if not 0 <= reading.offset <= 1 or not all(0 < page <= 5000 for page in (reading.page, *reading.seen)):
        raise Invalid("A page counts from 1 and an offset lies between 0 and 1.", code="bad_page")
    return await tx.fetchval(Q.note_reading, lesson, reading.page, reading.offset, reading.seen)


# What instructors do -----------------------------------------------------------------------------------------------


async def studio_lesson(tx: Transaction, course: UUID, lesson: UUID) -> StudioLesson:
    """A lesson of a course that the person who asks teaches; raises NotFound."""
    return await tx.one(StudioLesson, Q.studio_lesson, lesson, course)


async def attachment(tx: Transaction, lesson: UUID, attachment: UUID) -> Attachment:
    """One attachment, also one that was removed; raises NotFound."""
    return await tx.one(Attachment, Q.attachment, attachment, lesson)


async def attach_file(
    tx: Transaction,
    lesson_id: UUID,
    file_id: UUID,
    *,
    description: str | None = None,
    requires_enrollment: bool = True,
) -> UUID:
    """Puts a file of the library with a lesson, after those that are there; answers the attachment.

    Raises the refusals ``no_such_lesson``, ``no_such_file`` (404), ``file_not_ready``, ``too_many_attachments`` (409).
    """
    text = _description(description or "")
    return await tx.fetchval(Q.attach_file, lesson_id, file_id, text, requires_enrollment)


def _description(text: str) -> str | None:
    cleaned = " ".join(text.split())
    if len(cleaned) > LONGEST_DESCRIPTION:
        raise Invalid(
            f"A description has at most {LONGEST_DESCRIPTION} characters; this one has {len(cleaned)}.",
            fields={"description": "Make it shorter."},
        )
    return cleaned or None


async def describe(tx: Transaction, lesson: UUID, attachment: UUID, said: Describe) -> str:
    """Changes an attachment's description and who may have it; answers its name. Raises NotFound or Invalid."""
    text = _description(said.description)
    name = await tx.fetchval(Q.describe_attachment, attachment, lesson, text, said.requires_enrollment)
    return _found(name)


async def reorder(tx: Transaction, lesson: UUID, order: Sequence[UUID]) -> None:
    """Puts the attachments of a lesson into this order; what it does not name keeps its number."""
    await tx.execute(Q.order_attachments, lesson, list(order))


async def move(tx: Transaction, lesson: UUID, attachment: UUID, by: int) -> None:
    """Moves an attachment up (-1) or down (1) among those of its lesson. At the end it stays."""
    order = [row.id for row in await tx.all(Attachment, Q.attachments, lesson)]
    if attachment not in order:
        raise NotFound(GONE)
    at = order.index(attachment)
    order.insert(min(max(at + by, 0), len(order) - 1), order.pop(at))
    await reorder(tx, lesson, order)


async def remove(tx: Transaction, lesson: UUID, attachment: UUID) -> str:
    """Puts an attachment away for a day, then it is forgotten; answers its name. Raises NotFound."""
    return _found(await tx.fetchval(Q.remove_attachment, attachment, lesson))


async def restore(tx: Transaction, lesson: UUID, attachment: UUID) -> str:
    """Brings back an attachment that was put away; answers its name. Raises NotFound."""
    return _found(await tx.fetchval(Q.restore_attachment, attachment, lesson))


def _found(name: str | None) -> str:
    if name is None:
        raise NotFound("This file is not with the lesson any more.")
    return name


async def place_document(site: Site, tx: Transaction, lesson_id: UUID, file_id: UUID) -> int:
    """Makes a PDF of the library the document of a lesson of type pdf; answers its pages, which are counted here.

    Raises Invalid when it cannot be read in the page, and the refusals of public.place_document.
    """
    file = await tx.maybe(Stored, Q.library_file, file_id)
    if file is None:
        raise NotFound("This file is not in your media library, or it has not been checked yet.")
    if file.mime_type != "application/pdf":
        raise Invalid("This file is not a PDF. Choose a PDF, or attach the file to the lesson.", code="not_a_pdf")
    measured = await measure(site.storage, file.key)
    try:
        await tx.execute(Q.place_document, lesson_id, file_id, measured.pages, measured.sizes)
    except asyncpg.CheckViolationError:
        raise Invalid("The pages of this PDF have too many different sizes. Attach it as a file.") from None
    return measured.pages


async def allow_download(tx: Transaction, lesson: UUID, *, allowed: bool) -> None:
    """Says whether readers of a lesson's document are offered the file; raises NotFound."""
    if await tx.fetchval(Q.allow_download, lesson, allowed) is None:
        raise NotFound("This lesson has no document.")


async def remove_document(tx: Transaction, lesson: UUID) -> str:
    """Takes the document out of a lesson; the file stays in the library. Answers its name; raises NotFound."""
    return _found(await tx.fetchval(Q.remove_document, lesson))


async def readers(tx: Transaction, lesson: UUID) -> tuple[int, int]:
    """How many have opened a lesson's document, and how many have seen all of its pages."""
    row = await tx.fetchrow(Q.readers, lesson)
    return (row["opened"], row["seen_whole"]) if row else (0, 0)

"""What stands with a lesson: attachments, a document that is read in the page, and how far somebody is in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


def size_words(size: int | None) -> str:
    """A size in bytes as people say it: ``512 bytes``, ``34 kB``, ``1.2 MB``."""
    if size is None:
        return ""
    if size < 1000:
        return f"{size} byte{'' if size == 1 else 's'}"
    value = float(size)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.5 or unit == "GB":
            return f"{value:.1f} {unit}".replace(".0 ", " ") if value < 9.95 else f"{value:,.0f} {unit}"
    return ""


KINDS = {
    "application/pdf": "PDF",
    "application/zip": "Archive",
    "application/msword": "Word",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
    "application/vnd.ms-excel": "Excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
    "application/vnd.ms-powerpoint": "PowerPoint",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint",
    "text/csv": "CSV",
    "text/plain": "Text",
}
GROUPS = {"image": ("Picture", "image"), "audio": ("Sound", "file-audio"), "video": ("Film", "file-video"),
          "text": ("Text", "file-text")}  # fmt: skip
ICONS = {"PDF": "file-text", "Archive": "file-archive", "Word": "file-text", "Excel": "file-spreadsheet",
         "CSV": "file-spreadsheet", "PowerPoint": "presentation", "Text": "file-text"}  # fmt: skip


class Attachment(msgspec.Struct, frozen=True):
    """A file to download with a lesson."""

    id: UUID
    file_name: str
    file_type: str
    file_size_bytes: int | None
    description: str | None
    requires_enrollment: bool
    download_count: int
    removed_at: datetime | None

    @property
    def size(self) -> str:
        """Its size in words."""
        return size_words(self.file_size_bytes)

    @property
    def kind(self) -> str:
        """What it is, in a word."""
        return KINDS.get(self.file_type) or GROUPS.get(self.file_type.partition("/")[0], ("File", "file"))[0]

    @property
    def icon(self) -> str:
        """The name of its picture."""
        return ICONS.get(self.kind) or GROUPS.get(self.file_type.partition("/")[0], ("File", "file"))[1]


class Stored(msgspec.Struct, frozen=True):
    """A file that the database lets somebody fetch: where it lies and what it is called."""

    key: str
    name: str
    mime_type: str


class Document(msgspec.Struct, frozen=True):
    """A lesson's document with the reader's own place in it. Pages count from 1; ``page_sizes`` are in points."""

    id: UUID
    lesson_id: UUID
    file_key: str
    file_name: str
    file_size_bytes: int
    page_count: int
    page_sizes: list[tuple[int, float, float]]
    allow_download: bool
    version: str
    page: int
    offset: float
    seen: str
    seen_count: int

    @property
    def size(self) -> str:
        """Its size in words."""
        return size_words(self.file_size_bytes)


class StudioLesson(msgspec.Struct, frozen=True):
    """A lesson of a course that somebody teaches."""

    id: UUID
    course_id: UUID
    title: str
    lesson_type: str
    course_title: str
    course_slug: str
    course_status: str

    @property
    def studio_course(self) -> dict[str, Any]:
        """What the studio's layout needs of the course."""
        return {"id": self.course_id, "title": self.course_title, "slug": self.course_slug,
                "status": self.course_status}  # fmt: skip


class Describe(msgspec.Struct, frozen=True):
    """What an instructor says of an attachment."""

    description: str
    requires_enrollment: bool


class Reading(msgspec.Struct, frozen=True):
    """A report of the reader's page: the page at the upper edge, how far down it is, and pages that were in view."""

    page: int
    offset: float = 0.0
    seen: list[int] = []


class Read(msgspec.Struct, frozen=True):
    """How far somebody is in the documents of a course: pages seen and pages there are, of one lesson."""

    lesson_id: UUID
    seen_count: int
    page_count: int

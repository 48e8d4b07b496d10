"""What uploads talk about: purposes with their limits, files of the library, and uploads under way."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from collegium.kit.errors import Problem

Kind = Literal["image", "video", "audio", "document", "captions", "archive"]
MB, GB = 1000 * 1000, 1000 * 1000 * 1000
LARGEST = 5 * GB


class Purpose(msgspec.Struct, frozen=True):
    """What a file is uploaded for: which kinds may come, how large (bytes), and what it is called in a sentence."""

    kinds: frozenset[Kind]
    most: int
    words: str
    guess: Kind
    """The kind that is shown until the content was looked at."""
    accepts: str
    """Which files are taken, in words."""


PURPOSES: dict[str, Purpose] = {
    "lesson_image": Purpose(frozenset({"image"}), 25 * MB, "A picture", "image", "PNG, JPEG, GIF, WebP or AVIF"),
    "thumbnail": Purpose(frozenset({"image"}), 25 * MB, "A course's picture", "image", "PNG, JPEG, GIF, WebP or AVIF"),
    "lesson_video": Purpose(frozenset({"video"}), LARGEST, "A video", "video", "MP4, MOV, WebM, MKV, AVI, WMV or MPEG"),
    "collection": Purpose(frozenset({"video"}), LARGEST, "A video", "video", "MP4, MOV, WebM, MKV, AVI, WMV or MPEG"),
    "attachment": Purpose(
        frozenset({"document", "image", "audio", "video"}),
        500 * MB,
        "An attachment",
        "document",
        "PDF, Word, Excel, PowerPoint, text, pictures, sound or video",
    ),
    "lesson_pdf": Purpose(frozenset({"document"}), 200 * MB, "A PDF", "document", "PDF"),
    "captions": Purpose(frozenset({"captions"}), 5 * MB, "A file of captions", "captions", "WebVTT or SubRip (.srt)"),
    "package": Purpose(frozenset({"archive"}), 2 * GB, "A package", "archive", "ZIP"),
    "submission": Purpose(
        frozenset({"document", "image", "audio", "video", "archive"}),
        2048 * 1048576,
        "A file to hand in",
        "document",
        "PDF, Word, Excel, PowerPoint, text, pictures, sound, video or ZIP",
    ),
}  # fmt: skip


class Refused(Problem):
    """The content of a file is not accepted; the words are for the person who sent it."""

    status, title, code = 422, "This file cannot be taken", "refused_file"


class MediaFile(msgspec.Struct, frozen=True):
    """A file of the library, for those who put it somewhere."""

    id: UUID
    owner_id: UUID | None
    course_id: UUID | None
    filename: str
    kind: str
    mime_type: str
    byte_size: int
    storage_key: str
    state: str


class Stored(msgspec.Struct, frozen=True):
    """What the person who asks may fetch: a file that is ready."""

    id: UUID
    filename: str
    kind: str
    mime_type: str
    byte_size: int
    sha256: str
    storage_key: str
    thumbnail_key: str | None


class Upload(msgspec.Struct, frozen=True):
    """An upload as its owner sees it. `received` is what is safely on disk; `expired` is by the database's clock."""

    file_id: UUID
    length: int
    received: int
    expires_at: datetime
    expired: bool
    state: str
    refusal: str | None
    purpose: str
    filename: str


class Result(msgspec.Struct, frozen=True):
    """What became of an upload, as the client is told."""

    id: UUID
    url: str
    filename: str
    kind: str
    mime: str
    bytes: int
    state: str
    refusal: str | None


class Usage(msgspec.Struct, frozen=True):
    """Bytes that count against a quota, and the quota; None where there is none."""

    used: int
    most: int | None

    @property
    def share(self) -> float:
        """How full it is, 0 to 1."""
        return min(1.0, self.used / self.most) if self.most else 0.0


class Begin(msgspec.Struct, frozen=True):
    """A wish to upload: name, bytes, purpose and, for material of a course, the course; for work, its assignment."""

    filename: str
    length: int
    purpose: str
    course_id: UUID | None = None
    assignment_id: UUID | None = None

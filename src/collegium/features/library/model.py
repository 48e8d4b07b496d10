"""Collections as their owner and their visitors see them. Instants are aware, sizes bytes, lengths whole seconds."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

KINDS: tuple[tuple[str, str], ...] = (
    ("Linear Flow", "One after the other: the next video begins by itself"),
    ("Free Choice", "One at a time: playing stops after each video"),
)


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The last collection of a page; the next page begins after it."""

    created_at: datetime
    id: UUID


class Summary(msgspec.Struct, frozen=True):
    """A collection in the list of one's own."""

    id: UUID
    name: str
    session_type: str
    created_at: datetime
    updated_at: datetime
    parts: int
    videos: int
    bytes: int
    is_shared: bool


class Shelf(msgspec.Struct, frozen=True):
    """One page of collections, and where the next begins."""

    collections: list[Summary]
    next: Cursor | None


class Clip(msgspec.Struct, frozen=True):
    """A video of a part. ``address`` is set for one that lies elsewhere and is only linked to."""

    id: UUID
    file_name: str
    file_size: int
    mime_type: str
    duration: int | None
    address: str | None

    @property
    def title(self) -> str:
        """The name without its extension."""
        stem, dot, ending = self.file_name.rpartition(".")
        return stem if dot and stem and 1 <= len(ending) <= 5 and ending.isalnum() else self.file_name


class Part(msgspec.Struct, frozen=True):
    """A part of a collection with its videos in order."""

    id: UUID
    name: str
    videos: list[Clip]


class Share(msgspec.Struct, frozen=True):
    """The link by which others may look, and when it runs out (None: never)."""

    id: UUID
    session_id: UUID
    expires_at: datetime | None
    created_at: datetime

    def is_over(self, now: datetime) -> bool:
        """Whether the link has run out."""
        return self.expires_at is not None and self.expires_at <= now


class Collection(msgspec.Struct, frozen=True):
    """One's own collection, whole."""

    id: UUID
    name: str
    session_type: str
    created_at: datetime
    parts: list[Part]
    share: Share | None = None

    @property
    def clips(self) -> list[Clip]:
        """Every video in the order in which they are played."""
        return [clip for part in self.parts for clip in part.videos]

    @property
    def plays_on(self) -> bool:
        """Whether the next video begins by itself."""
        return self.session_type == "Linear Flow"


class SharedPart(msgspec.Struct, frozen=True):
    """A part as a visitor sees it."""

    name: str
    videos: list[Clip]


class Shared(msgspec.Struct, frozen=True):
    """A collection as whoever holds its link sees it: nothing that its owner did not put into it but a first name."""

    name: str
    session_type: str
    shared_by: str
    expires_at: datetime | None
    parts: list[SharedPart]

    @property
    def clips(self) -> list[Clip]:
        """Every video in the order in which they are played."""
        return [clip for part in self.parts for clip in part.videos]

    @property
    def plays_on(self) -> bool:
        """Whether the next video begins by itself."""
        return self.session_type == "Linear Flow"


class PartOrder(msgspec.Struct, frozen=True):
    """A part and its videos, as they should stand."""

    module: UUID
    videos: list[UUID]

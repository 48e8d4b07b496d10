"""Notices to one person. Instants are aware."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of notices ended."""

    created_at: datetime
    id: UUID


class Notice(msgspec.Struct, frozen=True):
    """What the site tells a person. ``link`` is a path of the site; ``read_at`` None: it is new."""

    id: UUID
    kind: str
    title: str
    body: str
    link: str | None
    created_at: datetime
    read_at: datetime | None


class Notices(msgspec.Struct, frozen=True):
    """One page of notices, and where the next begins."""

    notices: list[Notice]
    next: Place | None

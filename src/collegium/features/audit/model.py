"""What the audit feature shows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from collegium.features.audit.chain import Finding


class Root(msgspec.Struct, frozen=True):
    """Where the chain stood when a day had ended, with the site's signature."""

    day: date
    position: int
    rows: int
    hash: bytes
    signed_at: datetime
    key_id: str
    signature: bytes
    exported_key: str | None


class Head(msgspec.Struct, frozen=True):
    """The end of the chain, and what is not in it yet."""

    position: int
    hash: bytes
    unsealed: int
    oldest_unsealed: datetime | None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a check of the log found."""

    rows: int
    first: int
    last: int
    hash: str
    roots: int
    sealed_now: int
    unsealed: int
    findings: list[Finding]
    cut_short: bool = False

    @property
    def good(self) -> bool:
        return not self.findings


class Filters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which rows of the log are asked for."""

    table: str | None = None
    record: str | None = None
    person: UUID | None = None
    actor: UUID | None = None
    day: date | None = None


class Line(msgspec.Struct, frozen=True):
    """A change in the list."""

    id: int
    at: datetime
    actor: UUID | None
    actor_name: str | None
    actor_role: str
    table_name: str
    record_id: str
    operation: str
    subject: UUID | None
    subject_name: str | None
    changed: list[str] | None
    position: int | None


class Entry(Line, frozen=True):
    """A change with everything that is known of it."""

    txid: int
    request_id: str | None
    personal: list[str] | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    hash: bytes | None
    personal_before: dict[str, Any] | None
    personal_after: dict[str, Any] | None
    has_personal: bool


class Page(msgspec.Struct, frozen=True):
    """Some of the log, newest first, and from where its neighbours go on."""

    lines: list[Line]
    newer_than: int | None
    older_than: int | None

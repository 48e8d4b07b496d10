"""What the operations feature shows."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

MailState = Literal["waiting", "sent", "failed"]


class MailLine(msgspec.Struct, frozen=True):
    """A message in the list of the outbox."""

    id: UUID
    created_at: datetime
    recipient: str
    kind: str
    subject: str
    state: MailState
    sent_at: datetime | None
    attempts: int
    last_error: str | None


class MailMessage(MailLine, frozen=True):
    """A message with its text, which is gone once it was sent."""

    text_body: str | None
    failed_at: datetime | None


class MailPage(msgspec.Struct, frozen=True):
    """Some of the outbox, newest first, and from where its neighbours go on."""

    lines: list[MailLine]
    newer_than: UUID | None
    """There are newer ones than this."""
    older_than: UUID | None
    """There are older ones than this."""


class MailCounts(msgspec.Struct, frozen=True):
    """How many messages have not gone out."""

    waiting: int
    failed: int


class Run(msgspec.Struct, frozen=True):
    """One run of a maintenance job; without an end it runs."""

    id: UUID
    job: str
    started_at: datetime
    finished_at: datetime | None
    result: Literal["ok", "failed", "drift"] | None
    words: str
    figures: dict[str, Any]
    requested_by: str | None

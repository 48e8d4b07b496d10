"""Certificates as they are shown."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec


class Certificate(msgspec.Struct, frozen=True):
    """One of the reader's own certificates."""

    id: UUID
    number: str
    holder_name: str
    course_title: str
    ce_credits: Decimal
    completed_at: datetime
    issued_at: datetime
    revoked_at: datetime | None
    has_document: bool
    pdf_error: str | None
    category: str
    slug: str
    version_number: int | None


class Verified(msgspec.Struct, frozen=True):
    """What anybody may know of one certificate."""

    status: Literal["valid", "revoked", "unknown"]
    valid: bool
    message: str | None = None
    certificate_number: str | None = None
    member_name: str | None = None
    course_title: str | None = None
    completion_date: datetime | None = None
    issued_at: datetime | None = None
    ce_credits: Decimal | None = None
    revoked_at: datetime | None = None


class ForDocument(msgspec.Struct, frozen=True):
    """What the document of a certificate is made from."""

    id: UUID
    number: str
    holder_name: str
    course_title: str
    ce_credits: Decimal
    completed_at: datetime
    issued_at: datetime
    pdf_key: str | None
    locale: str
    time_zone: str
    instructor_name: str | None

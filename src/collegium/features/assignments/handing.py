"""Handing in: what a learner has before him, what he keeps meanwhile, and how far he is.

Time, deadline, deduction and who may are the database's; here what was sent gets its shape.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from collegium.features.assignments.model import TABS, Card, Standing
from collegium.features.assignments.words import late_words, policy_words, takes_words
from collegium.features.authoring import service as authoring
from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.errors import Conflict, Invalid, NotFound

Q = queries.load("collegium.features.assignments")
_BLOCK = re.compile(r"\s*<(?:p|h[2-4]|ul|ol|blockquote|pre)[\s>]", re.IGNORECASE)
_MEDIA = re.compile(r"<img\b[^>]*>|</?(?:audio|video|figure|figcaption)\b[^>]*>")
NOT_READY = "A file is still on its way or being checked, or it was removed. Wait a moment, then hand in."


class Work(msgspec.Struct, frozen=True):
    """What is handed in. ``html`` is the text as rich text, and then ``text`` is made of it; ``files`` are uploads of
    the person; ``number`` which submission he means it to be."""

    text: str | None = None
    html: str | None = None
    url: str | None = None
    files: list[UUID] = []
    number: int | None = None


class Receipt(msgspec.Struct, frozen=True):
    """What a submission got: its id and number."""

    id: UUID
    number: int


class OwnFile(msgspec.Struct, frozen=True):
    """A file of a submission, without where it lies."""

    name: str
    bytes: int


class OwnSubmission(msgspec.Struct, frozen=True):
    """A submission as its learner reads it; ``late`` says the deduction in words, empty for none."""

    id: UUID
    number: int
    submitted_at: datetime
    status: str
    text: str | None
    html: str | None
    url: str | None
    files: list[OwnFile]
    deadline: datetime | None
    late: str
    penalty: Decimal
    points: Decimal | None
    max_points: Decimal
    score: Decimal | None
    final_score: Decimal | None


async def card(tx: Transaction, assignment_id: UUID) -> Card:
    """An assignment as the actor has it before him. Raises the refusal ``no_such_assignment`` (404)."""
    return msgspec.convert(await tx.fetchval(Q.card, assignment_id), Card, strict=False)


async def cards_of_lesson(tx: Transaction, lesson_id: UUID) -> list[Card]:
    """The cards of a lesson's assignments, for somebody who may open the lesson."""
    return [await card(tx, row["id"]) for row in await tx.fetch(Q.assignments_of_lesson, lesson_id)]


def shown(one: Card) -> dict[str, Any]:
    """What the card's template takes: the card, and the words of lateness and files, which are made in one place."""
    return {
        "card": one,
        "now_words": late_words(one.penalty_days, one.penalty_per_day, one.penalty, one.penalty_from),
        "policy": policy_words(one.late_submission_allowed, one.late_penalty_percentage),
        "takes": takes_words(one.allowed_file_types, one.max_file_size_mb),
        "lines": [
            (line, late_words(line.penalty_days, line.penalty_per_day, line.penalty, line.penalty_from))
            for line in one.submissions
        ],
        # The page of one's own submission is another feature's; its tab tells whether that is here.
        "written": written,
        "linked": any(tab.suffix == "/submissions" for tab in TABS),
    }


async def standings(tx: Transaction, enrollment_id: UUID) -> list[Standing]:
    """How far an enrollment is in each published assignment of its course."""
    return await tx.all(Standing, Q.standings, enrollment_id)


async def save_draft(tx: Transaction, assignment_id: UUID, text: str, url: str, revision: int | None = None) -> int:
    """Keeps what the actor is writing; answers its revision.

    Raises the refusals ``newer_draft`` (409) when another revision is saved by now, ``too_long``, ``not_enrolled``.
    """
    return await tx.fetchval(Q.save_draft, assignment_id, text, url, revision)


class Written(msgspec.Struct, frozen=True):
    """A text that is being written: its words, and its HTML where it was written in the editor."""

    text: str = ""
    html: str = ""


def clean_work(html: str) -> str:
    """A learner's text, safe to show: the list of lesson text without pictures, sound and films, which are files of
    others here; empty when it holds no word."""
    cleaned = _MEDIA.sub("", authoring.clean_html(html)).strip()
    return cleaned if authoring.plain_text(cleaned).strip() else ""


def written(kept: str) -> Written:
    """What was kept of a text, which is words or HTML; HTML begins with a block, as the editor writes it."""
    if not _BLOCK.match(kept):
        return Written(kept)
    html = clean_work(kept)
    return Written(authoring.plain_text(html), html)


async def hand_in(tx: Transaction, assignment_id: UUID, work: Work) -> Receipt:
    """Hands work in. Raises Invalid for files that are not ready, and the refusals of the database in words."""
    files = await _files(tx, assignment_id, work.files)
    html = clean_work(work.html or "")
    text = authoring.plain_text(html) if html else work.text if work.text and work.text.strip() else None
    url = work.url.strip() if work.url and work.url.strip() else None
    return await tx.one(Receipt, Q.submit, assignment_id, text, html or None, url, files, work.number)


async def _files(tx: Transaction, assignment_id: UUID, chosen: Sequence[UUID]) -> list[dict[str, Any]]:
    rows = {row["id"]: row for row in await tx.fetch(Q.own_files, assignment_id, list(chosen))}
    if any(one not in rows for one in chosen):
        raise Invalid(NOT_READY, code="file_not_ready")
    return [
        {"file_name": row["filename"], "file_key": row["storage_key"], "file_size": row["byte_size"]}
        for row in (rows[one] for one in dict.fromkeys(chosen))
    ]


async def remove_file(tx: Transaction, assignment_id: UUID, file_id: UUID) -> None:
    """Takes back a file of the actor that was not handed in. Raises NotFound, Conflict for one that was."""
    try:
        found = await tx.fetchval(Q.remove_file, assignment_id, file_id)
    except Conflict:
        raise Conflict("This file was handed in, so it stays.", code="file_in_use") from None
    if found is None:
        raise NotFound("This file is not there any more.", code="no_such_file")


async def own_submissions(tx: Transaction, assignment_id: UUID) -> list[OwnSubmission]:
    """What the actor handed in for an assignment, the last first."""
    return [
        OwnSubmission(
            id=row["id"],
            number=row["submission_number"],
            submitted_at=row["submitted_at"],
            status=row["status"],
            text=row["submission_text"],
            html=row["submission_html"],
            url=row["submission_url"],
            files=[OwnFile(one["file_name"], int(one["file_size"])) for one in row["file_attachments"]],
            deadline=row["penalty_due"] or row["due_date"],
            late=late_words(
                row["penalty_days"], row["penalty_per_day"], row["late_penalty_applied"], row["penalty_from"]
            ),
            penalty=row["late_penalty_applied"],
            points=row["points_earned"],
            max_points=row["max_points"],
            score=row["score"],
            final_score=row["final_score"],
        )
        for row in await tx.fetch(Q.own_submissions, assignment_id)
    ]

"""Writing lessons: what a text may hold, saving without losing anything, who is at work. The feature's front door."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from collegium.features.authoring.blocks import file_address, lines, tidy, youtube_id
from collegium.features.authoring.clean import clean_html, plain_text, shown_html
from collegium.features.authoring.history import Line, difference
from collegium.features.authoring.links import ELSEWHERE, checked_address, embed_hosts, host_of
from collegium.features.authoring.model import Block, Editor, LessonContent, Revision, RevisionText, SaveContent
from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.errors import NotFound

__all__ = [
    "ELSEWHERE",
    "Block",
    "Editor",
    "LessonContent",
    "Line",
    "Revision",
    "RevisionText",
    "SaveContent",
    "Saved",
    "clean_html",
    "difference",
    "embed_hosts",
    "file_address",
    "host_of",
    "lines",
    "plain_text",
    "shown_html",
    "youtube_id",
]

Q = queries.load("collegium.features.authoring")
PAGE = 40


async def lesson_content(tx: Transaction, course_id: UUID, lesson_id: UUID) -> LessonContent:
    """A lesson of a course that the actor teaches; raises NotFound for anybody else's."""
    found = await tx.maybe(LessonContent, Q.lesson_content, lesson_id, course_id)
    if found is None:
        raise NotFound("There is no such lesson in a course that you teach.")
    return found


async def blocks(tx: Transaction, lesson_id: UUID) -> list[Block]:
    """The parts of a lesson in their order."""
    return await tx.all(Block, Q.blocks, lesson_id)


class Saved(msgspec.Struct, frozen=True):
    """A state that was saved: its number, and the parts that are kept in another form than they came in."""

    revision: int
    changed: list[dict[str, Any]]


async def save(
    tx: Transaction, lesson_id: UUID, command: SaveContent, *, reason: str = "saved", before: Sequence[Block] = ()
) -> Saved:
    """Saves all parts of a lesson; parts ``before`` (else those that are stored) may stay as they were.

    Raises Invalid (a part is not whole), NotFound, and Conflict with the code ``edited_meanwhile`` when somebody else
    has saved since ``base``: then what was to be saved belongs to ``keep_conflict``, in a transaction of its own.
    """
    kept = tidy(command.blocks, before or await blocks(tx, lesson_id))
    number: int = await tx.fetchval(Q.save, lesson_id, command.base, kept, command.editor, reason)
    changed = [
        {"id": now["id"], "content": now["content"]}
        for now, sent in zip(kept, command.blocks, strict=True)
        if _without_words(now["content"]) != _without_words(sent.content)
    ]
    return Saved(number, changed)


def _without_words(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != "plain_text"}


async def keep_conflict(tx: Transaction, lesson_id: UUID, command: SaveContent) -> UUID:
    """Keeps in the lesson's history what lost the race, and answers the id of that entry."""
    kept: UUID = await tx.fetchval(
        Q.keep_conflict, lesson_id, command.base, tidy(command.blocks, await blocks(tx, lesson_id))
    )
    return kept


async def note_editing(tx: Transaction, lesson_id: UUID, *, here: bool = True) -> list[Editor]:
    """Says that the actor has the lesson open, or no longer; answers who else has."""
    return await tx.all(Editor, Q.note_editing, lesson_id, here)


async def revisions(tx: Transaction, lesson_id: UUID, before: UUID | None = None) -> tuple[list[Revision], UUID | None]:
    """A page of a lesson's history, the newest first, and where the next page begins."""
    found = await tx.all(Revision, Q.revisions, lesson_id, before, PAGE + 1)
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None


async def revision(tx: Transaction, lesson_id: UUID, revision_id: UUID) -> RevisionText:
    """One state of a lesson with its parts; raises NotFound."""
    row = await tx.fetchrow(Q.revision, revision_id, lesson_id)
    if row is None:
        raise NotFound("This state of the lesson is no longer kept.")
    return msgspec.convert(dict(row), RevisionText)


async def restore(tx: Transaction, lesson_id: UUID, revision_id: UUID, base: int) -> Saved:
    """Makes a lesson be as it was; the state until now stays in the history. Raises as ``save`` does."""
    found = await revision(tx, lesson_id, revision_id)
    return await save(tx, lesson_id, SaveContent(base, found.blocks), reason="restored", before=found.blocks)


async def save_address(tx: Transaction, lesson: LessonContent, address: str, hosts: Sequence[str]) -> str:
    """Keeps where the content of a lesson elsewhere is; raises Invalid in words."""
    text = checked_address(address, lesson.lesson_type, hosts)
    await tx.execute(Q.save_address, lesson.id, lesson.course_id, text)
    return text


def as_json(parts: Sequence[Block]) -> list[dict[str, Any]]:
    """Parts as the editor takes them: cleaned, whoever wrote them."""
    return [
        {
            "id": str(part.id),
            "type": part.type,
            "content": part.content | {"html": clean_html(str(part.content.get("html", "")))}
            if part.type == "rich_text"
            else part.content,
            "metadata": part.metadata,
        }
        for part in parts
    ]

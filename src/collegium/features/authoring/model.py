"""What the editor and the server say to each other."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

BlockType = Literal["rich_text", "image", "video", "file", "youtube"]
MOST_BLOCKS = 300


class Block(msgspec.Struct, frozen=True):
    """A part of a lesson. ``content`` has the shape of its type; the browser chooses the id of a new one."""

    id: UUID
    type: BlockType
    content: dict[str, Any]
    metadata: dict[str, Any] = {}


class SaveContent(msgspec.Struct, frozen=True):
    """All parts of a lesson in their order, made from the state ``base`` by the open page ``editor``."""

    base: Annotated[int, msgspec.Meta(ge=1)]
    blocks: Annotated[list[Block], msgspec.Meta(max_length=MOST_BLOCKS)]
    editor: UUID | None = None


class LessonContent(msgspec.Struct, frozen=True):
    """A lesson as its teacher writes it: the state of its parts, and for a lesson elsewhere its address."""

    id: UUID
    course_id: UUID
    title: str
    lesson_type: str
    module_title: str
    slug: str
    revision: int
    saved_at: datetime | None
    saved_by: str | None
    content_url: str | None


class Editor(msgspec.Struct, frozen=True):
    """Somebody else who has the lesson open."""

    user_id: UUID
    name: str
    seen_at: datetime


class Revision(msgspec.Struct, frozen=True):
    """A state in a lesson's history."""

    id: UUID
    revision: int
    reason: Literal["saved", "conflict", "restored"]
    author: str
    created_at: datetime
    updated_at: datetime
    parts: int


class RevisionText(msgspec.Struct, frozen=True):
    """A state with its parts."""

    id: UUID
    revision: int
    reason: Literal["saved", "conflict", "restored"]
    author: str
    updated_at: datetime
    blocks: list[Block]

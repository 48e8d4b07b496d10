"""A lesson's body as a page shows it: its parts, and for a lesson elsewhere where it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from collegium.features.authoring import service as authoring
from collegium.features.progress.service import Q
from collegium.kit.db import Transaction
from collegium.kit.viewer import Viewer

YOUTUBE = "www.youtube-nocookie.com"


class Block(msgspec.Struct, frozen=True):
    """A piece of a lesson's body. What is shown of it is checked here, whoever wrote it."""

    type: str
    content: dict[str, Any]

    @property
    def html(self) -> str:
        """Rich text without anything that could run or reach outside, whatever was stored."""
        return authoring.shown_html(self.text("html"))

    @property
    def url(self) -> str | None:
        """The address of its file on this site."""
        return authoring.file_address(self.content.get("url"))

    @property
    def youtube(self) -> str | None:
        """The id of its video on YouTube."""
        return authoring.youtube_id(self.text("video_id"))

    @property
    def pixels(self) -> tuple[int, int] | None:
        """Width and height of its picture, when they are known."""
        width, height = self.content.get("width"), self.content.get("height")
        return (width, height) if isinstance(width, int) and isinstance(height, int) else None

    def text(self, name: str) -> str:
        """Words of its content; empty when there are none."""
        value = self.content.get(name)
        return value if isinstance(value, str) else ""

    @property
    def size(self) -> str:
        """The length of its file in words; empty when it is not known."""
        count = self.content.get("file_size")
        if not isinstance(count, int) or count <= 0:
            return ""
        if count < 1_000_000:
            return f"{max(1, round(count / 1000))} KB"
        return f"{count / 1_000_000:.1f} MB" if count < 1_000_000_000 else f"{count / 1_000_000_000:.1f} GB"


class Body(msgspec.Struct, frozen=True):
    """All of it: ``link`` is where a lesson elsewhere is, ``framed`` whether its page may be shown inside this one."""

    blocks: list[Block]
    link: str | None
    framed: bool

    @property
    def host(self) -> str:
        """Whose page a lesson elsewhere is."""
        return authoring.host_of(self.link) if self.link else ""

    @property
    def needs_script(self) -> bool:
        """Whether there are formulas to draw, code to colour or videos to fetch on demand."""
        return any(
            block.type == "youtube" or "data-math" in block.text("html") or "language-" in block.text("html")
            for block in self.blocks
        )

    @property
    def frames(self) -> list[str]:
        """The hosts whose frames its page may show."""
        return [YOUTUBE] * any(block.youtube for block in self.blocks) + [self.host] * self.framed


async def body(tx: Transaction, viewer: Viewer | None, lesson_id: UUID, lesson_type: str, hosts: Sequence[str]) -> Body:
    """A lesson's body as far as it is open to the reader; pages of ``hosts`` may be shown inside it."""
    blocks = await tx.all(Block, Q.blocks if viewer else Q.blocks_for_guest, lesson_id)
    link: str | None = None
    if lesson_type in authoring.ELSEWHERE:
        link = await tx.fetchval(Q.link if viewer else Q.link_for_guest, lesson_id)
    framed = lesson_type == "embedded_content" and link is not None and authoring.host_of(link) in hosts
    return Body(blocks, link, framed)

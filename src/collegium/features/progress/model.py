"""What the player and the server say to each other."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

LONGEST_VIDEO_S = 43_200
Second = Annotated[int, msgspec.Meta(ge=0, le=LONGEST_VIDEO_S)]
Word = Annotated[str, msgspec.Meta(pattern="^[a-z_]{1,32}$")]
Figure = Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]


class OpenPlayback(msgspec.Struct, frozen=True):
    """Asks to open the player on a video."""

    video_id: UUID


class Playback(msgspec.Struct, frozen=True):
    """An open player: what to send heartbeats with, and what has been watched before. Times in whole seconds."""

    playback_id: UUID
    nonce: str
    seq: int
    rate: float
    watched: list[tuple[int, int]]
    watched_seconds: int
    position: int
    goal_seconds: int | None
    duration_seconds: int


class PlayerEvent(msgspec.Struct, frozen=True):
    """Something that the player did: where in the video (seconds), and when by the browser's clock (ms since 1970)."""

    type: Literal["play", "pause", "seek", "ratechange", "complete"]
    at: Annotated[float, msgspec.Meta(ge=0, le=LONGEST_VIDEO_S)]
    t: Annotated[int, msgspec.Meta(ge=0, le=2**53)] | None = None
    data: Annotated[dict[Word, Figure], msgspec.Meta(max_length=8)] = {}


class Heartbeat(msgspec.Struct, frozen=True):
    """What was played since the last acknowledged heartbeat.

    ``intervals`` are half-open, in whole seconds that were played wholly; ``seq`` is one more than the last
    acknowledged number and ``nonce`` the one that came with that acknowledgement.
    """

    playback_id: UUID
    seq: Annotated[int, msgspec.Meta(ge=1, le=2_000_000_000)]
    nonce: Annotated[str, msgspec.Meta(max_length=64)]
    intervals: Annotated[list[tuple[Second, Second]], msgspec.Meta(max_length=500)]
    position: Annotated[float, msgspec.Meta(ge=0, le=LONGEST_VIDEO_S)]
    events: Annotated[list[PlayerEvent], msgspec.Meta(max_length=200)] = []


class Acknowledged(msgspec.Struct, frozen=True, omit_defaults=True):
    """Answer to a heartbeat that was counted, or to the repetition of one that was."""

    nonce: str
    seq: int
    watched: list[tuple[int, int]]
    watched_seconds: int
    goal_seconds: int | None
    completed: bool
    course_completed: bool = False
    certificate_url: str | None = None


class Requirement(msgspec.Struct, frozen=True):
    """One line of "why not complete?": what is asked, whether it is met, and the evidence. ``met_at`` as ISO text."""

    step: int
    requirement: str
    lesson_id: UUID | None
    title: str
    criteria: str
    met: bool
    achieved: int | None
    needed: int | None
    met_at: Any

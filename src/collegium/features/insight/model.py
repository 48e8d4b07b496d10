"""How a video is watched, in buckets of a few seconds, and what that says in words."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

# Of fewer people nothing is shown: what all of them did would be what each of them did.
FEWEST = 5


class Bucket(msgspec.Struct, frozen=True):
    """A stretch of a video. ``viewers``: how many have seen it. ``plays``: how often it was played, by all together.

    ``skips``: how often it was jumped over unseen. ``stops``: how many viewers stand in it. Times in seconds.
    """

    start: int
    end: int
    viewers: float
    plays: float
    skips: float
    stops: int

    @property
    def each(self) -> float:
        """How often each of those who saw it has played it."""
        return self.plays / self.viewers if self.viewers else 0.0


class Stretch(msgspec.Struct, frozen=True):
    """Something that stands out, from ``start`` to ``end`` seconds, with its figure."""

    start: int
    end: int
    figure: float


class Watching(msgspec.Struct, frozen=True):
    """The figures of one video as they are stored; see public.video_watching."""

    lesson_id: UUID
    title: str
    module_title: str
    duration: int
    required: Decimal
    bucket_seconds: int
    viewers: int
    played: list[int]
    seen: list[int]
    stops: list[int]
    skipped: list[int]
    updated_at: datetime | None

    @property
    def enough(self) -> bool:
        """Whether enough people have watched it to show anything."""
        return self.people >= FEWEST

    @property
    def people(self) -> int:
        """How many have watched it."""
        if not self.seen:
            return self.viewers
        # Where a film was replaced, people who saw the one before come back without being new.
        return max(self.viewers, *(-(-seen // self._length(at)) for at, seen in enumerate(self.seen)))

    def _length(self, at: int) -> int:
        return min(self.bucket_seconds, self.duration - at * self.bucket_seconds)

    @property
    def buckets(self) -> list[Bucket]:
        """The stretches of the video in their order."""
        found: list[Bucket] = []
        for at, (played, seen, stops, skipped) in enumerate(
            zip(self.played, self.seen, self.stops, self.skipped, strict=True)
        ):
            length, start = self._length(at), at * self.bucket_seconds
            found.append(Bucket(start, start + length, seen / length, played / length, skipped / length, max(0, stops)))
        return found

    @property
    def average(self) -> float:
        """Share of the video that its viewers have seen on average, 0 to 100."""
        return 100 * sum(self.seen) / (self.people * self.duration) if self.people else 0.0

    @property
    def to_the_end(self) -> float:
        """Share of the viewers who have seen the last stretch, 0 to 100."""
        return 100 * self.buckets[-1].viewers / self.people if self.people and self.seen else 0.0


class Course(msgspec.Struct, frozen=True):
    """A course of the studio."""

    id: UUID
    title: str
    slug: str
    status: str

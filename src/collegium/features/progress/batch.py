"""Heartbeats on their way to the database: those that arrive together are counted by one statement and one commit."""

from __future__ import annotations

from uuid import UUID

import msgspec

from collegium.features.progress.model import PlayerEvent
from collegium.kit import queries
from collegium.kit.db import SYSTEM, Database, Transaction
from collegium.kit.groupcommit import GroupCommit

Q = queries.load("collegium.features.progress")
LARGEST = 500


class Beat(msgspec.Struct):
    """One heartbeat as the database takes it; ``ranges`` is the text of an int4multirange."""

    playback: UUID
    seq: int
    ranges: str
    position: int
    events: list[PlayerEvent]
    fresh: bool


class Outcome(msgspec.Struct, frozen=True):
    """What became of a heartbeat: ``counted``, ``repeated``, or why not."""

    playback_id: UUID
    outcome: str
    seq: int | None
    watched: str | None
    watched_seconds: int | None
    goal_seconds: int | None
    crossed: bool
    retry_after: int | None
    user_id: UUID | None


class Batch:
    """The heartbeats of one process on their way to the database; of each playback one at a time, in their order."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._batch: GroupCommit[Beat, Outcome] = GroupCommit(self._send, lambda beat: beat.playback, largest=LARGEST)

    async def record(self, beat: Beat) -> Outcome:
        """Counts a heartbeat; returns after its commit. Raises what the database raised for this very row."""
        return await self._batch.add(beat)

    async def _send(self, beats: list[Beat]) -> list[Outcome]:
        async with self._db.transaction(SYSTEM) as tx:
            rows = await tx.fetch(
                Q.record_heartbeats,
                [beat.playback for beat in beats],
                [beat.seq for beat in beats],
                [beat.ranges for beat in beats],
                [beat.position for beat in beats],
                [sum(event.type == "pause" for event in beat.events) for beat in beats],
                [sum(event.type == "seek" for event in beat.events) for beat in beats],
                [beat.fresh for beat in beats],
            )
            outcomes = {row["playback_id"]: Outcome(*row) for row in rows}
            await self._send_events(tx, [beat for beat in beats if outcomes[beat.playback].outcome == "counted"])
        return [outcomes[beat.playback] for beat in beats]

    async def _send_events(self, tx: Transaction, beats: list[Beat]) -> None:
        events = [(beat.playback, event) for beat in beats for event in beat.events]
        if not events:
            return
        await tx.execute(
            Q.record_video_events,
            [playback for playback, _ in events],
            [event.type for _, event in events],
            [event.at for _, event in events],
            [event.data if event.t is None else {**event.data, "browser_time": event.t} for _, event in events],
        )

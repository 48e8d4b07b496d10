"""Group commit: heartbeats that arrive while a write is under way go together in the next one.

There is no timer. The first heartbeat is written at once; those that arrive meanwhile form the next batch: one
statement, one commit. Each caller is answered only after the commit that holds its heartbeat.
"""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
import msgspec

from collegium.features.progress.model import PlayerEvent
from collegium.kit import queries
from collegium.kit.db import SYSTEM, Database, Transaction

Q = queries.load("collegium.features.progress")
LARGEST = 500
# With these no row is to blame: the server is away, and to ask it once a row would only keep everybody waiting.
GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    OSError,
)


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
    """The heartbeats of one process on their way to the database."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: list[tuple[Beat, asyncio.Future[Outcome]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def record(self, beat: Beat) -> Outcome:
        """Counts a heartbeat; returns after its commit. Raises what the database raised for this very row."""
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((beat, answer))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        return await answer

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                await self._write(self._next())
        finally:
            self._writing = None
            # A heartbeat may have come between the last look and here.
            if self._waiting:
                self._writing = asyncio.create_task(self._write_all())

    def _next(self) -> list[tuple[Beat, asyncio.Future[Outcome]]]:
        taken: dict[UUID, tuple[Beat, asyncio.Future[Outcome]]] = {}
        left: list[tuple[Beat, asyncio.Future[Outcome]]] = []
        for entry in self._waiting:
            # A statement may change a row once: the second heartbeat of one playback goes with the next batch.
            if len(taken) < LARGEST and entry[0].playback not in taken:
                taken[entry[0].playback] = entry
            else:
                left.append(entry)
        self._waiting = left
        # In one order everywhere, so that two processes never wait for each other.
        return [taken[playback] for playback in sorted(taken)]

    async def _write(self, entries: list[tuple[Beat, asyncio.Future[Outcome]]]) -> None:
        try:
            outcomes = await self._send([beat for beat, _ in entries])
        except Exception as error:
            if len(entries) == 1 or isinstance(error, GONE):
                for _, answer in entries:
                    if not answer.done():
                        answer.set_exception(error)
                return
            # One bad row must hurt nobody else.
            for entry in entries:
                await self._write([entry])
            return
        for beat, answer in entries:
            if not answer.done():
                answer.set_result(outcomes[beat.playback])

    async def _send(self, beats: list[Beat]) -> dict[UUID, Outcome]:
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
        return outcomes

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

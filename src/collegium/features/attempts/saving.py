"""Answers on their way to the database: those that arrive together are committed together."""

from __future__ import annotations

from uuid import UUID

import asyncpg
import msgspec

from collegium.features.attempts.model import SaveAnswer, SavedAnswer
from collegium.kit import queries
from collegium.kit.db import SYSTEM, Database
from collegium.kit.errors import TITLES, Problem
from collegium.kit.groupcommit import GroupCommit
from collegium.kit.viewer import Viewer

Q = queries.load("collegium.features.attempts")
LARGEST = 60
# A batch costs the database as much as eight of its answers: in a crowd it pays to wait for a few more.
GATHER_S = 0.001


class Entry(msgspec.Struct, frozen=True):
    """One answer with who gave it."""

    member: UUID
    session: UUID
    attempt: UUID
    position: int
    given: SaveAnswer

    @property
    def key(self) -> tuple[UUID, int]:
        """What may be written once in a batch; also the order in which rows are locked."""
        return self.attempt, self.position


class Saving:
    """Saves answers for one process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._batch: GroupCommit[Entry, asyncpg.Record] = GroupCommit(
            self._write, lambda entry: entry.key, largest=LARGEST, gather=GATHER_S
        )

    async def save(self, viewer: Viewer, attempt: UUID, position: int, given: SaveAnswer) -> SavedAnswer:
        """Saves an answer; returns after its commit.

        Raises the refusals of ``save_quiz_answer``: ``no_such_attempt``, ``no_such_question`` (404), ``attempt_ended``,
        ``time_is_up`` (409), ``not_enrolled`` (403), ``no_such_answer`` (422).
        """
        row = await self._batch.add(Entry(viewer.id, viewer.session_id, attempt, position, given))
        state: str | None = row["state"]
        if state is None:
            return SavedAnswer(
                row["saved"], position, row["seq"], row["server_time"], row["deadline_at"],
                None if row["saved"] else row["answer"],
            )  # fmt: skip
        if not state.startswith("CG"):
            raise RuntimeError(f"an answer was not saved: {state} {row['words']}")
        status = int(state[2:])
        raise Problem(row["words"], status=status, code=row["code"], title=TITLES.get(status))

    async def _write(self, entries: list[Entry]) -> list[asyncpg.Record]:
        async with self._db.transaction(SYSTEM) as tx:
            return await tx.fetch(
                Q.save_answers,
                [entry.member for entry in entries],
                [entry.session for entry in entries],
                [entry.attempt for entry in entries],
                [entry.position for entry in entries],
                [entry.given.answer for entry in entries],
                [entry.given.seq for entry in entries],
            )

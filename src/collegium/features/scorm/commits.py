"""Commits on their way to the database: those that arrive together are stored by one statement and one transaction."""

from __future__ import annotations

from uuid import UUID

import msgspec

from collegium.features.scorm.model import NO_STATE, Call, Commit, NotSaved, Reason, Saved, Shared
from collegium.kit import queries
from collegium.kit.db import SYSTEM, Database, Transaction
from collegium.kit.groupcommit import GroupCommit

Q = queries.load("collegium.features.scorm")
LARGEST = 100
GATHER_S = 0.003
"""How long a batch that follows a crowded one waits for company: two milliseconds of each batch are its own."""
LARGEST_CALLS = 900_000
"""Bytes of calls that are kept of one commit; the database takes twice that, with its own room for each value."""
_encode = msgspec.json.Encoder().encode
STORED = ("stored", "repeated")
REASONS: dict[str, Reason] = {
    "stale_attempt": "stale",
    "signed_out": "signed_out",
    "not_enrolled": "signed_out",
    "commit_too_large": "full",
    "too_much_data": "full",
}
"""What a refusal of the database means to a player; everything else is ``refused``."""


class Entry(msgspec.Struct):
    """One commit of one player, as the database takes it."""

    registration: UUID
    session: UUID
    commit: Commit


class Commits:
    """The commits of one process; of each registration one at a time, in their order."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._batch: GroupCommit[Entry, Saved | NotSaved] = GroupCommit(
            self._send, lambda entry: entry.registration, largest=LARGEST, gather=GATHER_S
        )

    async def record(self, entry: Entry) -> Saved | NotSaved:
        """Stores a commit; answers after the transaction that holds it. Raises what was raised for this one."""
        return await self._batch.add(entry)

    async def _send(self, entries: list[Entry]) -> list[Saved | NotSaved]:
        given = [entry.commit for entry in entries]
        async with self._db.transaction(SYSTEM) as tx:
            rows = await tx.fetch(
                Q.record_commits,
                [entry.session for entry in entries],
                [commit.seq for commit in given],
                [commit.sco for commit in given],
                [msgspec.Raw(_encode(commit.elements)) for commit in given],
                [commit.terminate for commit in given],
                [_recorded(commit.calls) for commit in given],
                [None if commit.state == NO_STATE else commit.state for commit in given],
                [commit.summary for commit in given],
            )
            # What is sent again was shared the first time; others may have gone on from there.
            fresh = {int(row["n"]) for row in rows if row["outcome"] == "stored"}
            sharing = [entry for n, entry in enumerate(entries, 1) if entry.commit.shared is not None and n in fresh]
            if sharing:
                await _share(tx, sharing)
        return [_outcome(*row) for row in rows]


async def _share(tx: Transaction, entries: list[Entry]) -> None:
    """Keeps what stored commits brought for the other packages of their learners."""
    brought = [entry.commit.shared or Shared() for entry in entries]
    await tx.execute(
        Q.share_state,
        [entry.session for entry in entries],
        [msgspec.Raw(_encode(shared.objectives)) for shared in brought],
        [msgspec.Raw(_encode(shared.data)) for shared in brought],
    )


def _recorded(calls: list[Call]) -> msgspec.Raw:
    """The first of the calls that the flight recorder has room for: it never keeps progress from being stored."""
    found: list[bytes] = []
    room = LARGEST_CALLS
    for call in calls:
        found.append(_encode(call.short()))
        room -= len(found[-1]) + 16
        if room < 0:
            found.pop()
            break
    return msgspec.Raw(b"[" + b",".join(found) + b"]")


def _outcome(
    _n: int, outcome: str, words: str | None, seq: int | None, completion: str, success: str, score: float | None,
    progress: float, seconds: float, met: bool,
) -> Saved | NotSaved:  # fmt: skip
    if outcome not in STORED:
        return NotSaved(REASONS.get(outcome, "refused"), outcome, words or "", seq)
    points = None if score is None else float(score)
    return Saved(seq or 0, completion, success, points, float(progress), float(seconds), met, outcome == "repeated")

"""Progress: what somebody really watched, which lessons are complete, and what is left."""

from __future__ import annotations

import math
import re
from uuid import UUID

from collegium.features.progress.batch import Batch, Beat
from collegium.features.progress.model import Acknowledged, Heartbeat, Playback, Requirement
from collegium.features.progress.nonces import Nonces
from collegium.kit import queries
from collegium.kit.db import SYSTEM, Database, Transaction
from collegium.kit.errors import Conflict, Invalid, Problem, SignInNeeded
from collegium.kit.site import Site
from collegium.kit.viewer import Viewer

Q = queries.load("collegium.features.progress")
_RANGE = re.compile(r"\[(\d+),(\d+)\)")

SIGNED_OUT = "You are signed out. What you watched is kept on this device until you sign in again."
REFUSALS = {
    "stale_playback": "This video was opened in another tab or on another device, so progress here is not counted.",
    "replayed_nonce": "This part of your progress was counted already or came out of order.",
    "too_fast": "More was reported than can have been played in this time. It is kept and sent again.",
}


def parse_ranges(text: str) -> list[tuple[int, int]]:
    """The half-open ranges of an int4multirange's text."""
    return [(int(start), int(end)) for start, end in _RANGE.findall(text)]


def write_ranges(intervals: list[tuple[int, int]]) -> str:
    """The text of an int4multirange; raises Invalid for an interval that is empty or backwards."""
    for start, end in intervals:
        if start >= end:
            raise Invalid("An interval must end after it starts.", code="bad_interval")
    return "{" + ",".join(f"[{start},{end})" for start, end in intervals) + "}"


async def open_playback(tx: Transaction, nonces: Nonces, viewer: Viewer, token: str, video: UUID) -> Playback:
    """Opens the player for a person and makes any other player of his stale.

    Raises the database's refusals: ``no_such_video`` (404), ``not_enrolled`` and ``locked`` (403).
    """
    row = await tx.fetchval(Q.open_playback, video)
    playback = UUID(row["playback_id"])
    return Playback(
        playback_id=playback,
        nonce=nonces.make(playback, row["seq"], token, viewer.id),
        seq=row["seq"],
        rate=float(row["rate"]),
        watched=parse_ranges(row["watched"]),
        watched_seconds=row["watched_seconds"],
        position=row["position"],
        goal_seconds=row["goal_seconds"],
        duration_seconds=row["duration_seconds"],
    )


async def visit_lesson(tx: Transaction, lesson: UUID) -> None:
    """Notes where somebody is, to continue there. Raises the refusals ``not_enrolled`` and ``locked`` (403)."""
    await tx.execute(Q.visit_lesson, lesson)


async def mark_lesson_complete(tx: Transaction, lesson: UUID) -> None:
    """Completes a lesson by hand.

    Raises the refusals ``not_by_hand`` and ``too_soon`` (409), ``not_enrolled`` and ``locked`` (403).
    """
    await tx.execute(Q.mark_lesson_complete, lesson)


async def requirements(tx: Transaction, enrollment: UUID) -> list[Requirement]:
    """Why an enrollment is not complete, or why it is: each requirement with its evidence."""
    return await tx.all(Requirement, Q.requirements, enrollment)


class Heartbeats:
    """Counts heartbeats: checks the nonce, batches, and puts the outcome into words."""

    def __init__(self, db: Database, nonces: Nonces) -> None:
        self._db = db
        self._nonces = nonces
        self._batch = Batch(db)

    @classmethod
    def of(cls, site: Site) -> Heartbeats:
        """For one site."""
        return cls(site.db, Nonces(site.key("playback")))

    def knows(self, beat: Heartbeat, token: str) -> bool:
        """Whether the nonce was given to the browser session with this token; costs no query."""
        return self._nonces.of_session(beat.nonce, beat.playback_id, beat.seq - 1, token)

    def belongs_to(self, beat: Heartbeat, viewer: Viewer) -> bool:
        """Whether the nonce was given to this person, perhaps in a session that has ended since."""
        return self._nonces.of_person(beat.nonce, beat.playback_id, beat.seq - 1, viewer.id)

    async def record(self, beat: Heartbeat, token: str, *, fresh: bool) -> Acknowledged:
        """Counts a heartbeat whose nonce was checked; ``fresh`` says that the session was looked up just now.

        Raises Conflict ``stale_playback`` and ``replayed_nonce``, Problem 422 ``too_fast`` with ``retry_after`` in
        seconds, SignInNeeded when the session that opened the player was signed out, Invalid for a bad interval.
        """
        entry = Beat(
            playback=beat.playback_id,
            seq=beat.seq,
            ranges=write_ranges(beat.intervals),
            position=math.floor(beat.position),
            events=beat.events,
            fresh=fresh,
        )
        outcome = await self._batch.record(entry)
        if outcome.outcome == "signed_out":
            raise SignInNeeded(SIGNED_OUT)
        if outcome.outcome == "too_fast":
            wait = outcome.retry_after or 1
            raise Problem(
                REFUSALS["too_fast"],
                status=422,
                code="too_fast",
                title="Faster than the clock",
                headers={"Retry-After": str(wait)},
                extra={"retry_after": wait},
            )
        if outcome.outcome not in ("counted", "repeated") or outcome.user_id is None or outcome.seq is None:
            raise Conflict(REFUSALS.get(outcome.outcome, REFUSALS["stale_playback"]), code=outcome.outcome)
        completed = outcome.goal_seconds is not None and (outcome.watched_seconds or 0) >= outcome.goal_seconds
        # The answer that told of the completion may be the one that was lost.
        tell = outcome.crossed or (outcome.outcome == "repeated" and completed)
        course_completed = tell and await self._course_completed(beat.playback_id)
        return Acknowledged(
            nonce=self._nonces.make(beat.playback_id, outcome.seq, token, outcome.user_id),
            seq=outcome.seq,
            watched=parse_ranges(outcome.watched or ""),
            watched_seconds=outcome.watched_seconds or 0,
            goal_seconds=outcome.goal_seconds,
            completed=completed,
            course_completed=course_completed,
            certificate_url="/me/certificates" if course_completed else None,
        )

    async def _course_completed(self, playback: UUID) -> bool:
        async with self._db.transaction(SYSTEM, read_only=True) as tx:
            return bool(await tx.fetchval(Q.course_of_playback, playback))

"""A learner's player, as far as the server sees it: opens a video, sends heartbeats, keeps what was acknowledged."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx

from tests.support.database import Database
from tests.support.people import Lesson
from tests.support.site import Client

HEARTBEAT = "/api/v1/playback/heartbeat"
Interval = tuple[int, int]


class Player:
    """One opening of a video in one browser."""

    def __init__(self, client: Client, lesson: Lesson) -> None:
        self.client, self.lesson = client, lesson
        self.playback_id, self.nonce, self.seq = "", "", 0
        self.last: dict[str, Any] = {}

    async def open(self) -> dict[str, Any]:
        """Opens the player; answers what the server said."""
        answer = await self.client.post_json("/api/v1/playback", {"video_id": str(self.lesson.video_id)})
        assert answer.status_code == 200, answer.text
        opened: dict[str, Any] = answer.json()
        self.playback_id, self.nonce, self.seq = opened["playback_id"], opened["nonce"], opened["seq"]
        return opened

    def body(self, *intervals: Interval, position: float = 0, **changed: Any) -> dict[str, Any]:
        """The next heartbeat."""
        return {
            "playback_id": self.playback_id,
            "seq": self.seq + 1,
            "nonce": self.nonce,
            "intervals": intervals,
            "position": position,
            "events": [],
            **changed,
        }

    async def send(self, body: Any, **given: Any) -> httpx.Response:
        """Sends a body as it is and keeps nothing of the answer."""
        self.last = body
        return await self.client.post(HEARTBEAT, json=body, **given)

    async def beat(self, *intervals: Interval, position: float = 0, **changed: Any) -> httpx.Response:
        """Sends the next heartbeat; when it is acknowledged, goes on from there."""
        answer = await self.send(self.body(*intervals, position=position, **changed))
        if answer.status_code == 200:
            self.nonce, self.seq = answer.json()["nonce"], answer.json()["seq"]
        return answer

    async def counted(self, *intervals: Interval, position: float = 0, **changed: Any) -> dict[str, Any]:
        """beat() that must be acknowledged."""
        answer = await self.beat(*intervals, position=position, **changed)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


async def let_time_pass(database: Database, seconds: int) -> None:
    """Moves the opening of every player back, as if it had been open for so long."""
    async with database.connect() as owner:
        await owner.execute(
            "update public.video_analytics set playback_opened_at = playback_opened_at - make_interval(secs => $1)",
            seconds,
        )


async def coverage(database: Database, person: UUID, lesson: Lesson) -> dict[str, Any]:
    """What the database holds of a person and a video; nothing when the player was never opened."""
    async with database.connect() as owner:
        row = await owner.fetchrow(
            "select watched::text, watched_seconds, play_seconds, playback_seq, pause_count, seek_count,"
            " last_watched_position_seconds as position, goal_reached_at"
            " from public.video_analytics where user_id = $1 and video_id = $2",
            person,
            lesson.video_id,
        )
    return dict(row) if row else {}

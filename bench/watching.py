"""Somebody who plays a film while the server is busy: fetched ahead as players do, in a process of its own.

`python -m bench.watching ADDRESS COOKIE TOKEN SECOND_BYTES SECONDS` plays until it is told to end on its standard input, then
prints a line of JSON: the longest wait for the bytes of one second, and for how long the picture stood still.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass

import httpx

AHEAD_S = 10
"""Seconds that a player fetches ahead, at most: a third of what hls.js keeps."""


@dataclass
class Watched:
    """Seconds: the longest wait for one second's bytes, how long the picture stood still, and how much was played."""

    longest_s: float = 0.0
    stalled_s: float = 0.0
    played_s: int = 0


class Playhead:
    """Where the picture is: it runs with the clock as long as there is something to show."""

    def __init__(self) -> None:
        self.stalled = 0.0
        self._ahead = 0.0
        self._at: float | None = None

    def _run(self) -> None:
        now = time.perf_counter()
        gone, self._at = now - (self._at or now), now
        self.stalled += max(0.0, gone - self._ahead)
        self._ahead = max(0.0, self._ahead - gone)

    def arrived(self) -> float:
        """One second more is there; answers how many seconds are now ahead."""
        self._run()
        self._ahead += 1
        return self._ahead

    def begin(self) -> None:
        """Time does not run while a server is being started again, as before the very first second."""
        self._at = None


async def play(
    address: str, cookies: dict[str, str], second_bytes: int, seconds: int, ending: asyncio.Event
) -> Watched:
    """Plays a film of so many seconds round and round until it is told to end."""
    watched, head = Watched(), Playhead()
    async with httpx.AsyncClient(timeout=30, cookies=cookies) as client:
        while not ending.is_set():
            start = watched.played_s % seconds * second_bytes
            began = time.perf_counter()
            try:
                answer = await client.get(address, headers={"range": f"bytes={start}-{start + second_bytes - 1}"})
            except httpx.TransportError:
                await asyncio.sleep(0.2)
                head.begin()
                continue
            assert len(answer.content) == second_bytes, answer.status_code
            watched.longest_s = max(watched.longest_s, time.perf_counter() - began)
            watched.played_s += 1
            ahead = head.arrived()
            await asyncio.sleep(max(0.0, ahead - AHEAD_S))
    watched.stalled_s = head.stalled
    return watched


async def _main(address: str, cookie: str, token: str, second_bytes: str, seconds: str) -> None:
    ending = asyncio.Event()
    playing = asyncio.create_task(play(address, {cookie: token}, int(second_bytes), int(seconds), ending))
    await asyncio.to_thread(sys.stdin.readline)
    ending.set()
    print(json.dumps(asdict(await playing)))


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))

"""How far a long job is, told to whoever waits for it now and then; and the word that nobody waits any more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
EVERY = 0.7
"""Seconds between two notes."""


class GivenUp(Exception):
    """Nobody waits for this work any more: it was cancelled, its subject is gone, or another run does it."""


class Progress:
    """How many bytes are done of how many, and at which step.

    ``note`` writes a share in percent (0 to 99) and the step down; it answers whether somebody still waits.
    """

    def __init__(self, note: Callable[[int, str], Awaitable[bool]], step: str = "") -> None:
        self._note = note
        self._told = 0.0
        self.total, self.done, self.step = 1, 0, step
        self.stopped = False

    def count(self, number: int) -> None:
        """More bytes are done; called from any thread. Raises GivenUp."""
        if self.stopped:
            raise GivenUp
        self.done += number

    async def tell(self, *, now: bool = False) -> None:
        """Writes it down, unless it was written a moment ago. Raises GivenUp when nobody waits for it any more."""
        if not now and time.monotonic() - self._told < EVERY:
            return
        self._told = time.monotonic()
        if not await self._note(min(99, 100 * self.done // max(1, self.total)), self.step):
            self.stopped = True
            raise GivenUp

    async def thread(self, work: Callable[[], T]) -> T:
        """Work that blocks, in a thread, while how far it is gets told. It ends before this returns or raises."""
        task = asyncio.create_task(asyncio.to_thread(work))
        try:
            while not (await asyncio.wait({task}, timeout=EVERY))[0]:
                await self.tell(now=True)
            return task.result()
        except BaseException:
            self.stopped = True
            await asyncio.wait({task})
            raise

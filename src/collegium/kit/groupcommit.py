"""Group commit: small writes that arrive while one is under way go together in the next one.

The first entry is written at once; those that arrive meanwhile form the next batch: one statement, one commit. Each
caller is answered only after the commit that holds its entry. Where a statement costs much more than an entry of it,
``gather`` lets a batch that follows a crowded one wait a few milliseconds for company; who is alone never waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Generic, TypeVar

import asyncpg

Entry = TypeVar("Entry")
Outcome = TypeVar("Outcome")
# With these no entry is to blame: the server is away, and to ask it once an entry would only keep everybody waiting.
GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    OSError,
)


class GroupCommit(Generic[Entry, Outcome]):
    """Entries of one process on their way to the database.

    ``write`` commits several and answers one outcome for each, in their order. No batch holds two entries of one
    ``key``, and each is in the order of keys, so that two processes never wait for each other. ``gather``: seconds.
    """

    def __init__(
        self,
        write: Callable[[list[Entry]], Awaitable[list[Outcome]]],
        key: Callable[[Entry], Hashable],
        *,
        largest: int,
        gather: float = 0,
    ) -> None:
        self._send = write
        self._key = key
        self._largest = largest
        self._gather = gather
        self._crowded = False
        self._waiting: list[tuple[Entry, asyncio.Future[Outcome]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def add(self, entry: Entry) -> Outcome:
        """Writes an entry; returns after its commit. Raises what the database raised for this very entry."""
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, answer))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        return await answer

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                if self._crowded and self._gather and len(self._waiting) < self._largest:
                    await asyncio.sleep(self._gather)
                batch = self._next()
                self._crowded = len(batch) > 1
                await self._write(batch)
        finally:
            self._writing = None
            # An entry may have come between the last look and here.
            if self._waiting:
                self._writing = asyncio.create_task(self._write_all())

    def _next(self) -> list[tuple[Entry, asyncio.Future[Outcome]]]:
        taken: dict[Any, tuple[Entry, asyncio.Future[Outcome]]] = {}
        left: list[tuple[Entry, asyncio.Future[Outcome]]] = []
        for waiting in self._waiting:
            key = self._key(waiting[0])
            # Whoever gave up waiting (his connection closed) is written all the same: he may have been told so before.
            if len(taken) < self._largest and key not in taken:
                taken[key] = waiting
            else:
                left.append(waiting)
        self._waiting = left
        return [taken[key] for key in sorted(taken)]

    async def _write(self, entries: list[tuple[Entry, asyncio.Future[Outcome]]]) -> None:
        try:
            outcomes = await self._send([entry for entry, _ in entries])
        except Exception as error:
            if len(entries) == 1 or isinstance(error, GONE):
                for _, answer in entries:
                    if not answer.done():
                        answer.set_exception(error)
                return
            # One bad entry must hurt nobody else.
            for entry in entries:
                await self._write([entry])
            return
        for (_, answer), outcome in zip(entries, outcomes, strict=True):
            if not answer.done():
                answer.set_result(outcome)

"""Files under way: written piece by piece into a folder, by one writer at a time, through to the disk.

The length that the database knows is what counts: bytes beyond it were never acknowledged and are cut off before the
next piece is written. A lock of the kernel keeps two writers apart, and lets go however a process ends.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from collegium.kit.errors import Problem
from collegium.kit.site import Site

T = TypeVar("T")
BUFFER = 1 << 20
STALLED_S = 2.0
"""A writer that got nothing for so long gives way to whoever comes to continue."""
_PATIENCE_S = 3.0


class Locked(Problem):
    """Somebody else writes this upload at this moment."""

    status, title, code = 423, "Under way elsewhere", "upload_locked"


def folder(site: Site) -> Path:
    """Where files under way lie; made when it is not there yet, for the service's account only."""
    where = site.settings.uploads_dir or site.settings.data_dir / "uploads"
    where.mkdir(mode=0o700, parents=True, exist_ok=True)
    return where


def path(site: Site, file_id: UUID) -> Path:
    """The file under way of one upload."""
    return folder(site) / str(file_id)


def size(site: Site, file_id: UUID) -> int:
    """Bytes that lie there, acknowledged or not; 0 when there is no file."""
    try:
        return path(site, file_id).stat().st_size
    except FileNotFoundError:
        return 0


def room(site: Site) -> int:
    """Bytes that are free on the disk of the files under way."""
    found = os.statvfs(folder(site))
    return found.f_bavail * found.f_frsize


def remove(site: Site, file_id: UUID) -> None:
    """Removes the file under way; none is no error."""
    path(site, file_id).unlink(missing_ok=True)


class Writer:
    """The one writer of an upload. `stop` ends its wait for more bytes; what it has is kept."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffer = bytearray()
        self._running: asyncio.Future[object] | None = None
        self.heard = time.monotonic()
        self.end = 0
        """Where the next byte goes, counting what is still in memory."""
        self.limit: asyncio.Timeout | None = None
        self.closed = asyncio.Event()

    def stop(self) -> None:
        """Has the request that feeds this writer end now."""
        if self.limit is not None:
            self.limit.reschedule(asyncio.get_running_loop().time())

    async def write(self, data: bytes) -> None:
        """Takes bytes; they are on disk after sync()."""
        self.heard = time.monotonic()
        self._buffer += data
        self.end += len(data)
        if len(self._buffer) >= BUFFER:
            await self._flush()

    async def sync(self) -> int:
        """Writes everything through to the disk; says how long the file is now."""
        await self._flush()
        await self._in_thread(lambda: os.fsync(self._descriptor))
        return self.end

    async def back_to(self, length: int) -> None:
        """Cuts off what comes after so many bytes: what was never acknowledged, or proved wrong."""
        self._buffer.clear()
        await self._in_thread(lambda: os.ftruncate(self._descriptor, length))
        self.end = length

    async def close(self) -> None:
        """Lets go of the file, after whatever a thread is still writing."""
        if self._running is not None and not self._running.done():
            await asyncio.wait([self._running])
        os.close(self._descriptor)
        self.closed.set()

    async def _flush(self) -> None:
        # A wait that was given up may have left a thread at work.
        if self._running is not None and not self._running.done():
            await asyncio.wait([self._running])
        if self._buffer:
            data, self._buffer = self._buffer, bytearray()
            await self._in_thread(lambda: _write_all(self._descriptor, data, self.end - len(data)))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        running = asyncio.get_running_loop().run_in_executor(None, work)
        self._running = running  # pyright: ignore[reportAttributeAccessIssue]
        return await asyncio.shield(running)


def _write_all(descriptor: int, data: bytearray, at: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, at)
        view, at = view[written:], at + written


_writers: dict[Path, Writer] = {}


async def give_way(site: Site, file_id: UUID) -> None:
    """Ends a writer of this process that has heard nothing for a while: its connection is dead, or as good as."""
    writer = _writers.get(path(site, file_id))
    if writer is not None and time.monotonic() - writer.heard > STALLED_S:
        writer.stop()
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await writer.closed.wait()
        except TimeoutError:
            return


async def open_writer(site: Site, file_id: UUID) -> Writer:
    """The one writer of an upload; say where it continues by `back_to`. Raises Locked while there is another."""
    await give_way(site, file_id)
    where = path(site, file_id)
    descriptor = os.open(where, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Locked("This file is being uploaded in another tab or window. It goes on there.") from None
    except BaseException:
        os.close(descriptor)
        raise
    writer = Writer(descriptor)
    _writers[where] = writer
    return writer


async def close_writer(site: Site, file_id: UUID, writer: Writer) -> None:
    """Lets go of an upload."""
    if _writers.get(path(site, file_id)) is writer:
        del _writers[path(site, file_id)]
    await writer.close()

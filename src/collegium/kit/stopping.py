"""Work that blocks for long, in a thread that ends when its coroutine is cancelled."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[threading.Event], T]) -> T:
    """Runs ``work`` in a thread. Its event is set when the coroutine is cancelled: then it should end soon.

    It is over before this returns or raises: a process that stops waits for its threads, however long they take.
    """
    stop = threading.Event()
    task = asyncio.create_task(asyncio.to_thread(work, stop))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait({task})
        raise

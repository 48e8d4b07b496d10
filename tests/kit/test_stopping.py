"""Work in a thread ends when its coroutine is cancelled."""

from __future__ import annotations

import asyncio
import threading

import pytest

from collegium.kit.stopping import in_thread


async def test_it_answers_what_the_work_answers() -> None:
    assert await in_thread(lambda stop: ("done", stop.is_set())) == ("done", False)


async def test_it_raises_what_the_work_raises() -> None:
    def work(_: threading.Event) -> None:
        raise LookupError("none")

    with pytest.raises(LookupError, match="none"):
        await in_thread(work)


async def test_cancelled_work_is_told_and_waited_for() -> None:
    began = threading.Event()
    ended: list[bool] = []

    def work(stop: threading.Event) -> None:
        began.set()
        ended.append(stop.wait(20))

    task = asyncio.create_task(in_thread(work))
    await asyncio.to_thread(began.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True]

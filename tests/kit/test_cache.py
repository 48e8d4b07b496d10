"""What is remembered: for how long, how much, and made once."""

from __future__ import annotations

import asyncio

import pytest

from collegium.kit import cache as module
from collegium.kit.cache import Cache


async def value(what: int) -> int:
    return what


async def test_a_value_is_made_once_and_kept() -> None:
    cache: Cache[int] = Cache(most=5, ttl=60)
    assert await cache.get("a", lambda: value(1)) == 1
    assert await cache.get("a", lambda: value(2)) == 1
    assert cache.peek("a") == 1
    assert cache.peek("b") is None
    cache.clear()
    assert await cache.get("a", lambda: value(2)) == 2


async def test_a_value_is_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    cache: Cache[int] = Cache(most=5, ttl=60)
    cache.put("a", 1)
    clock[0] += 59.9
    assert cache.peek("a") == 1
    clock[0] += 0.2
    assert cache.peek("a") is None
    assert await cache.get("a", lambda: value(2)) == 2


def test_what_was_used_longest_ago_makes_room() -> None:
    cache: Cache[int] = Cache(most=2, ttl=60)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.peek("a") == 1
    cache.put("c", 3)
    assert [cache.peek(key) for key in "abc"] == [1, None, 3]


async def test_those_who_ask_at_once_wait_for_one_maker() -> None:
    cache: Cache[int] = Cache(most=5, ttl=60)
    made: list[int] = []
    go = asyncio.Event()

    async def slowly() -> int:
        made.append(len(made))
        await go.wait()
        return made[-1]

    asking = [asyncio.create_task(cache.get("a", slowly)) for _ in range(10)]
    await asyncio.sleep(0)
    go.set()
    assert await asyncio.gather(*asking) == [0] * 10
    assert made == [0]


async def test_a_failure_is_told_and_not_kept() -> None:
    cache: Cache[int] = Cache(most=5, ttl=60)

    async def fails() -> int:
        raise LookupError("no")

    for _ in range(2):
        with pytest.raises(LookupError):
            await cache.get("a", fails)
    assert await cache.get("a", lambda: value(3)) == 3

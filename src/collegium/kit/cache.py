"""A small memory for what is dear to make and the same for everybody."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class Cache(Generic[V]):
    """Keeps the ``most`` last used values, each for ``ttl`` seconds. Those who ask at once wait for one maker."""

    def __init__(self, *, most: int, ttl: float) -> None:
        self._most = most
        self._ttl = ttl
        self._kept: OrderedDict[Hashable, tuple[float, V]] = OrderedDict()
        self._making: dict[Hashable, asyncio.Lock] = {}

    def peek(self, key: Hashable) -> V | None:
        """The value that is kept and still good, or None."""
        found = self._kept.get(key)
        if found is None or found[0] < time.monotonic():
            return None
        self._kept.move_to_end(key)
        return found[1]

    async def get(self, key: Hashable, make: Callable[[], Awaitable[V]]) -> V:
        """The value that is kept, else the one that ``make`` answers. What it raises is raised and not kept."""
        value = self.peek(key)
        if value is not None:
            return value
        lock = self._making.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                value = self.peek(key)
                if value is None:
                    value = await make()
                    self.put(key, value)
        finally:
            if not lock.locked():
                self._making.pop(key, None)
        return value

    def clear(self) -> None:
        """Forgets everything."""
        self._kept.clear()

    def put(self, key: Hashable, value: V) -> None:
        """Keeps a value; the one used longest ago makes room."""
        self._kept[key] = (time.monotonic() + self._ttl, value)
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

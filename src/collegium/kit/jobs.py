"""Background jobs. A job is queued in the transaction of its cause and exists exactly when that commits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collegium.kit.db import Transaction
from collegium.kit.site import Site

Work = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class Job:
    """A kind of job: ``work(site, **args)``, tried again up to ``attempts`` times with growing pauses."""

    name: str
    work: Work
    attempts: int
    cron: str | None


REGISTRY: dict[str, Job] = {}


def job(name: str, *, attempts: int = 5, cron: str | None = None) -> Callable[[Work], Work]:
    """Registers a coroutine as a job. ``cron`` (UTC) also runs it by the clock, once over all processes."""

    def register(work: Work) -> Work:
        if name in REGISTRY:
            raise ValueError(f"Job {name} is registered twice")
        REGISTRY[name] = Job(name, work, attempts, cron)
        return work

    return register


@dataclass(frozen=True)
class Tick:
    """Work that every worker does again and again, ``seconds`` after it ended; two of them at once must be harmless."""

    name: str
    work: Work
    seconds: float


TICKS: dict[str, Tick] = {}


def tick(name: str, *, seconds: float) -> Callable[[Work], Work]:
    """Registers a coroutine for what cannot wait for the clock's next minute, such as a deadline. It takes the site."""

    def register(work: Work) -> Work:
        TICKS[name] = Tick(name, work, seconds)
        return work

    return register


async def defer(
    tx: Transaction,
    name: str,
    args: dict[str, Any] | None = None,
    *,
    queue: str = "default",
    queueing_lock: str | None = None,
    scheduled_at: datetime | None = None,
) -> int | None:
    """Queues a job in a system transaction. None when one with the same ``queueing_lock`` waits already."""
    return await tx.fetchval(
        "select private.defer_job($1, $2, $3, $4, $5)", name, args or {}, queue, queueing_lock, scheduled_at
    )


async def run_now(site: Site, name: str, args: dict[str, Any]) -> None:
    """Runs a job's work at once, as the worker would."""
    await REGISTRY[name].work(site, **args)

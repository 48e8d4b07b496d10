"""Maintenance jobs: what runs by the clock, is written down run by run, and can be started by an administrator.

Two processes never run the same job at once: a run holds an advisory lock in a transaction of its own, which the server
gives back however the process ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from croniter import croniter

from collegium.kit.db import SYSTEM
from collegium.kit.jobs import job
from collegium.kit.site import Site

RUNNER = "maintenance.run"
# Who comes while another run is ending waits this long before he gives way to it.
_PATIENCE = (0.2, 0.5, 1.0)


@dataclass(frozen=True)
class Outcome:
    """How a run ended, in words and figures. ``drift``: it found something that should not be so."""

    words: str
    figures: dict[str, Any] = field(default_factory=dict[str, Any])
    result: Literal["ok", "drift"] = "ok"


Work = Callable[[Site], Awaitable[Outcome]]


@dataclass(frozen=True)
class Maintenance:
    """A maintenance job: its name, when it runs (cron, UTC), and what it is called and does, for people."""

    name: str
    cron: str
    title: str
    what: str
    work: Work

    def next_run(self, after: datetime) -> datetime:
        """When the clock starts it next."""
        return croniter(self.cron, after.astimezone(UTC)).get_next(datetime)

    def last_due(self, before: datetime) -> datetime:
        """When the clock should have started it last."""
        return croniter(self.cron, before.astimezone(UTC)).get_prev(datetime)


MAINTENANCE: dict[str, Maintenance] = {}


class AlreadyRunning(Exception):
    """Another process runs this job at this moment."""


def maintenance(name: str, *, cron: str, title: str, what: str) -> Callable[[Work], Work]:
    """Registers a coroutine as a maintenance job: ``await work(site)`` answers an Outcome."""

    def register(work: Work) -> Work:
        made = Maintenance(name, cron, title, what, work)

        async def by_the_clock(site: Site) -> None:
            try:
                await run(site, made)
            except AlreadyRunning:
                return  # That run does what this one would have done.

        job(name, attempts=2, cron=cron)(by_the_clock)
        MAINTENANCE[name] = made
        return work

    return register


async def run(site: Site, kind: Maintenance, *, requested_by: UUID | None = None, work: Work | None = None) -> Outcome:
    """Runs a job (or ``work`` in its place) and writes down how it went. What it raises is raised again.

    Raises AlreadyRunning.
    """
    async with site.db.transaction(SYSTEM) as guard:
        for pause in (*_PATIENCE, None):
            if await guard.fetchval("select pg_try_advisory_xact_lock(private.maintenance_lock($1))", kind.name):
                break
            if pause is None:
                raise AlreadyRunning(f"{kind.title} is running already.")
            await asyncio.sleep(pause)
        async with site.db.transaction(SYSTEM) as tx:
            row = await tx.fetchval("select private.begin_maintenance($1, $2)", kind.name, requested_by)
        try:
            outcome = await (work or kind.work)(site)
        except BaseException as error:
            said = "It was stopped." if isinstance(error, asyncio.CancelledError) else _said(error)
            await asyncio.shield(_end(site, row, "failed", said, {}))
            raise
        await _end(site, row, outcome.result, outcome.words, outcome.figures)
    return outcome


def _said(error: BaseException) -> str:
    return (f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)[:2000]


async def _end(site: Site, row: UUID, result: str, words: str, figures: dict[str, Any]) -> None:
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(
            "update public.maintenance_runs set finished_at = clock_timestamp(), result = $2, words = $3, figures = $4"
            " where id = $1",
            row,
            result,
            words[:2000],
            figures,
        )


@job(RUNNER, attempts=1)
async def run_by_name(site: Site, job: str, requested_by: str | None = None) -> None:
    """A run that an administrator asked for. Nothing but maintenance can be named."""
    try:
        await run(site, MAINTENANCE[job], requested_by=UUID(requested_by) if requested_by else None)
    except AlreadyRunning:
        return

"""Runs background jobs: the queue library's worker over the jobs that features registered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import procrastinate
import structlog
from procrastinate import PsycopgConnector, RetryStrategy

from collegium.kit.db import note_request
from collegium.kit.jobs import REGISTRY, TICKS, Job, Tick
from collegium.kit.site import Site

log = structlog.get_logger("collegium.worker")


def _task(site: Site, job: Job) -> Callable[..., Awaitable[None]]:
    async def run(*args: Any, **kwargs: Any) -> None:
        if job.cron:
            # The clock gives its time as an argument; the work reads the clock itself.
            kwargs.pop("timestamp", None)
        note_request(f"job:{job.name}")
        log.info("job_started", job=job.name)
        try:
            await job.work(site, **kwargs)
        except Exception as error:
            log.error("job_failed", job=job.name, exc_info=error)
            raise
        log.info("job_done", job=job.name)

    return run


def queue_app(site: Site, dsn: str) -> procrastinate.App:
    """The queue library's application with every registered job; its tables stand in schema procrastinate."""
    connector = PsycopgConnector(
        conninfo=dsn, kwargs={"options": "-c search_path=procrastinate"}, min_size=1, max_size=3
    )
    app = procrastinate.App(connector=connector)
    for job in REGISTRY.values():
        retry = RetryStrategy(max_attempts=job.attempts, exponential_wait=4)
        task = app.task(name=job.name, retry=retry)(_task(site, job))
        if job.cron:
            app.periodic(cron=job.cron)(task)
    return app


class Worker:
    """Background jobs within this process."""

    def __init__(self, site: Site, dsn: str, *, concurrency: int = 2) -> None:
        self._site = site
        self._dsn = dsn
        self._concurrency = concurrency
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to work in the background."""
        self._task = asyncio.create_task(self.run())

    async def run(self) -> None:
        """Works until cancelled; begins again when the database was away."""
        async with asyncio.TaskGroup() as group:
            for each in TICKS.values():
                group.create_task(self._again_and_again(each))
            group.create_task(self._work())

    async def _again_and_again(self, each: Tick) -> None:
        failing = False
        while True:
            note_request(f"job:{each.name}")
            try:
                await each.work(self._site)
                failing = False
            except Exception as error:
                # Said once: with the database away it would be said every second.
                if not failing:
                    log.error("job_failed", job=each.name, exc_info=error)
                failing = True
            await asyncio.sleep(each.seconds)

    async def _work(self) -> None:
        while True:
            app = queue_app(self._site, self._dsn)
            try:
                async with app.open_async():
                    await app.run_worker_async(
                        concurrency=self._concurrency,
                        install_signal_handlers=False,
                        delete_jobs="successful",
                        fetch_job_polling_interval=2,
                        shutdown_graceful_timeout=10,
                    )
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.warning("worker_lost_the_database", error=type(error).__name__)
            await asyncio.sleep(1)

    async def stop(self) -> None:
        """Lets running jobs end, then stops."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

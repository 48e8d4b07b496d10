"""Quizzes' work in the background."""

from __future__ import annotations

import asyncio
from uuid import UUID

from collegium.features.quizzes import service
from collegium.kit.db import SYSTEM
from collegium.kit.jobs import job
from collegium.kit.site import Site

# A transaction that writes lives for seconds; one that lives longer is waited for by the next try of the job.
PATIENCE_SECONDS, PAUSE_SECONDS = 60.0, 0.1


@job("quizzes.regrade", attempts=20)
async def regrade(site: Site, regrade_id: str) -> None:
    """Grades a question anew in portions, each a transaction of its own; after a stop it goes on where it was."""
    waited = 0.0
    while waited < PATIENCE_SECONDS:
        async with site.db.transaction(SYSTEM) as tx:
            state = await service.regrade_some(tx, UUID(regrade_id))
        if state == "done":
            return
        if state == "wait":
            await asyncio.sleep(PAUSE_SECONDS)
            waited += PAUSE_SECONDS
    raise TimeoutError("A transaction that may have read the former key has not ended yet.")


@job("quizzes.count_insights", cron="* * * * *")
async def count_insights(site: Site) -> None:
    """Every minute: counts how quizzes do whose figures have moved, one after the other."""
    while True:
        async with site.db.transaction(SYSTEM) as tx:
            if await service.count_insights(tx) == 0:
                return

"""The clock of peer review."""

from __future__ import annotations

import structlog

from collegium.features.peer_reviews import service
from collegium.kit.db import SYSTEM
from collegium.kit.jobs import job
from collegium.kit.site import Site

log = structlog.get_logger("collegium.peer_reviews")


@job("peer_reviews.step", cron="* * * * *")
async def step(site: Site) -> None:
    """Every minute: allots, takes back, passes on, reminds and ends, each assignment in a transaction of its own."""
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        due = await service.due(tx)
    failed: Exception | None = None
    for assignment_id in due:
        try:
            async with site.db.transaction(SYSTEM) as tx:
                await service.step(tx, assignment_id)
        except Exception as error:
            # One assignment that fails does not keep the others waiting.
            log.error("peer_review_step_failed", assignment=str(assignment_id), exc_info=error)
            failed = error
    if failed is not None:
        raise failed

"""The clock of attempts, and their figures."""

from __future__ import annotations

from collegium.features.attempts.service import Q
from collegium.kit.db import SYSTEM
from collegium.kit.jobs import job, tick
from collegium.kit.site import Site

# Small enough that several workers share what ends in one second, and that nobody waits long for a row.
BATCH = 100


@tick("attempts.deadlines", seconds=0.5)
async def hand_in_late_attempts(site: Site) -> None:
    """Hands in what has reached its deadline, also what reached it while the site was down."""
    while True:
        async with site.db.transaction(SYSTEM) as tx:
            ended: int = await tx.fetchval(Q.expire, BATCH)
        if not ended:
            return


@job("attempts.fold_counts", cron="*/5 * * * *")
async def fold_counts(site: Site) -> None:
    """Gathers what moved the figures of quizzes, so that reading them stays cheap."""
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.fold_counts)

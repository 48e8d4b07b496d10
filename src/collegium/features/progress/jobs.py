"""Progress's work in the background."""

from __future__ import annotations

from collegium.features.progress.service import Q
from collegium.kit.db import SYSTEM
from collegium.kit.jobs import job
from collegium.kit.maintenance import Outcome, maintenance
from collegium.kit.site import Site


@maintenance(
    "progress.make_partitions",
    cron="41 3 * * *",
    title="Make the months ahead",
    what="Makes the next three months of player events and of what SCORM packages say, long before they begin.",
)
async def make_partitions(site: Site) -> Outcome:
    """Every night."""
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.make_partitions)
    return Outcome("The next three months are there.")


@job("progress.fold_counts", cron="*/5 * * * *")
async def fold_counts(site: Site) -> None:
    """Gathers what moved the counters of lessons and modules, so that reading them stays cheap."""
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.fold_counts)

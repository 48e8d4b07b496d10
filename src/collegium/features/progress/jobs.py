"""Progress's work in the background."""

from __future__ import annotations

from collegium.features.progress.service import Q
from collegium.kit.db import SYSTEM
from collegium.kit.maintenance import Outcome, maintenance
from collegium.kit.site import Site


@maintenance(
    "progress.make_partitions",
    cron="41 3 * * *",
    title="Make the months ahead",
    what="Makes the partitions of player events for the next twelve months, long before they begin.",
)
async def make_partitions(site: Site) -> Outcome:
    """Every night."""
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.make_partitions)
    return Outcome("The next twelve months are there.")

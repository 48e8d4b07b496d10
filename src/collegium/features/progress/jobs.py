"""Progress's work in the background."""

from __future__ import annotations

from collegium.features.progress.service import Q
from collegium.kit.db import SYSTEM
from collegium.kit.jobs import job
from collegium.kit.site import Site


@job("progress.make_partitions", cron="41 3 * * *")
async def make_partitions(site: Site) -> None:
    """Makes the months of player events that lie ahead, long before they begin."""
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.make_partitions)

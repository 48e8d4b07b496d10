"""The gradebook's work in the background."""

from __future__ import annotations

from collegium.features.gradebook import service
from collegium.kit.jobs import job, tick
from collegium.kit.site import Site


@tick("gradebook.settle", seconds=2)
async def settle(site: Site) -> None:
    """Every two seconds: computes final grades that wait for it, some at a time."""
    while await service.settle(site):
        pass


@job("gradebook.clock", cron="*/5 * * * *")
async def look_at_the_clock(site: Site) -> None:
    """Every five minutes: what became due counts as 0 where the course says so."""
    await service.look_at_the_clock(site)
    await settle(site)

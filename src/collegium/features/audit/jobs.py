"""The audit log's work by the clock."""

from __future__ import annotations

from collegium.features.audit import service
from collegium.kit.jobs import job
from collegium.kit.site import Site


@job("audit.seal", cron="* * * * *")
async def seal(site: Site) -> None:
    """Every minute: takes what was written since into the chain."""
    await service.seal(site)


@job("audit.close_day", cron="7 * * * *")
async def close_day(site: Site) -> None:
    """Every hour: signs the root of yesterday unless it is signed, and writes its file."""
    await service.close_day(site)

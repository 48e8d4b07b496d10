"""The audit log's work by the clock."""

from __future__ import annotations

import structlog

from collegium.features.audit import service
from collegium.kit.jobs import job
from collegium.kit.site import Site

log = structlog.get_logger("collegium.audit")


@job("audit.seal", cron="* * * * *")
async def seal(site: Site) -> None:
    """Every minute: takes what was written since into the chain."""
    rows = await service.seal(site)
    if rows:
        position, hash_there = await service.end_of_chain(site)
        # The site's own log is a witness outside the database.
        log.info("audit_sealed", rows=rows, position=position, hash=hash_there.hex())


@job("audit.close_day", cron="7 * * * *")
async def close_day(site: Site) -> None:
    """Every hour: signs the root of yesterday unless it is signed, and writes its file."""
    await service.close_day(site)

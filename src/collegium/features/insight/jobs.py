"""Insight's work in the background."""

from __future__ import annotations

from collegium.features.insight import service
from collegium.kit.db import SYSTEM
from collegium.kit.jobs import job
from collegium.kit.site import Site


@job("insight.fold_watching", cron="* * * * *")
async def fold_watching(site: Site) -> None:
    """Every minute: gathers what heartbeats added, some at a time, so that a curve is read from one row."""
    while True:
        async with site.db.transaction(SYSTEM) as tx:
            if await service.fold(tx) == 0:
                return

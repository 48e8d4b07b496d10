"""The question bank's work in the background."""

from __future__ import annotations

from collegium.features.questions.service import Q
from collegium.kit.db import SYSTEM
from collegium.kit.jobs import job
from collegium.kit.site import Site


@job("questions.fold_figures", cron="*/5 * * * *")
async def fold_figures(site: Site) -> None:
    """Gathers how often versions were asked and what their answers earned, so that reading it stays cheap."""
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.fold_moves)

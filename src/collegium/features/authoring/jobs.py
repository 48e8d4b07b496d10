"""Authoring's work in the background."""

from __future__ import annotations

from collegium.features.authoring.service import Q
from collegium.kit.db import SYSTEM
from collegium.kit.maintenance import Outcome, maintenance
from collegium.kit.site import Site

BATCH = 500


@maintenance(
    "lessons.thin_history",
    cron="23 3 * * *",
    title="Thin the history of lessons",
    what="Of the states that lessons were in, keeps all of the last day, of each day before it the last, and what met"
    " somebody else's change for 90 days.",
)
async def thin_history(site: Site) -> Outcome:
    """Every night."""
    done = 0
    while True:
        async with site.db.transaction(SYSTEM) as tx:
            some: int = await tx.fetchval(Q.thin_revisions, BATCH)
        done += some
        if some < BATCH:
            return Outcome(f"{done} old state{'' if done == 1 else 's'} of lessons removed.", {"removed": done})

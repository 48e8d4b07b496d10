"""What the clock does with files of lessons."""

from __future__ import annotations

from collegium.features.documents.service import Q
from collegium.kit.db import SYSTEM
from collegium.kit.maintenance import Outcome, maintenance
from collegium.kit.site import Site


@maintenance(
    "documents.forget_removed",
    cron="7 4 * * *",
    title="Forget removed attachments",
    what="Forgets attachments that were removed from a lesson more than a day ago; their files stay in the library.",
)
async def forget_removed(site: Site) -> Outcome:
    """Every night, some at a time."""
    gone = 0
    while True:
        async with site.db.transaction(SYSTEM) as tx:
            some = int(await tx.fetchval(Q.forget_removed_attachments))
        gone += some
        if some == 0:
            break
    return Outcome("Nothing to forget." if gone == 0 else f"Attachments forgotten: {gone}.", {"forgotten": gone})

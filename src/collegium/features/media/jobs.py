"""Preparing videos in the background, and removing what nobody can fetch any more."""

from __future__ import annotations

from uuid import UUID

from collegium.features.media import preparing
from collegium.features.media.store import Q
from collegium.kit.db import SYSTEM
from collegium.kit.dumps import FILES_LOCK
from collegium.kit.jobs import job
from collegium.kit.maintenance import Outcome, maintenance
from collegium.kit.site import Site

_BATCH = 200


@job("media.transcode", attempts=preparing.TRIES)
async def transcode_video(site: Site, run_id: str) -> None:
    """Makes the renditions of a video whose original was stored."""
    await preparing.prepare(site, UUID(run_id))


@job("media.resume", attempts=1, cron="* * * * *")
async def resume(site: Site) -> None:
    """Queues videos again that a worker left behind when it ended."""
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.queue_forgotten)


@maintenance(
    "media.tidy",
    cron="40 3 * * *",
    title="Remove replaced videos",
    what="Removes files of videos, pictures and captions that were replaced or removed, once no link to them is valid.",
)
async def tidy(site: Site) -> Outcome:
    """Removes what was replaced, unless a backup is copying files."""
    removed = 0
    async with site.db.transaction(SYSTEM) as tx:
        if not await tx.fetchval("select pg_try_advisory_xact_lock($1)", FILES_LOCK):
            return Outcome("A backup is being written, so nothing was removed.")
        while keys := [row["key"] for row in await tx.fetch(Q.due_leftovers, _BATCH)]:
            for key in keys:
                removed += await site.storage.delete(key)
            await tx.execute(Q.forget_leftovers, keys)
    return Outcome(
        f"{removed} {'file' if removed == 1 else 'files'} removed." if removed else "Nothing to remove.",
        {"files": removed},
    )

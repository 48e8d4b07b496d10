"""What is removed by the clock: uploads that nobody finished, files that were refused, and bytes without a row."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path
from uuid import UUID

from collegium.features.uploads import parts
from collegium.kit import queries
from collegium.kit.db import SYSTEM
from collegium.kit.jobs import defer
from collegium.kit.maintenance import Outcome
from collegium.kit.site import Site

Q = queries.load("collegium.features.uploads")
BATCH = 200
OLD_S = 24 * 3600.0


async def tidy(site: Site, check: str) -> Outcome:
    """Removes what is over, and asks again for checks (jobs called `check`) that were lost."""
    removed = 0
    while True:
        async with site.db.transaction(SYSTEM) as tx:
            some = [row["id"] for row in await tx.fetch(Q.expired, BATCH)]
            await tx.execute(Q.remove_expired, some)
        removed += len(some)
        if len(some) < BATCH:
            break
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.forget_finished)
        stuck = [row["id"] for row in await tx.fetch(Q.stuck)]
        for file_id in stuck:
            await defer(tx, check, {"file_id": str(file_id)}, queueing_lock=f"{check}:{file_id}")
    leftovers = await _leftovers(site)
    words = f"{removed} uploads and refused files removed, {leftovers} leftovers, {len(stuck)} checked again."
    return Outcome(words, {"removed": removed, "leftovers": leftovers, "checked_again": len(stuck)})


async def tidy_work(site: Site) -> Outcome:
    """Removes files that learners uploaded for assignments and never handed in; what was handed in stays."""
    removed = 0
    while True:
        async with site.db.transaction(SYSTEM) as tx:
            some = [row["id"] for row in await tx.fetch(Q.unused_work, BATCH)]
            await tx.execute(Q.remove_unused, some)
        removed += len(some)
        if len(some) < BATCH:
            return Outcome(f"{removed} files removed that were never handed in.", {"removed": removed})


async def _leftovers(site: Site) -> int:
    """Removes files under way that no row names; they are listed before the database is asked."""
    old = time.time() - OLD_S
    folder = parts.folder(site)
    listed = await asyncio.to_thread(lambda: [path for path in folder.iterdir() if path.stat().st_mtime < old])
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        known = {row["id"] for row in await tx.fetch(Q.under_way)}
    gone = [path for path in listed if path.name.startswith(".check-") or _owner(path) not in known | {None}]
    for path in gone:
        await asyncio.to_thread(_remove, path)
    return len(gone)


def _owner(path: Path) -> UUID | None:
    try:
        return UUID(path.name)
    except ValueError:
        return None


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)

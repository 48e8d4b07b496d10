"""One's own notices. The database writes them, and shows each to its person alone."""

from __future__ import annotations

from collegium.features.notices.model import Notice, Notices, Place
from collegium.kit import queries
from collegium.kit.db import Transaction

Q = queries.load("collegium.features.notices")
PAGE_SIZE = 30


async def mine(tx: Transaction, after: Place | None = None) -> Notices:
    """One page of the actor's notices, the newest first."""
    place = (after.created_at, after.id) if after else (None, None)
    rows = await tx.all(Notice, Q.my_notices, *place, PAGE_SIZE + 1)
    last = rows[PAGE_SIZE - 1] if len(rows) > PAGE_SIZE else None
    return Notices(rows[:PAGE_SIZE], Place(last.created_at, last.id) if last else None)


async def mark_read(tx: Transaction) -> int:
    """Marks all of the actor's notices as read; answers how many were new."""
    return await tx.fetchval(Q.mark_read)

"""People: who is signed in."""

from __future__ import annotations

from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.viewer import Viewer

Q = queries.load("collegium.features.people")


async def find_viewer(tx: Transaction, token_hash: bytes) -> Viewer | None:
    """The person signed in with a session token (its SHA-256), or None when it is unknown, revoked or expired."""
    return await tx.maybe(Viewer, Q.viewer_by_token, token_hash)

"""The nonce of a heartbeat: proof that the server acknowledged the one before, to this person.

It holds two marks over playback and number: one bound to the browser's session token, which is checked without asking
the database, and one bound to the person, for a browser that has signed in anew since it opened the player and still
holds seconds to send.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256
from uuid import UUID

_HALF = 16


class Nonces:
    """Makes and checks nonces with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def _mark(self, kind: bytes, playback: UUID, seq: int, bound_to: bytes) -> bytes:
        message = kind + playback.bytes + seq.to_bytes(8, "big") + bound_to
        return urlsafe_b64encode(hmac.digest(self._key, message, sha256)[:12])

    def make(self, playback: UUID, seq: int, token: str, person: UUID) -> str:
        """The nonce that comes with the acknowledgement of number ``seq``."""
        return (
            self._mark(b"s", playback, seq, token.encode()) + self._mark(b"p", playback, seq, person.bytes)
        ).decode()

    def of_session(self, nonce: str, playback: UUID, seq: int, token: str) -> bool:
        """Whether the nonce acknowledges ``seq`` to the session with this token."""
        expected = self._mark(b"s", playback, seq, token.encode())
        return hmac.compare_digest(nonce[:_HALF].encode(), expected)

    def of_person(self, nonce: str, playback: UUID, seq: int, person: UUID) -> bool:
        """Whether the nonce acknowledges ``seq`` to this person, in whatever session."""
        expected = self._mark(b"p", playback, seq, person.bytes)
        return hmac.compare_digest(nonce[_HALF:].encode(), expected)

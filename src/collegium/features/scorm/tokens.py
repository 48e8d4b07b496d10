"""Launch tokens: who has one may speak for one registration, as the player that was opened, until it runs out.

A token stands in the path of everything that a player asks for, since no cookie goes where packages are played. It is
checked without asking the database; whether its player is still the current one is decided there.
"""

from __future__ import annotations

import hmac
import re
import time
from base64 import b32encode, urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from uuid import UUID

import msgspec

TTL_S = 3600
"""Seconds that a token is good for; players renew theirs long before."""
_VERSION = 1
_HEAD = 39
_MAC = 24
_FORM = re.compile(r"[A-Za-z0-9_-]{84}", re.ASCII)
TOKEN = _FORM.pattern


class Token(msgspec.Struct, frozen=True):
    """What a token says: for which registration and player it is good, and until when (seconds since 1970)."""

    registration: UUID
    session: UUID
    expires_at: int

    def expired(self, now: float | None = None) -> bool:
        """Whether it has run out."""
        return (time.time() if now is None else now) >= self.expires_at


class Tokens:
    """Makes and reads tokens with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, registration: UUID, session: UUID, expires_at: int) -> str:
        """A token of 84 characters that may stand in a path."""
        head = bytes([_VERSION]) + registration.bytes + session.bytes + expires_at.to_bytes(6, "big")
        return urlsafe_b64encode(head + self._mac(head)).decode()

    def read(self, text: str) -> Token | None:
        """What a token says, run out or not; None when it was not made here or was altered."""
        if not _FORM.fullmatch(text):
            return None
        raw = urlsafe_b64decode(text)
        head, mac = raw[:_HEAD], raw[_HEAD:]
        if not hmac.compare_digest(mac, self._mac(head)) or head[0] != _VERSION:
            return None
        return Token(UUID(bytes=head[1:17]), UUID(bytes=head[17:33]), int.from_bytes(head[33:], "big"))

    def label(self, registration: UUID) -> str:
        """The name of the host at which a registration is played: always the same, not to be guessed."""
        mark = hmac.digest(self._key, b"label" + registration.bytes, sha256)[:15]
        return "p" + b32encode(mark).decode().lower()

    def _mac(self, head: bytes) -> bytes:
        return hmac.digest(self._key, b"token" + head, sha256)[:_MAC]

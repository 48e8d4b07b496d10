"""Device marks: how a browser shows that it has signed in to an account before, without naming the account.

A mark is ``nonce.signature``; the signature covers the nonce and the address, so a mark counts for one account only and
cannot be made elsewhere. A browser keeps the marks of the accounts that used it last.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

MOST_MARKS = 8
_BETWEEN = "~"


def _sign(key: bytes, nonce: str, email: str) -> str:
    digest = hmac.new(key, f"{nonce}\n{email}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()


def _split(marks: str) -> list[str]:
    return [mark for mark in marks.split(_BETWEEN)[:MOST_MARKS] if len(mark) < 100 and "." in mark]


def _belongs(mark: str, key: bytes, email: str) -> bool:
    nonce, _, signature = mark.partition(".")
    # compare_digest takes text only when it is ASCII, and a cookie may hold anything.
    return hmac.compare_digest(signature.encode(), _sign(key, nonce, email).encode())


def find_mark(marks: str, key: bytes, email: str) -> str | None:
    """The nonce of this browser's mark for an account; None when it never signed in to it."""
    return next((mark.partition(".")[0] for mark in _split(marks) if _belongs(mark, key, email)), None)


def with_mark(marks: str, key: bytes, email: str) -> str:
    """The marks with one for this account, in front; the oldest go when there are too many."""
    kept = _split(marks)
    mine = [mark for mark in kept if _belongs(mark, key, email)]
    if not mine:
        nonce = secrets.token_urlsafe(12)
        mine = [f"{nonce}.{_sign(key, nonce, email)}"]
    others = [mark for mark in kept if mark not in mine]
    return _BETWEEN.join([mine[0], *others][:MOST_MARKS])

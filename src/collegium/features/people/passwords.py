"""Passwords: what is accepted, and how they are kept (argon2id, RFC 9106; parameters of OWASP's second choice)."""

from __future__ import annotations

import asyncio
import os
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib import resources

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LEAST = 10
MOST = 200
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# A hash takes about 30 ms and 19 MiB: no more at a time than there are processors, the rest wait in line.
_WORKERS = ThreadPoolExecutor(max_workers=max(1, min(4, os.cpu_count() or 1)), thread_name_prefix="argon2")
# Of a password that nobody knows. Checked in place of one that is not there, so that it takes as long.
NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$PpLEBX54ygVq68WtmLYYTA$WC6WOeMfEnPNXviXvF5tkZjlEqO2zY3Kx9ScdSrFldU"
_TAIL = re.compile(r"[\W\d_]+$")


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    text = resources.files("collegium.features.people").joinpath("common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


def prepare(password: str) -> str:
    """The password as it is hashed: one form of each character, whatever keyboard it came from (Unicode NFKC)."""
    return unicodedata.normalize("NFKC", password)


def complaint(password: str, email: str) -> str | None:
    """Why a new password is not accepted, in words for the person; None when it is."""
    plain = prepare(password)
    folded = plain.casefold()
    local = email.partition("@")[0].casefold()
    if len(plain) < LEAST:
        return f"This has {len(plain)} character{'' if len(plain) == 1 else 's'}. Use at least {LEAST}."
    if len(plain) > MOST:
        return f"Use at most {MOST} characters."
    if len(local) >= 3 and local in folded:
        return "Leave your e-mail name out of the password: it is the first thing that anybody tries."
    if len(set(folded)) < 4:
        return "This repeats the same few characters. Use a few words instead."
    if folded in _common() or _TAIL.sub("", folded) in _common():
        return "This is among the passwords that are tried first. Choose one that only you would think of."
    return None


async def hash_password(password: str) -> str:
    """The hash to keep of a password, made beside the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_WORKERS, HASHER.hash, prepare(password))


def _check(kept: str | None, password: str) -> bool:
    try:
        return HASHER.verify(kept or NOBODY, prepare(password)) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


async def is_right(kept: str | None, password: str) -> bool:
    """Whether a password belongs to a kept hash. Without a hash the answer is no and takes as long."""
    return await asyncio.get_running_loop().run_in_executor(_WORKERS, _check, kept, password)


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return HASHER.check_needs_rehash(kept)

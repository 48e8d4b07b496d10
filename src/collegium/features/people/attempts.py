"""How long somebody who guesses has to wait.

Failures are counted for one account *and* one origin: the browser's device mark where it has signed in to that account
before, else its network. So whoever guesses makes only himself wait, and the owner comes in undisturbed.
A network that fails on many accounts waits too, but never a browser that has a mark.
"""

from __future__ import annotations

import math
from uuid import UUID

import msgspec

from collegium.features.people.addresses import network_name, network_range, normal_address
from collegium.features.people.devices import find_mark
from collegium.features.people.model import Account, Browser, Failures
from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.errors import TooMany, waiting_time

Q = queries.load("collegium.features.people")
FREE_FAILURES = 4
LONGEST_DELAY_S = 15 * 60
NETWORK_FAILURES_AN_HOUR = 100
HOUR_S = 3600


class Opened(msgspec.Struct, frozen=True):
    """An attempt that may go on: where it is recorded, and the account it is about, if there is one."""

    id: UUID
    account: Account | None


def delay_after(failures: int) -> int:
    """Seconds to wait after that many failures in a row: nothing up to three, then 2, 4, 8 … to 15 minutes."""
    if failures < FREE_FAILURES:
        return 0
    return min(2 ** (failures - FREE_FAILURES + 1), LONGEST_DELAY_S)


def origin_of(browser: Browser, email: str, key: bytes) -> str:
    """What failures are counted by."""
    mark = find_mark(browser.marks, key, email)
    return f"device:{mark}" if mark else f"net:{network_name(browser.address)}"


async def _wait_for(tx: Transaction, email: str, origin: str, browser: Browser) -> int:
    failures = await tx.one(Failures, Q.failures_of_origin, email, origin)
    wait = delay_after(failures.count) - (failures.seconds_ago or 0)
    ends = network_range(browser.address)
    if ends and origin.startswith("net:"):
        oldest = await tx.fetchval(Q.network_failure, *ends, NETWORK_FAILURES_AN_HOUR - 1)
        if oldest is not None:
            wait = max(wait, HOUR_S - oldest)
    return max(0, math.ceil(wait))


async def open_attempt(
    tx: Transaction, email: str, browser: Browser, origin: str, account: Account | None
) -> Opened | TooMany:
    """Records an attempt in a system transaction, as failed until it is settled, or answers how long to wait first.

    Counting and recording are one step under a lock, so that many attempts sent at once are counted one by one. The
    refusal is answered, not raised, so that its record commits.
    """
    await tx.execute(Q.lock_attempts, email, origin)
    wait = await _wait_for(tx, email, origin, browser)
    reason = "delayed" if wait else "wrong_password" if account else "unknown_person"
    attempt_id: UUID = await tx.fetchval(
        Q.add_attempt,
        email,
        account.id if account else None,
        origin,
        normal_address(browser.address),
        browser.user_agent[:400],
        reason,
    )
    if wait:
        return TooMany(
            f"That was too many attempts from here. Wait {waiting_time(wait)}, then try again. "
            "Your password was not looked at, and nothing was changed.",
            retry_after=wait,
            code="sign_in_delayed",
        )
    return Opened(attempt_id, account)


async def settle(tx: Transaction, attempt: Opened, reason: str) -> None:
    """Corrects the record of an attempt whose password was right: ``ok``, ``not_confirmed`` or ``banned``."""
    await tx.execute(Q.settle_attempt, attempt.id, reason)

"""Packages given to partners: what was agreed, what the partner gets, and how his learners open it and stand."""

from __future__ import annotations

import hmac
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from collegium.features.dispatch.archive import archive_of
from collegium.features.dispatch.model import (
    Dispatch,
    Learner,
    Opened,
    Package,
    Standing,
    Totals,
    status_of,
)
from collegium.features.scorm import service as scorm
from collegium.kit import queries
from collegium.kit.db import SYSTEM, Transaction
from collegium.kit.errors import Conflict, Invalid, NotFound
from collegium.kit.site import Site

Q = queries.load("collegium.features.dispatch")
PAGE = 50
LONGEST_STUDENT = 255
MOST_PLACES = 100_000
MOST_LAUNCHES = 10_000_000
_MAC = 16
_NOWHERE = "This address leads to nothing. Ask whoever gave you the package for a new one."


class Agreed(msgspec.Struct, frozen=True, kw_only=True):
    """What is agreed with a partner."""

    partner: str
    note: str | None = None
    max_registrations: int = 500
    max_launches: int | None = None
    expires_at: datetime | None = None

    def row(self) -> tuple[Any, ...]:
        """In the order of the queries."""
        return (self.partner, self.note, self.max_registrations, self.max_launches, self.expires_at)


class Offered(msgspec.Struct, frozen=True):
    """What somebody sees who opens the address."""

    title: str
    is_open: bool


# For whoever gives a package away -------------------------------------------------------------------------


async def package(tx: Transaction, package_id: UUID) -> Package:
    """A package that the person of the transaction may give to partners. Raises NotFound for all others."""
    found = await tx.maybe(Package, Q.package, package_id)
    if found is None or not found.may_give:
        raise NotFound("You can give only packages to partners that you brought.")
    return found


async def of_package(tx: Transaction, package_id: UUID) -> list[Dispatch]:
    """To whom a package was given."""
    return await tx.all(Dispatch, Q.of_package, package_id)


async def one(tx: Transaction, package_id: UUID, dispatch_id: UUID) -> Dispatch:
    """One dispatch of a package. Raises NotFound."""
    found = await tx.maybe(Dispatch, Q.dispatch, dispatch_id, package_id)
    if found is None:
        raise NotFound("You have given this package to no such partner.")
    return found


async def give(tx: Transaction, package_id: UUID, agreed: Agreed) -> UUID:
    """Gives a package to a partner. Raises Conflict for one that cannot be played."""
    found = await package(tx, package_id)
    if found.import_state != "ready" or not found.is_active:
        raise Conflict("Only a package that is ready and in use can be given to a partner.", code="package_not_ready")
    made: UUID = await tx.fetchval(Q.give, package_id, *agreed.row())
    return made


async def change(tx: Transaction, package_id: UUID, dispatch_id: UUID, agreed: Agreed) -> None:
    """Changes what was agreed. Raises the refusal ``dispatch_revoked`` (409)."""
    await one(tx, package_id, dispatch_id)
    await tx.execute(Q.change, dispatch_id, *agreed.row())


async def revoke(tx: Transaction, package_id: UUID, dispatch_id: UUID) -> None:
    """Ends a dispatch for good; whoever has it open cannot save any more."""
    await one(tx, package_id, dispatch_id)
    await tx.execute(Q.revoke, dispatch_id)


async def totals(tx: Transaction, dispatch_id: UUID) -> Totals:
    """What a dispatch has come to."""
    return await tx.one(Totals, Q.totals, dispatch_id)


async def learners(
    tx: Transaction, dispatch_id: UUID, after: tuple[datetime, UUID] | None = None, limit: int = PAGE
) -> list[Learner]:
    """How a partner's learners stand, the last who came first."""
    moment, last = after or (None, None)
    return await tx.all(Learner, Q.learners, dispatch_id, moment, last, limit)


def archive(site: Site, found: Dispatch, title: str) -> bytes:
    """What the partner puts into his learning system. Raises Conflict where packages have no address yet."""
    scorm.content_of(site)
    base = site.settings.base_url.rstrip("/")
    return archive_of(found.id.hex, title, f"{base}/dispatch/{key_of(site, found.id)}", base)


# Addresses and tickets ------------------------------------------------------------------------------------


def _signed(site: Site, purpose: bytes, *about: UUID) -> str:
    whole = purpose + b"".join(each.bytes for each in about)
    mac = hmac.digest(site.key("dispatch"), whole, sha256)[:_MAC]
    return about[-1].hex + mac.hex()


def _read(site: Site, text: str, purpose: bytes, *before: UUID) -> UUID | None:
    """The id that a text names when it was signed here for this purpose; else None."""
    try:
        found = UUID(hex=text[:32])
    except ValueError:
        return None
    signed = _signed(site, purpose, *before, found)
    return found if hmac.compare_digest(signed.encode(), text.encode()) else None


def key_of(site: Site, dispatch_id: UUID) -> str:
    """What stands in the address of a dispatch: its id, and a mark that only this site makes."""
    return _signed(site, b"key", dispatch_id)


def _dispatch(site: Site, key: str) -> UUID:
    found = _read(site, key, b"key")
    if found is None:
        raise NotFound(_NOWHERE)
    return found


def _student(site: Site, dispatch_id: UUID, student: str) -> bytes:
    """How we know a learner: who reads the database learns neither his identifier nor that he is in two dispatches."""
    return hmac.digest(site.key("dispatch"), b"student" + dispatch_id.bytes + student.encode(), sha256)


# For learners of partners -----------------------------------------------------------------------------------


async def offered(site: Site, key: str) -> Offered:
    """What a dispatch offers. Raises NotFound."""
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        found = await tx.maybe(Offered, Q.offered, _dispatch(site, key))
    if found is None:
        raise NotFound(_NOWHERE)
    return found


async def launch(site: Site, key: str, student: str, ticket: str = "") -> Opened:
    """Opens the player for a learner of a partner. A ticket takes him to where he was; without it he begins anew.

    An identifier alone does not: other learners of the partner have the address too and may know it. Raises NotFound,
    Invalid, Conflict ``no_content_address`` and the refusals of ``private.open_scorm_dispatch``.
    """
    dispatch_id = _dispatch(site, key)
    scorm.content_of(site)
    student = student.strip()
    if not student or len(student) > LONGEST_STUDENT or "\x00" in student:
        raise Invalid("The learning system has not said who you are. Tell whoever runs it.", code="no_student")
    registration = _read(site, ticket, b"ticket", dispatch_id)
    async with site.db.transaction(SYSTEM) as tx:
        row: dict[str, Any] = await tx.fetchval(Q.open, dispatch_id, _student(site, dispatch_id, student), registration)
    opened = scorm.launched(site, row)
    return Opened(
        url=opened.url,
        origin=opened.origin,
        sandbox=scorm.SANDBOX,
        allow=scorm.ALLOW,
        ticket=_signed(site, b"ticket", dispatch_id, UUID(row["dispatch_registration_id"])),
    )


async def _standing(site: Site, key: str, ticket: str) -> dict[str, Any]:
    dispatch_id = _dispatch(site, key)
    registration = _read(site, ticket, b"ticket", dispatch_id)
    if registration is None:
        raise NotFound(_NOWHERE)
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        row = await tx.fetchrow(Q.standing, registration, dispatch_id)
    if row is None:
        raise NotFound(_NOWHERE)
    return dict(row)


async def standing(site: Site, key: str, ticket: str) -> Standing:
    """What the partner's system is told of a learner. Raises NotFound."""
    row = await _standing(site, key, ticket)
    return Standing(status_of(row["completion_status"], row["success_status"]), row["score"], row["seconds"])


async def renew(site: Site, key: str, ticket: str, token: str) -> scorm.Renewed:
    """Another hour for the player of a ticket. Raises NotFound, Invalid, and Conflict for one that is not current."""
    row = await _standing(site, key, ticket)
    old = scorm.tokens_of(site).read(token)
    if old is None or old.registration != row["id"]:
        raise Invalid("This is not a launch token.", code="bad_token")
    player = await scorm.player(site, old)
    if player is None or not (player.current and player.fresh):
        raise Conflict("This player is not the current one any more. Open the course again.", code="stale_attempt")
    return scorm.renewed(site, old)

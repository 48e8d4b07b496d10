"""Playing packages: who may open one, with what, and how what it says is stored."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec

from collegium.features.packages import service as packages
from collegium.features.scorm.commits import Commits, Entry, Q
from collegium.features.scorm.lessons import Card, card
from collegium.features.scorm.model import (
    Commit,
    Definition,
    File,
    Launch,
    Mode,
    NotSaved,
    Player,
    Position,
    Reason,
    Renewed,
    Saved,
)
from collegium.features.scorm.tokens import TTL_S, Token, Tokens
from collegium.kit.content import ContentOrigin
from collegium.kit.db import SYSTEM, Transaction
from collegium.kit.errors import Conflict, Invalid, SignInNeeded
from collegium.kit.site import Site

__all__ = [
    "ALLOW",
    "SANDBOX",
    "Card",
    "Commit",
    "Commits",
    "Definition",
    "Entry",
    "File",
    "Launch",
    "NotSaved",
    "Player",
    "Reason",
    "Renewed",
    "Saved",
    "Token",
    "card",
    "content_of",
    "definition",
    "file",
    "launch",
    "launched",
    "player",
    "preview",
    "renew",
    "renewed",
    "save_state",
    "state",
    "tokens_of",
]

SANDBOX = "allow-scripts allow-same-origin allow-forms allow-popups allow-modals allow-downloads allow-pointer-lock"
"""For the frame of a player on the site's page: all that packages really do, except to navigate the top window."""
ALLOW = "fullscreen; autoplay; clipboard-write"
STALE = (
    "This lesson was opened in another window, so nothing is saved from this one any more. "
    "Go on there, or open it again."
)
EXPIRED = "This page was open for a long time. What you did is kept on this device and is saved when you go on."
NO_ADDRESS = (
    "This site has no address yet at which packages are played. "
    "Tell its administrator to set COLLEGIUM_CONTENT_URL; your progress is not affected."
)
LIMITS = {"suspendData": 64_000, "location": 1_000}
STRICT_12 = {"suspendData": 4_096, "location": 255}


@lru_cache(maxsize=16)
def _tokens(key: bytes) -> Tokens:
    return Tokens(key)


def tokens_of(site: Site) -> Tokens:
    """What makes and reads this site's launch tokens."""
    return _tokens(site.key("scorm"))


def content_of(site: Site) -> ContentOrigin:
    """Where this site's packages are played; raises Conflict ``no_content_address`` where nobody said it."""
    content = site.settings.content
    if content is None:
        raise Conflict(NO_ADDRESS, code="no_content_address")
    return content


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


async def launch(
    site: Site, tx: Transaction, lesson_id: UUID, mode: Mode = "normal", new_attempt: bool = False
) -> Launch:
    """Opens the player on a lesson's package for the person of the transaction; any other player of it is stale then.

    Raises the database's refusals (``not_enrolled``, ``locked``, ``package_not_ready``, ``no_attempts_left``) and
    Conflict ``no_content_address``.
    """
    content_of(site)
    row: dict[str, Any] = await tx.fetchval(Q.open_scorm, lesson_id, mode, new_attempt)
    return launched(site, row)


async def preview(site: Site, tx: Transaction, package_id: UUID, organization: str | None = None) -> Launch:
    """Opens a package in the mode browse for an instructor who may attach it; nothing of it counts.

    Without ``organization`` it is the default one. Raises the database's refusals (``no_such_package``,
    ``no_such_organization``, ``package_not_ready``) and Conflict ``no_content_address``.
    """
    content_of(site)
    return launched(site, await tx.fetchval(Q.preview_package, package_id, organization))


def launched(site: Site, row: dict[str, Any]) -> Launch:
    """The player that the database has opened, as ``private.open_scorm_player`` answers it."""
    tokens = tokens_of(site)
    registration = UUID(row["scorm_enrollment_id"])
    expires_at = int(time.time()) + TTL_S
    token = tokens.make(registration, UUID(row["session_id"]), expires_at)
    origin = content_of(site).address(tokens.label(registration))
    return Launch(
        url=f"{origin}/{token}/",
        origin=origin,
        token=token,
        expires_at=_moment(expires_at),
        registration_id=registration,
        attempt_number=row["attempt_number"],
        mode=row["mode"],
        status=row["status"],
        score=row["score"],
        progress=row["progress"],
    )


async def renew(site: Site, tx: Transaction, token: str) -> Renewed:
    """Another hour for a player of the person of the transaction, whether its token has run out or not.

    Raises Invalid for what is no token of this site, and the refusal ``stale_attempt`` (409) when the player is not the
    current one any more, or not this person's.
    """
    old = tokens_of(site).read(token)
    if old is None:
        raise Invalid("This is not a launch token.", code="bad_token")
    await tx.execute(Q.renew_scorm_player, old.registration, old.session)
    return renewed(site, old)


def renewed(site: Site, old: Token) -> Renewed:
    """The token that follows one whose player was found to be current."""
    expires_at = int(time.time()) + TTL_S
    return Renewed(tokens_of(site).make(old.registration, old.session, expires_at), _moment(expires_at))


async def player(site: Site, token: Token) -> Player | None:
    """What the database knows of a token's player; None when the registration is gone."""
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        return await tx.maybe(Player, Q.player, token.registration, token.session)


async def file(site: Site, package_id: UUID, path: str) -> File | None:
    """A file of a package by its path, in whatever case; None when there is none."""
    if "\0" in path:
        return None
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        return await tx.maybe(File, Q.package_file, package_id, path)


async def definition(site: Site, token: Token) -> Definition:
    """The package and where its learner stands, for a current player. Raises Conflict ``stale_attempt``."""
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        row = await tx.fetchrow(Q.position, token.registration, token.session)
        if row is None:
            raise Conflict(STALE, code="stale_attempt")
        found = dict(row)
        package = await packages.definition(tx, found.pop("scorm_package_id"), found.pop("organization"))
        if package.standard == "scorm_2004" and found["mode"] != "browse":
            found["shared"] = await tx.fetchval(Q.shared_state, token.registration)
    strict = found.pop("standard") != "scorm_2004" and not found.pop("lenient_limits", True)
    found.pop("lenient_limits", None)
    if not found["learner_name"]:
        found["learner_name"] = "Learner"
    position = Position(**found, limits=STRICT_12 if strict else LIMITS)
    return Definition(package, position, _moment(token.expires_at), list(content_of(site).sites))


async def state(site: Site, token: Token) -> Any:
    """What the sequencer of a current player remembers; None when it has told nothing. Raises Conflict."""
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        row = await tx.fetchrow(Q.position, token.registration, token.session)
    if row is None:
        raise Conflict(STALE, code="stale_attempt")
    return row["state"]


async def save_state(site: Site, token: Token, kept: msgspec.Raw) -> None:
    """Keeps what the sequencer of a current player remembers. Raises Conflict ``stale_attempt``."""
    async with site.db.transaction(SYSTEM) as tx:
        if await tx.fetchval(Q.save_state, token.registration, token.session, kept) is None:
            raise Conflict(STALE, code="stale_attempt")


def must_be_valid(token: Token) -> None:
    """Raises SignInNeeded ``expired`` for a token that has run out."""
    if token.expired():
        raise SignInNeeded(EXPIRED, code="expired")

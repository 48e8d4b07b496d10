"""The messages of this feature, and the limit on how often somebody gets one."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from collegium.features.people.model import CONFIRM_LIFE, RESET_LIFE, Purpose
from collegium.features.people.tokens import hash_token, new_token
from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.mail import compose, queue_mail
from collegium.kit.site import Site

Q = queries.load("collegium.features.people")
MOST_AN_HOUR = 4
"""Messages of one kind to one person, so that nobody can fill somebody else's mailbox from here."""


async def _new_link(tx: Transaction, site: Site, user_id: UUID, purpose: Purpose, next_path: str = "/") -> str:
    token = new_token()
    life, path = (CONFIRM_LIFE, "/confirm/") if purpose == "confirm_email" else (RESET_LIFE, "/reset-password/")
    await tx.execute(Q.add_token, user_id, purpose, hash_token(token), life)
    query = "" if next_path == "/" else "?next=" + quote(next_path, safe="")
    return site.url(path + token + query)


async def _has_had_enough(tx: Transaction, user_id: UUID, *kinds: str) -> bool:
    count: int = await tx.fetchval(Q.recent_mail, user_id, list(kinds))
    return count >= MOST_AN_HOUR


async def _queue(tx: Transaction, site: Site, user_id: UUID, email: str, kind: str, **context: object) -> None:
    content = compose(f"people/mail/{kind}", site_name=site.settings.site_name, email=email, **context)
    await queue_mail(tx, email, kind, content.subject, content.text, content.html, user_id)


async def confirm_email(tx: Transaction, site: Site, user_id: UUID, email: str, next_path: str = "/") -> None:
    """Asks somebody who registered to confirm the address."""
    if not await _has_had_enough(tx, user_id, "confirm_email"):
        link = await _new_link(tx, site, user_id, "confirm_email", next_path)
        await _queue(tx, site, user_id, email, "confirm_email", link=link)


async def already_registered(tx: Transaction, site: Site, user_id: UUID, email: str) -> None:
    """Tells the owner of an account that somebody registered with the same address."""
    if not await _has_had_enough(tx, user_id, "already_registered"):
        links = {"sign_in": site.url("/sign-in"), "forgot": site.url("/forgot-password")}
        await _queue(tx, site, user_id, email, "already_registered", **links)


async def finish_registration(tx: Transaction, site: Site, user_id: UUID, email: str) -> None:
    """To somebody who registers again before confirming: a link to choose the password anew.

    The account may have been made by a stranger with a password of his, so that confirming it would let him in.
    """
    if not await _has_had_enough(tx, user_id, "finish_registration"):
        link = await _new_link(tx, site, user_id, "reset_password")
        await _queue(tx, site, user_id, email, "finish_registration", link=link)


async def reset_password(tx: Transaction, site: Site, user_id: UUID, email: str) -> None:
    """A link to choose a new password."""
    if not await _has_had_enough(tx, user_id, "reset_password"):
        link = await _new_link(tx, site, user_id, "reset_password")
        await _queue(tx, site, user_id, email, "reset_password", link=link)


async def password_changed(tx: Transaction, site: Site, user_id: UUID, email: str) -> None:
    """Tells the owner that the password is another one now."""
    await _queue(tx, site, user_id, email, "password_changed", forgot=site.url("/forgot-password"))

"""Running the site: the outbox of mail."""

from __future__ import annotations

from uuid import UUID

from collegium.features.operations.model import MailCounts, MailLine, MailMessage, MailPage, MailState
from collegium.kit import queries
from collegium.kit.db import Transaction

Q = queries.load("collegium.features.operations")
PAGE = 50


def _pattern(words: str) -> str | None:
    plain = words.strip()[:200]
    if not plain:
        return None
    for sign in ("\\", "%", "_"):
        plain = plain.replace(sign, "\\" + sign)
    return f"%{plain}%"


async def list_mail(
    tx: Transaction,
    *,
    words: str = "",
    state: MailState | None = None,
    older_than: UUID | None = None,
    newer_than: UUID | None = None,
) -> MailPage:
    """A page of the outbox, newest first: those whose recipient, subject or kind holds ``words``, in a state.

    The database shows nothing to whoever is no administrator, and nothing for super administrators to others.
    """
    found = await tx.all(
        MailLine, Q.list_mail, _pattern(words), state, None if newer_than else older_than, newer_than, PAGE + 1
    )
    more = len(found) > PAGE
    lines = found[:PAGE]
    if newer_than:
        lines.reverse()
    has_newer, has_older = (more, True) if newer_than else (older_than is not None, more)
    return MailPage(
        lines=lines,
        newer_than=lines[0].id if lines and has_newer else None,
        older_than=lines[-1].id if lines and has_older else None,
    )


async def get_mail(tx: Transaction, mail_id: UUID) -> MailMessage:
    """One message; raises NotFound also for whoever may not see it."""
    return await tx.one(MailMessage, Q.get_mail, mail_id)


async def count_mail(tx: Transaction) -> MailCounts:
    """How many messages have not gone out, of those that the person who asks may see."""
    return await tx.one(MailCounts, Q.count_mail)


async def send_mail_again(tx: Transaction, mail_id: UUID) -> None:
    """Puts a message that did not go out back into the queue. Raises Problem 404 or 409."""
    await tx.execute(Q.send_mail_again, mail_id)

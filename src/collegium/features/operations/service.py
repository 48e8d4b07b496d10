"""Running the site: the outbox of mail, maintenance."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from collegium.features.operations.model import MailCounts, MailLine, MailMessage, MailPage, MailState, Run
from collegium.kit import queries
from collegium.kit.db import SYSTEM, Transaction
from collegium.kit.maintenance import MAINTENANCE, Maintenance
from collegium.kit.site import Site

Q = queries.load("collegium.features.operations")
PAGE = 50
# A worker may be stopped for a while, and a job may wait behind others.
GRACE = timedelta(hours=2)


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


async def last_runs(tx: Transaction) -> dict[str, Run]:
    """The last run of each maintenance job, by its name, for administrators."""
    return {run.job: run for run in await tx.all(Run, Q.last_runs, list(MAINTENANCE))}


async def runs_of_job(tx: Transaction, name: str, most: int) -> list[Run]:
    """The last runs of a maintenance job, the newest first, for administrators."""
    return await tx.all(Run, Q.runs_of_job, name, most)


async def run_maintenance(tx: Transaction, name: str) -> None:
    """Queues a maintenance job for now. Raises Problem 403, or 409 while it runs."""
    await tx.execute(Q.run_maintenance, name)


def is_late(kind: Maintenance, last: datetime, now: datetime) -> bool:
    """Whether the clock should have started a job since it was last started."""
    return last < kind.last_due(now - GRACE)


async def late_and_wrong(site: Site, now: datetime) -> tuple[list[str], list[str]]:
    """The maintenance jobs that have not run when they should have, and those whose last run failed."""
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        since: datetime | None = await tx.fetchval(Q.maintained_since)
        last = {row["job"]: row for row in await tx.fetch(Q.last_starts, list(MAINTENANCE))}
    late: list[str] = []
    for kind in MAINTENANCE.values():
        begun = last[kind.name]["started_at"] if kind.name in last else since
        if begun is None or is_late(kind, begun, now):
            late.append(kind.name)
    wrong = [name for name, row in last.items() if row["result"] in ("failed", "drift")]
    return late, wrong

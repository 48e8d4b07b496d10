"""Mail that was asked for, and forgetting what nobody needs any more."""

from __future__ import annotations

from collegium.features.people import service
from collegium.kit import mail
from collegium.kit.db import SYSTEM
from collegium.kit.jobs import REGISTRY, job
from collegium.kit.maintenance import Outcome, maintenance
from collegium.kit.site import Site

# The job that sends mail registers itself when its module is read.
assert mail.send is REGISTRY["mail.send"].work  # noqa: S101


@job("people.forgot")
async def forgot(site: Site, email: str) -> None:
    """Sends a link for a new password, if the address has an account."""
    await service.answer_forgot(site, email)


@job("people.resend")
async def resend(site: Site, email: str) -> None:
    """Sends the confirming mail again, if an account waits for it."""
    await service.answer_resend(site, email)


@maintenance(
    "people.tidy",
    cron="17 3 * * *",
    title="Forget what nobody needs",
    what="Removes one-time links and sessions 30 days after they ended, sign-in attempts and mail after 180 days.",
)
async def tidy(site: Site) -> Outcome:
    """Every night."""
    async with site.db.transaction(SYSTEM) as tx:
        gone = await service.forget_what_is_old(tx)
    return Outcome(", ".join(f"{number} {what}" for what, number in gone.items()) + " removed.", gone)

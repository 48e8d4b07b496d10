"""Mail that was asked for, and forgetting what nobody needs any more."""

from __future__ import annotations

from collegium.features.people import service
from collegium.kit import mail
from collegium.kit.db import SYSTEM
from collegium.kit.jobs import REGISTRY, job
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


@job("people.tidy", cron="17 3 * * *")
async def tidy(site: Site) -> None:
    """Every night: removes ended links and sessions after 30 days, attempts and mail after 180."""
    async with site.db.transaction(SYSTEM) as tx:
        await service.forget_what_is_old(tx)

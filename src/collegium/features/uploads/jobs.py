"""Checking files that arrived, and removing those that were deleted."""

from __future__ import annotations

from uuid import UUID

from collegium.features.uploads import service
from collegium.kit.jobs import job
from collegium.kit.maintenance import Outcome, maintenance
from collegium.kit.site import Site


@job(service.CHECK, attempts=8)
async def check_upload(site: Site, file_id: str) -> None:
    """Checks a file that arrived. A scanner that does not answer is asked again, with growing pauses."""
    await service.check(site, UUID(file_id))


@job("uploads.remove", attempts=5)
async def remove_upload(site: Site, file_id: str, keys: list[str]) -> None:
    """Removes the bytes of a file that was deleted, unless a backup copies files: then the nightly round does it."""
    await service.remove(site, UUID(file_id), keys)


@maintenance(
    "uploads.tidy",
    cron="37 * * * *",
    title="Remove unfinished uploads",
    what="Removes uploads that rested for more than eight days, refused files after 30 days and bytes that no row"
    " names, and asks again for checks that were lost.",
)
async def tidy(site: Site) -> Outcome:
    """Every hour."""
    return await service.tidy(site)


@maintenance(
    "uploads.tidy_work",
    cron="52 3 * * *",
    title="Remove files that were never handed in",
    what="Removes files that learners uploaded for an assignment more than 90 days ago and did not hand in, once its"
    " deadline, or a later one of theirs, is 30 days over.",
)
async def tidy_work(site: Site) -> Outcome:
    """Every night."""
    return await service.tidy_work(site)

"""Operations' maintenance: what runs at night so that the site stays as it should be."""

from __future__ import annotations

from collegium.features.operations import access, upkeep
from collegium.kit.maintenance import Outcome, maintenance
from collegium.kit.site import Site


@maintenance(
    "enrollments.expire",
    cron="11 * * * *",
    title="End expired enrollments",
    what="Sets enrollments whose end has passed to expired, so that reports and counters say so too.",
)
async def expire_enrollments(site: Site) -> Outcome:
    """Every hour."""
    return await upkeep.expire_enrollments(site)


@maintenance(
    "attempts.expire",
    cron="*/10 * * * *",
    title="End attempts past their deadline",
    what="Hands in quiz attempts whose time is over and whose learner has gone away, and grades them.",
)
async def expire_attempts(site: Site) -> Outcome:
    """Every ten minutes."""
    return await upkeep.expire_attempts(site)


@maintenance(
    "attempts.archive",
    cron="27 2 * * *",
    title="Archive old attempts",
    what="Sets attempts that were graded more than two years ago to archived. Their scores stay.",
)
async def archive_attempts(site: Site) -> Outcome:
    """Every night."""
    return await upkeep.archive_attempts(site)


@maintenance(
    "counters.recount",
    cron="43 2 * * *",
    title="Recount counters",
    what="Compares every stored number with a recount and reports differences. It changes nothing: the command line"
    " mends, after somebody has looked why.",
)
async def recount(site: Site) -> Outcome:
    """Every night."""
    return await upkeep.recount(site)


@maintenance(
    "files.orphans",
    cron="3 4 * * *",
    title="Remove files without an owner",
    what="Removes files of videos, certificates and the media library that nothing in the database names and that are"
    " older than a day. Never while a backup is written.",
)
async def remove_orphans(site: Site) -> Outcome:
    """Every night."""
    return await upkeep.remove_orphans(site)


@maintenance(
    "database.analyze",
    cron="29 4 * * *",
    title="Gather statistics",
    what="Tells the database's planner about tables that changed much.",
)
async def analyze(site: Site) -> Outcome:
    """Every night."""
    return await upkeep.analyze(site)


@maintenance(
    "maintenance.tidy",
    cron="47 4 * * *",
    title="Forget old runs",
    what="Removes runs of maintenance after a year, and jobs that were given up after 30 days.",
)
async def tidy(site: Site) -> Outcome:
    """Every night."""
    return await upkeep.tidy(site)


@maintenance(
    access.JOB,
    cron="17 3 * * *",
    title="Try everybody's rights",
    what="Tries every role's rights on every table and names what is not as declared. It leaves nothing behind.",
)
async def try_access(site: Site) -> Outcome:
    """Every night."""
    return await access.try_all(site)

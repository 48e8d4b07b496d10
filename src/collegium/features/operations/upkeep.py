"""The work of maintenance."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from collegium.features.operations.service import Q
from collegium.kit.db import SYSTEM
from collegium.kit.dumps import FILES_LOCK, named_files
from collegium.kit.maintenance import Outcome
from collegium.kit.migrations_files import resource_dir
from collegium.kit.site import Site
from collegium.kit.storage import Meta

BATCH = 200
ORPHANED_AFTER = timedelta(hours=24)
# Only what lies where the site itself puts files of a row, named after it, can be known to be without an owner.
_OWNED = re.compile(
    r"(?P<videos>videos)/([0-9a-f-]{36})/.+|(?P<certificates>certificates)/([0-9a-f-]{36})\.pdf"
    r"|(?P<files>files)/([0-9a-f-]{36})/.+|(?P<scorm>scorm)/([0-9a-f-]{36})/.+|sessions/[0-9a-f-]{36}/([0-9a-f-]{36})\.[a-z0-9]+"
)
MENDS = {
    "course_counters_equal_a_recount": "select private.mend_course_counters()",
    "lessons_completed_equals_a_recount": "select private.mend_lessons_completed()",
}


def _plural(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


async def _in_batches(site: Site, statement: str) -> int:
    done = 0
    while True:
        async with site.db.transaction(SYSTEM) as tx:
            some: int = await tx.fetchval(statement, BATCH)
        done += some
        if not some:
            return done


async def expire_enrollments(site: Site) -> Outcome:
    """Ends enrollments whose time has passed."""
    done = await _in_batches(site, Q.expire_enrollments)
    return Outcome(f"{_plural(done, 'enrollment', 'enrollments')} ended.", {"expired": done})


async def expire_attempts(site: Site) -> Outcome:
    """Hands in attempts whose deadline has passed."""
    done = await _in_batches(site, Q.expire_attempts)
    return Outcome(f"{_plural(done, 'attempt', 'attempts')} handed in.", {"handed_in": done})


async def archive_attempts(site: Site) -> Outcome:
    """Archives attempts graded long ago."""
    done = await _in_batches(site, Q.archive_attempts)
    return Outcome(f"{_plural(done, 'attempt', 'attempts')} archived.", {"archived": done})


def recounts() -> dict[str, tuple[str, str]]:
    """The invariants that compare a stored number with a recount: sentence and query, by name."""
    found: dict[str, tuple[str, str]] = {}
    for path in sorted(resource_dir("db/invariants").glob("*_recount.sql")):
        sentence, _, query = path.read_text(encoding="utf-8").partition("\n")
        found[path.stem] = sentence.removeprefix("--").strip(), query
    return found


async def recount(site: Site) -> Outcome:
    """Compares stored numbers with a recount and changes nothing."""
    every = recounts()
    wrong: dict[str, int] = {}
    for name, (_, query) in every.items():
        async with site.db.transaction(SYSTEM, read_only=True) as tx:
            rows = await tx.fetch(query)
        if rows:
            wrong[name] = len(rows)
    if not wrong:
        return Outcome(f"{_plural(len(every), 'rule holds', 'rules hold')}.", {"rules": len(every)})
    parts = [f"{_plural(number, 'row', 'rows')} against: {every[name][0]}" for name, number in wrong.items()]
    return Outcome(" ".join(parts), {"rules": len(every), **wrong}, "drift")


async def mend(site: Site) -> Outcome:
    """Sets stored numbers to a recount, then compares again."""
    mended = 0
    for statement in MENDS.values():
        async with site.db.transaction(SYSTEM) as tx:
            mended += await tx.fetchval(statement)
    after = await recount(site)
    words = f"{_plural(mended, 'row was', 'rows were')} set right. {after.words}"
    return Outcome(words, {**after.figures, "mended": mended}, after.result)


async def remove_orphans(site: Site) -> Outcome:
    """Removes files of rows that are gone, unless a backup is copying files."""
    # Listed before the database is asked: what comes after the list is not looked at.
    listed = await site.storage.list()
    async with site.db.transaction(SYSTEM) as tx:
        # Held until the last is removed. A backup that begins now waits.
        if not await tx.fetchval("select pg_try_advisory_xact_lock($1)", FILES_LOCK):
            return Outcome("A backup is being written, so nothing was removed.", {"files": len(listed)})
        named = await named_files(tx.connection)
        rows = {(row["kind"], str(row["id"])) for row in await tx.fetch(Q.rows_with_files)}
        old = list(_orphans(listed, named, rows, datetime.now(UTC) - ORPHANED_AFTER))
        for meta in old:
            await site.storage.delete(meta.key)
    size = sum(meta.size for meta in old)
    figures = {"files": len(listed), "removed": len(old), "bytes": size, "first": [meta.key for meta in old[:20]]}
    if not old:
        return Outcome(f"{_plural(len(listed), 'file', 'files')}, none without an owner.", figures)
    return Outcome(f"{_plural(len(old), 'file', 'files')} removed, {size / 1e6:.1f} MB.", figures)


def _orphans(listed: Iterable[Meta], named: set[str], rows: set[tuple[str, str]], before: datetime) -> Iterable[Meta]:
    for meta in listed:
        found = _OWNED.fullmatch(meta.key)
        if not found or meta.key in named or meta.last_modified > before:
            continue
        kind = next((name for name, value in found.groupdict().items() if value), "files")
        owner = next(value for value in reversed(found.groups()) if value)
        if (kind, owner) not in rows:
            yield meta


async def analyze(site: Site) -> Outcome:
    """Gathers statistics of tables that changed much."""
    async with site.db.transaction(SYSTEM) as tx:
        tables: list[str] = await tx.fetchval(Q.analyze_changed)
    return Outcome(f"{_plural(len(tables), 'table', 'tables')} looked at.", {"tables": tables})


async def tidy(site: Site) -> Outcome:
    """Forgets runs of maintenance and jobs that were given up."""
    async with site.db.transaction(SYSTEM) as tx:
        runs = int((await tx.execute(Q.forget_old_runs)).rpartition(" ")[2])
        jobs: int = await tx.fetchval(Q.forget_finished_jobs)
    words = f"{_plural(runs, 'run', 'runs')} and {_plural(jobs, 'job', 'jobs')} forgotten."
    return Outcome(words, {"runs": runs, "jobs": jobs})

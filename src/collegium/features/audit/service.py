"""The audit log: sealing it, signing where it stood, checking it, reading it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import msgspec
import structlog

from collegium.features.audit import chain, roots
from collegium.features.audit.chain import Finding, Sealed, Walk
from collegium.features.audit.model import Entry, Filters, Head, Line, Page, Report, Root
from collegium.features.certificates import service as certificates
from collegium.kit import queries
from collegium.kit.db import SYSTEM, Transaction
from collegium.kit.errors import Invalid
from collegium.kit.site import Site
from collegium.kit.storage import Missing

Q = queries.load("collegium.features.audit")
PAGE = 50
log = structlog.get_logger("collegium.audit")


async def seal(site: Site) -> int:
    """Takes every committed row into the chain; answers how many were not in it yet."""
    sealed = 0
    while True:
        async with site.db.transaction(SYSTEM) as tx:
            some: int = await tx.fetchval(Q.seal)
        sealed += some
        if some < 20_000:
            return sealed


async def end_of_chain(site: Site) -> tuple[int, bytes]:
    """The place and the hash of the last row, as sealing noted them."""
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        noted = await tx.fetchrow(Q.noted_head)
    return (noted["position"], noted["hash"]) if noted else (0, chain.GENESIS)


# Roots -----------------------------------------------------------------------------------------------------


async def close_day(site: Site, day: date | None = None) -> Root | None:
    """Signs where the chain stands now that ``day`` (yesterday) has ended, and writes the file.

    Done again it finishes what is missing. None when the day has a root already, or a file without one.
    """
    day = day or datetime.now(UTC).date() - timedelta(days=1)
    await seal(site)
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        known = await tx.all(Root, Q.roots)
    made = None
    if not any(root.day >= day for root in known):
        if await site.storage.exists(roots.key_of(day)):
            # Signing anew would hide that somebody removed the root, or that the database is an older one.
            log.error("audit_root_is_gone", day=day.isoformat(), file=roots.key_of(day))
        else:
            made = await _sign(site, day, known[-1].position if known else 0)
            known.append(made)
    for root in known:
        if root.exported_key is None:
            await _write_file(site, root)
    return made


async def _sign(site: Site, day: date, before: int) -> Root:
    position, head_hash = await end_of_chain(site)
    key = certificates.keys_of(site).current
    unsigned = Root(
        day=day,
        position=position,
        rows=position - before,
        hash=head_hash,
        signed_at=datetime.now(UTC),
        key_id=key.key_id,
        signature=b"",
        exported_key=None,
    )
    signature = await asyncio.to_thread(key.sign, roots.text_of(unsigned).encode())
    root = msgspec.structs.replace(unsigned, signature=signature)
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(
            Q.keep_root, root.day, root.position, root.rows, root.hash, root.signed_at, root.key_id, root.signature
        )
    return root


async def _write_file(site: Site, root: Root) -> None:
    key = roots.key_of(root.day)
    if not await site.storage.exists(key):
        await site.storage.put(key, roots.file_of(root, certificates.keys_of(site).trusted))
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.keep_exported, root.day, key)


async def _files(site: Site) -> dict[str, bytes | None]:
    found: dict[str, bytes | None] = {}
    for meta in await site.storage.list(roots.FOLDER):
        try:
            found[meta.key] = await site.storage.get(meta.key) if meta.size < 100_000 else None
        except Missing:
            found[meta.key] = None
    return found


# Checking --------------------------------------------------------------------------------------------------


async def verify(site: Site, since: date | None = None) -> Report:
    """Checks the whole log, or from where it stood when the day before ``since`` had ended.

    Rows not sealed yet are sealed first. Reads in a stream: memory does not grow with the log.
    Raises Invalid when there is no root to begin from.
    """
    sealed_now = await seal(site)
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        known = await tx.all(Root, Q.roots)
        findings = list(roots.check_signatures(known, certificates.keys_of(site).trusted))
        findings += roots.check_files(known, await _files(site))
        base = _base(known, since)
        start, before = (base.position, base.hash) if base else (0, chain.GENESIS)
        walk = Walk(start=start, before=before)
        watch = roots.RootWatch([root for root in known if root.position > start])
        last, last_hash = await _walk(tx, walk, watch, findings, start, before)
        rest = await tx.one(Head, Q.head)
    findings += walk.finish(head=last, head_hash=last_hash)
    if not walk.full:
        findings += watch.finish()
    return Report(
        rows=walk.rows,
        first=start + 1,
        last=last,
        hash=last_hash.hex(),
        roots=len(known),
        sealed_now=sealed_now,
        unsealed=rest.unsealed,
        findings=findings,
        cut_short=walk.full,
    )


def _base(known: list[Root], since: date | None) -> Root | None:
    if since is None:
        return None
    earlier = [root for root in known if root.day < since]
    if not earlier:
        raise Invalid(f"No root was signed before {since.isoformat()}. Leave --since out to check everything.")
    return earlier[-1]


async def _walk(
    tx: Transaction, walk: Walk, watch: roots.RootWatch, findings: list[Finding], start: int, before: bytes
) -> tuple[int, bytes]:
    """Goes through the rows; answers where the chain ends, as sealing noted it."""
    erased = {row["record_id"] for row in await tx.fetch(Q.erased_people)}
    noted = await tx.fetchrow(Q.noted_head)
    last: int = noted["position"] if noted else start
    last_hash: bytes = noted["hash"] if noted else before
    async for record in tx.connection.cursor(Q.rows_to_check, start, prefetch=1000):
        last, last_hash = record["head"], record["head_hash"]
        row = Sealed(
            position=record["position"],
            fields=record["fields"],
            previous_hash=record["previous_hash"],
            hash=record["hash"],
        )
        place = walk.step(row)
        if place is not None:
            watch.passed(place, row.hash)
        subject = row.fields[9]
        if record["salt"] is not None or (subject is not None and subject not in erased):
            kept: dict[str, dict[str, str]] = {
                "before": record["personal_before"] or {},
                "after": record["personal_after"] or {},
            }
            findings += chain.personal_findings(row, record["salt"], kept)
        if walk.full or len(findings) > chain.MOST:
            break
    return last, last_hash


async def export(site: Site, first: date, last: date) -> AsyncGenerator[bytes]:
    """The log of some days (UTC) as lines of JSON, personal values as digests only."""
    await seal(site)
    begin = datetime.combine(first, time(), UTC)
    end = datetime.combine(last + timedelta(days=1), time(), UTC)
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        async for record in tx.connection.cursor(Q.rows_to_export, begin, end, prefetch=1000):
            yield msgspec.json.encode(dict(record)) + b"\n"


async def erase_person(tx: Transaction, person: UUID) -> int:
    """Removes a person's values from the log, after his rows were removed elsewhere; the chain stays as it is."""
    return await tx.fetchval(Q.erase_person, person)


# Reading ---------------------------------------------------------------------------------------------------


async def list_lines(
    tx: Transaction, filters: Filters, *, older_than: int | None = None, newer_than: int | None = None
) -> Page:
    """A page of the log, newest first. The database shows nothing to whoever is no administrator."""
    found = await tx.all(
        Line,
        Q.list_lines,
        filters.table,
        filters.record,
        filters.person,
        filters.actor,
        filters.day,
        None if newer_than else older_than,
        newer_than,
        PAGE + 1,
    )
    more = len(found) > PAGE
    lines = found[:PAGE]
    if newer_than:
        lines.reverse()
    has_newer, has_older = (more, True) if newer_than else (older_than is not None, more)
    return Page(
        lines=lines,
        newer_than=lines[0].id if lines and has_newer else None,
        older_than=lines[-1].id if lines and has_older else None,
    )


async def get_entry(tx: Transaction, entry: int) -> Entry:
    """One change; raises NotFound also for whoever may not see it."""
    return await tx.one(Entry, Q.get_entry, entry)


async def list_tables(tx: Transaction) -> list[str]:
    """The tables of which there is a change."""
    return [row["table_name"] for row in await tx.fetch(Q.list_tables)]


async def find_person(tx: Transaction, words: str) -> UUID | None:
    """The person of an address or an identity; None when there is none."""
    return await tx.fetchval(Q.find_person, words)


async def state(tx: Transaction) -> tuple[Head, Root | None]:
    """Where the chain ends, what is not in it yet, and the latest root."""
    return await tx.one(Head, Q.head), await tx.maybe(Root, Q.last_root)

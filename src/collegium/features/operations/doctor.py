"""``collegium doctor``: looks whether everything that the site stands on is in order, and says what to do where not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import click

from collegium.features.certificates import service as certificates
from collegium.features.media.service import MediaError, find_ffmpeg
from collegium.features.operations import service
from collegium.features.operations.access import report
from collegium.kit import dumps, migrations
from collegium.kit.db import SYSTEM
from collegium.kit.server import Served
from collegium.kit.signing import KeyProblem
from collegium.kit.site import Site
from collegium.settings import Settings
from collegium.web import assets


@dataclass(frozen=True)
class Finding:
    """One thing looked at. ``good`` None: not wrong, but worth knowing."""

    what: str
    good: bool | None
    words: str


Check = Callable[[Site, Served], Awaitable[Finding]]


async def _database(site: Site, served: Served) -> Finding:
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        version = int(await tx.fetchval("select current_setting('server_version_num')::integer"))
    kind = "embedded" if served.embedded else "by address"
    good = version >= 150_000
    return Finding(
        "Database", good, f"PostgreSQL {version // 10_000}, {kind}" + ("" if good else "; 15 or later is needed")
    )


async def _migrations(_site: Site, served: Served) -> Finding:
    state = await migrations.status(served.owner_dsn)
    if state.pending:
        return Finding("Schema", False, f"{len(state.pending)} migrations pending: run collegium migrate")
    return Finding("Schema", True, f"up to date, {len(state.applied)} migrations")


async def _login_role(site: Site, _served: Served) -> Finding:
    async with site.db.connection() as connection:
        row = await connection.fetchrow(
            "select current_user as name, rolsuper or rolbypassrls as mighty from pg_roles where rolname = current_user"
        )
    if row is None or row["mighty"]:
        name = row["name"] if row else "?"
        return Finding("Login", None, f"{name} has more rights than the site needs: use collegium_web")
    return Finding("Login", True, f"{row['name']}, without rights of its own")


async def _invariants(_site: Site, served: Served) -> Finding:
    async with dumps.connect(served.owner_dsn) as session:
        number, broken = await dumps.broken_rules(session)
    if broken:
        return Finding("Invariants", False, "broken: " + ", ".join(broken))
    return Finding("Invariants", True, f"{number} hold")


async def _log_archive(site: Site, served: Served) -> Finding:
    if site.settings.wal_archive is None:
        return Finding("Log archive", None, "COLLEGIUM_WAL_ARCHIVE is not set: the last backup is all there is")
    if served.embedded is None:
        return Finding("Log archive", None, "COLLEGIUM_WAL_ARCHIVE is for the embedded database only")
    async with dumps.connect(served.owner_dsn) as session:
        row = await session.fetchrow(
            "select current_setting('archive_mode') = 'on' as on, last_archived_time as at,"
            " coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) as failing"
            " from pg_catalog.pg_stat_archiver"
        )
    if row is None or not row["on"]:
        return Finding("Log archive", False, "the database runs without it: stop the site and start it again")
    if row["failing"]:
        return Finding("Log archive", False, f"{site.settings.wal_archive} cannot be written: see the database's log")
    return Finding("Log archive", True, f"last handed over {row['at']:%Y-%m-%d %H:%M} UTC" if row["at"] else "begun")


async def _maintenance(site: Site, _served: Served) -> Finding:
    from collegium.app import load_jobs

    load_jobs()
    late, wrong = await service.late_and_wrong(site, datetime.now(UTC))
    said = [f"the last run failed of {', '.join(wrong)}"] if wrong else []
    if late:
        said.append(f"not run when due: {', '.join(late)}; is a worker running?")
    if said:
        return Finding("Maintenance", False, "; ".join(said) + " (see /admin/maintenance)")
    return Finding("Maintenance", True, "ran when it was due")


async def _files(site: Site, _served: Served) -> Finding:
    key = "doctor/probe.txt"
    await site.storage.put(key, b"probe")
    read = await site.storage.get(key)
    await site.storage.delete("doctor")
    return Finding("Files", read == b"probe", site.settings.files_url or "beside the database")


async def _front_end(_site: Site, _served: Served) -> Finding:
    try:
        assets.entry_tags("styles/app")
    except (assets.FrontEndNotBuilt, assets.UnknownAsset) as error:
        return Finding("Front end", False, str(error))
    return Finding("Front end", True, "built")


async def _video(site: Site, _served: Served) -> Finding:
    try:
        path = await asyncio.to_thread(find_ffmpeg, site.settings.ffmpeg)
    except MediaError as error:
        return Finding("Video", None, str(error))
    return Finding("Video", True, f"ffmpeg at {path}")


async def _signing(site: Site, _served: Served) -> Finding:
    try:
        keys = await asyncio.to_thread(certificates.keys_of, site)
    except KeyProblem as error:
        return Finding("Signing", False, str(error))
    until = keys.current.certificate.not_valid_after_utc.date()
    return Finding("Signing", True, f"key of the site, certificate until {until.isoformat()}")


async def _mail(site: Site, _served: Served) -> Finding:
    if not site.settings.smtp_url:
        return Finding("Mail", None, "no server set (COLLEGIUM_SMTP_URL): mail waits at /admin/mail")
    address = urlsplit(site.settings.smtp_url)
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(address.hostname, address.port or 25), timeout=5)
        writer.close()
    except (OSError, TimeoutError):
        return Finding("Mail", False, f"{address.hostname} does not answer")
    return Finding("Mail", True, f"{address.hostname} answers")


async def _address(site: Site, _served: Served) -> Finding:
    if site.settings.base_url.startswith("http://") and "127.0.0.1" not in site.settings.base_url:
        return Finding("Address", None, "COLLEGIUM_BASE_URL is not https: cookies travel in the open")
    return Finding("Address", True, site.settings.base_url)


async def _packages(site: Site, _served: Served) -> Finding:
    content = site.settings.content
    if content is None:
        return Finding("Packages", None, "no COLLEGIUM_CONTENT_URL: SCORM packages cannot be played")
    if not content.each:
        return Finding("Packages", None, f"{content.address('')}, one host for all: they share storage in the browser")
    return Finding("Packages", True, content.frames)


CHECKS: tuple[tuple[str, Check], ...] = (
    ("Database", _database), ("Schema", _migrations), ("Login", _login_role), ("Invariants", _invariants),
    ("Maintenance", _maintenance), ("Log archive", _log_archive), ("Files", _files), ("Front end", _front_end),
    ("Video", _video), ("Signing", _signing), ("Mail", _mail), ("Address", _address),
    ("Packages", _packages),
)  # fmt: skip


async def examine(site: Site, served: Served) -> list[Finding]:
    """Every finding, in order. A check that fails in a way of its own is a finding too."""
    found: list[Finding] = []
    for what, check in CHECKS:
        try:
            found.append(await check(site, served))
        except Exception as error:
            found.append(Finding(what, False, f"{type(error).__name__}: {error}"))
    return found


def _lines(found: list[Finding]) -> Iterator[str]:
    marks = {True: "ok  ", None: "note", False: "FAIL"}
    for finding in found:
        yield f"{marks[finding.good]}  {finding.what:<11} {finding.words}"


@click.command()
@click.option("--access", is_flag=True, help="Try every role's rights on every table instead.")
@click.pass_obj
def doctor(settings: Settings, access: bool) -> None:
    """Look whether everything that the site stands on is in order."""
    from collegium import cli

    if access:
        with cli.plain_errors(), cli.opened(settings) as served:
            if served.embedded is not None:
                asyncio.run(cli.bring_up_to_date(served))
            report(served.owner_dsn)
        return

    async def work(served: Served) -> list[Finding]:
        site = Site.build(settings, served.database)
        await site.db.start()
        try:
            return await examine(site, served)
        finally:
            await site.db.stop()

    with cli.plain_errors(), cli.opened(settings) as served:
        if served.embedded is not None:
            asyncio.run(cli.bring_up_to_date(served))
        found = asyncio.run(work(served))
    for line in _lines(found):
        click.echo(line)
    if any(finding.good is False for finding in found):
        raise SystemExit(1)

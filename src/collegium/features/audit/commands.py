"""``collegium audit``: is the log whole, and a copy of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from collegium.features.audit import service
from collegium.features.audit.model import Report
from collegium.kit.site import Site
from collegium.settings import Settings

T = TypeVar("T")
_DAY = click.DateTime(formats=["%Y-%m-%d"])


def _run(settings: Settings, work: Callable[[Site], Awaitable[T]]) -> T:
    """Runs work on the site."""
    from collegium import cli

    async def run(served: Any) -> T:
        if served.embedded is not None:
            await cli.bring_up_to_date(served)
        site = Site.build(settings, served.database)
        await site.db.start()
        try:
            return await work(site)
        finally:
            await site.db.stop()

    with cli.plain_errors(), cli.opened(settings) as served:
        return asyncio.run(run(served))


def _day(value: datetime | None) -> date | None:
    return value.date() if value else None


@click.group()
def audit() -> None:
    """The log of changes: check that it is whole, and export it."""


@audit.command()
@click.option("--since", type=_DAY, help="Begin at the signed root of the day before, instead of at the beginning.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_obj
def verify(settings: Settings, since: datetime | None, as_json: bool) -> None:
    """Say whether a row was altered, removed or slipped in, and which. Ends with 1 when something is wrong."""
    report = _run(settings, lambda site: service.verify(site, _day(since)))
    if as_json:
        click.echo(msgspec.json.encode({"good": report.good, **msgspec.structs.asdict(report)}).decode())
    else:
        _say(report)
    if not report.good:
        raise SystemExit(1)


def _say(report: Report) -> None:
    for finding in report.findings:
        click.echo(f"{finding.kind.replace('_', ' ').upper():<17} {finding.words}")
    if report.cut_short:
        click.echo("So much is wrong that the rest was not looked at.")
    span = f"{report.rows} rows, positions {report.first} to {report.last}" if report.rows else "No rows"
    waiting = f"; {report.unsealed} not sealed yet" if report.unsealed else ""
    if report.good:
        click.echo(f"The log is whole: {span}, {report.roots} signed roots{waiting}.")
        click.echo(f"It ends with {report.hash}.")
    else:
        click.echo(f"The log is NOT whole: {len(report.findings)} findings in {span}, {report.roots} roots{waiting}.")


@audit.command()
@click.option("--from", "first", type=_DAY, required=True, help="The first day (UTC).")
@click.option("--to", "last", type=_DAY, help="The last day; today when left out.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path, allow_dash=True))
@click.pass_obj
def export(settings: Settings, first: datetime, last: datetime | None, file: Path) -> None:
    """Write the log of some days to FILE, a line of JSON a row ("-" for the screen)."""
    until = _day(last) or datetime.now(UTC).date()
    if until < first.date():
        raise click.UsageError("--to lies before --from.")

    async def work(site: Site) -> int:
        rows = 0
        with click.open_file(str(file), "wb") as out:
            async for line in service.export(site, first.date(), until):
                out.write(line)
                rows += 1
        return rows

    rows = _run(settings, work)
    click.echo(f"{rows} rows.", err=True)


COMMANDS: list[click.Command] = [audit]

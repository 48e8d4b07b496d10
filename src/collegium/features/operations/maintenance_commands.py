"""``collegium maintenance``: the jobs that run by the clock, by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from collegium.features.operations import service, upkeep
from collegium.kit.db import SYSTEM
from collegium.kit.maintenance import MAINTENANCE, AlreadyRunning, Outcome, run
from collegium.kit.site import Site
from collegium.settings import Settings


@click.group()
def maintenance() -> None:
    """The jobs that keep the site as it should be; the worker runs them by the clock."""
    from collegium.app import load_jobs

    load_jobs()


@maintenance.command("list")
@click.pass_obj
def list_jobs(settings: Settings) -> None:
    """Every job: when it last ran, how that went, when it runs next."""
    from collegium import cli

    async def look(site: Site) -> dict[str, tuple[datetime, str | None, str]]:
        async with site.db.transaction(SYSTEM, read_only=True) as tx:
            rows = await tx.fetch(service.Q.last_starts, list(MAINTENANCE))
        return {row["job"]: (row["started_at"], row["result"], row["words"]) for row in rows}

    with cli.plain_errors():
        last = cli.with_site(settings, look)
    now = datetime.now(UTC)
    for kind in sorted(MAINTENANCE.values(), key=lambda kind: kind.name):
        click.echo(f"{kind.name}  {kind.title}. {kind.what}")
        if kind.name in last:
            began, result, words = last[kind.name]
            click.echo(f"    {began:%Y-%m-%d %H:%M} UTC  {result or 'running'}  {words}".rstrip())
        click.echo(f"    next {kind.next_run(now):%Y-%m-%d %H:%M} UTC")


@maintenance.command("run")
@click.argument("name")
@click.option("--mend", is_flag=True, help="For counters.recount: set what differs to the recount.")
@click.pass_obj
def run_job(settings: Settings, name: str, mend: bool) -> None:
    """Run the job NAME now, in this process."""
    from collegium import cli

    kind = MAINTENANCE.get(name)
    if kind is None:
        raise click.ClickException(f"There is no job {name}. See collegium maintenance list.")
    if mend and name != "counters.recount":
        raise click.UsageError("--mend is for counters.recount.")

    async def work(site: Site) -> Outcome:
        return await run(site, kind, work=upkeep.mend if mend else None)

    with cli.plain_errors():
        try:
            outcome = cli.with_site(settings, work)
        except AlreadyRunning as error:
            raise click.ClickException(str(error)) from error
    click.echo(outcome.words)
    if outcome.result != "ok":
        raise SystemExit(1)

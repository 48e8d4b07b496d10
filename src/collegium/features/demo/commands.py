"""``collegium demo``: a site with data to look at."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from collegium.features.demo import service
from collegium.kit import embedded
from collegium.kit.site import Site
from collegium.settings import Settings

DATA = ("pg", "files", "signing", "secret.key", "demo.json")


@click.command()
@click.option("--fresh", is_flag=True, help="Throw the demonstration's data away and make it anew.")
@click.option("--no-serve", is_flag=True, help="Only fill the site.")
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.")
@click.pass_context
def demo(context: click.Context, fresh: bool, no_serve: bool, host: str | None, port: int | None) -> None:
    """Fill a small association with courses, members and a real video, and serve it.

    Run again, it serves what is there. The logins are shown at every start.
    """
    from collegium import cli

    settings: Settings = context.obj
    with cli.plain_errors():
        if fresh:
            _start_over(settings)
        logins = service.read_logins(settings.data_dir / "demo.json")
        if logins is None or not logins.complete:
            if logins is not None:
                # An earlier run was cut short: half a demonstration is none.
                _start_over(settings)
            logins = _fill(settings)
    _show(settings, logins, host or settings.host, port or settings.port, serving=not no_serve)
    if not no_serve:
        context.invoke(cli.serve, host=host, port=port, processes=None)


def _start_over(settings: Settings) -> None:
    if settings.database_url:
        raise click.ClickException("--fresh works on the embedded database only. Empty the other one yourself.")
    folder = settings.data_dir
    if (folder / "pg").exists() and not (folder / "demo.json").exists():
        raise click.ClickException(f"{folder} holds a site that is no demonstration. Nothing was removed.")
    embedded.destroy(folder)
    for name in DATA:
        path: Path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _fill(settings: Settings) -> service.Logins:
    from collegium import cli

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description:<14}"),
        BarColumn(40),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(what: str, share: float) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=1.0)
            bars.update(tasks[what], completed=share)

        async def work(site: Site) -> service.Logins:
            return await service.fill(site, progress)

        progress("Database", 0.0)
        with cli.opened(settings) as served:
            asyncio.run(cli.bring_up_to_date(served))
            progress("Database", 1.0)
            return cli.with_site(settings, work)


def _show(settings: Settings, logins: service.Logins, host: str, port: int, *, serving: bool) -> None:
    click.echo("")
    if serving:
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - only to be shown
        click.echo(f"  Collegium: http://{shown}:{port}")
    for role, address in logins.addresses.items():
        click.echo(f"  {role:<20} {address:<24} {logins.password}")
    if not settings.smtp_url:
        click.echo("  Mail is not sent: administrators read it at /admin/mail.")
    click.echo("  Ctrl+C stops the site." if serving else "")

"""``collegium backup`` and ``collegium restore``."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import click
import msgspec

from collegium.features.operations import backup as backups
from collegium.features.operations import restore as restores
from collegium.kit.dumps import DumpError
from collegium.kit.server import Served, open_database
from collegium.kit.site import Site
from collegium.settings import Settings


@click.command()
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option("--keep", type=click.IntRange(1), help="Keep this many of the newest backups.")
@click.option("--keep-days", type=click.IntRange(1), help="Keep backups that are younger than this many days.")
@click.pass_obj
def backup(settings: Settings, folder: Path | None, keep: int | None, keep_days: int | None) -> None:
    """Write database and files, as of one moment, into one file in FOLDER (data/backups unless given), and check it.

    The site may run. With --keep or --keep-days older backups that neither of them keeps are removed afterwards.
    """
    from collegium import cli

    where = folder or settings.data_dir / "backups"
    with cli.plain_errors(), cli.opened(settings) as served:
        made = asyncio.run(_back_up(settings, served, where))
        click.echo(f"{made.path}  {backups.bytes_in_words(made.path.stat().st_size)}, checked.")
        for key in made.manifest.missing[:10]:
            click.echo(f"note: the database names {key}, and the site has no such file.", err=True)
        if made.broken:
            raise click.ClickException(
                "The backup is whole, but these rules do not hold in it, nor on the site: "
                f"{', '.join(made.broken)}. No older backup was removed. See collegium doctor."
            )
        for path in backups.thin_out(where, made.path, keep=keep, days=keep_days, now=datetime.now(UTC)):
            click.echo(f"removed {path.name}")


async def _back_up(settings: Settings, served: Served, folder: Path) -> backups.Made:
    try:
        return await backups.back_up(Site.build(settings, served.database), served, folder, click.echo)
    except asyncpg.InvalidCatalogNameError as error:
        raise DumpError(f"There is no site to back up: {error}.") from error


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--into", type=click.Path(file_okay=False, path_type=Path), help="A new data folder, with its own server."
)
@click.option("--database", "url", help="Address of a new database on a server of yours, as the tables' owner.")
@click.option("--yes", is_flag=True, help="Do not ask before the site is replaced.")
@click.pass_obj
def restore(settings: Settings, file: Path, into: Path | None, url: str | None, yes: bool) -> None:
    """Make the site again from the backup FILE.

    Without --into or --database the site of the settings is replaced; it must not run, and what it was is kept beside.
    """
    from collegium import cli

    if into and url:
        raise click.UsageError("Give --into or --database, not both.")
    with cli.plain_errors():
        found = restores.examine(file, click.echo)
        moment = f"{found.manifest.made_at:%Y-%m-%d %H:%M} UTC"
        with _target(settings, into, url) as target:
            there = asyncio.run(restores.look(target))
            if there and (into or url):
                raise click.ClickException(f"There is a site already in {into or target.name}. Nothing was changed.")
            if there and not yes:
                click.confirm(f"Replace the site {target.name} by what it was on {moment}?", abort=True)
            done = asyncio.run(restores.restore(found, target, click.echo))
    click.echo(f"Restored: the site as of {moment}.")
    if done.kept_database:
        click.echo(f"What was there is kept: database {done.kept_database}.")
    for name in done.kept_files:
        click.echo(f"What was there is kept: {target.settings.data_dir / name}.")
    if done.broken:
        raise click.ClickException(f"These rules do not hold: {', '.join(done.broken)}. See collegium doctor.")


@contextmanager
def _target(settings: Settings, into: Path | None, url: str | None) -> Generator[restores.Target]:
    """Where to restore to, its server running for the time of the block."""
    if into is not None:
        # A drill must not write into the object store of the site.
        settings = msgspec.structs.replace(settings, data_dir=into, database_url=None, migrate_url=None, files_url=None)
    elif url is not None:
        settings = msgspec.structs.replace(settings, database_url=url, migrate_url=url)
    served = open_database(settings)
    try:
        yield restores.Target(settings, served.owner_dsn)
    finally:
        served.release()

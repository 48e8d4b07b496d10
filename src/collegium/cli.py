"""The command line: ``collegium --help``."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import wraps
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

import click

from collegium import settings as settings_module
from collegium.features.operations import commands
from collegium.kit import migrations
from collegium.kit.archive import ArchiveError
from collegium.kit.dumps import DumpError
from collegium.kit.embedded import EmbeddedError
from collegium.kit.errors import Failure, Problem
from collegium.kit.server import DATABASE, Served, open_database
from collegium.settings import Settings, SettingsError

if TYPE_CHECKING:
    from collegium.kit.site import Site

R = TypeVar("R")
EXPECTED = (
    *(SettingsError, EmbeddedError, Failure, migrations.MigrationError, Problem),
    *(ArchiveError, DumpError),
)


@contextmanager
def plain_errors() -> Generator[None]:
    """Expected failures in one line instead of a traceback."""
    try:
        yield
    except EXPECTED as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.strerror or error}") from error


def _plain_errors(command: Callable[..., R]) -> Callable[..., R]:
    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> R:
        with plain_errors():
            return command(*args, **kwargs)

    return run


@contextmanager
def opened(settings: Settings) -> Generator[Served]:
    """A database for the time of one command."""
    served = open_database(settings)
    try:
        yield served
    finally:
        served.release()


def with_site(settings: Settings, work: Callable[[Site], Any]) -> Any:
    """Runs a coroutine with a site whose database is open, and answers its result."""

    from collegium.kit.site import Site

    async def run(served: Served) -> Any:
        site = Site.build(settings, served.database, served.queue_dsn)
        await site.db.start()
        try:
            return await work(site)
        finally:
            await site.db.stop()

    with opened(settings) as served:
        return asyncio.run(run(served))


async def bring_up_to_date(served: Served, report: Callable[[migrations.Event], None] | None = None) -> Any:
    """Makes the embedded database when there is none and applies what is pending."""
    if served.embedded is not None:
        await migrations.ensure_database(served.embedded, DATABASE)
    return await migrations.migrate(
        served.owner_dsn,
        migrations_dir=migrations.resource_dir("supabase/migrations"),
        bootstrap_dir=migrations.resource_dir("db/bootstrap"),
        report=report,
    )


class _Commands(click.Group):
    """Our commands, and those of the features, which are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *commands.COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in commands.COMMANDS:
            return commands.command(cmd_name)
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="collegium")
@click.pass_context
@_plain_errors
def main(context: click.Context) -> None:
    """Collegium: a learning platform for professional associations and training teams.

    Settings come from environment variables COLLEGIUM_… or from the file that COLLEGIUM_SETTINGS names.
    """
    context.obj = settings_module.load()


@main.command()
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--processes", type=click.IntRange(1, 64), help="Web processes.")
@click.pass_obj
@_plain_errors
def serve(settings: Settings, host: str | None, port: int | None, processes: int | None) -> None:
    """Serve the site, with background jobs unless COLLEGIUM_RUN_WORKER is false."""
    import uvicorn

    # uvicorn raises the signal that stopped it once more, which would end us before the database is left.
    signal.signal(signal.SIGTERM, _leave)
    if port and settings.base_url == settings_module.Settings().base_url:
        # Where packages are played follows from how the site is reached.
        os.environ["COLLEGIUM_BASE_URL"] = f"http://127.0.0.1:{port}"
    with opened(settings) as served:
        if served.embedded is not None:
            asyncio.run(bring_up_to_date(served))
        else:
            _refuse_pending(served)
        uvicorn.run(
            "collegium.app:from_environment",
            factory=True,
            host=host or settings.host,
            port=port or settings.port,
            workers=processes or settings.processes,
            loop="uvloop" if sys.platform != "win32" else "asyncio",
            http="httptools",
            proxy_headers=settings.trust_proxy,
            forwarded_allow_ips="*" if settings.trust_proxy else None,
            access_log=False,
            server_header=False,
            date_header=False,
            log_level="warning",
            timeout_graceful_shutdown=20,
        )


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _refuse_pending(served: Served) -> None:
    state = asyncio.run(migrations.status(served.owner_dsn))
    if state.pending:
        raise click.ClickException(
            f"{len(state.pending)} migrations are pending. Run `collegium migrate` first, then serve."
        )


@main.command()
@click.pass_obj
@_plain_errors
def worker(settings: Settings) -> None:
    """Run background jobs in a process of their own."""
    from collegium.app import configure_logging, load_jobs
    from collegium.kit.site import Site
    from collegium.worker import Worker

    configure_logging(settings.log_format, logging.INFO)
    load_jobs()

    async def work(served: Served) -> None:
        site = Site.build(settings, served.database, served.queue_dsn)
        await site.db.start()
        try:
            await Worker(site, served.queue_dsn, concurrency=4).run()
        finally:
            await site.db.stop()

    signal.signal(signal.SIGTERM, _leave)
    with opened(settings) as served:
        try:
            asyncio.run(work(served))
        except KeyboardInterrupt:
            click.echo("Stopped.")


@main.command()
@click.option("--status", is_flag=True, help="Only say what is pending.")
@click.pass_obj
@_plain_errors
def migrate(settings: Settings, status: bool) -> None:
    """Bring the database's schema up to date."""

    def say(event: migrations.Event) -> None:
        click.echo(f"  {event.kind:<10} {event.name} {event.detail}".rstrip())

    with opened(settings) as served:
        if status:
            if served.embedded is not None:
                asyncio.run(migrations.ensure_database(served.embedded, DATABASE))
            state = asyncio.run(migrations.status(served.owner_dsn))
            for name in state.pending:
                click.echo(f"pending  {name}")
            click.echo("Up to date." if not state.pending else f"{len(state.pending)} pending.")
            return
        report = asyncio.run(bring_up_to_date(served, say))
        applied = len(report.applied)
        click.echo(f"{applied} applied in {report.seconds:.1f} s." if applied else "Up to date.")


if __name__ == "__main__":
    main()

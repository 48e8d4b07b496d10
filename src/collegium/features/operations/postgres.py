"""``collegium postgres``: what PostgreSQL's own programs must know of the embedded database."""

from __future__ import annotations

import click

from collegium.kit import embedded, wal
from collegium.kit.embedded_files import find_binaries
from collegium.settings import Settings


@click.command()
@click.pass_obj
def postgres(settings: Settings) -> None:
    """Say where the embedded database is, for a shell: eval "$(collegium postgres)".

    Then psql, pg_basebackup and the others of its version work on it; CLUSTER is its folder, OWNER its account.
    """
    from collegium import cli

    with cli.plain_errors():
        if settings.database_url:
            raise click.ClickException("The site has no embedded database: COLLEGIUM_DATABASE_URL is set.")
        click.echo(wal.shell_words(embedded.locate(settings.data_dir), find_binaries(None)), nl=False)

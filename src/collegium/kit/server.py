"""Where the database is: the embedded server beside the data, or any other by its address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from collegium.kit import dumps, embedded, switching, wal
from collegium.kit.db import Database
from collegium.settings import Settings

DATABASE = "collegium"


@dataclass
class Served:
    """A database that this process may use until it calls ``release``.

    ``web_dsn`` is the login without rights of its own, ``owner_dsn`` the one that migrates, ``queue_dsn`` the one that
    works on the job queue. By address they are what the settings give.
    """

    web_dsn: str
    owner_dsn: str
    queue_dsn: str
    database: Database
    embedded: embedded.Server | None
    release: Callable[[], None]


def open_database(settings: Settings) -> Served:
    """Attaches to the embedded server (starting it when nobody has) or takes the address from the settings.

    A restore that was killed in its last step is finished first.
    """
    if settings.database_url:
        owner = settings.migrate_url or settings.database_url
        switching.finish(settings.data_dir, dumps.with_name(owner, "postgres"))
        database = Database(settings.database_url, size=settings.pool_size)
        return Served(settings.database_url, owner, owner, database, None, lambda: None)
    chosen = wal.settings_for(embedded.locate(settings.data_dir), settings.wal_archive) if settings.wal_archive else {}
    server = embedded.attach(settings.data_dir, settings=chosen)
    try:
        switching.finish(settings.data_dir, server.dsn("postgres", "postgres"))
    except BaseException:
        server.detach()
        raise
    web = server.dsn("collegium_web", DATABASE)
    return Served(
        web_dsn=web,
        owner_dsn=server.dsn("postgres", DATABASE),
        queue_dsn=server.dsn("collegium_owner", DATABASE),
        database=Database(web, size=settings.pool_size, revive=server.ensure_running),
        embedded=server,
        release=server.detach,
    )

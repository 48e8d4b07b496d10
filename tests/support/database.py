"""A fresh database for each test, copied from a migrated one, on a server that the whole run shares.

The server's data is in a folder of the run, in memory or under the temporary folder; xdist's workers attach to
it like any other process, and the last one out removes it. Nothing there is durable: fsync is off.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar
from uuid import UUID

import asyncpg
import psycopg

from collegium.access import found_guild
from collegium.kit import databases, embedded, migrations

T = TypeVar("T")
FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "max_connections": "200",
    # A runaway query must fail, not fill the machine's memory with its temporary files.
    "temp_file_limit": "256MB",
    "statement_timeout": "120s",
}
PREFIX = "collegium-test-"
LOGINS = {"owner": "collegium_owner", "web": "collegium_web", "super": "postgres"}
ABANDONED_AFTER_S = 600.0
# Some things of the guild are so many minutes old when it is founded; a copy must not be much older.
GUILD_LASTS_S = 600.0
ROOM_BYTES = 2 << 30
BESIDE = "beside the tests"


class Session(asyncpg.Connection):
    """A connection that can be as good as new."""

    def get_reset_query(self) -> str:
        """What a session has of its own, gone; what it has read of the tables' definitions stays."""
        return "reset session authorization; reset role; discard temp; discard sequences;" + super().get_reset_query()


class Kept:
    """Sessions of one test that nobody uses just now.

    The first statement of a session takes 30 ms of reading what tables, policies and triggers there are; a second use takes 1.
    """

    def __init__(self) -> None:
        self._idle: list[tuple[asyncio.AbstractEventLoop, str, Session]] = []
        self._open = True

    def take(self, login: str) -> Session | None:
        """One that belongs to the running loop and still lives."""
        here = asyncio.get_running_loop()
        for number, (loop, name, session) in enumerate(self._idle):
            if loop is here and name == login:
                del self._idle[number]
                return None if session.is_closed() else session
        return None

    async def give(self, login: str, session: Session) -> None:
        """Keeps it for the next one who asks."""
        if self._open and not session.is_closed():
            await session.reset(timeout=5)
            self._idle.append((asyncio.get_running_loop(), login, session))
        else:
            await session.close(timeout=5)

    def let_go(self) -> None:
        """Closes all, and keeps none from now on."""
        self._open = False
        while self._idle:
            loop, _, session = self._idle.pop()
            if not loop.is_closed():
                loop.call_soon_threadsafe(session.terminate)


@dataclass(frozen=True)
class Database:
    """One database of one test. A `dsn_…` works with asyncpg, psycopg and psql alike."""

    server: embedded.Server
    name: str
    kept: Kept | None = field(default=None, repr=False, compare=False)

    @property
    def dsn_owner(self) -> str:
        """As collegium_owner: owns every table, so row-level security does not hold it."""
        return self.server.dsn(LOGINS["owner"], self.name)

    @property
    def dsn_web(self) -> str:
        """As collegium_web, the site's login: no rights until it takes a role."""
        return self.server.dsn(LOGINS["web"], self.name)

    @property
    def dsn_super(self) -> str:
        """As the server's superuser."""
        return self.server.dsn(LOGINS["super"], self.name)

    @asynccontextmanager
    async def connect(self, role: Literal["owner", "web", "super"] = "owner") -> AsyncIterator[asyncpg.Connection]:
        """A connection of its own; at the end closed, or kept for the test's next one."""
        login = LOGINS[role]
        session = self.kept.take(login) if self.kept else None
        if session is None:
            session = await asyncpg.connect(self.server.dsn(login, self.name), connection_class=Session)
        try:
            yield session
        except BaseException:
            await session.close(timeout=5)
            raise
        if self.kept:
            await self.kept.give(login, session)
        else:
            await session.close(timeout=5)


@asynccontextmanager
async def as_actor(
    session: asyncpg.Connection, role: str = "authenticated", user_id: UUID | str | None = None, **claims: Any
) -> AsyncIterator[asyncpg.Connection]:
    """A transaction as somebody: `anon`, `authenticated` (with the person's id) or `service_role`.

    Commits at the end, rolls back on an error. Further keyword arguments become claims.
    """
    said = {"role": role, **({"sub": str(user_id)} if user_id else {}), **claims}
    async with session.transaction():
        await session.execute(f"set local role {role}")
        await session.execute("select set_config('request.jwt.claims', $1, true)", json.dumps(said))
        yield session
        # In a nested transaction the settings would outlive it.
        await session.execute("select set_config('request.jwt.claims', '', true)")
        await session.execute("reset role")


@cache
def _beside() -> asyncio.AbstractEventLoop:
    """A loop in a thread of its own, for as long as the tests run."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name=BESIDE, daemon=True).start()
    return loop


def run(work: Coroutine[Any, Any, T]) -> T:
    """Finish a coroutine from ordinary code, whether or not this thread has a running loop."""
    assert threading.current_thread().name != BESIDE, "run() waits for itself: await the coroutine instead"
    return asyncio.run_coroutine_threadsafe(work, _beside()).result()


def scratch() -> Path:
    """Where tests keep servers: in memory where there is room, which copies a database 40 times faster."""
    memory = Path("/dev/shm")  # noqa: S108
    with suppress(OSError):
        found = os.statvfs(memory)
        roomy = found.f_bavail * found.f_frsize > ROOM_BYTES and not found.f_flag & os.ST_NOEXEC
        if roomy and os.access(memory, os.W_OK):
            return memory
    return Path(tempfile.gettempdir())


def run_folder(run_id: str) -> Path:
    """The folder of this test run, which the server's account can enter whoever we are."""
    return scratch() / f"{PREFIX}{os.getuid()}-{run_id}"


@contextmanager
def shared_server(run_id: str) -> Iterator[embedded.Server]:
    """The run's server; the last to leave removes its data."""
    _remove_abandoned()
    folder = run_folder(run_id)
    with embedded.attach(folder, settings=FAST) as server:
        yield server
        while _admins:
            _admins.popitem()[1].close()
    _remove(folder)


def template(server: embedded.Server) -> str:
    """The name of a database with every migration applied; made by whichever worker asks first."""
    name = f"template_{_fingerprint()}"
    with _alone(server):
        run(_make_template(server, name))
    return name


def guild_template(server: embedded.Server, template_name: str) -> str:
    """The name of a database in which the guild was founded a few minutes ago; made by whichever worker asks first."""
    name = f"guild_{int(time.time() // GUILD_LASTS_S)}"
    with _alone(server):
        admin = _admin(server)
        if not admin.execute("select true from pg_database where datname = %s", [name]).fetchone():
            drop(server, "founding")
            copy(server, template_name, "founding")
            with psycopg.connect(server.dsn(LOGINS["owner"], "founding")) as connection:
                found_guild(connection)
            admin.execute(f"alter database founding rename to {name}".encode())
    return name


def copy(server: embedded.Server, template_name: str, name: str) -> None:
    """A copy of a database to which nobody is connected."""
    for statement in databases.copying(template_name, name):
        for left in (4, 3, 2, 1, 0):
            try:
                _admin(server).execute(statement.encode())
                break
            except (psycopg.errors.ObjectInUse, psycopg.errors.InternalError_):
                # Another worker is at the template.
                if not left:
                    raise
                time.sleep(0.1)


def drop(server: embedded.Server, name: str) -> None:
    """Removes a database and cuts off who is connected to it. No error when there is none."""
    _admin(server).execute(f"drop database if exists {name} with (force)".encode())


@contextmanager
def fresh_database(server: embedded.Server, template_name: str, *, keep: bool = False) -> Iterator[Database]:
    """A copy of the template, removed at the end even if somebody is still connected. With `keep`, its sessions are kept."""
    name = f"test_{secrets.token_hex(6)}"
    kept = Kept() if keep else None
    copy(server, template_name, name)
    try:
        yield Database(server, name, kept)
    finally:
        if kept:
            kept.let_go()
        drop(server, name)


_admins: dict[str, psycopg.Connection[Any]] = {}


def _admin(server: embedded.Server) -> psycopg.Connection[Any]:
    """This process's own connection for making and removing databases."""
    dsn = server.dsn(LOGINS["super"], "postgres")
    if dsn not in _admins or _admins[dsn].closed:
        _admins[dsn] = psycopg.connect(dsn, autocommit=True)
    return _admins[dsn]


@contextmanager
def _alone(server: embedded.Server) -> Iterator[None]:
    """While one worker makes a template, the others wait."""
    with (server.data_dir / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


async def _make_template(server: embedded.Server, name: str) -> None:
    admin = await asyncpg.connect(server.dsn(LOGINS["super"], "postgres"))
    try:
        if await admin.fetchval("select true from pg_database where datname = $1", name):
            return
        await migrations.drop(server, "building")
        await migrations.migrate(await migrations.ensure_database(server, "building"))
        # Who owns what and may do what stands in the database itself. That nobody may remove such a role stands here, in
        # 2,400 rows that each copy would write and each removal delete: a third of their work.
        await admin.execute("set allow_system_table_mods = on")
        await admin.execute(
            "delete from pg_shdepend where dbid = (select oid from pg_database where datname = 'building')"
        )
        await admin.execute(f"alter database building rename to {name}")
    finally:
        await admin.close()


def _fingerprint() -> str:
    found = hashlib.sha256()
    for folder in ("db/bootstrap", "supabase/migrations"):
        for path in sorted(migrations.resource_dir(folder).glob("*.sql")):
            found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()[:12]


def _remove_abandoned() -> None:
    """Remove what runs that were killed left behind."""
    for folder in scratch().glob(f"{PREFIX}{os.getuid()}-*"):
        with suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > ABANDONED_AFTER_S:
                _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a folder with the server in it or in its `data`; stays if somebody is attached."""
    with suppress(embedded.EmbeddedError, OSError):
        for data in (folder, folder / "data"):
            embedded.destroy(data)
        shutil.rmtree(folder)

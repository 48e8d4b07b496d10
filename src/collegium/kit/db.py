"""The database as the program sees it: a pool, and transactions that run as somebody.

The login role has no rights of its own. A transaction begins, takes a role and the claims of the person on whose behalf
it runs, all in one round trip, and commits at the edge. Nothing lives longer than a transaction, so a pooler in
transaction mode may stand in between.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, Literal, TypeVar
from uuid import UUID

import asyncpg
import msgspec
import structlog

from collegium.kit import errors

T = TypeVar("T")
Role = Literal["anon", "authenticated", "service_role"]
log = structlog.get_logger("collegium.db")
_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def note_request(name: str) -> None:
    """Names the request or job that the running task works for; the audit log writes the name beside each change.

    Raises ValueError for anything but letters, digits and ``._:-``: the name becomes part of a statement.
    """
    if not _REQUEST_ID.fullmatch(name):
        raise ValueError(f"not a request's name: {name[:80]!r}")
    _request_id.set(name)


class Writes:
    """Whether something that the running task wrote was kept: from then on it cannot be done once more."""

    __slots__ = ("kept",)

    def __init__(self) -> None:
        self.kept = False


_writes: ContextVar[Writes | None] = ContextVar("writes", default=None)


@contextmanager
def following_writes() -> Generator[Writes]:
    """Follows what the task commits within the block, other than by transactions that only read."""
    writes = Writes()
    before = _writes.set(writes)
    try:
        yield writes
    finally:
        _writes.reset(before)


def _kept() -> None:
    writes = _writes.get()
    if writes is not None:
        writes.kept = True


class Actor(msgspec.Struct, frozen=True):
    """On whose behalf a transaction runs: a database role and, for a person, who and in which browser session."""

    role: Role
    user_id: UUID | None = None
    session_id: UUID | None = None

    def opening(self, *, read_only: bool = False) -> str:
        """The statements that begin a transaction as this actor. No quoting: fixed words and checked names only."""
        claims = f'{{"role":"{self.role}"'
        if self.user_id is not None:
            claims += f',"sub":"{self.user_id}"'
        if self.session_id is not None:
            claims += f',"session_id":"{self.session_id}"'
        request_id = _request_id.get()
        if request_id is not None:
            claims += f',"request_id":"{request_id}"'
        begin = "begin read only" if read_only else "begin"
        return f"{begin}; set local role {self.role}; select set_config('request.jwt.claims', '{claims}}}', true)"


SYSTEM = Actor("service_role")
ANON = Actor("anon")


def person(user_id: UUID, session_id: UUID | None = None) -> Actor:
    """The actor for somebody who is signed in."""
    return Actor("authenticated", user_id, session_id)


class Transaction:
    """One open transaction. Rows come back as asyncpg records, or as structs of a type that has the columns' names."""

    __slots__ = ("connection",)

    def __init__(self, connection: asyncpg.Connection[Any]) -> None:
        self.connection = connection

    async def fetch(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """All rows."""
        return await self.connection.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> asyncpg.Record | None:
        """The first row, or None."""
        return await self.connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        """The first column of the first row, or None."""
        return await self.connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> str:
        """Runs a statement; answers PostgreSQL's command tag."""
        return await self.connection.execute(sql, *args)

    async def all(self, kind: type[T], sql: str, *args: object) -> list[T]:
        """All rows as structs."""
        return [kind(**row) for row in await self.connection.fetch(sql, *args)]

    async def one(self, kind: type[T], sql: str, *args: object) -> T:
        """Exactly the first row as a struct; raises NotFound when there is none."""
        row = await self.connection.fetchrow(sql, *args)
        if row is None:
            raise errors.NotFound("This does not exist, or it is not for you.")
        return kind(**row)

    async def maybe(self, kind: type[T], sql: str, *args: object) -> T | None:
        """The first row as a struct, or None."""
        row = await self.connection.fetchrow(sql, *args)
        return None if row is None else kind(**row)


Listener = Callable[[str], None]


class Database:
    """A last-in-first-out pool of connections and the transactions on them.

    ``revive`` is called (in a thread) before a connection is made anew, for a server that this program starts itself.
    """

    def __init__(self, dsn: str, *, size: int = 10, revive: Callable[[], object] | None = None) -> None:
        self._dsn = dsn
        self._size = size
        self._revive = revive
        self._idle: list[asyncpg.Connection[Any]] = []
        self._made = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._listeners: dict[str, list[Listener]] = {}
        self._listening: asyncio.Task[None] | None = None
        self._closed = False

    async def start(self) -> None:
        """Makes the first connection, so that a wrong address is found at once."""
        self._give(await self._take())
        if self._listeners:
            self._listening = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """Closes the idle connections; those in use close when they come back."""
        self._closed = True
        if self._listening:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        while self._idle:
            await self._idle.pop().close()

    def on(self, channel: str, listener: Listener) -> None:
        """Calls ``listener`` with the payload of each NOTIFY on ``channel``. To be called before start()."""
        self._listeners.setdefault(channel, []).append(listener)

    @asynccontextmanager
    async def transaction(self, actor: Actor, *, read_only: bool = False) -> AsyncGenerator[Transaction]:
        """A transaction as ``actor``: committed at the end, rolled back when anything is raised.

        Raises Problem for a rule of the database that refused (SQLSTATE CGnnn, 42501).
        """
        connection = await self._take()
        try:
            connection = await self._begin(connection, actor.opening(read_only=read_only))
            try:
                yield Transaction(connection)
            except BaseException:
                await self._end(connection, "rollback")
                raise
            await connection.execute("commit")
            if not read_only:
                _kept()
        except asyncpg.PostgresError as error:
            problem = errors.from_database(error)
            if problem is not None:
                raise problem from error
            raise
        finally:
            self._give(connection)

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[asyncpg.Connection[Any]]:
        """A bare connection for one statement that sets its own role, as the hot path does."""
        connection = await self._take()
        _kept()
        try:
            yield connection
        finally:
            if connection.is_in_transaction():
                await self._end(connection, "rollback")
            self._give(connection)

    async def _begin(self, connection: asyncpg.Connection[Any], opening: str) -> asyncpg.Connection[Any]:
        try:
            await connection.execute(opening)
        except (asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError, OSError):
            # The server was restarted since this connection was last used: nothing has been done yet, so begin anew.
            connection.terminate()
            self._drop_idle()
            fresh = await self._connect()
            await fresh.execute(opening)
            return fresh
        return connection

    async def _end(self, connection: asyncpg.Connection[Any], statement: str) -> None:
        if connection.is_closed():
            return
        try:
            await asyncio.shield(connection.execute(statement))
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, asyncio.CancelledError):
            connection.terminate()

    def _drop_idle(self) -> None:
        while self._idle:
            self._idle.pop().terminate()
            self._made -= 1

    async def _take(self) -> asyncpg.Connection[Any]:
        while True:
            if self._idle:
                connection = self._idle.pop()
                if not connection.is_closed():
                    return connection
                self._made -= 1
                continue
            if self._made < self._size:
                self._made += 1
                try:
                    return await self._connect()
                except BaseException:
                    self._made -= 1
                    self._wake()
                    raise
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                if waiter.done() and not waiter.cancelled():
                    self._wake()
                raise

    def _give(self, connection: asyncpg.Connection[Any]) -> None:
        if connection.is_closed() or self._closed:
            connection.terminate()
            self._made -= 1
        else:
            self._idle.append(connection)
        self._wake()

    def _wake(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    async def _connect(self) -> asyncpg.Connection[Any]:
        if self._revive is not None:
            await asyncio.to_thread(self._revive)
        connection = await asyncpg.connect(self._dsn, command_timeout=60)
        await set_codecs(connection)
        return connection

    async def _listen(self) -> None:
        while True:
            try:
                connection = await asyncpg.connect(self._dsn)
                lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                connection.add_termination_listener(lambda _c, f=lost: f.done() or f.set_result(None))  # type: ignore[arg-type]
                for channel in self._listeners:
                    await connection.add_listener(channel, self._heard)
                try:
                    await lost
                finally:
                    connection.terminate()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("notifications_lost", error=type(error).__name__)
            # What was said meanwhile went unheard, so listeners are told to forget everything.
            for listeners in self._listeners.values():
                for listener in listeners:
                    listener("")
            await asyncio.sleep(1)

    def _heard(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        for listener in self._listeners[channel]:
            listener(str(payload))


def _encode_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


async def set_codecs(connection: asyncpg.Connection[Any]) -> None:
    """JSON columns as Python values."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, encoder=_encode_json, decoder=msgspec.json.decode, schema="pg_catalog", format="text"
        )

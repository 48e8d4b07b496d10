"""One run of the migrations: a session, its turn, its role, and each file in a transaction of its own."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import asyncpg

from collegium.kit import migrations_queue
from collegium.kit.migrations_files import BootstrapNeeded, Event, Migration, MigrationFailed
from collegium.kit.sqltext import line_of, statements

OWNER = "collegium_owner"
_T = TypeVar("_T")
_LOCK = int.from_bytes(hashlib.blake2s(b"collegium migrations", digest_size=8).digest(), signed=True)
_TRANSACTION_CONTROL = re.compile(r"(begin|start|commit|rollback|end|abort)\b", re.IGNORECASE)
_WORTH_ANOTHER_TRY = (
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)
_LEDGER = """
create schema if not exists collegium_schema;
create table if not exists collegium_schema.migrations (
    version text primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now(),
    duration interval not null
);
create table if not exists collegium_schema.components (
    name text primary key,
    version text not null,
    applied_at timestamptz not null default now()
);
grant usage on schema collegium_schema to service_role;
grant select on all tables in schema collegium_schema to service_role;
"""


@dataclass
class Run:
    """One run's session and how it behaves."""

    session: asyncpg.Connection[asyncpg.Record]
    tell: Callable[[Event], None]
    lock_timeout_ms: int
    statement_timeout_ms: int
    tries: int

    async def prepare_session(self) -> None:
        """Undo what a file may have set for the session, so that the next begins as if it were alone."""
        await self.session.execute(
            "reset all;"
            "reset role;"
            'set search_path = "$user", public, extensions;'
            "set client_min_messages = warning;"
            "set idle_in_transaction_session_timeout = 0;"
            f"set lock_timeout = {int(self.lock_timeout_ms)};"
            f"set statement_timeout = {int(self.statement_timeout_ms)};"
        )

    async def take_turn(self) -> None:
        """Wait until no other process migrates this database."""
        told = False
        while not await self.session.fetchval("select pg_try_advisory_lock($1)", _LOCK):
            if not told:
                self.tell(Event("waiting", "migrations", "another process is migrating this database"))
            told = True
            await asyncio.sleep(0.1)

    async def bootstrap(self, files: Sequence[tuple[Path, str]]) -> bool:
        """Make roles and schema auth where they are missing, or bring ours up to date. True when it ran."""
        missing = await self._missing()
        if not missing and not await self._bootstrap_changed(files):
            return False

        async def run() -> None:
            async with self.session.transaction():
                for _, text in files:
                    await self.session.execute(text)

        try:
            await self.attempt("bootstrap", run)
        except asyncpg.InsufficientPrivilegeError as error:
            login = await self.session.fetchval("select current_user")
            database = await self.session.fetchval("select current_database()")
            listed = "\n".join(f"  psql -v ON_ERROR_STOP=1 -d {database} -f {path}" for path, _ in files)
            what = ", ".join(missing) or "the newest form of schema auth"
            raise BootstrapNeeded(
                f"The database {database} lacks {what}, and {login} may not make it ({error}). Nothing was "
                f"changed. Let an administrator (a superuser) run\n{listed}\nthen start again."
            ) from error
        self.tell(Event("bootstrap", "roles and schema auth"))
        return True

    async def _missing(self) -> list[str]:
        rows = await self.session.fetch(
            "select 'role ' || name as what"
            " from unnest(array['anon', 'authenticated', 'service_role']) as name"
            " where not exists (select from pg_catalog.pg_roles where rolname = name)"
            " union all select 'schema auth' where to_regnamespace('auth') is null"
        )
        return [row["what"] for row in rows]

    async def _bootstrap_changed(self, files: Sequence[tuple[Path, str]]) -> bool:
        """Whether bootstrap made this database, from other files. Never true on Supabase."""
        if await self.session.fetchval("select to_regclass('collegium_schema.components')") is None:
            return False
        made = await self.session.fetchval("select version from collegium_schema.components where name = 'bootstrap'")
        return made is not None and made != checksum(files)

    async def make_ledger(self, bootstrap: Sequence[tuple[Path, str]], ran: bool) -> None:
        """Make the tables that remember what was applied, and write down which bootstrap was."""
        await self.session.execute(_LEDGER)
        # An administrator may have run the files by hand; Supabase's own schema belongs to somebody else.
        await self.session.execute(
            "insert into collegium_schema.components (name, version)"
            " select 'bootstrap', $1 from pg_catalog.pg_namespace"
            " where nspname = 'auth' and nspowner = to_regrole($2)"
            " on conflict (name) do update set version = excluded.version, applied_at = now() where $3",
            checksum(bootstrap),
            OWNER,
            ran,
        )

    async def queue(self) -> str | None:
        """Bring the queue's own tables up to date; their version if there was something to do."""
        version = await self.attempt("queue", lambda: migrations_queue.install(self.session))
        if version:
            self.tell(Event("queue", f"procrastinate {version}"))
        return version

    async def become_owner(self) -> None:
        """Work as collegium_owner where it exists and we may; on Supabase the login itself owns all."""
        if await self.session.fetchval(
            "select pg_has_role(oid, 'member') from pg_catalog.pg_roles where rolname = $1", OWNER
        ):
            await self.session.execute(f"set role {OWNER}")

    async def apply(self, migration: Migration) -> None:
        """Apply one file in one transaction. Raises :class:`MigrationFailed`."""
        self.tell(Event("applying", migration.path.name))
        _refuse_transaction_control(migration)
        await self.prepare_session()
        await self.become_owner()
        began = time.monotonic()

        async def run() -> None:
            async with self.session.transaction():
                await self.session.execute(migration.text)
                await self.prepare_session()
                await self.become_owner()
                await self.session.execute(
                    "insert into collegium_schema.migrations (version, name, checksum, duration)"
                    " values ($1, $2, $3, clock_timestamp() - now())",
                    migration.version,
                    migration.name,
                    migration.checksum,
                )

        try:
            await self.attempt(migration.path.name, run)
        except asyncpg.PostgresError as error:
            raise await self._explain(migration, error) from error
        self.tell(Event("applied", migration.path.name, seconds=time.monotonic() - began))

    async def attempt(self, name: str, work: Callable[[], Awaitable[_T]]) -> _T:
        """Do the work, again after growing pauses when others held a lock or were in the way."""
        pause = 0.25
        for left in reversed(range(self.tries)):
            try:
                return await work()
            except asyncpg.PostgresError as error:
                # Roles belong to the whole server: another database's bootstrap may change the same row.
                crossed = isinstance(error, asyncpg.InternalServerError) and "concurrently" in str(error)
                if not left or not (crossed or isinstance(error, _WORTH_ANOTHER_TRY)):
                    raise
                self.tell(Event("retry", name, str(error), pause))
                await asyncio.sleep(pause)
                pause *= 2
        raise AssertionError("a run has at least one try")

    async def _explain(self, migration: Migration, error: asyncpg.PostgresError) -> MigrationFailed:
        line = await self._line(migration, error)
        parts = [str(error)]
        for label in ("detail", "hint", "where"):
            if said := getattr(error, "context" if label == "where" else label, None):
                parts.append(f"{label.capitalize()}: {said}")
        if isinstance(error, asyncpg.LockNotAvailableError):
            parts.append(f"Hint: the site holds the lock; tried {self.tries} times. Try again at a quieter moment.")
        return MigrationFailed(migration.path.name, line, "\n".join(parts), error.sqlstate)

    async def _line(self, migration: Migration, error: asyncpg.PostgresError) -> int:
        """PostgreSQL gives a position for some errors only; for the others find the statement that fails."""
        if position := getattr(error, "position", None):
            return line_of(migration.text, int(position))
        reached = 1
        attempt = self.session.transaction()
        try:
            await attempt.start()
            for line, statement in statements(migration.text):
                reached = line
                await self.session.execute(statement)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            pass
        finally:
            if not self.session.is_closed():
                await attempt.rollback()
        return reached


def _refuse_transaction_control(migration: Migration) -> None:
    for line, statement in statements(migration.text):
        if found := _TRANSACTION_CONTROL.match(statement):
            raise MigrationFailed(
                migration.path.name,
                line,
                f"{found[0].upper()} is not allowed here: the whole file is one transaction already.",
                None,
            )


def checksum(files: Sequence[tuple[Path, str]]) -> str:
    """SHA-256 over the texts of the bootstrap files."""
    return hashlib.sha256("".join(text for _, text in files).encode()).hexdigest()

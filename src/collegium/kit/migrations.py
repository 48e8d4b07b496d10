"""The schema's history: applied once, in order, by one process at a time, each file whole or not at all.

Files are `supabase/migrations/YYYYMMDDHHMMSS_description.sql`. What was applied stands in the table
`collegium_schema.migrations` with a checksum, so that an edited file is noticed. On plain PostgreSQL the files
of `db/bootstrap` first make what Supabase brings: roles, schema auth. The queue library's own tables come next,
in schema `procrastinate`, so that our SQL may refer to them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import asyncpg

from collegium.kit.databases import create_from_template, drop, dump_schema, ensure_database
from collegium.kit.migrations_files import (
    BadName,
    BootstrapNeeded,
    ChecksumMismatch,
    Event,
    MigrationError,
    MigrationFailed,
    OutOfOrder,
    Report,
    Status,
    UnknownVersion,
    plan,
    read_migrations,
    resource_dir,
)
from collegium.kit.migrations_run import Run

__all__ = [
    "BadName",
    "BootstrapNeeded",
    "ChecksumMismatch",
    "Event",
    "MigrationError",
    "MigrationFailed",
    "OutOfOrder",
    "Report",
    "Status",
    "UnknownVersion",
    "create_from_template",
    "drop",
    "dump_schema",
    "ensure_database",
    "migrate",
    "read_migrations",
    "resource_dir",
    "status",
]


async def migrate(
    dsn: str,
    *,
    migrations_dir: Path | None = None,
    bootstrap_dir: Path | None = None,
    report: Callable[[Event], None] | None = None,
    lock_timeout_ms: int = 3000,
    statement_timeout_ms: int = 600_000,
    tries: int = 6,
) -> Report:
    """Bring a database up to date. Of several processes that start this, one works and the others wait.

    A statement that waits longer than `lock_timeout_ms` for a lock gives way, so that a running site is never
    held up; its file is tried again, `tries` times in all with growing pauses. `dsn` must lead to PostgreSQL
    itself, not to a pooler in transaction mode, for the lock that keeps others waiting belongs to the session.

    Raises a :class:`MigrationError`; files applied before the failing one stay applied.
    """
    wanted = read_migrations(migrations_dir or resource_dir("supabase/migrations"))
    bootstrap = _read_bootstrap(bootstrap_dir or resource_dir("db/bootstrap"))
    began = time.monotonic()
    session = await asyncpg.connect(dsn, statement_cache_size=0)
    run = Run(session, report or _say_nothing, lock_timeout_ms, statement_timeout_ms, tries)
    try:
        await run.prepare_session()
        await run.take_turn()
        plan(wanted, await _applied(session))  # Code older than the database must not touch anything.
        bootstrapped = await run.bootstrap(bootstrap)
        await run.become_owner()
        await run.make_ledger(bootstrap, bootstrapped)
        queue = await run.queue()
        pending = plan(wanted, await _applied(session))
        for migration in pending:
            await run.apply(migration)
    finally:
        await session.close(timeout=10)
    return Report(tuple(m.path.name for m in pending), bootstrapped, queue, time.monotonic() - began)


async def status(dsn: str, *, migrations_dir: Path | None = None) -> Status:
    """What is applied and what is pending. Raises what :func:`migrate` would before it changes anything."""
    wanted = read_migrations(migrations_dir or resource_dir("supabase/migrations"))
    session = await asyncpg.connect(dsn, statement_cache_size=0)
    try:
        applied = await _applied(session)
    finally:
        await session.close()
    pending = plan(wanted, applied)
    return Status(tuple(m.path.name for m in wanted if m not in pending), tuple(m.path.name for m in pending))


async def _applied(session: asyncpg.Connection[asyncpg.Record]) -> dict[str, tuple[str, str]]:
    if await session.fetchval("select to_regclass('collegium_schema.migrations')") is None:
        return {}
    rows = await session.fetch("select version, name, checksum from collegium_schema.migrations")
    return {row["version"]: (row["name"], row["checksum"]) for row in rows}


def _say_nothing(_event: Event) -> None:
    return


def _read_bootstrap(folder: Path) -> list[tuple[Path, str]]:
    return [(path, path.read_text()) for path in sorted(folder.glob("[0-9][0-9]_*.sql"))]

"""Whole databases on an embedded server: make, copy, remove, and write down their schema."""

from __future__ import annotations

import asyncio
import re
import subprocess
from contextlib import suppress
from pathlib import Path

import asyncpg

from collegium.kit.embedded import Server
from collegium.kit.migrations_files import resource_dir

SUPERUSER = "postgres"
OUR_SCHEMAS = ("public", "private")
# What pg_dump writes about itself, about the session, or differently from one version to the next.
_NOISE = re.compile(
    r"^(?:--(?: Name: .*| PostgreSQL database dump.*| Dumped (?:from|by) .*)?|\\(?:un)?restrict .*"
    r"|SET \w+ = .*;|SELECT pg_catalog\.set_config\('search_path', '', false\);)\n",
    re.MULTILINE,
)


async def ensure_database(server: Server, name: str = "collegium") -> str:
    """Make the database, owned by collegium_owner, unless it is there. Returns the superuser's DSN to it."""
    session = await asyncpg.connect(server.dsn(SUPERUSER, "postgres"))
    try:
        if not await session.fetchval("select true from pg_database where datname = $1", name):
            await _retry(session, (resource_dir("db/bootstrap") / "01_roles.sql").read_text())
            made = f"create database {_quoted(name)} owner collegium_owner template template0"
            # Another process may be quicker.
            with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                await session.execute(made)
    finally:
        await session.close()
    return server.dsn(SUPERUSER, name)


def copying(template: str, name: str) -> tuple[str, ...]:
    """The statements, each outside a transaction, that copy a database to which nobody is connected (30 ms).

    Copying its files takes a quarter of the work of writing them through the log. A copy does not take the
    database's own settings and grants along, so they are made again.
    """
    return (
        f"create database {_quoted(name)} owner collegium_owner template {_quoted(template)} strategy file_copy",
        f'alter database {_quoted(name)} set search_path = "$user", public, extensions',
        f"revoke temporary on database {_quoted(name)} from public",
    )


async def create_from_template(server: Server, template: str, name: str) -> str:
    """Copy a database to which nobody is connected. Returns the superuser's DSN to the copy."""
    session = await asyncpg.connect(server.dsn(SUPERUSER, "postgres"))
    try:
        for statement in copying(template, name):
            await _retry(session, statement)
    finally:
        await session.close()
    return server.dsn(SUPERUSER, name)


async def drop(server: Server, name: str) -> None:
    """Remove a database and cut off who is connected to it. No error when there is none."""
    session = await asyncpg.connect(server.dsn(SUPERUSER, "postgres"))
    try:
        await session.execute(f"drop database if exists {_quoted(name)} with (force)")
    finally:
        await session.close()


def dump_schema(source: Server | str, bin_dir: Path, *, dbname: str = "collegium") -> str:
    """Our schemas as SQL, the same text whichever version of pg_dump wrote it. Blocks.

    `source` is a DSN, or a server with `dbname`. Raises `subprocess.CalledProcessError` with pg_dump's words.
    """
    dsn = source if isinstance(source, str) else source.dsn(SUPERUSER, dbname)
    chosen = [f"--schema={name}" for name in OUR_SCHEMAS]
    # Which months have a partition depends on the day it was migrated.
    chosen.append("--exclude-table=*_[0-9][0-9][0-9][0-9]_[0-9][0-9]")
    argv = [str(bin_dir / "pg_dump"), "--schema-only", "--no-owner", *chosen, f"--dbname={dsn}"]
    text = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    return re.sub(r"\n{3,}", "\n\n", _NOISE.sub("", text)).strip() + "\n"


async def _retry(session: asyncpg.Connection[asyncpg.Record], sql: str) -> None:
    """Run what may meet another process at the same roles or template, a few times."""
    for left in (4, 3, 2, 1, 0):
        try:
            await session.execute(sql)
            return
        except (asyncpg.ObjectInUseError, asyncpg.InternalServerError):
            if not left:
                raise
            await asyncio.sleep(0.1)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

"""The queue library's own tables and functions, in a schema of their own.

They come from the SQL of the installed library. Its functions name their tables without a schema, so each gets
a search path: a function of ours with an empty one may then call them inside the application's transaction.
"""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from collegium.kit.migrations_files import UnknownVersion

if TYPE_CHECKING:
    from procrastinate.schema import SchemaManager

_PIN = """
do $$
declare
    found record;
begin
    for found in
        select oid::regprocedure as called
        from pg_catalog.pg_proc
        where pronamespace = 'procrastinate'::regnamespace
    loop
        execute format('alter function %s set search_path = procrastinate, pg_temp', found.called);
    end loop;
end
$$;
revoke all on all functions in schema procrastinate from public;
"""
# The worker takes service_role as every other work of the site does.
_GRANT = """
grant usage on schema procrastinate to service_role;
grant select, insert, update, delete on all tables in schema procrastinate to service_role;
grant usage on all sequences in schema procrastinate to service_role;
grant execute on all functions in schema procrastinate to service_role;
"""


async def install(session: asyncpg.Connection[asyncpg.Record]) -> str | None:
    """Make the queue, or bring it to the installed library's version, in one transaction.

    Returns the version that it was brought to, None when there was nothing to do. Raises
    :class:`UnknownVersion` when the database's is newer.
    """
    installed = metadata.version("procrastinate")
    recorded = await session.fetchval("select version from collegium_schema.components where name = 'procrastinate'")
    if recorded == installed:
        return None
    if recorded is not None and _numbers(recorded) > _numbers(installed):
        raise UnknownVersion(
            f"The queue's tables are of procrastinate {recorded}, newer than the installed {installed}. "
            "Nothing was changed. Run the newer code."
        )
    async with session.transaction():
        await session.execute("create schema if not exists procrastinate")
        await session.execute("set local search_path = procrastinate, pg_temp")
        if recorded is None:
            await session.execute(_library().get_schema())
        for path in _upgrades(recorded, installed) if recorded else ():
            await session.execute(path.read_text())
        await session.execute(_PIN + _GRANT)
        await session.execute(
            "insert into collegium_schema.components (name, version) values ('procrastinate', $1)"
            " on conflict (name) do update set version = excluded.version, applied_at = now()",
            installed,
        )
    return installed


def _library() -> type[SchemaManager]:
    """What knows the library's tables. The whole library comes with it, and is hardly ever needed here."""
    from procrastinate.schema import SchemaManager

    return SchemaManager


def _upgrades(recorded: str, installed: str) -> list[Path]:
    """The library's migrations, named `03.04.00_01_pre_….sql`, after one version and up to another."""
    files: list[Path] = []
    for path in sorted(Path(_library().get_migrations_path()).glob("*.sql")):
        version = _numbers(path.name.split("_", 1)[0])
        if _numbers(recorded) < version <= _numbers(installed):
            files.append(path)
    return files


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])

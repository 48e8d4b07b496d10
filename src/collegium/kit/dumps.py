"""Whole databases out and in again: one snapshot, PostgreSQL's own programs, and databases that stand beside.

A database that is being filled has a name of its own, ``<name>_restore_…`` or ``<name>_check_…``, until it is
renamed or dropped. So a process that is killed leaves nothing behind but such a database, which the next run drops.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast
from urllib.parse import quote, unquote, urlsplit

import asyncpg

from collegium.kit.migrations_files import resource_dir

OWNER = "collegium_owner"
FILES_LOCK = int.from_bytes(hashlib.blake2s(b"collegium files", digest_size=8).digest(), signed=True)
"""Advisory lock: shared while a backup copies files, exclusive while somebody removes files that nobody names."""
_TURN = int.from_bytes(hashlib.blake2s(b"collegium restores", digest_size=8).digest(), signed=True)
COUNTED = {
    "people": "public.profiles",
    "enrollments": "public.enrollments",
    "certificates": "public.certificates",
    "credits": "public.credit_awards",
}
"""What a restored database is counted by; tables that a schema does not have are left out."""
_LISTS = (
    ("public.lesson_videos", "captions", "key"),
    ("public.assignment_submissions", "file_attachments", "file_key"),
)
# From 17 on; pg_restore of 18 sets it on every server.
_TIMEOUT = b"SET transaction_timeout = 0;\n"
_FIRST_WITH_TIMEOUT = 170_000


class DumpError(Exception):
    """A database could not be written out or read in; the message says why."""


@dataclass(frozen=True)
class Login:
    """What the login at an address may do."""

    superuser: bool
    creates_databases: bool
    version: int
    name: str


def name_of(dsn: str) -> str:
    """The database that an address names."""
    return unquote(urlsplit(dsn).path.lstrip("/"))


def with_name(dsn: str, name: str) -> str:
    """The address of another database on the same server, with the same login."""
    parts = urlsplit(dsn)
    # By hand: urlunsplit drops the slashes of an address without a host.
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}/{quote(name, safe='')}{query}"


def quoted(name: str) -> str:
    """A name as SQL."""
    return '"' + name.replace('"', '""') + '"'


@asynccontextmanager
async def connect(dsn: str) -> AsyncGenerator[asyncpg.Connection[asyncpg.Record]]:
    """A session for the time of a block."""
    session = await asyncpg.connect(dsn, statement_cache_size=0)
    try:
        yield session
    finally:
        await session.close(timeout=10)


async def login_of(session: asyncpg.Connection[asyncpg.Record]) -> Login:
    """What the login of a session may do."""
    row = await session.fetchrow(
        "select rolsuper, rolcreatedb, current_user::text as name, current_setting('server_version_num')::integer as v"
        " from pg_catalog.pg_roles where rolname = current_user"
    )
    if row is None:
        raise DumpError("The server does not say who is connected.")
    return Login(row["rolsuper"], row["rolsuper"] or row["rolcreatedb"], row["v"], row["name"])


@asynccontextmanager
async def turn(
    admin_dsn: str, name: str, *, patience_s: float = 0
) -> AsyncGenerator[asyncpg.Connection[asyncpg.Record]]:
    """A session in which databases beside ``name`` are made, renamed and dropped; one process at a time.

    Raises DumpError when another has not left after ``patience_s``.
    """
    deadline = time.monotonic() + patience_s
    async with connect(admin_dsn) as session:
        while not await session.fetchval("select pg_try_advisory_lock(hashtextextended($1, $2))", name, _TURN):
            if time.monotonic() >= deadline:
                raise DumpError(f"Another backup of {name} is being checked or restored. Wait until it is done.")
            await asyncio.sleep(0.5)
        yield session


async def drop_leftovers(session: asyncpg.Connection[asyncpg.Record], name: str) -> list[str]:
    """Drop what killed runs left beside a database; to be called in one's turn."""
    rows = await session.fetch("select datname::text as name from pg_catalog.pg_database")
    form = re.compile(re.escape(name) + r"_(restore|check)_[0-9a-f]{8}")
    found = [row["name"] for row in rows if form.fullmatch(row["name"])]
    for leftover in found:
        await session.execute(f"drop database if exists {quoted(leftover)} with (force)")
    return found


async def make(session: asyncpg.Connection[asyncpg.Record], name: str) -> None:
    """Make an empty database that belongs to the owner of the tables, and the roles when they are missing."""
    login = await login_of(session)
    if login.superuser:
        await session.execute((resource_dir("db/bootstrap") / "01_roles.sql").read_text(encoding="utf-8"))
    owner = await session.fetchval(
        "select pg_has_role(oid, 'member') from pg_catalog.pg_roles where rolname = $1", OWNER
    )
    owned = f" owner {OWNER}" if owner else ""
    await session.execute(f"create database {quoted(name)}{owned} template template0")


def beside(name: str, what: str) -> str:
    """A name for a database beside another; PostgreSQL's names have 63 bytes at most."""
    made = f"{name}_{what}_{secrets.token_hex(4)}"
    if len(made.encode()) > 63:
        raise DumpError(f"The name of the database {name} is too long to make another beside it.")
    return made


async def write_dump(bin_dir: Path, dsn: str, snapshot: str, target: Path) -> None:
    """Write what a snapshot shows, whole. Raises DumpError with pg_dump's words."""
    await _program(
        [bin_dir / "pg_dump", "--format=custom", "--no-password", f"--snapshot={snapshot}", f"--file={target}", dsn]
    )


async def load_dump(bin_dir: Path, dump: Path, dsn: str) -> None:
    """Fill an empty database: contents, owners and rights. Raises DumpError with pg_restore's words."""
    async with connect(dsn) as session:
        login = await login_of(session)
        known = await session.fetchval(
            "select true from pg_catalog.pg_available_extensions where name = 'pg_stat_statements'"
        )
    chosen: list[str | Path] = []
    if not login.superuser:
        chosen += ["--no-owner", *([f"--role={OWNER}"] if login.name != OWNER else [])]
    listing = dump.with_name(dump.name + ".list")
    if not (login.superuser and known):
        # Only a superuser may make this extension, and nothing of the site's needs it.
        said = await _program([bin_dir / "pg_restore", "--list", dump])
        kept = [line for line in said.splitlines() if "pg_stat_statements" not in line or " VIEW " in line]
        listing.write_text("\n".join(kept) + "\n", encoding="utf-8")
        chosen.append(f"--use-list={listing}")
    try:
        if login.version < _FIRST_WITH_TIMEOUT:
            restore = [bin_dir / "pg_restore", "--file=-", *chosen, dump]
            await asyncio.to_thread(_through_psql, restore, [bin_dir / "psql", "-XqwA", "-v", "ON_ERROR_STOP=1", dsn])
        else:
            flags = ["--exit-on-error", "--no-password", "--jobs=2"]
            await _program([bin_dir / "pg_restore", *flags, *chosen, f"--dbname={dsn}", dump])
    finally:
        listing.unlink(missing_ok=True)
    async with connect(dsn) as session:
        # What belongs to the database itself is not in a dump.
        if login.superuser:
            await session.execute((resource_dir("db/bootstrap") / "02_database.sql").read_text(encoding="utf-8"))
        else:
            name = quoted(name_of(dsn))
            await session.execute(
                f"grant connect on database {name} to collegium_web; revoke temporary on database {name} from public;"
                f' alter database {name} set search_path = "$user", public, extensions'
            )
        await session.execute("analyze")


async def _program(argv: Sequence[str | Path]) -> str:
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        said, wrong = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        raise
    if process.returncode:
        raise DumpError(f"{Path(argv[0]).name}: {wrong.decode(errors='replace').strip()[-1500:]}")
    return said.decode(errors="replace")


def _through_psql(restore: Sequence[str | Path], psql: Sequence[str | Path]) -> None:
    """pg_restore into psql, without the one setting that an older server does not know."""
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(restore, stdout=subprocess.PIPE, stderr=said) as source,
        subprocess.Popen(psql, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said) as sink,
    ):
        out, into = cast("IO[bytes]", source.stdout), cast("IO[bytes]", sink.stdin)
        with suppress(BrokenPipeError):  # psql says why.
            into.write(out.read(4096).replace(_TIMEOUT, b"", 1))
            shutil.copyfileobj(out, into)
            into.close()
        out.close()
        if sink.wait() | source.wait():
            said.seek(0)
            raise DumpError(f"pg_restore: {said.read().decode(errors='replace').strip()[-1500:]}")


async def counts(session: asyncpg.Connection[asyncpg.Record]) -> dict[str, int]:
    """How many people, enrollments, … a database holds."""
    found: dict[str, int] = {}
    for what, table in COUNTED.items():
        if await session.fetchval("select to_regclass($1) is not null", table):
            found[what] = await session.fetchval(f"select count(*) from {table}")  # noqa: S608
    return found


async def broken_rules(session: asyncpg.Connection[asyncpg.Record]) -> tuple[int, list[str]]:
    """How many invariants there are, and those that do not hold, each with how often."""
    files = sorted(resource_dir("db/invariants").glob("*.sql"))
    broken: list[str] = []
    for file in files:
        rows = await session.fetch(file.read_text(encoding="utf-8"))
        if rows:
            broken.append(f"{file.stem} ({len(rows)})")
    return len(files), broken


async def named_files(session: asyncpg.Connection[asyncpg.Record]) -> set[str]:
    """Every stored file that a row names: a path in a column ``…_key`` or ``file_url``, or in a list of files."""
    columns = await session.fetch(
        "select c.oid::regclass::text as relation, quote_ident(a.attname) as field"
        " from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid"
        " where c.relnamespace = to_regnamespace('public') and c.relkind in ('r', 'p') and not c.relispartition"
        " and a.attnum > 0 and not a.attisdropped and a.atttypid = 'text'::regtype"
        " and a.attname ~ '(^|_)key$|^file_url$'"
    )
    found: set[str] = set()
    for column in columns:
        relation, field = column["relation"], column["field"]
        # Keys of other kinds have no slash, and addresses a colon.
        rows = await session.fetch(
            f"select distinct {field} as key from {relation} where {field} ~ '^[^/:]+/[^:]*$'"  # noqa: S608
        )
        found.update(row["key"] for row in rows)
    for relation, field, key in _LISTS:
        if await session.fetchval("select to_regclass($1) is not null", relation):
            rows = await session.fetch(
                f"select distinct f ->> '{key}' as key from {relation} r, jsonb_array_elements(r.{field}) f"  # noqa: S608
                f" where jsonb_typeof(r.{field}) = 'array' and f ->> '{key}' is not null"
            )
            found.update(row["key"] for row in rows)
    return found

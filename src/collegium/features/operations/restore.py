"""Restores: a backup becomes the site, beside the one that was, and takes its place at the very end."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from collegium.features.operations.backup import Say, bytes_in_words, compare, programs
from collegium.kit import archive, dumps, migrations, switching
from collegium.kit.archive import Archive, ArchiveError, Part
from collegium.kit.dumps import DumpError
from collegium.kit.storage import Missing, Storage
from collegium.kit.switching import Move, Note
from collegium.settings import Settings

_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Target:
    """Where a restored site shall stand."""

    settings: Settings
    dsn: str
    """Of the owner of the tables, with the database's name."""

    @property
    def name(self) -> str:
        return dumps.name_of(self.dsn)

    @property
    def admin_dsn(self) -> str:
        return dumps.with_name(self.dsn, "postgres")


@dataclass(frozen=True)
class Restored:
    """What a restore did."""

    kept_database: str | None
    kept_files: list[str]
    applied: int
    broken: list[str]


async def look(target: Target) -> bool:
    """Whether a site stands at the target. Raises DumpError while it runs."""
    async with dumps.connect(target.admin_dsn) as session:
        if not await _exists(session, target.name):
            return False
        await _refuse_running(session, target.name)
    return not await _is_empty(target.dsn)


async def _exists(session: asyncpg.Connection[asyncpg.Record], name: str) -> bool:
    return bool(await session.fetchval("select true from pg_catalog.pg_database where datname = $1", name))


async def _is_empty(dsn: str) -> bool:
    async with dumps.connect(dsn) as session:
        return not await session.fetchval(
            "select exists (select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.relkind in ('r', 'p'))"
        )


async def _refuse_running(session: asyncpg.Connection[asyncpg.Record], name: str) -> None:
    others = 0
    for _ in range(20):
        others = await session.fetchval(
            "select count(*) from pg_catalog.pg_stat_activity where datname = $1 and backend_type = 'client backend'",
            name,
        )
        if not others:
            return
        await asyncio.sleep(0.1)  # Who closed a connection is seen for a moment longer.
    raise DumpError(
        f"The site runs: {others} connections use the database {name}. Stop `collegium serve` and"
        " `collegium worker`, then restore. Nothing was changed."
    )


def examine(path: Path, say: Say) -> Archive:
    """Reads a whole archive. Raises ArchiveError when it is damaged, or newer than this program."""
    say("Reading the backup …")
    found = archive.read(path)
    known = {
        migration.version for migration in migrations.read_migrations(migrations.resource_dir("supabase/migrations"))
    }
    newer = [version for version in found.manifest.migrations if version not in known]
    if newer:
        raise ArchiveError(
            f"The backup is of version {found.manifest.version}, whose schema has {len(newer)} migrations that this"
            f" version does not know (the first is {newer[0]}). Restore it with that version or a later one."
        )
    return found


async def restore(found: Archive, target: Target, say: Say) -> Restored:
    """Restores an archive that was examined. Until the last step nothing of the old site is touched.

    Raises DumpError, ArchiveError or MigrationError; then, and after a kill at any moment, the old site is usable.
    """
    data_dir = target.settings.data_dir
    data_dir.mkdir(parents=True, exist_ok=True)
    kept = _kept_name(target.name)
    async with dumps.turn(target.admin_dsn, target.name, patience_s=10) as session:
        await dumps.drop_leftovers(session, target.name)
        _remove_leftovers(data_dir)
        there = await _exists(session, target.name)
        made = dumps.beside(target.name, "restore")
        # Who may not make databases was given an empty one.
        if there and not (await dumps.login_of(session)).creates_databases:
            if not await _is_empty(target.dsn):
                raise DumpError(
                    f"The login may not make a database, and {target.name} is not empty. Make an empty one and name"
                    " it with --database. Nothing was changed."
                )
            made = target.name
        else:
            await dumps.make(session, made)
        try:
            applied, broken = await _fill(found, dumps.with_name(target.dsn, made), data_dir, say)
            moves = await _place_files(found, target.settings, made, say)
            return await _switch(session, target, (made, kept), moves, (applied, broken))
        except BaseException:
            if made != target.name:
                await asyncio.shield(session.execute(f"drop database if exists {dumps.quoted(made)} with (force)"))
            # From the note on, the folders belong to the switch, which may be past its moment.
            if not (data_dir / switching.NOTE).exists():
                _remove_leftovers(data_dir)
            raise


def _remove_leftovers(data_dir: Path) -> None:
    for path in data_dir.glob("*.restoring"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


async def _fill(found: Archive, dsn: str, data_dir: Path, say: Say) -> tuple[int, list[str]]:
    """Loads the database, compares it, brings its schema up to date; how many migrations that took, and what broke."""
    scratch = data_dir / "dump.restoring"
    dump = scratch / archive.DUMP
    part = found.part(archive.DUMP)
    say(f"Database: {bytes_in_words(part.size)} …")
    try:
        await asyncio.to_thread(found.write_to, part, dump)
        await dumps.load_dump(programs(), dump, dsn)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    async with dumps.connect(dsn) as session:
        await compare(session, found.manifest)
    report = await migrations.migrate(dsn)
    async with dumps.connect(dsn) as session:
        # A backup of long ago has no partitions for this month.
        makers = await session.fetch(
            "select proname::text as name from pg_catalog.pg_proc"
            " where pronamespace = 'private'::regnamespace and proname ~ '^make_.+_partitions$'"
        )
        for maker in makers:
            await session.execute(f"select private.{dumps.quoted(maker['name'])}()")
        number, broken = await dumps.broken_rules(session)
    say(f"Database: restored, {len(report.applied)} migrations applied, {number - len(broken)} of {number} rules hold")
    return len(report.applied), broken


async def _place_files(found: Archive, settings: Settings, made: str, say: Say) -> list[Move]:
    """Writes files and keys beside those in use, or, in an object store, those that are missing or differ."""
    stamp = datetime.now(UTC).strftime(_STAMP)
    data_dir = settings.data_dir
    moves: list[Move] = []
    for kind, folder in (("files", "files/"), ("secret.key", "keys/secret.key"), ("signing", "keys/signing/")):
        parts = found.names(folder)
        if kind == "files" and settings.files_url:
            await _upload(found, Storage.from_url(settings.files_url, data_dir), say)
            continue
        if not parts and kind != "files":
            continue
        new = data_dir / f"{kind}.restoring"
        if kind != "secret.key":
            new.mkdir(mode=0o700)
        for number, part in enumerate(parts, 1):
            path = new / part.name.removeprefix(folder) if kind != "secret.key" else new
            await asyncio.to_thread(found.write_to, part, path)
            if kind == "files" and (number == len(parts) or number % 1000 == 0):
                say(f"Files: {number} of {len(parts)}")
        moves.append(Move(new.name, kind, f"{kind}.before-restore-{stamp}"))
    await asyncio.to_thread(os.sync)  # The folders' own entries too.
    return moves


async def _upload(found: Archive, storage: Storage, say: Say) -> None:
    parts = found.names("files/")
    put = 0
    for part in parts:
        key = part.name.removeprefix("files/")
        if await _sha256(storage, key, part.size) != part.sha256:
            await storage.put(key, _chunks(found, part))
            put += 1
    say(f"Files: {put} of {len(parts)} were missing or differed")


async def _chunks(found: Archive, part: Part) -> AsyncIterator[bytes]:
    for chunk in found.stream(part):
        yield chunk


async def _sha256(storage: Storage, key: str, size: int) -> str | None:
    try:
        if (await storage.head(key)).size != size:
            return None
        digest = hashlib.sha256()
        async for chunk in storage.stream(key):
            digest.update(chunk)
    except Missing:
        return None
    return digest.hexdigest()


def _kept_name(name: str) -> str:
    kept = f"{name}_before_restore_{datetime.now(UTC):%Y%m%d%H%M%S}"
    if len(kept.encode()) > 63:
        raise DumpError(f"The name of the database {name} is too long to keep it under another. Nothing was changed.")
    return kept


async def _switch(
    session: asyncpg.Connection[asyncpg.Record],
    target: Target,
    names: tuple[str, str],
    moves: list[Move],
    done: tuple[int, list[str]],
) -> Restored:
    data_dir, (made, kept) = target.settings.data_dir, names
    there = made != target.name and await _exists(session, target.name)
    if there:
        await _refuse_running(session, target.name)
    kept_files = [move.before for move in moves if (data_dir / move.final).exists()]
    oid = await session.fetchval("select oid::bigint from pg_catalog.pg_database where datname = $1", made)
    switching.begin(data_dir, Note(target.name, oid, moves))
    if made != target.name:
        try:
            async with session.transaction():
                if there:
                    await session.execute(f"alter database {dumps.quoted(target.name)} rename to {dumps.quoted(kept)}")
                await session.execute(f"alter database {dumps.quoted(made)} rename to {dumps.quoted(target.name)}")
        except asyncpg.PostgresError as error:
            (data_dir / switching.NOTE).unlink()
            if not isinstance(error, asyncpg.ObjectInUseError):
                raise
            raise DumpError(
                "Somebody connected to the site's database while the backup was restored. Stop the site and restore"
                " again. Nothing was changed."
            ) from None
    await asyncio.to_thread(switching.finish, data_dir, target.admin_dsn)
    return Restored(kept if there else None, kept_files, *done)

"""Backups: one file with the database and the files as of one moment, checked before it gets its name."""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path

import asyncpg

from collegium.kit import archive, dumps, embedded
from collegium.kit.archive import ArchiveError, Manifest
from collegium.kit.dumps import DumpError
from collegium.kit.embedded_files import find_binaries
from collegium.kit.server import Served
from collegium.kit.site import Site
from collegium.kit.storage import Meta, Missing

NAME = re.compile(r"collegium-(\d{8}T\d{6}Z)\.tar")
_PARTIAL = re.compile(r"\.collegium-\d{8}T\d{6}Z\.partial")
_STAMP = "%Y%m%dT%H%M%SZ"
# How long a check waits for another one, or a restore, of the same database.
_PATIENCE_S = 3600
_SMALL = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off", "max_connections": "20"}
Say = Callable[[str], None]


@dataclass(frozen=True)
class Made:
    """A backup that was written and checked."""

    path: Path
    manifest: Manifest
    broken: list[str]
    """Invariants that do not hold in it, and so not on the site either."""


def bytes_in_words(size: float) -> str:
    """1.5 MB."""
    if size < 1000:
        return f"{size:.0f} bytes"
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 1000:
            return f"{size:.1f} {unit}"
    return f"{size / 1000:.1f} TB"


def admin_dsn(served: Served) -> str:
    """Where databases are made and dropped: the server's own database, with the owner's login."""
    return dumps.with_name(served.owner_dsn, "postgres")


def programs() -> Path:
    """The folder of pg_dump and pg_restore."""
    found = find_binaries(None)
    for name in ("pg_dump", "pg_restore", "psql"):
        if not (found / name).exists():
            raise DumpError(
                f"{found} has no program {name}. Set COLLEGIUM_PG_BIN to the folder of a PostgreSQL's programs."
            )
    return found


def finished(folder: Path) -> list[tuple[datetime, Path]]:
    """The backups in a folder with their moments, newest first."""
    found: list[tuple[datetime, Path]] = []
    for path in folder.glob("collegium-*.tar") if folder.exists() else ():
        if match := NAME.fullmatch(path.name):
            found.append((datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC), path))
    return sorted(found, reverse=True)


async def back_up(site: Site, served: Served, folder: Path, say: Say) -> Made:
    """Writes a backup into a folder, checks it, and only then gives it its name.

    Raises DumpError or ArchiveError when there is none; earlier ones are untouched in any case.
    """
    with _alone(folder):
        remove_unfinished(folder)
        stamp = await _free_stamp(folder)
        partial = folder / f".collegium-{stamp}.partial"
        partial.mkdir(mode=0o700)
        try:
            written = partial / "backup.tar"
            manifest = await _write(site, served, partial, written, say)
            say("Checking: reading it again and restoring its database into one beside …")
            broken = await check(served, written, partial)
            final = folder / f"collegium-{stamp}.tar"
            written.rename(final)
            _sync(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return Made(final, manifest, broken)


async def _free_stamp(folder: Path) -> str:
    while True:
        stamp = datetime.now(UTC).strftime(_STAMP)
        if not (folder / f"collegium-{stamp}.tar").exists():
            return stamp
        await asyncio.sleep(0.2)


@contextmanager
def _alone(folder: Path) -> Generator[None]:
    """One backup at a time in a folder; the kernel lets go when a process is killed."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / ".collegium-backup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DumpError(f"Another backup into {folder} is under way.") from None
        yield


def remove_unfinished(folder: Path) -> None:
    """Removes what a backup that was killed left behind."""
    for path in folder.iterdir():
        if _PARTIAL.fullmatch(path.name):
            # A database server for a check may still run there.
            if (path / "check").exists():
                embedded.destroy(path / "check")
            shutil.rmtree(path, ignore_errors=True)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def _write(site: Site, served: Served, scratch: Path, target: Path, say: Say) -> Manifest:
    dump = scratch / archive.DUMP
    async with dumps.connect(served.owner_dsn) as session:
        # Nobody removes files until this session ends: each file that the snapshot names stays until it is copied.
        await session.execute(f"select pg_advisory_lock_shared({dumps.FILES_LOCK})")
        async with session.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await session.fetchval("select pg_export_snapshot()")
            say("Database …")
            await dumps.write_dump(programs(), served.owner_dsn, snapshot, dump)
            counted = await dumps.counts(session)
            named = await dumps.named_files(session)
            migrations = await session.fetch("select version from collegium_schema.migrations order by version")
            server = await session.fetchval("select current_setting('server_version_num')::integer")
        say(f"Database: {bytes_in_words(dump.stat().st_size)}, {_words(counted)}")
        # Files are written before the row that names them, so what is listed now holds all that the snapshot names.
        with archive.Writer(target) as out:
            await out.add(archive.DUMP, dump.stat().st_size, _file(dump))
            dump.unlink()
            for key, path in _keys(site):
                await out.add(f"keys/{key}", path.stat().st_size, _file(path))
            await _add_files(site, out, named, say)
            held = {part.name.removeprefix("files/") for part in out.parts if part.name.startswith("files/")}
            manifest = Manifest(
                form=archive.FORM,
                version=metadata.version("collegium"),
                made_at=datetime.now(UTC),
                server=server,
                database=dumps.name_of(served.owner_dsn),
                migrations=[row["version"] for row in migrations],
                counts=counted,
                missing=sorted(named - held),
                parts=out.parts,
            )
            out.finish(manifest)
    return manifest


def _words(counted: dict[str, int]) -> str:
    return ", ".join(f"{number} {what}" for what, number in counted.items())


def _keys(site: Site) -> list[tuple[str, Path]]:
    """The secrets that lie in the data folder; what settings name is kept where the settings are."""
    folder = site.settings.data_dir
    found = [folder / "secret.key", *sorted((folder / "signing").rglob("*"))]
    return [(path.relative_to(folder).as_posix(), path) for path in found if path.is_file()]


async def _file(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, archive.CHUNK):
            yield chunk


async def _add_files(site: Site, out: archive.Writer, named: set[str], say: Say) -> None:
    listed = await site.storage.list()
    whole, copied, told = sum(meta.size for meta in listed), 0, 0.0
    for number, meta in enumerate(listed, 1):
        try:
            await _add_file(site, out, meta)
        except Missing:
            if meta.key in named:
                raise ArchiveError(
                    f"The file {meta.key} went away while it was copied. Run the backup again."
                ) from None
        copied += meta.size
        if number == len(listed) or copied - told > max(whole / 10, 50_000_000):
            told = copied
            say(f"Files: {number} of {len(listed)}, {bytes_in_words(copied)} of {bytes_in_words(whole)}")
    if not listed:
        say("Files: none")


async def _add_file(site: Site, out: archive.Writer, meta: Meta) -> None:
    for _ in range(5):
        # A file that was written anew since the list was made has another tag and perhaps another size.
        now = await site.storage.head(meta.key)
        chunks = site.storage.stream(meta.key, etag=now.etag)
        try:
            first = await anext(chunks, b"")
        except Missing:
            continue
        await out.add(f"files/{meta.key}", now.size, _again(first, chunks))
        return
    raise ArchiveError(f"The file {meta.key} changes all the time. Run the backup again.")


async def _again(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


@asynccontextmanager
async def _room(served: Served, scratch: Path) -> AsyncGenerator[str]:
    """The address of an empty database for a check: beside the site's, or on a small server of its own."""
    name = dumps.name_of(served.owner_dsn)
    async with dumps.connect(served.owner_dsn) as session:
        may = (await dumps.login_of(session)).creates_databases
    if may:
        async with dumps.turn(admin_dsn(served), name, patience_s=_PATIENCE_S) as session:
            await dumps.drop_leftovers(session, name)
            made = dumps.beside(name, "check")
            await dumps.make(session, made)
            try:
                yield dumps.with_name(served.owner_dsn, made)
            finally:
                await session.execute(f"drop database if exists {dumps.quoted(made)} with (force)")
        return
    folder = scratch / "check"
    server = await asyncio.to_thread(embedded.attach, folder, settings=_SMALL)
    try:
        async with dumps.connect(server.dsn("postgres", "postgres")) as session:
            await dumps.make(session, "collegium_check")
        yield server.dsn("postgres", "collegium_check")
    finally:
        server.detach()
        await asyncio.to_thread(embedded.destroy, folder)


async def check(served: Served, path: Path, scratch: Path) -> list[str]:
    """Restores an archive's database beside the site's and counts; the invariants that do not hold in it.

    Raises ArchiveError or DumpError when it cannot be restored or holds something else than was written.
    """
    found = await asyncio.to_thread(archive.read, path)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        dump = Path(folder) / archive.DUMP
        await asyncio.to_thread(found.write_to, found.part(archive.DUMP), dump)
        async with _room(served, scratch) as dsn:
            await dumps.load_dump(programs(), dump, dsn)
            async with dumps.connect(dsn) as session:
                await compare(session, found.manifest)
                _, broken = await dumps.broken_rules(session)
    return broken


async def compare(session: asyncpg.Connection[asyncpg.Record], manifest: Manifest) -> None:
    """Raises ArchiveError unless a restored database holds as much as its manifest says, and every file it names."""
    counted = await dumps.counts(session)
    if counted != manifest.counts:
        raise ArchiveError(f"The restored database holds {_words(counted)}; the backup says {_words(manifest.counts)}.")
    held = {part.name.removeprefix("files/") for part in manifest.parts}
    lost = sorted(await dumps.named_files(session) - held - set(manifest.missing))
    if lost:
        raise ArchiveError(f"{len(lost)} files that the database names are not in the backup, the first: {lost[0]}.")


def thin_out(folder: Path, made: Path, *, keep: int | None, days: int | None, now: datetime) -> list[Path]:
    """Removes backups that are neither among the ``keep`` newest nor younger than ``days``; those removed.

    The one just made, which was checked, stays whatever the numbers say. Without numbers all stay.
    """
    if keep is None and days is None:
        return []
    removed: list[Path] = []
    for place, (moment, path) in enumerate(finished(folder)):
        newest = keep is not None and place < keep
        young = days is not None and moment > now - timedelta(days=days)
        if not newest and not young and path != made:
            path.unlink()
            removed.append(path)
    return removed

"""A SCORM package of 200 MB and 5,000 files is imported by the server's own job, while its memory is watched."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg

from bench.ground import Ground
from bench.uploads import Memory

SIZE = 200_000_000
FILES = 5_000
MANIFEST = (
    '<manifest identifier="M" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"'
    ' xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2"><metadata><schema>ADL SCORM</schema>'
    "<schemaversion>1.2</schemaversion></metadata><organizations default='O'><organization identifier='O'>"
    "<title>Large</title><item identifier='I' identifierref='R'><title>All</title></item></organization>"
    "</organizations><resources><resource identifier='R' type='webcontent' adlcp:scormtype='sco' href='f/0.html'>"
    "{files}</resource></resources></manifest>"
)


@dataclass
class Found:
    """Seconds from the wish to a package that can be played, MB above rest, and how many files are stored."""

    seconds: float
    grown_mb: float
    files: int
    megabytes: float


def run(ground: Ground) -> Found:
    """Measures on a ground whose database is made anew."""
    return asyncio.run(_run(ground))


async def _run(ground: Ground) -> Found:
    await asyncio.to_thread(ground.make_empty)
    await asyncio.to_thread(ground.start, processes=1, worker=True)
    db = await asyncpg.connect(ground.dsn)
    try:
        teacher = await db.fetchval(
            "insert into auth.users (email, encrypted_password, email_confirmed_at)"
            " values ('packages@bench.test', '', now()) returning id"
        )
        await db.execute("update public.profiles set role = 'instructor' where id = $1", teacher)
        # What a process loads for its first import is no cost of the size of a later one.
        await _import(ground, db, teacher, await _archive(ground, 200_000, 10))
        large = await _archive(ground, SIZE, FILES)
        size = await asyncio.to_thread(lambda: large.stat().st_size)
        memory = Memory()
        memory.watch(ground.web_pid)
        ending = asyncio.Event()
        reading = asyncio.create_task(_watch(memory, ending))
        seconds, package = await _import(ground, db, teacher, large)
        ending.set()
        await reading
        files = await db.fetchval(
            "select count(*) from public.scorm_package_files where scorm_package_id = $1", package
        )
        return Found(seconds, memory.grown / 1e6, files, size / 1e6)
    finally:
        await db.close()


async def _archive(ground: Ground, size: int, files: int) -> Path:
    """An archive in the file store, as an upload leaves it: pictures and pages, half of which pack to a third."""
    path = ground.folder / "files" / "files" / str(uuid4()) / "original.zip"

    def make() -> None:
        path.parent.mkdir(parents=True)
        each = size // files
        line = os.urandom(24).hex().encode()
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            names = [f"f/{number}.{'html' if number % 2 == 0 else 'png'}" for number in range(files - 1)]
            listed = "".join(f'<file href="{name}"/>' for name in names)
            archive.writestr("imsmanifest.xml", MANIFEST.format(files=listed))
            for name in names:
                # What is packed counts for the size: pages are larger than they are in the archive.
                data = os.urandom(each) if name.endswith("png") else os.urandom(each - 2000) + line * 200
                archive.writestr(name, data)

    await asyncio.to_thread(make)
    return path


async def _import(
    ground: Ground, db: asyncpg.Connection[asyncpg.Record], teacher: UUID, archive: Path
) -> tuple[float, UUID]:
    """Has an archive imported as its owner would; answers the seconds and the package."""
    file = UUID(archive.parent.name)
    size, digest = await asyncio.to_thread(_measured, archive)
    await db.execute(
        "insert into public.media_files (id, owner_id, purpose, filename, kind, mime_type, byte_size, sha256, storage_key,"
        " state) values ($1, $2, 'package', 'large.zip', 'archive', 'application/zip', $3, $4, $5, 'ready')",
        file, teacher, size, digest, f"files/{file}/original.zip",
    )  # fmt: skip
    began = time.perf_counter()
    async with db.transaction():
        claims = json.dumps({"sub": str(teacher), "role": "authenticated"})
        await db.execute("set local role authenticated")
        await db.execute("select set_config('request.jwt.claims', $1, true)", claims)
        package = await db.fetchval("select public.begin_package_import($1)", file)
    while True:
        row = await db.fetchrow("select import_state, import_errors from public.scorm_packages where id = $1", package)
        if row["import_state"] in ("ready", "failed"):
            break
        await asyncio.sleep(0.1)
    if row["import_state"] == "failed":
        raise RuntimeError(row["import_errors"])
    return time.perf_counter() - began, package


def _measured(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


async def _watch(memory: Memory, ending: asyncio.Event) -> None:
    while not ending.is_set():
        memory.look()
        await asyncio.sleep(0.05)

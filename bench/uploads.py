"""1 GB arrives byte for byte though its connection is cut five times and the server restarted, beside a film that plays.

The server's memory is that of the web process with the background jobs in it; the look into the file runs in a process
of its own, whose memory is limited there. The film is fetched as a player fetches it: a few seconds ahead.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import secrets
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx
import psutil

from bench.cutting import CuttingProxy, Sender
from bench.ground import Ground
from bench.watching import Watched

SIZE = 1_000_000_000
CUTS = 5
FILM_SECOND = 1_000_000
"""Bytes that a second of the film has: 8 Mbit/s."""
FILM_SECONDS = 60
COOKIE = "collegium_session"


@dataclass
class Found:
    """What was measured. Bytes a second, MB, and seconds."""

    same: bool
    cuts: int
    resumed: int
    per_second: float
    grown_mb: float
    watched: Watched
    seconds: float


class Memory:
    """The greatest growth of a process's resident memory over what it was after a first small upload."""

    def __init__(self) -> None:
        self.grown = 0
        self._base = 0
        self._process: psutil.Process | None = None

    def watch(self, pid: int) -> None:
        """From now on this process."""
        self._process = psutil.Process(pid)
        self._base = self._process.memory_info().rss

    def look(self) -> None:
        """Takes one reading."""
        try:
            if self._process is not None:
                self.grown = max(self.grown, self._process.memory_info().rss - self._base)
        except psutil.NoSuchProcess:
            self._process = None


def run(ground: Ground, size: int = SIZE) -> Found:
    """Measures on a ground whose database is made anew."""
    return asyncio.run(_run(ground, size))


async def _run(ground: Ground, size: int) -> Found:
    await asyncio.to_thread(ground.make_empty)
    await asyncio.to_thread(ground.start, processes=1, worker=True)
    source = ground.folder / "source.zip"
    await asyncio.to_thread(_make_source, source, size)
    people = await _people(ground)
    film = await _film(ground, people[1][0])
    memory = Memory()
    proxy = CuttingProxy(ground.port, [size * (n + 1) // (CUTS + 1) for n in range(CUTS)])
    async with proxy.running():
        address = f"http://127.0.0.1:{proxy.port}"
        async with httpx.AsyncClient(base_url=address, timeout=60, cookies={COOKIE: people[0][1]}) as client:
            await client.get("/studio/media")
            sender = Sender(client, client.cookies["csrftoken"])
            await _warm(ground, sender)
            memory.watch(ground.web_pid)
            ending = asyncio.Event()
            watching = await _watch(ground, people[1][1], film)
            reading = asyncio.create_task(_read_memory(memory, ending))
            began = time.perf_counter()
            url = await sender.begin("source.zip", "package", size_of(source))
            half, restart = size // 2, asyncio.Event()
            sending = asyncio.create_task(
                sender.send(url, source, lambda offset: restart.set() if offset > half else None)
            )
            await restart.wait()
            await asyncio.to_thread(ground.stop_web)
            await asyncio.to_thread(ground.start, processes=1, worker=True)
            await _warm(ground, Sender(client, client.cookies["csrftoken"]))
            memory.watch(ground.web_pid)
            await sending
            sent = time.perf_counter() - began
            result = await sender.result(url)
            whole = time.perf_counter() - began
            ending.set()
            said, _ = await watching.communicate(b"\n")
            watched = Watched(**json.loads(said))
            await reading
    stored = ground.folder / "files" / "files" / str(result["id"]) / "original.zip"
    same = result["state"] == "ready" and await asyncio.to_thread(lambda: _digest(stored) == _digest(source))
    return Found(same, proxy.done, sender.resumed, size / sent, memory.grown / 1e6, watched, whole)


async def _warm(ground: Ground, sender: Sender) -> None:
    """What a process loads for its first upload is no cost of the size of a later one."""
    small = ground.folder / "small.zip"
    await asyncio.to_thread(_make_source, small, 1 << 21)
    url = await sender.begin("small.zip", "package", size_of(small))
    await sender.send(url, small)
    await sender.result(url)


def size_of(path: Path) -> int:
    """Bytes of a file."""
    return path.stat().st_size


def _make_source(path: Path, size: int) -> None:
    block = os.urandom(1 << 20)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive, archive.open("film.bin", "w") as inside:
        for number in range(size >> 20):
            inside.write(number.to_bytes(8) + block[8:])


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def _people(ground: Ground) -> list[tuple[UUID, str]]:
    """An instructor who uploads and somebody who watches, each with a session."""
    db = await asyncpg.connect(ground.dsn)
    found: list[tuple[UUID, str]] = []
    try:
        for role in ("instructor", "student"):
            token = secrets.token_urlsafe(32)
            person = await db.fetchval(
                "insert into auth.users (email, encrypted_password, email_confirmed_at) values ($1, '', now()) returning id",
                f"{role}@bench.test",
            )
            await db.execute("update public.profiles set role = $2 where id = $1", person, role)
            await db.execute(
                "insert into public.web_sessions (user_id, token_hash, expires_at) values ($1, $2, now() + interval '1 day')",
                person,
                hashlib.sha256(token.encode()).digest(),
            )
            found.append((person, token))
    finally:
        await db.close()
    return found


async def _film(ground: Ground, owner: UUID) -> UUID:
    """A minute's bytes in the file store."""
    film = uuid4()
    key = f"files/{film}/original.mp4"
    path = ground.folder / "files" / key
    await asyncio.to_thread(lambda: path.parent.mkdir(parents=True))
    await asyncio.to_thread(path.write_bytes, os.urandom(FILM_SECOND * FILM_SECONDS))
    db = await asyncpg.connect(ground.dsn)
    try:
        await db.execute(
            "insert into public.media_files (id, owner_id, purpose, filename, kind, mime_type, byte_size, sha256, storage_key,"
            " state) values ($1, $2, 'collection', 'film.mp4', 'video', 'video/mp4', $3, repeat('a', 64), $4, 'ready')",
            film,
            owner,
            FILM_SECOND * FILM_SECONDS,
            key,
        )
    finally:
        await db.close()
    return film


async def _watch(ground: Ground, token: str, film: UUID) -> asyncio.subprocess.Process:
    """Somebody plays the film straight from the server, in a process of his own."""
    address = f"http://127.0.0.1:{ground.port}/files/{film}"
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.watching", address, COOKIE, token, str(FILM_SECOND), str(FILM_SECONDS),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def _read_memory(memory: Memory, ending: asyncio.Event) -> None:
    while not ending.is_set():
        memory.look()
        await asyncio.sleep(0.1)

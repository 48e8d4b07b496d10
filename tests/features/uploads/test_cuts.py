"""A file arrives byte for byte though its connection is cut five times and the server killed: the bench in small."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import httpx
import pytest
from bench import cutting

from collegium.web.sessions import COOKIE, hash_token
from tests.support.database import Database
from tests.support.people import Person

pytestmark = pytest.mark.slow
SIZE = 24 * 1024 * 1024
CUTS = 5


class Web:
    """`collegium serve` on the test's database, in a process of its own."""

    def __init__(self, database: Database, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COLLEGIUM_")}
        self._env = kept | {
            "COLLEGIUM_DATA_DIR": str(folder),
            "COLLEGIUM_DATABASE_URL": database.dsn_web,
            "COLLEGIUM_MIGRATE_URL": database.dsn_owner,
            "COLLEGIUM_BASE_URL": f"http://127.0.0.1:{self.port}",
            "COLLEGIUM_SECRET_KEY": secrets.token_hex(32),
        }
        self.start()

    def start(self) -> None:
        """Starts it and waits until it answers."""
        command = [sys.executable, "-m", "collegium.cli", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=self._env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                with urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5):
                    return
            except (URLError, OSError):
                time.sleep(0.1)
        raise AssertionError("the site did not start")

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()


@pytest.fixture
def web(database: Database, tmp_path: Path) -> Iterator[Web]:
    made = Web(database, tmp_path / "data")
    yield made
    made.kill()


async def test_cut_five_times_and_killed_once(
    web: Web, database: Database, make_person: Callable[..., Person], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting, "CHUNK", 3 * 1024 * 1024)
    teacher, token = make_person("instructor"), secrets.token_urlsafe(32)
    async with database.connect() as owner:
        await owner.execute(
            "insert into public.web_sessions (user_id, token_hash, expires_at) values ($1, $2, now() + interval '1 day')",
            teacher.id,
            hash_token(token),
        )
    source = tmp_path / "course.zip"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("film.bin", os.urandom(SIZE))
    proxy = cutting.CuttingProxy(web.port, [SIZE * (n + 1) // (CUTS + 1) for n in range(CUTS)])
    async with proxy.running():
        address = f"http://127.0.0.1:{proxy.port}"
        async with httpx.AsyncClient(base_url=address, timeout=30, cookies={COOKIE: token}) as client:
            await client.get("/studio/media")
            sender = cutting.Sender(client, client.cookies["csrftoken"])
            url = await sender.begin("course.zip", "package", source.stat().st_size)
            killed = asyncio.Event()
            sending = asyncio.create_task(
                sender.send(url, source, lambda offset: killed.set() if offset > SIZE // 2 else None)
            )
            await killed.wait()
            await asyncio.to_thread(web.kill)
            await asyncio.to_thread(web.start)
            await sending
            result = await sender.result(url)
    assert (result["state"], proxy.done) == ("ready", CUTS), result
    stored = tmp_path / "data" / "files" / "files" / str(result["id"]) / "original.zip"
    assert hashlib.sha256(stored.read_bytes()).digest() == hashlib.sha256(source.read_bytes()).digest()

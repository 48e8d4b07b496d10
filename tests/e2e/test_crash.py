"""Kills the web process, then PostgreSQL, with -9 under heartbeats and SCORM commits: what was acknowledged is there."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from collegium.kit import embedded, migrations
from collegium.web.sessions import COOKIE, hash_token
from tests.e2e.committing import Committer, committers
from tests.support.database import Database, run
from tests.support.people import Course, Lesson, Person, add_course, add_person, enrol

pytestmark = pytest.mark.slow
PLAYERS = 8
LENGTH_S = 40_000
# What a query that runs away may take; the data lies on disk, where a crash is a crash.
BOUNDS = {"temp_file_limit": "256MB", "statement_timeout": "60s", "shared_buffers": "32MB", "max_connections": "40"}


class Web:
    """`collegium serve` in a process of its own."""

    def __init__(self, data_dir: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COLLEGIUM_")}
        self._env = {**kept, "COLLEGIUM_DATA_DIR": str(data_dir), "COLLEGIUM_BASE_URL": self.url}
        self.data_dir = data_dir
        self._log = data_dir / "serve.log"
        self.start()

    def start(self) -> None:
        """Starts it; answers at once."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "collegium.cli", "serve", "--port", str(self.port)],
                env=self._env,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """As an operator stops it."""
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()

    async def answers(self, path: str = "/healthz", within_s: float = 40.0) -> None:
        """Waits until the site answers."""
        deadline = time.monotonic() + within_s
        async with httpx.AsyncClient(base_url=self.url, timeout=5) as client:
            while True:
                assert time.monotonic() < deadline, self._log.read_text()[-3000:]
                try:
                    if (await client.get(path)).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.1)


class Player:
    """Sends one second after the other, each until it is acknowledged, and keeps what was."""

    def __init__(self, person: Person, web: Web) -> None:
        self.person = person
        self.token = secrets.token_urlsafe(32)
        self.acknowledged: list[int] = []
        self.unsure = 0
        self._client = httpx.AsyncClient(base_url=web.url, timeout=10, cookies={COOKIE: self.token})
        self._playback, self._nonce, self._seq = "", "", 0

    async def open(self, lesson: Lesson) -> None:
        await self._client.get("/sign-in")
        token = self._client.cookies["csrftoken"]
        answer = await self._client.post(
            "/api/v1/playback", json={"video_id": str(lesson.video_id)}, headers={"x-csrf-token": token}
        )
        assert answer.status_code == 200, answer.text
        opened = answer.json()
        self._playback, self._nonce, self._seq = opened["playback_id"], opened["nonce"], opened["seq"]

    async def play(self) -> None:
        """Plays until it is cancelled."""
        for second in range(0, LENGTH_S, 2):
            await self._send(second)

    async def _send(self, second: int) -> None:
        body = {
            "playback_id": self._playback,
            "seq": self._seq + 1,
            "nonce": self._nonce,
            "intervals": [[second, second + 1]],
            "position": second + 1,
            "events": [{"type": "play", "at": second}],
        }
        while True:
            try:
                answer = await self._client.post("/api/v1/playback/heartbeat", json=body)
            except httpx.TransportError:
                self.unsure += 1
                await asyncio.sleep(0.05)
                continue
            if answer.status_code == 200:
                self._nonce, self._seq = answer.json()["nonce"], answer.json()["seq"]
                self.acknowledged.append(second)
                return
            # Everything else that may be said here is "not now".
            assert answer.status_code in (500, 503), answer.text
            self.unsure += 1
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        await self._client.aclose()


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder with a short path, for the socket's sake."""
    folder = Path(tempfile.mkdtemp(prefix="collegium-crash-"))
    folder.chmod(0o755)
    yield folder
    embedded.destroy(folder)
    shutil.rmtree(folder)


async def _fill(database: Database, web: Web) -> tuple[Course, list[Player]]:
    course = await add_course(database, modules=[[Lesson("Long", video=LENGTH_S)]])
    players: list[Player] = []
    for _ in range(PLAYERS):
        person = await add_person(database, member=False)
        await enrol(database, person, course)
        player = Player(person, web)
        async with database.connect() as owner:
            await owner.execute(
                "insert into public.web_sessions (user_id, token_hash, expires_at, ip, user_agent)"
                " values ($1, $2, now() + interval '1 day', '127.0.0.1', 'test')",
                person.id,
                hash_token(player.token),
            )
        await player.open(course.lessons[0])
        players.append(player)
    async with database.connect() as owner:
        await owner.execute("update public.video_analytics set playback_opened_at = now() - interval '11 hours'")
    return course, players


async def _progress(players: Sequence[Player | Committer], load: list[asyncio.Task[None]], beats: int) -> None:
    """Waits until everybody got so many more acknowledgements."""
    wanted = [len(player.acknowledged) + beats for player in players]
    deadline = time.monotonic() + 40
    while any(len(player.acknowledged) < count for player, count in zip(players, wanted, strict=True)):
        assert time.monotonic() < deadline, [len(player.acknowledged) for player in players]
        for task in load:
            if task.done():
                task.result()
        await asyncio.sleep(0.05)


async def _crash(server: embedded.Server, database: Database, web: Web) -> None:
    await web.answers()
    _, films = await _fill(database, web)
    packages = await committers(database, web.url, web.data_dir, PLAYERS)
    players = [*films, *packages]
    load = [asyncio.create_task(player.play()) for player in players]
    try:
        await _progress(players, load, 20)

        web.kill()
        web.start()
        await _progress(players, load, 20)

        first = server.pid
        assert first
        os.kill(first, signal.SIGKILL)
        await _progress(players, load, 20)
        assert server.pid not in (None, first), "the web process started the server again"

        # Both at once, and the database first: nobody is left who knows that it ran.
        again = server.pid
        assert again
        os.kill(again, signal.SIGKILL)
        web.kill()
        web.start()
        await _progress(players, load, 20)
        await web.answers("/verify")
    finally:
        for task in load:
            task.cancel()
        await asyncio.gather(*load, return_exceptions=True)
        for player in players:
            await player.close()

    for some in (films, packages):
        assert sum(player.unsure for player in some) > 0, "nothing was under way when the processes died"
    for package in packages:
        await package.check(database)
    async with database.connect() as owner:
        for player in films:
            row = await owner.fetchrow(
                "select watched::text, watched_seconds, play_seconds, playback_seq,"
                " array(select lower(r) from unnest(watched) r) as seconds,"
                " (select count(*) from public.video_events e where e.user_id = a.user_id) as events"
                " from public.video_analytics a where user_id = $1",
                player.person.id,
            )
            kept = set(row["seconds"])
            lost = set(player.acknowledged) - kept
            assert not lost, f"acknowledged and lost: {sorted(lost)}"
            assert len(kept - set(player.acknowledged)) <= 1, "only the last one may be kept without an answer"
            assert row["watched_seconds"] == row["play_seconds"] == row["playback_seq"] == row["events"] == len(kept)


def test_a_site_that_is_told_to_stop_takes_its_database_along(data_dir: Path) -> None:
    web = Web(data_dir)
    run(web.answers())
    server_s_note = data_dir / "pg" / "cluster" / "postmaster.pid"
    assert server_s_note.exists()
    web.stop()
    assert web.process.returncode == 0
    assert not server_s_note.exists()


def test_no_acknowledged_second_is_lost(data_dir: Path) -> None:
    with embedded.attach(data_dir, settings=BOUNDS) as server:
        run(migrations.migrate(run(migrations.ensure_database(server, "collegium"))))
        web = Web(data_dir)
        try:
            run(_crash(server, Database(server, "collegium"), web))
        finally:
            web.stop()

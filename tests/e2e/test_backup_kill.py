"""Kills backups and restores with -9 at every stage: the earlier backups and the old site stay usable."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from collegium.kit import archive, embedded, migrations
from collegium.kit.server import open_database
from collegium.settings import Settings
from tests.support.database import Database, run
from tests.support.people import add_person
from tests.support.servers import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
# Not durable: a process is killed here, not the machine.
SETTINGS = {"fsync": "off", "shared_buffers": "32MB", "max_connections": "40", "temp_file_limit": "256MB"}
FILES = 400


@dataclass(frozen=True)
class Site:
    """A site in a data folder whose server this process keeps running."""

    data_dir: Path
    server: embedded.Server

    @property
    def backups(self) -> Path:
        return self.data_dir / "backups"

    def start(self, *argv: str) -> subprocess.Popen[bytes]:
        """`collegium …` in a process of its own."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COLLEGIUM_")}
        log = (self.data_dir / "command.log").open("ab")
        with log:
            return subprocess.Popen(
                [sys.executable, "-m", "collegium.cli", *argv],
                env={**kept, "COLLEGIUM_DATA_DIR": str(self.data_dir)},
                stdout=log,
                stderr=log,
            )

    def finish(self, *argv: str) -> None:
        """Runs it to its end, which must be a good one."""
        process = self.start(*argv)
        assert process.wait(120) == 0, (self.data_dir / "command.log").read_text()[-2000:]

    def kill_when(self, condition: Callable[[], bool], *argv: str) -> bool:
        """Starts a command and kills it as soon as something holds. False when it ended before."""
        process = self.start(*argv)
        deadline = time.monotonic() + 60
        while process.poll() is None:
            assert time.monotonic() < deadline
            if condition():
                process.kill()
                process.wait()
                return True
            time.sleep(0.001)
        return False

    def databases(self) -> list[str]:
        with psycopg.connect(self.server.dsn("postgres", "postgres")) as session:
            return [row[0] for row in session.execute("select datname from pg_database").fetchall()]

    def has_database(self, part: str) -> Callable[[], bool]:
        """Whether there is one with this in its name."""
        session = psycopg.connect(self.server.dsn("postgres", "postgres"), autocommit=True)

        def look() -> bool:
            row = session.execute(
                "select exists (select from pg_database where datname like %s)", [f"%{part}%"]
            ).fetchone()
            return bool(row and row[0])

        return look

    def state(self) -> tuple[int, str]:
        """How many people there are, and which files: must be of one moment."""
        served = open_database(Settings(data_dir=self.data_dir))
        try:
            with psycopg.connect(served.owner_dsn) as session:
                row = session.execute("select count(*) from public.profiles").fetchone()
            assert row
            return row[0], (self.data_dir / "files" / "state.txt").read_text()
        finally:
            served.release()


@pytest.fixture(scope="module")
def stopped() -> Iterator[Path]:
    """The data folder of a site with three people and one backup, its server at rest: each test begins with a copy of it."""
    folder = Path(tempfile.mkdtemp(prefix="collegium-kill-"))
    folder.chmod(0o755)
    (folder / "files" / "many").mkdir(parents=True)
    for number in range(FILES):
        (folder / "files" / "many" / f"{number}.bin").write_bytes(os.urandom(20_000))
    (folder / "files" / "state.txt").write_text("old")
    with embedded.attach(folder, settings=SETTINGS) as server:
        run(migrations.migrate(run(migrations.ensure_database(server, "collegium"))))
        run(_people(Database(server, "collegium"), 3))
        Site(folder, server).finish("backup")
    yield folder
    embedded.destroy(folder)
    shutil.rmtree(folder)


@pytest.fixture
def site(stopped: Path) -> Iterator[Site]:
    folder = Path(tempfile.mkdtemp(prefix="collegium-kill-"))
    # With its owners: the server's files belong to the server's account.
    subprocess.run(["cp", "-a", f"{stopped}/.", str(folder)], check=True)
    with embedded.attach(folder, settings=SETTINGS) as server:
        yield Site(folder, server)
    embedded.destroy(folder)
    shutil.rmtree(folder)


async def _people(database: Database, number: int) -> None:
    for _ in range(number):
        await add_person(database, member=False)
    await asyncio.sleep(0)


def test_a_killed_backup_leaves_the_earlier_one_and_is_cleared_away(site: Site) -> None:
    (first,) = site.backups.glob("*.tar")
    whole = first.read_bytes()

    def partial(name: str, size: int = 0) -> Callable[[], bool]:
        return lambda: any(p.stat().st_size >= size for p in site.backups.glob(f".*.partial/{name}"))

    stages = {
        "begun": lambda: any(site.backups.glob(".*.partial")),
        "dumping": partial("database.dump"),
        "writing": partial("backup.tar"),
        "half of the files": partial("backup.tar", FILES * 10_000),
        "checking": site.has_database("_check_"),
    }
    for stage, reached in stages.items():
        assert site.kill_when(reached, "backup"), stage
        assert list(site.backups.glob("*.tar")) == [first], stage
        assert any(site.backups.glob(".*.partial")), stage
    site.finish("backup", "--keep", "5")
    assert first.read_bytes() == whole
    made = sorted(site.backups.glob("*.tar"))
    assert len(made) == 2
    assert len(archive.read(made[1]).manifest.parts) == len(archive.read(first).manifest.parts)
    assert not list(site.backups.glob(".*.partial"))
    assert sorted(site.databases()) == ["collegium", "postgres", "template0", "template1"]


def test_a_killed_restore_leaves_a_site_of_one_moment(site: Site) -> None:
    (made,) = site.backups.glob("*.tar")
    run(_people(Database(site.server, "collegium"), 2))
    (site.data_dir / "files" / "state.txt").write_text("new")
    restored, current = (3, "old"), (5, "new")
    note = site.data_dir / "restore.json"
    stages: dict[str, Callable[[], bool]] = {
        "database": site.has_database("_restore_"),
        "dump": lambda: (site.data_dir / "dump.restoring" / "database.dump").exists(),
        "files": lambda: (site.data_dir / "files.restoring" / "many" / "30.bin").exists(),
        "keys": lambda: (site.data_dir / "secret.key.restoring").exists(),
    }
    for stage, reached in stages.items():
        assert site.kill_when(reached, "restore", str(made), "--yes"), stage
        assert site.state() == current, stage
        assert not note.exists(), stage

    # The last step takes milliseconds: the note appears, the database is renamed, the folders follow.
    seen: set[tuple[int, str]] = set()
    last: tuple[Callable[[], bool], ...] = (
        note.exists,
        site.has_database("_before_restore_"),
        lambda: any(site.data_dir.glob("files.before-restore-*")),
    )
    for reached in last:
        site.kill_when(reached, "restore", str(made), "--yes")
        now = site.state()
        assert now in (restored, current)
        seen.add(now)
        assert not note.exists()
    assert restored in seen

    site.finish("restore", str(made), "--yes")
    assert site.state() == restored
    assert not list(site.data_dir.glob("*.restoring"))
    assert not [name for name in site.databases() if "_restore_" in name and "_before_" not in name]
    site.finish("doctor")


def test_a_damaged_backup_changes_nothing(site: Site) -> None:
    (made,) = site.backups.glob("*.tar")
    whole = bytearray(made.read_bytes())
    before = sorted(path.name for path in site.data_dir.iterdir())
    for damaged in (whole[: len(whole) // 2], whole[:700_000] + bytes([whole[700_000] ^ 4]) + whole[700_001:], b"no"):
        path = site.backups / "damaged.tar"
        path.write_bytes(damaged)
        assert site.start("restore", str(path), "--yes").wait(60) == 1
        assert site.start("restore", str(path), "--into", str(site.data_dir / "elsewhere")).wait(60) == 1
    said = (site.data_dir / "command.log").read_text()
    assert "Traceback" not in said
    assert sorted(path.name for path in site.data_dir.iterdir()) == before
    assert site.state() == (3, "old")


def test_a_running_site_is_backed_up_but_not_replaced(site: Site) -> None:
    with psycopg.connect(site.server.dsn("collegium_web", "collegium")):
        (made,) = site.backups.glob("*.tar")
        assert site.start("restore", str(made), "--yes").wait(60) == 1
    assert "The site runs: 1 connections" in (site.data_dir / "command.log").read_text()
    assert site.start("restore", str(made), "--into", str(site.data_dir)).wait(60) == 1
    wait_until(lambda: len(site.databases()) == 4)


def test_a_drill_into_a_new_folder(site: Site) -> None:
    (made,) = site.backups.glob("*.tar")
    drill = site.data_dir / "drill"
    try:
        site.finish("restore", str(made), "--into", str(drill))
        assert (drill / "files" / "state.txt").read_text() == "old"
        assert (drill / "secret.key").read_bytes() == (site.data_dir / "secret.key").read_bytes()
        with embedded.attach(drill) as server, psycopg.connect(server.dsn("postgres", "collegium")) as session:
            row = session.execute("select count(*) from public.profiles").fetchone()
            assert row == (3,)
        assert site.start("restore", str(made), "--into", str(drill)).wait(60) == 1, "it is not empty any more"
    finally:
        embedded.destroy(drill)

"""The commands of docs/guides/recovery.md, run as they stand: the data is lost and comes back as of a moment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from collegium.kit import embedded, migrations
from collegium.kit.embedded_files import find_binaries, locate
from tests.support.database import run
from tests.support.servers import POSTGRES_15, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "recovery.md").read_text(encoding="utf-8")
STEPS = dict(re.findall(r"<!-- step: ([\w-]+) -->\n```sh\n(.*?)```", GUIDE, re.DOTALL))
WRITE = "update public.profiles set first_name = %s where last_name = 'Witness'"


@dataclass
class Shell:
    """Runs the guide's steps, with its folders put elsewhere."""

    folder: Path
    environment: dict[str, str]
    exported: str = ""
    replaced: dict[str, str] = field(default_factory=dict)

    def text(self, step: str) -> str:
        text = STEPS[step]
        for old, new in {"/srv/collegium": str(self.folder), **self.replaced}.items():
            text = text.replace(old, new)
        return text

    def run(self, step: str, *, fails: bool = False) -> str:
        """One step; what it printed."""
        script = f"set -eu\n{self.exported}\n{self.text(step)}"
        done = subprocess.run(
            ["bash", "-c", script], env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert (done.returncode != 0) is fails, f"{step}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def moment_is(self, moment: str) -> None:
        self.replaced["2026-11-21 10:15:00+00"] = moment


@pytest.fixture(scope="module")
def migrated() -> Iterator[Path]:
    """A data folder with an empty site whose server is at rest; nothing of it has been archived."""
    made = Path(tempfile.mkdtemp(prefix="collegium-recovery-"))
    made.chmod(0o755)
    with embedded.attach(made, settings={"fsync": "off"}) as server:
        run(migrations.migrate(run(migrations.ensure_database(server, "collegium"))))
    yield made
    embedded.destroy(made)
    shutil.rmtree(made)


def settle(migrated: Path, data: Path) -> None:
    """Copies it, with its owners: the server's files belong to the server's account."""
    subprocess.run(["cp", "-a", str(migrated), str(data)], check=True)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A place that the server's account can enter."""
    made = Path(tempfile.mkdtemp(prefix="collegium-recovery-"))
    made.chmod(0o755)
    yield made
    if (made / "data" / "pg").exists():
        embedded.destroy(made / "data")
    shutil.rmtree(made)


@pytest.fixture
def shell(folder: Path) -> Shell:
    programs = folder / "bin"
    programs.mkdir()
    command = programs / "collegium"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m collegium.cli "$@"\n')
    command.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COLLEGIUM_", "PG"))}
    made = Shell(
        folder,
        {
            **kept,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "COLLEGIUM_DATA_DIR": str(folder / "data"),
            "COLLEGIUM_WAL_ARCHIVE": str(folder / "wal"),
        },
    )
    made.exported = made.text("folders")
    return made


def name_now(dsn: str) -> str:
    with psycopg.connect(dsn) as session:
        row = session.execute("select first_name from public.profiles where last_name = 'Witness'").fetchone()
    assert row
    return row[0]


def write(dsn: str, name: str) -> str:
    """Writes, and answers a moment just after it."""
    with psycopg.connect(dsn, autocommit=True) as session:
        session.execute(WRITE, [name])
        row = session.execute("select pg_sleep(0.2), clock_timestamp()::text, pg_sleep(0.2)").fetchone()
    assert row
    return row[1]


def begin(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as session:
        session.execute(
            "insert into auth.users (email, raw_user_meta_data)"
            ' values (\'witness@guild.test\', \'{"first_name": "Nobody", "last_name": "Witness"}\')'
        )


def archived(dsn: str) -> None:
    """Waits until all that was written until now has been handed over."""
    with psycopg.connect(dsn, autocommit=True) as session:
        row = session.execute("select pg_walfile_name(pg_switch_wal())").fetchone()
        assert row

        def handed_over() -> bool:
            found = session.execute("select last_archived_wal >= %s::text from pg_stat_archiver", [row[0]]).fetchone()
            return bool(found and found[0])

        wait_until(handed_over, 30)


def start(shell: Shell) -> subprocess.Popen[bytes]:
    """A process that keeps the embedded server running with the site's settings, as the site does."""
    held = "import sys; from collegium import settings; from collegium.kit.server import open_database\n"
    held += "served = open_database(settings.load()); print('ready', flush=True); sys.stdin.read(); served.release()"
    process = subprocess.Popen(
        [sys.executable, "-c", held], env=shell.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    process.communicate(timeout=60)


def test_every_step_of_the_guide_is_run_by_a_test() -> None:
    assert set(STEPS) == {
        *("folders", "look", "base", "files", "thin", "give-back", "recover", "check", "after"),
        *("own-archive", "own-base", "own-recover"),
    }
    assert GUIDE.count("```sh") == len(STEPS)


def test_the_embedded_database_comes_back_as_of_a_moment(shell: Shell, folder: Path, migrated: Path) -> None:
    data = folder / "data"
    settle(migrated, data)
    site = start(shell)
    dsn = f"postgresql://postgres@/collegium?host={locate(data).socket_dir}"
    begin(dsn)
    assert "last_archived_time" in shell.run("look")
    (data / "files").mkdir(exist_ok=True)
    (data / "files" / "a.txt").write_text("kept")
    (data / "secret.key").write_text("secret")
    shell.run("base")
    shell.run("files")
    shell.run("thin")
    between = write(dsn, "First")
    write(dsn, "Second")
    archived(dsn)
    assert (
        "last handed over"
        in subprocess.run(
            ["collegium", "doctor"], env=shell.environment, capture_output=True, text=True, check=False
        ).stdout
    )
    stop(site)

    # The disk is gone.
    embedded.destroy(data)
    shutil.rmtree(data)
    shell.run("give-back")
    shell.moment_is(between)
    shell.run("recover")
    shell.run("check")
    site = start(shell)
    assert name_now(dsn) == "First"
    assert (data / "files" / "a.txt").read_text() == "kept"
    shell.run("after")
    # The new branch is archived too, and leads on to another recovery.
    shell.run("base")
    again = write(dsn, "Third")
    write(dsn, "Fourth")
    archived(dsn)
    stop(site)
    shell.moment_is(again)
    shell.run("recover")
    shell.run("check")
    site = start(shell)
    assert name_now(dsn) == "Third"
    stop(site)


def test_a_segment_is_never_written_over_and_a_second_time_is_no_failure(
    shell: Shell, folder: Path, migrated: Path
) -> None:
    settle(migrated, folder / "data")
    stop(start(shell))
    with (locate(folder / "data").cluster / "collegium.conf").open() as file:
        line = next(line for line in file if line.startswith("archive_command"))
    command = line.partition("'")[2].rpartition("'")[0]
    wal, segment = folder / "wal", folder / "segment"
    segment.write_bytes(b"log")

    def hand_over() -> int:
        given = command.replace("%f", "0000AB").replace("%p", str(segment))
        return subprocess.run(["sh", "-c", given], check=False, capture_output=True).returncode

    assert hand_over() == 0
    first = (wal / "0000AB.gz").read_bytes()
    assert hand_over() == 0
    segment.write_bytes(b"something else")
    assert hand_over() != 0
    assert (wal / "0000AB.gz").read_bytes() == first
    assert not list(wal.glob(".*"))


@pytest.mark.skipif(not POSTGRES_15.exists(), reason="needs PostgreSQL 15 on this machine")
def test_a_postgresql_of_your_own(shell: Shell, folder: Path) -> None:
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("needs setpriv")
    own = folder / "own"
    for made in (own, folder / "wal", folder / "bases"):
        made.mkdir()
        if os.geteuid() == 0:
            shutil.chown(made, "postgres", "postgres")
    cluster = own / "cluster"
    as_server = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    shell.environment |= {
        "PATH": f"{POSTGRES_15}{os.pathsep}{os.environ['PATH']}",
        "PGHOST": str(own),
        "PGUSER": "postgres",
        "PGDATABASE": "postgres",
        "CLUSTER": str(cluster),
        "LC_ALL": "C",
    }

    def run(step: str) -> None:
        script = f"set -eu\n{shell.exported}\n{shell.text(step)}" if step in STEPS else step
        done = subprocess.run(
            [*as_server, "bash", "-c", f"cd / ; {{ {script}\n}} >> {own}/log 2>&1"],
            env=shell.environment,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{step}: {(own / 'log').read_text()}"

    run('initdb -D "$CLUSTER" -U postgres --auth=trust --encoding=UTF8 --no-sync')
    with (cluster / "postgresql.conf").open("a") as file:
        file.write(f"listen_addresses = ''\nunix_socket_directories = '{own}'\nfsync = off\n")
    run('pg_ctl start -D "$CLUSTER" -w')
    dsn = f"postgresql://postgres@/postgres?host={own}"
    try:
        with psycopg.connect(dsn, autocommit=True) as session:
            session.execute("create table public.profiles (first_name text, last_name text)")
            session.execute("insert into public.profiles values ('Nobody', 'Witness')")
        run("own-archive")
        run("own-base")
        between = write(dsn, "First")
        write(dsn, "Second")
        archived(dsn)
        run('pg_ctl stop -D "$CLUSTER" -m immediate -w')
        shell.moment_is(between)
        run("own-recover")
        assert name_now(dsn) == "First"
    finally:
        run('pg_ctl stop -D "$CLUSTER" -m immediate -w')
        time.sleep(0.1)


def test_the_programs_that_the_guide_uses_are_in_the_wheel() -> None:
    for name in ("psql", "pg_basebackup", "pg_verifybackup", "pg_archivecleanup"):
        assert (find_binaries(None) / name).exists()

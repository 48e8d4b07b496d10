"""The embedded server, with real processes that come, go and are killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from collegium.kit import embedded
from tests.support.servers import FAST, POSTGRES_15, Attach, lives, query, wait_until


def test_data_stays_and_the_server_does_not(data_folder: Path) -> None:
    with embedded.attach(data_folder, settings=FAST) as server:
        query(server, "create table kept as select 42 as answer")
        assert query(server, "show fsync") == "off"
        pid = server.pid
        assert pid is not None
        assert lives(pid)
        assert server.socket_dir.stat().st_mode & 0o777 == 0o700
        assert os.getsid(pid) != os.getsid(0), "Ctrl+C in the terminal would reach the server"
    assert not lives(pid)
    with embedded.attach(data_folder) as server:
        assert query(server, "select answer from kept") == 42
        assert query(server, "show fsync") == "on"
        assert query(server, "show synchronous_commit") == "on"
        assert query(server, "show listen_addresses") == ""
        assert query(server, "show shared_preload_libraries") == "pg_stat_statements"
        assert query(server, "select concat(datlocprovider, datlocale) from pg_database limit 1") == "bC.UTF-8"


def test_the_last_one_out_stops_it(data_folder: Path, another: Attach) -> None:
    first, second = another(), another()  # Both make the cluster and start the server at the same moment.
    pid = first.answer()["pid"]
    assert second.answer()["pid"] == pid
    assert first.tell("detach")["pid"] == pid
    assert lives(pid)
    assert second.tell("detach")["pid"] is None
    assert not lives(pid)


def test_a_process_that_ends_without_a_word_stops_it_too(data_folder: Path, another: Attach) -> None:
    only = another()
    pid = only.answer()["pid"]
    assert only.process.stdin is not None
    only.process.stdin.close()
    assert only.process.wait(timeout=30) == 0
    assert not lives(pid)


def test_a_killed_process_keeps_nothing_running(data_folder: Path, another: Attach) -> None:
    first, second = another(), another()
    pid = first.answer()["pid"]
    second.answer()
    first.kill()
    assert lives(pid)
    assert second.tell("detach")["pid"] is None
    assert not lives(pid)


def test_a_server_left_by_a_killed_process_is_taken_over(data_folder: Path, another: Attach) -> None:
    first = another()
    pid = first.answer()["pid"]
    first.kill()
    with embedded.attach(data_folder) as server:
        assert server.pid == pid
    assert not lives(pid)


def test_a_fork_never_stops_it(data_folder: Path, another: Attach) -> None:
    first = another()
    pid = first.answer()["pid"]
    assert first.tell("fork")["pid"] == pid
    assert lives(pid)
    assert first.tell("fork and stay")["pid"] == pid
    assert first.tell("detach")["pid"] is None, "a fork does not keep it running against its parent either"


def test_attached_twice_in_one_process(data_folder: Path) -> None:
    servers: list[embedded.Server] = []
    threads = [threading.Thread(target=lambda: servers.append(embedded.attach(data_folder))) for _ in range(3)]
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


def test_recovers_from_a_killed_postmaster(data_folder: Path, another: Attach) -> None:
    with embedded.attach(data_folder) as server:
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
def test_recovers_when_a_backend_outlives_the_postmaster(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "UNREACHABLE_AFTER_S", 0.5)
    with embedded.attach(data_folder, settings=FAST) as server:
        busy = psycopg.connect(server.dsn("postgres", "postgres"))
        backend = busy.info.backend_pid
        # It only computes: nothing is written, and it ends by itself should the code under test not end it.
        busily = "do $$ begin while clock_timestamp() < now() + interval '60 s' loop end loop; end $$"

        def compute() -> None:
            with suppress(psycopg.OperationalError):
                busy.execute(busily)

        thread = threading.Thread(target=compute)
        thread.start()
        running = f"select state = 'active' and query ~ 'loop' from pg_stat_activity where pid = {backend}"
        wait_until(lambda: query(server, running))
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        assert lives(backend)
        assert server.ensure_running() is True
        assert not lives(backend)
        thread.join(timeout=10)
        busy.close()
        assert query(server, "select 1") == 1


def test_starts_though_the_dead_servers_number_is_somebody_elses(data_folder: Path) -> None:
    with embedded.attach(data_folder, settings=FAST) as server:
        pid_file = data_folder / "pg" / "cluster" / "postmaster.pid"
        said = pid_file.read_text().split("\n", 1)[1]
        socket_lock = (server.socket_dir / ".s.PGSQL.5432.lock").read_text()
    account = pid_file.parent.stat()
    innocent = subprocess.Popen(["sleep", "60"], user=account.st_uid)
    try:
        pid_file.write_text(f"{innocent.pid}\n{said}")
        os.chown(pid_file, account.st_uid, account.st_gid)
        run = data_folder / "pg" / "run"
        run.mkdir(mode=0o700)
        os.chown(run, account.st_uid, account.st_gid)
        (run / ".s.PGSQL.5432.lock").write_text(f"{innocent.pid}\n{socket_lock.split(chr(10), 1)[1]}")
        with embedded.attach(data_folder, settings=FAST) as server:
            assert server.pid != innocent.pid
            assert query(server, "select 1") == 1
        assert innocent.poll() is None, "stopping must not hit who has the number now"
    finally:
        innocent.kill()
        innocent.wait()


def test_starts_again_when_its_socket_was_removed(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "UNREACHABLE_AFTER_S", 0.5)
    with embedded.attach(data_folder, settings=FAST) as server:
        before = server.pid
        shutil.rmtree(server.socket_dir)
        assert server.ensure_running() is True
        assert server.pid != before
        assert query(server, "select 1") == 1


def test_a_second_server_is_never_started_beside_one_that_cannot_be_seen(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As from another container: the process list is empty there, the files and the socket are shared."""
    with embedded.attach(data_folder, settings=FAST) as server:
        pid = server.pid
        monkeypatch.setattr("collegium.kit.embedded_files._processes", lambda only=None: iter(()))
        with embedded.attach(data_folder) as unseen:
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


def test_a_path_may_hold_what_configuration_files_treat_specially(data_folder: Path) -> None:
    odd = data_folder / "it's, with a comma"
    with embedded.attach(odd, settings=FAST) as server:
        assert odd not in server.socket_dir.parents
        assert query(server, "select 1") == 1
    assert server.pid is None
    embedded.destroy(odd)
    with embedded.attach(data_folder / "it's so", settings=FAST) as server:
        assert server.socket_dir == data_folder / "it's so" / "pg" / "run"
        assert query(server, "select 1") == 1
    embedded.destroy(data_folder / "it's so")
    with pytest.raises(embedded.EmbeddedError, match=r"because of \$"):
        embedded.attach(data_folder / "$HOME")


def test_a_long_path_gets_a_short_socket_that_stays(data_folder: Path) -> None:
    deep = data_folder / ("long" * 20) / ("deep" * 20)
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
        try:
            with embedded.attach(deep, settings=FAST) as server:
                assert server.socket_dir != where
                assert query(server, "select 1") == 1
        finally:
            where.rmdir()
    finally:
        embedded.destroy(deep)


def test_a_half_made_cluster_is_made_again(data_folder: Path) -> None:
    partial = data_folder / "pg" / "cluster.new-0123"
    partial.mkdir(parents=True)
    (data_folder / "pg").chmod(0o711)
    (partial / "PG_VERSION").write_text("18\n")
    with embedded.attach(data_folder, settings=FAST) as server:
        assert query(server, "select 1") == 1
    assert not partial.exists()


def test_says_why_it_does_not_start_and_starts_later(data_folder: Path) -> None:
    with pytest.raises(embedded.EmbeddedError, match="shared_buffers"):
        embedded.attach(data_folder, settings={"shared_buffers": "plenty"})
    with embedded.attach(data_folder, settings=FAST) as server:
        pid = server.pid
    assert pid is not None
    assert not lives(pid), "the failed attempt must not count as attached"


def test_refuses_data_of_another_major_version(data_folder: Path) -> None:
    with embedded.attach(data_folder, settings=FAST):
        pass
    (data_folder / "pg" / "cluster" / "PG_VERSION").write_text("14\n")
    with pytest.raises(embedded.WrongVersion, match=r"made by PostgreSQL 14.*are 18"):
        embedded.attach(data_folder)


def test_destroy_removes_all_but_never_under_somebody(data_folder: Path, another: Attach) -> None:
    other = another()
    pid = other.answer()["pid"]
    with pytest.raises(embedded.EmbeddedError, match="in use"):
        embedded.destroy(data_folder)
    other.kill()
    assert lives(pid)
    embedded.destroy(data_folder)
    assert not lives(pid)
    assert list(data_folder.iterdir()) == []


@pytest.mark.skipif(not POSTGRES_15.exists(), reason="PostgreSQL 15 is not installed")
def test_runs_a_systems_postgresql(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLLEGIUM_PG_BIN", str(POSTGRES_15))
    with embedded.attach(data_folder, settings=FAST) as server:
        assert server.bin_dir == POSTGRES_15
        assert query(server, "show server_version").startswith("15.")
        assert query(server, "show shared_preload_libraries") == "pg_stat_statements"
    monkeypatch.delenv("COLLEGIUM_PG_BIN")
    with pytest.raises(embedded.WrongVersion, match="made by PostgreSQL 15"):
        embedded.attach(data_folder)


def test_says_what_a_wrong_folder_of_programs_lacks(data_folder: Path) -> None:
    with pytest.raises(embedded.EmbeddedError, match="no program postgres"):
        embedded.attach(data_folder, bin_dir=data_folder)

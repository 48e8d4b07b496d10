"""Servers of their own for tests that start, stop and kill them."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from collegium.kit import embedded
from collegium.kit.embedded_files import find_binaries

# A query that runs away must not fill the memory in which the data is kept.
FAST = {"fsync": "off", "max_connections": "20", "shared_buffers": "16MB", "temp_file_limit": "64MB"}
POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")
SRC = Path(embedded.__file__).parents[2]
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


def become(name: str) -> tuple[str, ...]:
    """What to put before a command so that it runs as this account."""
    group = pwd.getpwnam(name).pw_gid
    return ("setpriv", f"--reuid={name}", f"--regid={group}", "--clear-groups", "--")

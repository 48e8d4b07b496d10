"""The site that is measured: an embedded server of its own, the data, and web processes started as an administrator would."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench import dataset
from collegium.kit import embedded, migrations

DATABASE = "collegium"


@dataclass
class Cpu:
    """Processor seconds used so far."""

    web: float
    database: float


class Ground:
    """A loaded database and the web processes in front of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = embedded.attach(folder)
        self.port = _free_port()
        self._web: subprocess.Popen[bytes] | None = None

    def load(self) -> dataset.Data:
        """A fresh database with the data in it."""

        async def fill() -> dataset.Data:
            await migrations.drop(self.server, DATABASE)
            dsn = await migrations.ensure_database(self.server, DATABASE)
            await migrations.migrate(dsn)
            return await dataset.load(dsn)

        return asyncio.run(fill())

    def make_empty(self) -> None:
        """A fresh database with nobody in it."""

        async def fill() -> None:
            await migrations.drop(self.server, DATABASE)
            await migrations.migrate(await migrations.ensure_database(self.server, DATABASE))

        asyncio.run(fill())

    @property
    def web_pid(self) -> int:
        """The process that `serve` began as; with one process, the one that serves."""
        return self._web.pid if self._web else 0

    @property
    def dsn(self) -> str:
        """The superuser's way in."""
        return self.server.dsn("postgres", DATABASE)

    def start(self, *, processes: int, worker: bool) -> float:
        """Starts the web processes; answers the seconds until the first page came."""
        environment = os.environ | {"COLLEGIUM_DATA_DIR": str(self.folder), "COLLEGIUM_RUN_WORKER": str(worker).lower()}
        began = time.perf_counter()
        with (self.folder / "bench-web.log").open("wb") as log:
            self._web = subprocess.Popen(
                [sys.executable, "-m", "collegium.cli", "serve", "--port", str(self.port), "--processes", str(processes)],
                env=environment, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        while time.perf_counter() - began < 60:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/courses", timeout=5) as answer:
                    if answer.status == 200:
                        return time.perf_counter() - began
            except (urllib.error.URLError, OSError):
                time.sleep(0.02)
        raise RuntimeError("The site did not start: " + (self.folder / "bench-web.log").read_text()[-2000:])

    def log_tail(self) -> str:
        """The end of what the web processes wrote."""
        return (self.folder / "bench-web.log").read_text(errors="replace")[-4000:]

    def stop_web(self) -> None:
        """Stops the web processes."""
        if self._web and self._web.poll() is None:
            self._web.send_signal(signal.SIGTERM)
            self._web.wait(30)

    def stop(self) -> None:
        """Stops the web processes, and the database server for good."""
        self.stop_web()
        self.server.detach()
        embedded.destroy(self.folder)

    def _trees(self) -> tuple[list[psutil.Process], list[psutil.Process]]:
        web = psutil.Process(self._web.pid) if self._web else None
        database = psutil.Process(self.server.pid)
        return (
            [web, *web.children(recursive=True)] if web else [],
            [database, *database.children(recursive=True)],
        )

    def cpu(self) -> Cpu:
        """Processor time of the web processes and of the database server."""
        web, database = self._trees()
        return Cpu(_seconds(web), _seconds(database))

    def resident_mb(self) -> float:
        """Resident memory of all processes together in MB; pages that they share are counted once (PSS)."""
        return sum(process.memory_full_info().pss for tree in self._trees() for process in tree) / 1e6


def _seconds(processes: list[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

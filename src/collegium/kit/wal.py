"""Write-ahead log kept elsewhere, so that the embedded database can be brought to any moment since a base backup."""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from pathlib import Path

from collegium.kit.embedded_files import EmbeddedError, Place, can_enter

# What may be lost when the disk goes: a segment is handed over after this time even if it is not full.
TIMEOUT_S = 900
# Characters that mean something to PostgreSQL's setting, to the shell, or to both.
_UNUSABLE = set("%'\"\\$`\n")


def settings_for(place: Place, folder: Path) -> dict[str, str]:
    """Server settings that hand each finished segment over to a folder, compressed, whole and on the disk.

    Makes the folder, for the server's account, when there is none. Raises EmbeddedError when it cannot be used.
    """
    folder = Path(os.path.abspath(folder))
    if unusable := _UNUSABLE & set(str(folder)):
        raise EmbeddedError(f"COLLEGIUM_WAL_ARCHIVE cannot be {folder} because of {' '.join(sorted(unusable))} in it.")
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700, parents=True)
        place.give(folder)
    if not can_enter(place.account, folder):
        who = place.account.name if place.account else "this account"
        raise EmbeddedError(f"{folder} (COLLEGIUM_WAL_ARCHIVE) cannot be entered by {who}, which runs the database.")
    target, partial = f'"{folder}/%f.gz"', f'"{folder}/.%f.new"'
    # A segment that is there stays: another server's must never be written over. One that was handed over just before
    # a crash is handed over again, and is the same.
    same = f'gunzip -c {target} | cmp -s - "%p"'
    write = f'gzip -c "%p" > {partial} && sync {partial} && mv {partial} {target}'
    command = f"if test -e {target}; then {same}; else {write}; fi"
    return {"archive_mode": "on", "archive_command": command, "archive_timeout": str(TIMEOUT_S)}


def shell_words(place: Place, bin_dir: Path) -> str:
    """What a shell must know to use PostgreSQL's own programs on this database, for ``eval``."""
    account = place.account
    owner = f"{account.uid}:{account.gid}" if account else f"{os.geteuid()}:{os.getegid()}"
    values = {
        "PATH": f"{bin_dir}{os.pathsep}{os.environ.get('PATH', '/usr/bin:/bin')}",
        "PGHOST": str(place.socket_dir),
        "PGPORT": "5432",
        "PGUSER": "postgres",
        "PGDATABASE": "collegium",
        "CLUSTER": str(place.cluster),
        "OWNER": owner,
    }
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items())

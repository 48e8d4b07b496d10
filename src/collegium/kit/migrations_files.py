"""The migrations folder: its files, what may go wrong with them, and what is still to be applied."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Literal

_NAME = re.compile(r"(?P<version>\d{14})_(?P<name>[a-z0-9_]+)\.sql")


class MigrationError(Exception):
    """The schema cannot be brought up to date; the message says why and what to do."""


class BadName(MigrationError):
    """A file in the migrations folder has no usable name, or two share a version."""


class ChecksumMismatch(MigrationError):
    """A file that was applied has been edited since."""


class OutOfOrder(MigrationError):
    """A file that was not applied is older than one that was."""


class UnknownVersion(MigrationError):
    """The database is newer than this code."""


class BootstrapNeeded(MigrationError):
    """Roles or the schema auth are missing and this login may not make them."""


class MigrationFailed(MigrationError):
    """PostgreSQL refused a statement. `file` and `line` say which; nothing of the file was kept."""

    def __init__(self, file: str, line: int, message: str, sqlstate: str | None) -> None:
        super().__init__(f"{file}, line {line}: {message}\nNothing of this file was kept.")
        self.file = file
        self.line = line
        self.sqlstate = sqlstate


@dataclass(frozen=True)
class Event:
    """One step, for whoever watches. `seconds` is how long the step took, or will be waited for."""

    kind: Literal["waiting", "bootstrap", "queue", "applying", "applied", "retry"]
    name: str
    detail: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Migration:
    """One file of the history."""

    version: str
    name: str
    path: Path
    text: str = field(repr=False)

    @property
    def checksum(self) -> str:
        """SHA-256 of the text with line ends as LF, so that a checkout with CRLF is the same file."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Report:
    """What one run did. `applied` are file names; `seconds` is the whole run with its waiting."""

    applied: tuple[str, ...]
    bootstrapped: bool
    queue: str | None
    seconds: float


@dataclass(frozen=True)
class Status:
    """What is applied and what is not, as file names."""

    applied: tuple[str, ...]
    pending: tuple[str, ...]


def read_migrations(folder: Path) -> list[Migration]:
    """The files of the folder by version. Raises :class:`BadName`."""
    found: dict[str, Migration] = {}
    for path in sorted(folder.glob("*.sql")):
        matched = _NAME.fullmatch(path.name)
        if matched is None:
            raise BadName(f"{path.name} must be called YYYYMMDDHHMMSS_description.sql, in lower case.")
        version = matched["version"]
        if version in found:
            raise BadName(f"{path.name} and {found[version].path.name} have the same version.")
        text = path.read_bytes().decode().replace("\r\n", "\n")
        found[version] = Migration(version, matched["name"], path, text)
    return list(found.values())


def plan(wanted: Sequence[Migration], applied: Mapping[str, tuple[str, str]]) -> list[Migration]:
    """The files still to be applied, oldest first. `applied` maps a version to (name, checksum)."""
    known = {migration.version: migration for migration in wanted}
    if unknown := sorted(applied.keys() - known.keys()):
        names = ", ".join(f"{version}_{applied[version][0]}" for version in unknown)
        raise UnknownVersion(
            f"The database is newer than this code: it holds {names}. Nothing was changed. Run the newer code."
        )
    for version, (_, checksum) in sorted(applied.items()):
        if known[version].checksum != checksum:
            raise ChecksumMismatch(
                f"{known[version].path.name} was edited after it was applied. Nothing was changed. Put the "
                "file back as it was and write the change as a new migration."
            )
    pending = [migration for migration in wanted if migration.version not in applied]
    newest = max(applied, default="")
    if late := [migration.path.name for migration in pending if migration.version < newest]:
        raise OutOfOrder(
            f"{', '.join(late)} is older than {newest}_{applied[newest][0]}, which is applied already. "
            "Nothing was changed. Give the file a version that is newer."
        )
    return pending


def resource_dir(name: str) -> Path:
    """A folder such as `supabase/migrations`: of the clone this package lies in, else of the installed package."""
    package = Path(str(resources.files("collegium")))
    for base in (package.parents[1], package / "_resources"):
        if (base / name).is_dir() and (base == package / "_resources" or (base / "pyproject.toml").is_file()):
            return base / name
    raise FileNotFoundError(f"The folder {name} is neither in a clone around {package} nor in the package.")

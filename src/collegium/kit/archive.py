"""A backup as one file: a tar archive whose last member is the SHA-256 of everything before it.

The members, in order: ``database.dump`` (pg_dump's custom format), ``keys/…``, ``files/…``, ``manifest.json`` with size
and SHA-256 of each of them and with what the restored database must hold, and ``SHA256``. Ordinary ``tar`` reads it.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import AsyncIterable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol

import msgspec

from collegium.kit.storage import InvalidKey, check_key

FORM = 1
DUMP = "database.dump"
MANIFEST = "manifest.json"
SEAL = "SHA256"
CHUNK = 1 << 20
# Two empty blocks end an archive, which is filled up to a whole record.
_BLOCK, _RECORD = tarfile.BLOCKSIZE, tarfile.RECORDSIZE
_MOST_MANIFEST = 256 << 20


class ArchiveError(Exception):
    """The file is not a whole backup, or not one that this version reads. Nothing was changed because of it."""


class Part(msgspec.Struct, frozen=True):
    """One member of an archive."""

    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive holds, and what the database restored from it must hold."""

    form: int
    version: str
    """Of the program that wrote it."""
    made_at: datetime
    server: int
    """PostgreSQL's version, as in 180006."""
    database: str
    migrations: list[str]
    """Versions of the migrations that the database had."""
    counts: dict[str, int]
    missing: list[str]
    """Files that the database names and that were not there."""
    parts: list[Part]


class Writer:
    """Writes an archive; :meth:`finish` seals it and makes it durable."""

    def __init__(self, path: Path) -> None:
        self.parts: list[Part] = []
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._file: IO[bytes] = os.fdopen(descriptor, "wb", buffering=CHUNK)
        self._seal = hashlib.sha256()

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    async def add(self, name: str, size: int, chunks: AsyncIterable[bytes]) -> None:
        """Add a part of a known size. Raises ArchiveError when it turns out to have another."""
        self._head(name, size)
        digest, left = hashlib.sha256(), size
        async for chunk in chunks:
            left -= len(chunk)
            if left < 0:
                break
            digest.update(chunk)
            self._write(chunk)
        if left:
            raise ArchiveError(f"{name} changed while it was read.")
        self._write(bytes(-size % _BLOCK))
        self.parts.append(Part(name, size, digest.hexdigest()))

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest and the seal, and wait until all of it is on the disk."""
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
        for name, data in ((MANIFEST, text), (SEAL, b"")):
            content = data or f"{self._seal.hexdigest()}\n".encode()
            self._head(name, len(content))
            self._write(content + bytes(-len(content) % _BLOCK))
        end = self._file.tell() + 2 * _BLOCK
        self._write(bytes(2 * _BLOCK + -end % _RECORD))
        self._file.flush()
        os.fsync(self._file.fileno())

    def _head(self, name: str, size: int) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        self._write(member.tobuf(tarfile.PAX_FORMAT))

    def _write(self, data: bytes) -> None:
        self._seal.update(data)
        self._file.write(data)


class Digest(Protocol):
    """What hashlib makes."""

    def update(self, data: bytes, /) -> None: ...


@dataclass(frozen=True)
class Archive:
    """An archive that was read through once: whole, unchanged, and with harmless names only."""

    path: Path
    manifest: Manifest
    _offsets: dict[str, int]

    def names(self, folder: str) -> list[Part]:
        """The parts below a folder such as ``files/``."""
        return [part for part in self.manifest.parts if part.name.startswith(folder)]

    def stream(self, part: Part) -> Iterator[bytes]:
        """A part in pieces. Raises ArchiveError at the end when it is not what was read before."""
        digest, left = hashlib.sha256(), part.size
        with self.path.open("rb") as file:
            file.seek(self._offsets[part.name])
            while left:
                chunk = file.read(min(CHUNK, left))
                if not chunk:
                    break
                left -= len(chunk)
                digest.update(chunk)
                yield chunk
        if digest.hexdigest() != part.sha256:
            raise ArchiveError(f"{part.name} in {self.path} has changed while it was read.")

    def part(self, name: str) -> Part:
        """A part by its name."""
        return next(part for part in self.manifest.parts if part.name == name)

    def write_to(self, part: Part, target: Path) -> None:
        """A part as a file that only its owner can read, on the disk when this returns."""
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for chunk in self.stream(part):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())


def read(path: Path, progress: Callable[[float], None] | None = None) -> Archive:
    """Reads an archive from end to end. Raises ArchiveError unless every byte is as it was written."""
    try:
        members = _members(path)
    except (tarfile.TarError, UnicodeError, ValueError, OverflowError, EOFError) as error:
        raise ArchiveError(f"{path} is not a backup, or it is damaged ({error}).") from error
    if not members or members[-1].name != SEAL or len(members) < 2 or members[-2].name != MANIFEST:
        raise ArchiveError(f"{path} is not a whole backup: its end is missing.")
    seal = members[-1]
    with path.open("rb") as file:
        digest = hashlib.sha256()
        sums = _sums(file, members, digest, progress)
        file.seek(seal.offset_data)
        if seal.size != 65 or file.read(65) != f"{digest.hexdigest()}\n".encode() or any(file.read()):
            raise ArchiveError(f"{path} is damaged: its content does not fit its checksum.")
        if members[-2].size > _MOST_MANIFEST:
            raise ArchiveError(f"{path} has a manifest that is too large.")
        file.seek(members[-2].offset_data)
        text = file.read(members[-2].size)
    try:
        form = msgspec.json.decode(text, type=dict[str, object]).get("form")
        if form != FORM:
            raise ArchiveError(
                f"{path} has form {form}, and this version reads form {FORM}. Restore it with the newer."
            )
        manifest = msgspec.json.decode(text, type=Manifest)
    except msgspec.DecodeError as error:
        raise ArchiveError(f"{path} has a manifest that cannot be read ({error}).") from error
    found = [Part(member.name, member.size, sums[member.name]) for member in members[:-2]]
    if found != manifest.parts or DUMP not in sums:
        raise ArchiveError(f"{path} does not hold what its manifest names.")
    return Archive(path, manifest, {member.name: member.offset_data for member in members})


def _members(path: Path) -> list[tarfile.TarInfo]:
    with tarfile.open(path, "r:") as tar:
        members = tar.getmembers()
    seen: set[str] = set()
    for member in members:
        if not member.isreg() or member.issparse():
            raise ArchiveError(f"{path} holds something that is not a plain file: {member.name[:80]!r}.")
        if not _harmless(member.name) or member.name in seen:
            raise ArchiveError(f"{path} holds a name that no backup has: {member.name[:80]!r}.")
        seen.add(member.name)
    return members


def _harmless(name: str) -> bool:
    if name in (DUMP, MANIFEST, SEAL):
        return True
    folder, _, key = name.partition("/")
    try:
        check_key(key)
    except InvalidKey:
        return False
    return folder == "files" or (folder == "keys" and (key == "secret.key" or key.startswith("signing/")))


def _sums(
    file: IO[bytes], members: list[tarfile.TarInfo], whole: Digest, progress: Callable[[float], None] | None
) -> dict[str, str]:
    """The SHA-256 of each member but the last, and into ``whole`` that of everything before the last."""
    end, sums = members[-1].offset, dict[str, str]()

    def take(until: int, *, also: Digest | None = None) -> None:
        while (left := until - file.tell()) > 0:
            chunk = file.read(min(CHUNK, left))
            if not chunk:
                raise ArchiveError(f"{file.name} is not a whole backup: it ends too early.")
            whole.update(chunk)
            if also is not None:
                also.update(chunk)
            if progress:
                progress(file.tell() / end)

    for member in members[:-1]:
        take(member.offset_data)
        digest = hashlib.sha256()
        take(member.offset_data + member.size, also=digest)
        sums[member.name] = digest.hexdigest()
    take(end)
    return sums

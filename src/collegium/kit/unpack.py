"""Zip archives that somebody sent: what they may hold, and how they are opened. The one place for it.

The table of contents is judged before anything is unpacked, and what comes out is counted while it comes, whatever the
table said. Names are compared as a file system that ignores case and accents' spelling would compare them. Nothing is
written but plain files below the folder that was given; an archive inside an archive stays a file.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import msgspec

CHUNK = 1 << 20
_END = b"PK\x05\x06"
_END_SIZE = 22
_END_64 = b"PK\x06\x06"
_LOCATOR_SIZE, _END_64_SIZE = 20, 56
_LOCAL_HEAD = 30
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_DRIVE = re.compile(r"^[A-Za-z]:")
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, ValueError, RuntimeError)

Progress = Callable[[int], None]
"""Is told of each piece of bytes that was unpacked. What it raises ends the work."""


class UnpackError(Exception):
    """The archive is refused; the text says what is wrong, and ``entry`` names the part of it, if it is one part."""

    def __init__(self, problem: str, entry: str | None = None) -> None:
        shown = printable(entry) if entry else None
        super().__init__(f"“{shown}” {problem}" if shown else problem)
        self.entry = shown


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much an archive may hold. Sizes in bytes, as unpacked."""

    entries: int = 20_000
    total: int = 10 << 30
    one: int = 5 << 30
    ratio: int = 200
    """How many times larger than packed, for an entry above ``any_ratio`` bytes and for all of them together."""
    any_ratio: int = 16 << 20
    depth: int = 24
    """Folders inside each other."""
    name: int = 1024
    """Bytes of a whole name; a part of it may have 255."""
    backslashes: bool = False
    r"""Whether \ in a name is read as /, as old programs for Windows write it."""


class Entry(msgspec.Struct, frozen=True):
    """A file of an archive, under its whole name with ``/`` between folders."""

    name: str
    size: int
    packed: int


def printable(name: str) -> str:
    """A name as it may stand in a sentence: at most 120 characters, none of them invisible."""
    shown = "".join("�" if unicodedata.category(char) in _HIDDEN else char for char in name)
    return shown if len(shown) <= 120 else f"{shown[:80]}…{shown[-38:]}"


class Archive:
    """An archive whose table of contents was found harmless. Open it with :func:`open_archive`."""

    def __init__(self, path: Path, file: zipfile.ZipFile, infos: list[zipfile.ZipInfo], limits: Limits) -> None:
        self.path = path
        self._file, self._limits = file, limits
        self._infos = {info.filename: info for info in infos}
        self._unpacked = 0
        self.entries = {info.filename: Entry(info.filename, info.file_size, info.compress_size) for info in infos}

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __contains__(self, name: object) -> bool:
        return name in self.entries

    @property
    def size(self) -> int:
        """Bytes of all files, as unpacked."""
        return sum(entry.size for entry in self.entries.values())

    def stream(self, name: str) -> Iterator[bytes]:
        """A file in pieces. Raises UnpackError when it is not what the table of contents says."""
        entry = self.entries.get(name)
        if entry is None:
            raise UnpackError("is not in the archive.", name)
        left = entry.size
        try:
            with self._file.open(self._infos[name]) as file:
                # One byte more than it may have, so that more is noticed.
                while chunk := file.read(min(CHUNK, left + 1)):
                    left -= len(chunk)
                    if left < 0:
                        break
                    yield chunk
        except _BROKEN as error:
            raise UnpackError("is damaged: it cannot be unpacked. Make the archive again.", name) from error
        if left:
            raise UnpackError("has another size than the archive says. Make the archive again.", name)

    def read(self, name: str, most: int) -> bytes:
        """A small file whole. Raises UnpackError when it has more than ``most`` bytes."""
        entry = self.entries.get(name)
        if entry is not None and entry.size > most:
            raise UnpackError(f"is too large: {megabytes(entry.size)}, and {megabytes(most)} are the most here.", name)
        return b"".join(self.stream(name))

    def digest(self, name: str, progress: Progress | None = None) -> str:
        """The SHA-256 of a file, in hexadecimal."""
        found = hashlib.sha256()
        for chunk in self.stream(name):
            found.update(chunk)
            if progress:
                progress(len(chunk))
        return found.hexdigest()

    def write_to(self, name: str, target: Path, progress: Progress | None = None) -> str:
        """A file of the archive as a new file that only its owner reads; answers its SHA-256.

        Raises UnpackError; then ``target`` is gone again.
        """
        found = hashlib.sha256()
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in self.stream(name):
                    file.write(chunk)
                    found.update(chunk)
                    if progress:
                        progress(len(chunk))
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return found.hexdigest()

    def extract(
        self, folder: Path, names: Iterable[str] | None = None, progress: Progress | None = None
    ) -> dict[str, Path]:
        """Writes files (all, or those named) below an empty folder, under their own names; answers where each is."""
        written: dict[str, Path] = {}
        root = folder.resolve()
        for name in self.entries if names is None else names:
            target = root.joinpath(*name.split("/"))
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.write_to(name, target, progress)
            written[name] = target
        return written


@contextmanager
def open_archive(path: Path, limits: Limits | None = None) -> Generator[Archive]:
    """An archive whose names and sizes were judged; nothing was unpacked yet. Raises UnpackError."""
    limits = limits or Limits()
    _check_end(path, limits)
    try:
        file = zipfile.ZipFile(path)
    except (*_BROKEN, OSError) as error:
        raise UnpackError("This is not a zip archive, or it is damaged. Choose another file.") from error
    with file:
        infos = file.infolist()
        if len(infos) > limits.entries:
            raise UnpackError(_too_many(len(infos), limits))
        if limits.backslashes:
            for info in infos:
                info.filename = info.filename.replace("\\", "/")
        files = [info for info in infos if not _check_entry(info, limits)]
        if not files:
            raise UnpackError("The archive is empty.")
        _check_names(infos)
        _check_sizes(path, files, limits)
        _check_places(path, files)
        yield Archive(path, file, files, limits)


def megabytes(size: int) -> str:
    """A size in words: ``12 bytes``, ``3.4 MB``, ``2.1 GB``."""
    if size < 1000:
        return f"{size} byte{'' if size == 1 else 's'}"
    for unit, scale in (("GB", 1_000_000_000), ("MB", 1_000_000)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size / 1000:.0f} kB"


def _too_many(number: int, limits: Limits) -> str:
    return f"The archive holds {number:,} files, and {limits.entries:,} are the most that is read here."


def _check_end(path: Path, limits: Limits) -> None:
    """Looks at how large the table of contents is before it is read into memory."""
    with path.open("rb") as file:
        if file.read(4) not in (b"PK\x03\x04", _END):
            raise UnpackError("This is not a zip archive. Choose a file that ends in .zip or .imscc.")
        file.seek(0, os.SEEK_END)
        start = max(0, file.tell() - (1 << 16) - _END_SIZE)
        file.seek(start)
        tail = file.read()
        at = tail.rfind(_END)
        if at < 0 or len(tail) < at + _END_SIZE:
            raise UnpackError("The archive is not whole: its end is missing. Send it again.")
        number, size = struct.unpack_from("<H", tail, at + 10)[0], struct.unpack_from("<L", tail, at + 12)[0]
        before = start + at - _LOCATOR_SIZE - _END_64_SIZE
        if before >= 0:
            file.seek(before)
            record = file.read(_END_64_SIZE)
            if record[:4] == _END_64:
                number, size = (
                    max(number, struct.unpack_from("<Q", record, 32)[0]),
                    struct.unpack_from("<Q", record, 40)[0],
                )
    if number != 0xFFFF and number > limits.entries:
        raise UnpackError(_too_many(number, limits))
    if size > limits.entries * (46 + 512):
        raise UnpackError("The archive's table of contents is too large to be read here.")


def _check_entry(info: zipfile.ZipInfo, limits: Limits) -> bool:
    """Raises UnpackError for an entry that is not wanted; says whether it is a folder."""
    # What zipfile reads of a name ends at a zero byte; the rest could say something else to other programs.
    name = info.orig_filename.replace("\\", "/") if limits.backslashes else info.orig_filename
    problem = _problem_with(name, limits)
    if problem:
        raise UnpackError(problem, name)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        raise UnpackError("is a link to another file. Links are not unpacked: put the file itself there.", name)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UnpackError("is not a plain file.", name)
    if info.flag_bits & 0x41:
        raise UnpackError("is locked by a password. Make the archive again without one.", name)
    if info.compress_type not in _METHODS:
        raise UnpackError("is packed in a way that is not read here. Make the archive again as an ordinary zip.", name)
    if info.is_dir():
        if info.file_size:
            raise UnpackError("is a folder and yet has content.", name)
        return True
    if kind == stat.S_IFDIR:
        raise UnpackError("is neither a file nor a folder.", name)
    return False


def _problem_with(name: str, limits: Limits) -> str | None:
    parts = name.removesuffix("/").split("/")
    if any(unicodedata.category(char) in _HIDDEN for char in name):
        return "has a name with characters that cannot be shown."
    if "\\" in name:
        return "has a backslash in its name. Folders in a zip archive are set apart by /."
    if name.startswith("/") or _DRIVE.match(name):
        return "has a name that begins outside the archive."
    if ".." in parts:
        return "has a name that leads out of the archive."
    if "." in parts or "" in parts:
        return "has a name with an empty part."
    if len(name.encode()) > limits.name or any(len(part.encode()) > 255 for part in parts):
        return "has a name that is too long."
    if len(parts) - 1 > limits.depth:
        return f"lies in more than {limits.depth} folders inside each other."
    return None


def _check_names(infos: list[zipfile.ZipInfo]) -> None:
    """No two names that are one on some file system, and no file where others need a folder."""
    seen: dict[str, str] = {}
    folders: dict[str, str] = {}
    for info in infos:
        name = info.filename.removesuffix("/")
        plain = unicodedata.normalize("NFC", unicodedata.normalize("NFKD", name).casefold())
        above = plain.split("/")
        for depth in range(1, len(above)):
            folders.setdefault("/".join(above[:depth]), name)
        if info.is_dir():
            folders.setdefault(plain, name)
            continue
        if plain in seen:
            other = (
                "stands in the archive twice."
                if seen[plain] == name
                else f"and “{printable(seen[plain])}” are one name on some computers."
            )
            raise UnpackError(other, name)
        seen[plain] = name
    for plain, name in seen.items():
        if plain in folders:
            raise UnpackError("is a file and a folder at the same time.", name)


def _check_sizes(path: Path, files: list[zipfile.ZipInfo], limits: Limits) -> None:
    total = 0
    for info in files:
        total += info.file_size
        if info.file_size > limits.one:
            words = f"has {megabytes(info.file_size)}, and {megabytes(limits.one)} are the most for one file."
            raise UnpackError(words, info.filename)
        if info.file_size > limits.any_ratio and info.file_size > limits.ratio * max(info.compress_size, 1):
            times = info.file_size // max(info.compress_size, 1)
            words = (
                f"would become {times:,} times as large when unpacked."
                " That is how an archive is made that fills a disk, so it is refused."
            )
            raise UnpackError(words, info.filename)
    if total > limits.total:
        words = f"The archive holds {megabytes(total)} when unpacked, and {megabytes(limits.total)} are the most."
        raise UnpackError(words)
    if total > 4 * limits.any_ratio and total > limits.ratio * path.stat().st_size:
        raise UnpackError(
            "The archive would become more than two hundred times as large when unpacked, so it is refused."
        )


def _check_places(path: Path, files: list[zipfile.ZipInfo]) -> None:
    """No two entries share packed bytes: overlapping ones make a small archive endless."""
    end = 0
    before = ""
    for info in sorted(files, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise UnpackError(
                f"and “{printable(before)}” share the same bytes, as no ordinary archive has it.", info.filename
            )
        # Without the flag for UTF-8 a name was one byte a letter.
        name = len(info.orig_filename.encode()) if info.flag_bits & 0x800 else len(info.orig_filename)
        end = info.header_offset + _LOCAL_HEAD + name + info.compress_size
        before = info.filename
    if end > path.stat().st_size:
        raise UnpackError("The archive is not whole: a part of it is missing. Send it again.")

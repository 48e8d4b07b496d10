"""Writing a package while it is sent: never more in memory than one piece of one file."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from collegium.features.exchange import format
from collegium.features.exchange.parts import Document, File

Open = Callable[[], AsyncIterator[bytes]]
# Every entry has the same date, so that the same course gives the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)
_LARGE = 1 << 30


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A file that goes into a package. ``sha256`` is None where nobody knows it; then the file is read twice."""

    id: str
    filename: str
    ending: str
    bytes: int
    sha256: str | None
    open: Open


class Changed(Exception):
    """A stored file is not what the database says. The package is not finished, so nobody takes it for a whole one."""


class _Sink:
    """What zipfile writes into: no position, so that it never goes back."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """There is nothing to wait for."""

    def taken(self) -> bytes:
        """What was written since the last time."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data


async def package(document: Document, files: Sequence[Outgoing]) -> AsyncIterator[bytes]:
    """The bytes of a package: files first, then the document that lists them with their digests.

    Raises Changed when a file has another content than the database says.
    """
    sink = _Sink()
    listed: list[File] = []
    written: set[str] = set()
    with zipfile.ZipFile(sink, "w", allowZip64=True) as archive:  # type: ignore[arg-type]
        for file in files:
            digest = file.sha256 or await _digest(file)
            path = f"files/{digest}.{file.ending}"
            listed.append(File(id=file.id, path=path, filename=file.filename, bytes=file.bytes, sha256=digest))
            if path in written:
                continue
            written.add(path)
            async for data in _entry(archive, sink, path, file, digest):
                yield data
        info = _info(format.DOCUMENT, zipfile.ZIP_DEFLATED)
        text = format.write(msgspec.structs.replace(document, files=listed))
        with archive.open(info, "w") as target:
            target.write(text)
        yield sink.taken()
    yield sink.taken()


async def _entry(archive: zipfile.ZipFile, sink: _Sink, path: str, file: Outgoing, digest: str) -> AsyncIterator[bytes]:
    found, size = hashlib.sha256(), 0
    # Films and pictures are packed already; packing them again costs time and gains nothing.
    with archive.open(_info(path, zipfile.ZIP_STORED), "w", force_zip64=file.bytes > _LARGE) as target:
        async for chunk in file.open():
            found.update(chunk)
            size += len(chunk)
            target.write(chunk)
            yield sink.taken()
    if size != file.bytes or found.hexdigest() != digest:
        raise Changed(f"{file.filename} has changed since it was stored.")
    yield sink.taken()


def _info(name: str, packing: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _DATE)
    info.compress_type = packing
    info.external_attr = 0o644 << 16
    return info


async def _digest(file: Outgoing) -> str:
    found = hashlib.sha256()
    async for chunk in file.open():
        found.update(chunk)
    return found.hexdigest()

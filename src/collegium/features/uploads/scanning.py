"""Looking for viruses before a file may be used: a command of the administrator's, or a clamd.

clamd's INSTREAM: "zINSTREAM\\0", then pieces with their length in four bytes, big end first, then a length of zero.
"""

from __future__ import annotations

import asyncio
import shlex
from pathlib import Path

from collegium.features.uploads.model import Refused
from collegium.settings import Settings

TIME_S = 1800
_PIECE = 1 << 18


class ScanFailed(Exception):
    """The scanner could not say whether a file is clean: it is tried again."""


async def scan(settings: Settings, path: Path) -> None:
    """Raises Refused when a scanner finds something, ScanFailed when one cannot say; without scanners, neither."""
    try:
        async with asyncio.timeout(TIME_S):
            if settings.scan_command:
                await _command(settings.scan_command, path)
            if settings.clamd:
                await _clamd(settings.clamd, path)
    except TimeoutError:
        raise ScanFailed(f"no answer within {TIME_S} seconds") from None
    except OSError as error:
        raise ScanFailed(f"{type(error).__name__}: {error}") from error


def _infected() -> Refused:
    return Refused(
        "The virus scanner found something harmful in this file, so it was removed. "
        "Check your computer, or ask the association's office.",
        code="infected",
    )


async def _command(command: str, path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *shlex.split(command),
        str(path),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode == 1:
        raise _infected()
    if process.returncode != 0:
        words = said.decode("utf-8", "replace").strip()[-300:]
        raise ScanFailed(f"the command ended with code {process.returncode}: {words}")


async def _clamd(address: str, path: Path) -> None:
    reader, writer = await _connect(address)
    try:
        writer.write(b"zINSTREAM\0")
        with path.open("rb") as file:
            while piece := await asyncio.to_thread(file.read, _PIECE):
                writer.write(len(piece).to_bytes(4) + piece)
                await writer.drain()
        writer.write(bytes(4))
        await writer.drain()
        answer = (await reader.readuntil(b"\0")).rstrip(b"\0").decode("utf-8", "replace")
    except asyncio.IncompleteReadError:
        raise ScanFailed("clamd closed the connection") from None
    finally:
        writer.close()
    if answer.endswith("FOUND"):
        raise _infected()
    if not answer.endswith("OK"):
        raise ScanFailed(f"clamd says: {answer[:300]}")


async def _connect(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if address.startswith("/"):
        return await asyncio.open_unix_connection(address)
    host, _, port = address.rpartition(":")
    return await asyncio.open_connection(host.strip("[]") or "127.0.0.1", int(port))

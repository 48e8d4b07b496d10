"""A proxy that cuts the connection after so many bytes, and a client of the tus protocol that goes on after each cut."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

CHUNK = 8 * 1024 * 1024
_PIECE = 64 * 1024
PATIENCE_S = 60.0


class CuttingProxy:
    """Passes bytes on to a port, and cuts every connection when `cuts` bytes have come from clients."""

    def __init__(self, to_port: int, cuts: list[int]) -> None:
        self._to = to_port
        self._cuts = sorted(cuts)
        self._passed = 0
        self._open: set[asyncio.StreamWriter] = set()
        self.done = 0
        self.port = 0

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[CuttingProxy]:
        """Listens on a free port of this machine."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self._cut()

    def _cut(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()
        self._open.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.transport.abort()
            return
        self._open.add(to_writer)
        ways = [
            asyncio.create_task(self._pass(reader, to_writer, counted=True)),
            asyncio.create_task(self._pass(to_reader, writer, counted=False)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        for end in (writer, to_writer):
            self._open.discard(end)
            end.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_PIECE):
                if counted:
                    self._passed += len(data)
                    if self._cuts and self._passed >= self._cuts[0]:
                        self._cuts.pop(0)
                        self.done += 1
                        self._cut()
                        return
                writer.write(data)
                await writer.drain()


class Sender:
    """Sends one file and goes on after whatever happens to the connection."""

    def __init__(self, client: httpx.AsyncClient, csrf: str) -> None:
        self._client = client
        self._headers = {"tus-resumable": "1.0.0", "x-csrf-token": csrf, "accept": "application/json"}
        self.resumed = 0

    async def begin(self, name: str, purpose: str, length: int) -> str:
        """Answers the upload's address."""
        told = ",".join(
            f"{key} {base64.b64encode(value.encode()).decode()}"
            for key, value in (("filename", name), ("purpose", purpose))
        )
        headers = self._headers | {"upload-length": str(length), "upload-metadata": told}
        answer = await self._client.post("/uploads", headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.headers["location"]

    async def send(self, url: str, path: Path, at_offset: Callable[[int], None] = lambda _offset: None) -> None:
        """Sends everything. Raises AssertionError when the server refuses, TimeoutError when it stays away."""
        size, offset = await asyncio.to_thread(lambda: path.stat().st_size), 0
        async with asyncio.timeout(PATIENCE_S * 20):
            while offset < size:
                try:
                    offset = await self._patch(url, path, offset, size)
                except httpx.TransportError:
                    offset = await self._where(url)
                at_offset(offset)

    async def _patch(self, url: str, path: Path, offset: int, size: int) -> int:
        length = min(CHUNK, size - offset)
        headers = self._headers | {
            "upload-offset": str(offset),
            "content-type": "application/offset+octet-stream",
            "content-length": str(length),
        }
        answer = await self._client.patch(url, headers=headers, content=_read(path, offset, length))
        if answer.status_code in (409, 423, 503):
            return await self._where(url)
        assert answer.status_code == 204, answer.text
        return int(answer.headers["upload-offset"])

    async def _where(self, url: str) -> int:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    answer = await self._client.head(url, headers=self._headers)
                    if answer.status_code == 200:
                        self.resumed += 1
                        return int(answer.headers["upload-offset"])
                    assert answer.status_code >= 500, answer.status_code
                await asyncio.sleep(0.2)

    async def result(self, url: str) -> dict[str, object]:
        """Waits until the file was checked; says what became of it."""
        async with asyncio.timeout(PATIENCE_S * 5):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    found = (await self._client.get(url + "/result", headers=self._headers)).json()
                    if found.get("state") in ("ready", "refused"):
                        return found
                await asyncio.sleep(0.2)


async def _read(path: Path, offset: int, length: int) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        file.seek(offset)
        while length and (piece := file.read(min(_PIECE, length))):
            length -= len(piece)
            yield piece

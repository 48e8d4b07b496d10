"""The bytes of one request, on their way from the network to the disk, in constant memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any

import msgspec

from collegium.features.uploads.model import Upload
from collegium.features.uploads.parts import Writer
from collegium.features.uploads.signatures import HEAD
from collegium.features.uploads.tus import Checksum, ChecksumMismatch
from collegium.kit.errors import Problem

IDLE_S = 30.0
"""So long a request may bring nothing before it is ended; what came is kept."""
CHECKPOINT = 16 << 20
"""After so many bytes of one request what came is written through and acknowledged, should the rest never come."""

Receive = Callable[[], Awaitable[Any]]


class Incoming(msgspec.Struct, frozen=True):
    """What a request brings: its messages, the length it announced, and what the bytes must hash to."""

    receive: Receive
    length: int | None
    checksum: Checksum | None = None


class Cut(Problem):
    """The connection ended before the request did. Nobody hears this; what came is kept."""

    status, title, code = 400, "The connection was cut", "cut"


async def receive(
    incoming: Incoming,
    writer: Writer,
    upload: Upload,
    note: Callable[[int], Awaitable[datetime]],
    look: Callable[[], Awaitable[None]],
) -> tuple[int, datetime]:
    """Writes what comes, and what came when it is cut; answers the new offset and the upload's new expiry.

    `note` writes an offset down once the bytes before it are on disk; `look` is called once the file's first bytes are.
    """
    start = writer.end
    wanted = incoming.checksum
    hashed = wanted.start() if wanted else None
    noted, looked, whole = start, start >= HEAD, False
    try:
        async for data in _pieces(incoming.receive, writer):
            if writer.end + len(data) > upload.length:
                await writer.back_to(start if wanted else noted)
                raise Problem(
                    "More bytes were sent than this file was said to have. Choose the file again.",
                    status=413, code="too_large", title="Too large",
                )  # fmt: skip
            await writer.write(data)
            if hashed:
                hashed.update(data)
            elif writer.end - noted >= CHECKPOINT:
                noted = await writer.sync()
                await note(noted)
            if not looked and writer.end >= min(HEAD, upload.length):
                looked = True
                await writer.sync()
                await look()
        whole = True
    finally:
        if not whole and (wanted or writer.closed.is_set()):
            await writer.back_to(start)
        elif not whole and writer.end > noted:
            # Also when this request is cancelled because the server stops.
            await asyncio.shield(_keep(writer, note))
    if wanted and hashed and hashed.digest() != wanted.digest:
        await writer.back_to(start)
        raise ChecksumMismatch("The bytes changed on their way. They are sent again.")
    return await writer.sync(), await note(writer.end)


async def _keep(writer: Writer, note: Callable[[int], Awaitable[datetime]]) -> None:
    await note(await writer.sync())


async def _pieces(messages: Receive, writer: Writer) -> AsyncIterator[bytes]:
    """The pieces of a request's body. Raises Cut when the connection ends, or nothing comes for long."""
    more = True
    while more:
        try:
            async with asyncio.timeout(IDLE_S) as limit:
                writer.limit = limit
                message = await messages()
        except TimeoutError:
            raise Cut("Nothing came for too long.") from None
        finally:
            writer.limit = None
        if message["type"] == "http.disconnect":
            raise Cut("The connection was cut.")
        more = bool(message.get("more_body"))
        if message.get("body"):
            yield message["body"]

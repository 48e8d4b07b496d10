"""A load generator of our own: raw HTTP/1.1 over kept connections, in a process of its own, with checked answers."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, cast

Bodies = Callable[[bytes | None], bytes]


@dataclass
class Result:
    """What one run found. Latencies in milliseconds."""

    seconds: float
    done: int
    errors: int
    latencies: list[float] = field(repr=False)
    first_error: str = ""

    @property
    def per_second(self) -> float:
        """Checked answers a second."""
        return self.done / self.seconds

    def percentile(self, share: float) -> float:
        """The latency that ``share`` of the requests stayed under, in ms."""
        ordered = sorted(self.latencies) or [0.0]
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Client(asyncio.Protocol):
    """One kept connection; one request under way at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._buffer = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._closed: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        # uvloop's transports do not inherit from asyncio's.
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Collects until a whole answer with a Content-Length is there."""
        self._buffer = self._buffer + data if self._buffer else data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0 or self._answer is None:
            return
        at = self._buffer.find(b"content-length:", 0, head)
        if at < 0:
            at = self._buffer[:head].lower().find(b"content-length:")
        length = int(self._buffer[at + 15 : self._buffer.find(b"\r\n", at)]) if at >= 0 else 0
        if len(self._buffer) >= head + 4 + length:
            answer = int(self._buffer[9:12]), self._buffer[head + 4 : head + 4 + length]
            self._buffer = b""
            self._answer.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fails the request under way."""
        self._closed = exc or ConnectionError("closed")
        if self._answer and not self._answer.done():
            self._answer.set_exception(self._closed)

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Sends a whole request; answers status and body."""
        if self._closed:
            raise self._closed
        assert self.transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._answer


def request(method: str, path: str, token: str, body: bytes = b"", extra: str = "") -> bytes:
    """A whole HTTP request as a signed-in browser sends it."""
    head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\nCookie: collegium_session={token}\r\n{extra}"
    if body or method == "POST":
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


async def connect(port: int) -> Client:
    """A connection to the server on this machine."""
    _, client = await asyncio.get_running_loop().create_connection(Client, "127.0.0.1", port)
    return client


async def pages(
    port: int, paths: list[str], tokens: list[str], connections: int, seconds: float, must: bytes
) -> Result:
    """Asks for pages, round robin; an answer counts when it is 200 and holds ``must``."""

    async def one(number: int, until: float, result: Result) -> None:
        client = await connect(port)
        turn = number
        while time.perf_counter() < until:
            wanted = request("GET", paths[turn % len(paths)], tokens[turn % len(tokens)])
            turn += connections
            await timed(client, wanted, result, lambda status, body: status == 200 and must in body)

    return await run(one, connections, seconds)


async def heartbeats(port: int, players: list[tuple[str, str, str]], seconds: float, duration: int) -> Result:
    """Plays: each player sends the next second with the nonce of the last answer. Players are (token, playback, nonce)."""

    async def one(number: int, until: float, result: Result) -> None:
        client = await connect(port)
        token, playback, nonce = players[number]
        seq, at = 0, number * 7 % 1000
        head = (
            f"POST /api/v1/playback/heartbeat HTTP/1.1\r\nHost: bench\r\nCookie: collegium_session={token}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()
        while time.perf_counter() < until:
            seq += 1
            body = (
                f'{{"playback_id":"{playback}","seq":{seq},"nonce":"{nonce}","intervals":[[{at},{at + 1}]],"position":{at + 1}}}'
            ).encode()
            at = (at + 1) % (duration - 1)
            wanted = b"%b%d\r\n\r\n%b" % (head, len(body), body)
            answer = await timed(client, wanted, result, _is_ok)
            if answer is None:
                return
            start = answer.find(b'"nonce":"') + 9
            nonce = answer[start : answer.find(b'"', start)].decode()

    return await run(one, len(players), seconds)


def _is_ok(status: int, _body: bytes) -> bool:
    return status == 200


async def timed(client: Client, wanted: bytes, result: Result, good: Callable[[int, bytes], bool]) -> bytes | None:
    """Asks once; counts and answers what came when it is ``good``."""
    began = time.perf_counter()
    status, body = await client.ask(wanted)
    if good(status, body):
        result.done += 1
        result.latencies.append((time.perf_counter() - began) * 1000)
        return body
    result.errors += 1
    result.first_error = result.first_error or f"{status} {body[:200]!r}"
    return None


async def run(
    one: Callable[[int, float, Result], Coroutine[Any, Any, None]], connections: int, seconds: float
) -> Result:
    result = Result(0.0, 0, 0, [])
    began = time.perf_counter()
    outcomes = await asyncio.gather(
        *(one(number, began + seconds, result) for number in range(connections)), return_exceptions=True
    )
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            result.errors += 1
            result.first_error = result.first_error or repr(outcome)
    result.seconds = time.perf_counter() - began
    return result


def _child(pipe: Any, work: str, arguments: tuple[Any, ...]) -> None:
    import gc

    import uvloop

    from bench import assessment, scorm

    works = {
        "pages": pages,
        "heartbeats": heartbeats,
        "commits": scorm.commits,
        "cycles": assessment.cycles,
        "until_the_bell": assessment.until_the_bell,
    }
    gc.disable()
    pipe.send(uvloop.run(works[work](*arguments)))
    pipe.close()


def in_its_own_process(work: str, *arguments: Any) -> Any:
    """Runs a work of ``_child`` in another process, so that the asker and the asked do not share an interpreter."""
    here, there = multiprocessing.get_context("spawn").Pipe(duplex=False)
    child = multiprocessing.get_context("spawn").Process(target=_child, args=(there, work, arguments))
    child.start()
    there.close()
    try:
        return here.recv()
    finally:
        child.join(30)

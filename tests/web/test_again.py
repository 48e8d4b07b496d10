"""A request that the database gave up is done again where nothing of it was kept, and answered in words where not; never 500."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import patch

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar, Request, Response, get, post
from litestar.params import FromPath, JSONBody

from collegium.features.catalogue import service as catalogue
from collegium.kit.db import SYSTEM, Transaction
from collegium.web import problems
from collegium.web.again import LONGEST_BODY, again_middleware
from tests.support.site import Client

FAIL = "do $$ begin raise exception using errcode = '{}', message = 'no'; end $$"
WORDS = "Somebody else changed this at the same moment. Try again."


class Desk:
    """An application of a few addresses on a real database. ``tries`` counts how often a handler ran."""

    def __init__(self, client: Client) -> None:
        self.db = client.site.db
        self.tries = 0
        self.fail = ["40P01"]
        self.keep = False
        self.both = asyncio.Barrier(2)

    async def work(self) -> None:
        self.tries += 1
        if self.keep:
            async with self.db.transaction(SYSTEM) as tx:
                await tx.execute("select 1")
        async with self.db.transaction(SYSTEM) as tx:
            await tx.execute("select set_config('collegium.of_test', 'x', true)")
            if self.fail:
                await tx.execute(FAIL.format(self.fail.pop()))

    async def cross(self, first: int, second: int) -> None:
        """Takes two locks, one after the other; the first time only when somebody else has taken one too."""
        self.tries += 1
        async with self.db.transaction(SYSTEM) as tx:
            await tx.fetchval("select pg_advisory_xact_lock($1)", first)
            if self.tries <= 2:
                await self.both.wait()
            await tx.fetchval("select pg_advisory_xact_lock($1)", second)


@pytest.fixture
def desk(client: Client) -> Desk:
    return Desk(client)


@pytest_asyncio.fixture
async def browser(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    @get("/read")
    async def read() -> dict[str, int]:
        await desk.work()
        return {"tries": desk.tries}

    @post("/write")
    async def write(data: JSONBody[dict[str, Any]]) -> dict[str, Any]:
        await desk.work()
        return {"tries": desk.tries, "said": data.get("said")}

    @post("/upload")
    async def upload(request: Request[Any, Any, Any]) -> Response[dict[str, int]]:
        size = 0
        async for piece in request.stream():
            size += len(piece)
        await desk.work()
        return Response({"size": size})

    @post("/cross/{first:int}/{second:int}")
    async def cross(first: FromPath[int], second: FromPath[int]) -> dict[str, int]:
        await desk.cross(first, second)
        return {"tries": desk.tries}

    app = Litestar(
        [read, write, upload, cross],
        middleware=[again_middleware],
        exception_handlers={Exception: problems.handle},
        logging_config=None,
    )
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(
        transport=transport, base_url="http://site.test", headers={"accept": "application/json"}
    ) as opened:
        yield opened


def refused(answer: httpx.Response) -> bool:
    """Whether the answer says in words that it is to be tried again."""
    document = answer.json()
    return (answer.status_code, document["code"], document["detail"], answer.headers["retry-after"]) == (
        503,
        "changed_at_once",
        WORDS,
        "1",
    )


@pytest.mark.parametrize("state", ["40P01", "40001"])
async def test_what_was_given_up_once_or_twice_goes_through(browser: httpx.AsyncClient, desk: Desk, state: str) -> None:
    desk.fail = [state, state]
    assert (await browser.get("/read")).json() == {"tries": 3}
    desk.fail, desk.tries = [state], 0
    answer = await browser.post("/write", json={"said": "Ünï" * 5000})
    assert answer.json() == {"tries": 2, "said": "Ünï" * 5000}


async def test_what_is_given_up_each_time_is_answered_in_words(browser: httpx.AsyncClient, desk: Desk) -> None:
    desk.fail = ["40001"] * 9
    assert refused(await browser.get("/read"))
    assert desk.tries == 3
    assert refused(await browser.post("/write", json={}))
    assert desk.tries == 6


async def test_what_was_kept_in_part_is_not_done_again(browser: httpx.AsyncClient, desk: Desk) -> None:
    desk.keep = True
    assert refused(await browser.post("/write", json={}))
    assert desk.tries == 1
    desk.fail = ["40P01"]
    assert (await browser.get("/read")).status_code == 200, "a request that reads may be done as often as one likes"


async def test_what_was_sent_is_sent_again_unless_it_is_long(browser: httpx.AsyncClient, desk: Desk) -> None:
    assert (await browser.post("/upload", content=b"x" * 9000)).json() == {"size": 9000}
    desk.fail, desk.tries = ["40P01"], 0
    assert refused(await browser.post("/upload", content=b"x" * (LONGEST_BODY + 1)))
    assert desk.tries == 1


async def test_two_who_wait_for_each_other_both_get_through(browser: httpx.AsyncClient, desk: Desk) -> None:
    answers = await asyncio.gather(browser.post("/cross/1/2"), browser.post("/cross/2/1"))
    assert [answer.status_code for answer in answers] == [201, 201]
    assert desk.tries == 3


async def test_the_site_does_it_too_and_says_it_on_its_pages(client: Client) -> None:
    standing, asked = catalogue.standing, 0

    async def given_up(tx: Transaction, *given: Any, **more: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked != 5:
            await tx.execute(FAIL.format("40P01"))
        return await standing(tx, *given, **more)

    with patch.object(catalogue, "standing", given_up):
        refusal = await client.get("/courses/nothing")
        assert (refusal.status_code, WORDS in refusal.text, asked) == (503, True, 3)
        assert (await client.get("/courses/nothing")).status_code == 404
    assert asked == 5

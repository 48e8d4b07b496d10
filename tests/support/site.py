"""A site on a fresh database, a client that talks to it like a browser, and a real server for real browsers."""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest
import pytest_asyncio
import uvicorn
from litestar import Litestar
from litestar.stores.memory import MemoryStore
from litestar.types import ASGIApp
from litestar.utils.signature import ParsedSignature

from collegium.app import create_app, load_jobs
from collegium.kit.db import Database as Pool
from collegium.kit.jobs import REGISTRY, Job
from collegium.kit.server import Served
from collegium.kit.site import Site
from collegium.settings import Settings
from collegium.web.sessions import COOKIE, hash_token
from collegium.worker import queue_app
from tests.support.database import Database, run
from tests.support.people import Person

_from_fn = ParsedSignature.from_fn


@cache
def _signature(function: Any) -> ParsedSignature:
    return _from_fn(function, {})


# Every test makes an application of the same handlers. Reading their signatures is half of the work and has one answer;
# the names that Litestar adds for resolving are those that the handlers' modules import anyway.
ParsedSignature.from_fn = classmethod(lambda _cls, function, _namespace: _signature(function))  # type: ignore[method-assign]

BASE_URL = "http://127.0.0.1:8000"
ADDRESS = "198.51.100.7"


def make_settings(database: Database, folder: Path, **given: Any) -> Settings:
    """Settings of a site on a test's database; mail waits in the outbox and files lie under `folder`."""
    values: dict[str, Any] = {
        "data_dir": folder,
        "database_url": database.dsn_web,
        "migrate_url": database.dsn_owner,
        "base_url": BASE_URL,
        "site_name": "Guild of Assessors",
        "secret_key": secrets.token_hex(32),
        "mail_from": "Guild of Assessors <no-reply@guild.test>",
        "pool_size": 5,
    }
    return Settings(**(values | given))


def make_site(settings: Settings) -> Site:
    """A site as `serve` builds it. Two of them with the same settings are two web processes."""
    assert settings.database_url
    return Site.build(settings, Pool(settings.database_url, size=settings.pool_size), settings.migrate_url)


def served(site: Site) -> Served:
    """What a worker beside the web process needs to know."""
    web, owner = site.settings.database_url, site.settings.migrate_url
    assert web
    assert owner
    return Served(web, owner, owner, site.db, None, lambda: None)


async def run_jobs(site: Site) -> None:
    """Runs every job that is due, as the worker does, until none is left."""
    load_jobs()
    owner = site.settings.migrate_url
    assert owner
    async with queue_app(site, owner).open_async() as app:
        await app.run_worker_async(wait=False, install_signal_handlers=False, delete_jobs="successful")


class _Forms(HTMLParser):
    """The fields of the form that posts to an address, as a browser would send them untouched."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self._action, self._inside = action, False
        self.found = False
        self.fields: dict[str, str] = {}
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("action") == self._action and not self.found:
            self._inside = self.found = True
        elif not self._inside:
            return
        elif tag == "input" and given.get("type") not in ("checkbox", "radio") and "name" in given:
            self.fields[given["name"]] = given.get("value", "")
        elif tag == "select":
            self._select = given.get("name")
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.fields):
            self.fields[self._select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = None


class Client(httpx.AsyncClient):
    """Talks to the application without a network. Keeps cookies, does not follow redirects unless told."""

    def __init__(self, app: ASGIApp, site: Site, database: Database, address: str = ADDRESS) -> None:
        transport = httpx.ASGITransport(app, client=(address, 40_000))  # type: ignore[arg-type]
        headers = {"accept": "text/html", "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"}
        super().__init__(transport=transport, base_url=site.settings.base_url, headers=headers)
        self.site = site
        self._database = database

    async def csrf(self) -> str:
        """The token that goes with this client's cookies."""
        if "csrftoken" not in self.cookies:
            await self.get("/sign-in")
        return self.cookies["csrftoken"]

    async def post_form(self, path: str, data: dict[str, Any] | None = None, **given: Any) -> httpx.Response:
        """Sends a form with the token that belongs into it."""
        return await self.post(path, data={**(data or {}), "_csrf_token": await self.csrf()}, **given)

    async def post_json(self, path: str, body: Any, **given: Any) -> httpx.Response:
        """Sends JSON with the token in the header."""
        return await self.post(path, json=body, headers={"x-csrf-token": await self.csrf()}, **given)

    async def submit(self, page: httpx.Response, action: str, data: dict[str, Any] | None = None) -> httpx.Response:
        """Sends the form of a page that posts to `action`, with `data` typed into it."""
        form = _Forms(action)
        form.feed(page.text)
        assert form.found, f"no form posts to {action}; there are {re.findall('<form[^>]*>', page.text)}"
        return await self.post(action, data={**form.fields, **(data or {})})

    async def login(self, person: Person) -> str:
        """Signs in without asking for a password, by a session of its own; answers its token."""
        token = secrets.token_urlsafe(32)
        async with self._database.connect() as owner:
            await owner.execute(
                "insert into public.web_sessions (user_id, token_hash, expires_at, ip, user_agent)"
                " values ($1, $2, now() + interval '30 days', $3, $4)",
                person.id,
                hash_token(token),
                ADDRESS,
                self.headers["user-agent"],
            )
        self.cookies.set(COOKIE, token, domain="127.0.0.1")
        return token

    def logout(self) -> None:
        """Forgets the session cookie; the session itself goes on."""
        self.cookies.delete(COOKIE)


_idle: list[Litestar] = []


@contextmanager
def application(site: Site, **given: Any) -> Iterator[ASGIApp]:
    """The application of a site. Its addresses, the same for all sites, are laid out once and used one after the other."""
    app = create_app(site, again=_idle.pop() if _idle else None, **given)
    yield app
    inner: Any = app
    while not isinstance(inner, Litestar):
        inner = inner._app
    # What it counted for the next visitor's limits is forgotten. One that failed on its way here is not used again.
    for name in list(inner.stores._stores):
        inner.stores.register(name, MemoryStore(), allow_override=True)
    _idle.append(inner)


@asynccontextmanager
async def running(app: ASGIApp) -> AsyncIterator[None]:
    """The application's lifespan, which httpx does not run."""
    inbox: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    outbox: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    scope: Any = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    task = asyncio.create_task(app(scope, inbox.get, outbox.put))  # type: ignore[arg-type]
    await inbox.put({"type": "lifespan.startup"})
    began = await outbox.get()
    assert began["type"] == "lifespan.startup.complete", began
    try:
        yield
    finally:
        await inbox.put({"type": "lifespan.shutdown"})
        await outbox.get()
        await task


@dataclass
class LiveServer:
    """A server that real browsers and processes can reach at `url`."""

    url: str
    site: Site


@contextmanager
def listening(
    database: Database, folder: Path, *, worker: bool = True, wrap: Callable[[Site], object] | None = None, **given: Any
) -> Iterator[LiveServer]:
    """uvicorn in a thread on a free port, with background jobs; base_url is the address it listens on."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    site = make_site(make_settings(database, folder, base_url=url, **given))
    if wrap:
        wrap(site)
    with patch.dict(REGISTRY, _without_nights()), application(site, worker=worker, served=served(site)) as app:
        yield from _listening(app, listener, LiveServer(url, site))


def _listening(app: ASGIApp, listener: socket.socket, live: LiveServer) -> Iterator[LiveServer]:
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="on")  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        thread.join(0.02)
    try:
        yield live
    finally:
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive(), "the server did not stop"


def _without_nights() -> dict[str, Job]:
    """What runs once a day, without its clock: a test must not differ at that job's hour. Its own test calls it."""
    load_jobs()
    return {name: replace(job, cron=None) for name, job in REGISTRY.items() if job.cron and job.cron.split()[1] != "*"}


MakeSite = Callable[..., Site]
MakeClient = Callable[..., AbstractAsyncContextManager[Client]]


@pytest_asyncio.fixture
async def site(database: Database, tmp_path: Path) -> AsyncIterator[Site]:
    """A site with nobody in it. Its database is open; no web application runs yet."""
    load_jobs()
    made = make_site(make_settings(database, tmp_path / "data"))
    await made.db.start()
    yield made
    await made.db.stop()


@pytest_asyncio.fixture
async def make_client(site: Site, database: Database) -> AsyncIterator[Callable[..., Any]]:
    """`await make_client()` is another browser at the same site; `address=` puts it elsewhere on the network.

    `process=another_site` is a browser whose requests reach another web process.
    """
    apps: dict[int, ASGIApp] = {}
    async with AsyncExitStack() as stack:

        async def make(address: str = ADDRESS, process: Site | None = None) -> Client:
            at = process or site
            if id(at) not in apps:
                apps[id(at)] = stack.enter_context(application(at))
                await stack.enter_async_context(running(apps[id(at)]))
            return await stack.enter_async_context(Client(apps[id(at)], at, database, address))

        yield make


@pytest_asyncio.fixture
async def client(make_client: Callable[..., Any]) -> Client:
    """One browser at the site."""
    made: Client = await make_client()
    return made


@pytest.fixture
def live_server(database: Database, tmp_path: Path) -> Iterator[LiveServer]:
    """A real server with background jobs."""
    with listening(database, tmp_path / "live") as server:
        yield server


__all__ = [
    "Client",
    "LiveServer",
    "client",
    "listening",
    "live_server",
    "make_client",
    "make_settings",
    "make_site",
    "run",
    "run_jobs",
    "running",
    "served",
    "site",
]

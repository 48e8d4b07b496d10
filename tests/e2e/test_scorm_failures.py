"""Packages when something goes wrong, and packages that mean no good: nothing acknowledged is lost, nothing is claimed."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from collegium.features.scorm import service
from tests.e2e.conftest import SignIn
from tests.e2e.scorm import Stage, do, go_on_here, leave, press, saved, sco_of, set_up
from tests.support.browser import NewPage
from tests.support.database import Database
from tests.support.packages import hostile, scorm_12, scorm_2004
from tests.support.servers import wait_until
from tests.support.site import LiveServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
COMMITTED = "LMSCommit() = true [0]"
NOT_COMMITTED = "LMSCommit() = false [101]"


async def places(stage: Stage, name: str) -> list[str]:
    """Each place that the server was told of, in its order."""
    rows = await stage.rows(
        "select t.value from public.scorm_tracking t join public.scorm_enrollments e on e.id = t.scorm_enrollment_id"
        " where e.scorm_package_id = $1 and t.element in ('cmi.location', 'cmi.core.lesson_location') order by t.commit_seq",
        stage.packages[name],
    )
    return [row["value"] for row in rows]


async def asleep(page: Page, seconds: float) -> None:
    """Nothing runs in the page meanwhile, as on a laptop that is shut."""
    session = await page.context.new_cdp_session(page)
    await session.send("Page.setWebLifecycleState", {"state": "frozen"})
    await asyncio.sleep(seconds)
    await session.send("Page.setWebLifecycleState", {"state": "active"})
    await session.detach()


async def test_what_the_network_and_the_token_do(
    database: Database, live_server: LiveServer, new_page: NewPage, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "Denied claims"
    stage = await set_up(database, live_server, {name: scorm_12(), "Appeals": scorm_2004()})
    page = await new_page()
    await sign_in(page, stage.learner)
    await page.goto(stage.path(name))
    sco = await sco_of(player := await press(page, "Start"))
    await do(sco, "Page 2", "Commit")
    assert await sco.inner_text("#said") == COMMITTED

    await page.context.set_offline(True)
    await do(sco, "Page 7", "Commit")
    assert await sco.inner_text("#said") == NOT_COMMITTED
    await expect(player.get_by_role("alert")).to_contain_text("Not saved yet: the site cannot be reached.")
    assert await places(stage, name) == ["page-2"], "nothing was claimed that was not saved"
    await page.context.set_offline(False)
    await saved(player)
    await expect(player.get_by_role("alert")).to_be_hidden()
    assert await places(stage, name) == ["page-2", "page-7"]

    # Cut off again, and the tab is closed: the next visit in this browser sends it before the package starts.
    await page.context.set_offline(True)
    await do(sco, "Page 2", "Score 87.5", "Commit")
    assert await sco.inner_text("#said") == NOT_COMMITTED
    again = await page.context.new_page()
    await page.close()
    await page.context.set_offline(False)
    await again.goto(stage.path(name))
    sco = await sco_of(player := await press(again, "Resume"))
    assert await sco.evaluate("document.body.dataset.location") == "page-2"
    assert await sco.evaluate("get('cmi.core.score.raw')") == "87.5"
    assert await places(stage, name) == ["page-2", "page-7", "page-2"], "each once, in its order"
    await leave(again, player)

    # The laptop sleeps until the token has run out: the site's page gives another one, and nothing is lost.
    monkeypatch.setattr(service, "TTL_S", 2)
    await again.goto(stage.path("Appeals"))
    sco = await sco_of(player := await press(again, "Start"))
    await do(sco, "Page 7")
    await asleep(again, 2.6)
    monkeypatch.undo()
    await do(sco, "Commit")
    assert (await sco.inner_text("#said")).startswith("Commit() = false [391]")
    await saved(player)
    assert await places(stage, "Appeals") == ["page-7"]
    await do(sco, "Page 2", "Commit")
    assert await sco.inner_text("#said") == "Commit() = true [0]"

    # Another device takes over: this one says so with its next commit, and nothing of it is claimed.
    other = await new_page()
    await sign_in(other, stage.learner)
    await other.goto(stage.path("Appeals"))
    newer = await sco_of(await press(other, "Resume"))
    assert await newer.evaluate("get('cmi.location')") == "page-2"
    await do(sco, "Page 7", "Commit")
    await expect(player.get_by_role("heading", name="This window has stopped")).to_be_visible()
    assert await places(stage, "Appeals") == ["page-7", "page-2"]
    sco = await sco_of(await go_on_here(again, player))
    assert await sco.evaluate("get('cmi.location')") == "page-2"


async def test_a_new_attempt_waits_for_what_the_one_before_had_not_saved(
    database: Database, live_server: LiveServer, new_page: NewPage, sign_in: SignIn
) -> None:
    name = "Denied claims"
    stage = await set_up(database, live_server, {name: scorm_12()})
    page = await new_page()
    await sign_in(page, stage.learner)
    await page.goto(stage.path(name))
    sco = await sco_of(await press(page, "Start"))
    await page.context.set_offline(True)
    await do(sco, "Page 7", "Commit")
    assert await sco.inner_text("#said") == NOT_COMMITTED
    again = await page.context.new_page()
    await page.close()
    await page.context.set_offline(False)

    # It cannot be sent yet: he is told, and no attempt has ended.
    await again.context.route("**/commit", lambda route: route.abort())
    await again.goto(stage.path(name))
    await again.get_by_role("button", name="New attempt").click()
    note = again.locator("[data-scorm-note]")
    await expect(note).to_contain_text(
        "What you did last in the attempt before is not saved yet: The site cannot be reached."
    )
    assert (await stage.registration(name))["attempts"] == 1
    await again.context.unroute("**/commit")

    # It can: it goes to the attempt in which it was done, and the new one begins from nothing.
    await again.reload()
    sco = await sco_of(await press(again, "New attempt"))
    assert await sco.evaluate("[document.body.dataset.entry, document.body.dataset.location]") == ["ab-initio", ""]
    assert await places(stage, name) == ["page-7"]
    kept = await stage.rows(
        "select coalesce(cmi_data::text, '') as data from public.scorm_attempts order by attempt_number"
    )
    assert ["page-7" in row["data"] for row in kept] == [True, False]


class Served:
    """`collegium serve` in a process of its own, on the database and files of a live server."""

    def __init__(self, database: Database, live: LiveServer, folder: Path) -> None:
        settings = live.site.settings
        self.url = settings.base_url
        kept = {key: value for key, value in os.environ.items() if not key.startswith("COLLEGIUM_")}
        self._env = {
            **kept,
            "COLLEGIUM_DATA_DIR": str(settings.data_dir),
            "COLLEGIUM_DATABASE_URL": database.dsn_web,
            "COLLEGIUM_MIGRATE_URL": database.dsn_owner,
            "COLLEGIUM_SECRET_KEY": str(settings.secret_key),
            "COLLEGIUM_RUN_WORKER": "false",
        }
        self._log = folder / "serve.log"

    def start(self, port: int) -> None:
        """Starts it and waits until it answers."""
        self.url = f"http://127.0.0.1:{port}"
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "collegium.cli", "serve", "--port", str(port)],
                env={**self._env, "COLLEGIUM_BASE_URL": self.url},
                stdout=log,
                stderr=log,
            )
        wait_until(self._answers, 40)

    def _answers(self) -> bool:
        assert self.process.poll() is None, self._log.read_text()[-2000:]
        try:
            return httpx.get(self.url + "/healthz", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()


@pytest.fixture
def free_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


@pytest.fixture
def served(database: Database, live_server: LiveServer, tmp_path: Path) -> Iterator[Served]:
    made = Served(database, live_server, tmp_path)
    yield made
    made.kill()


async def test_the_server_is_killed_in_the_middle(
    database: Database, live_server: LiveServer, served: Served, new_page: NewPage, sign_in: SignIn, free_port: int
) -> None:
    name = "Denied claims"
    stage = await set_up(database, live_server, {name: scorm_12()})
    served.start(free_port)
    page = await new_page()
    await sign_in(page, stage.learner)
    await page.goto(served.url + stage.path(name))
    sco = await sco_of(player := await press(page, "Start"))
    await do(sco, "Page 2", "Commit")
    assert await sco.inner_text("#said") == COMMITTED
    served.kill()
    assert await places(stage, name) == ["page-2"], "what was acknowledged is there"
    await do(sco, "Page 7", "Score 87.5", "Commit")
    assert await sco.inner_text("#said") == NOT_COMMITTED
    served.start(free_port)
    await expect(player.locator("[data-saving]")).to_have_text("Saved", timeout=30_000)
    assert await places(stage, name) == ["page-2", "page-7"]
    await do(sco, "Pass", "Commit")
    assert await sco.inner_text("#said") == COMMITTED
    row = await stage.registration(name)
    assert (row["status"], float(row["score"])) == ("passed", 87.5)


async def test_a_hostile_package_gets_nothing(
    database: Database, live_server: LiveServer, browser: Browser, sign_in: SignIn
) -> None:
    evil, good = "Please open me", "Denied claims"
    stage = await set_up(database, live_server, {evil: hostile(live_server.url), good: scorm_12()})
    context = await browser.new_context(base_url=live_server.url)
    try:
        page = await context.new_page()
        await sign_in(page, stage.learner)
        await page.goto(stage.path(good))
        player = await press(page, "Start")
        sco = await sco_of(player)
        await sco.evaluate("localStorage.setItem('secret', 'of the good one')")
        await leave(page, player)
        asked = await _attacked(page, stage, evil, live_server)
        assert not asked, "nothing of the site was asked for with its cookie"
        row = await stage.registration(good)
        assert row["status"] != "passed"
    finally:
        await context.close()


async def _attacked(page: Page, stage: Stage, evil: str, live: LiveServer) -> list[str]:
    """Opens the hostile package and holds what it got; answers the requests of it that carried a cookie to the site."""
    await page.goto(stage.path(evil))
    asked: list[str] = []
    page.context.on(
        "response",
        lambda answer: (
            asked.append(answer.url) if answer.url.startswith(live.url + "/api") and answer.status < 400 else None
        ),
    )
    where = page.url
    sco = await sco_of(await press(page, "Start"))
    await sco.wait_for_function("Object.values(tried).every(got => got !== 'waiting')", timeout=20_000)
    tried: dict[str, str] = await sco.evaluate("tried")
    refused = ("site cookies", "site page", "site storage", "top address", "site frame", "site api", "foreign service")
    assert tried["cookies"] == "", "there is no cookie where packages are played"
    assert [name for name in refused if not tried[name].startswith("refused")] == [], tried
    assert tried["own storage"] == "null", "what another package keeps is not seen"
    assert int(tried["other commit"]) >= 400
    assert page.url == where
    return asked

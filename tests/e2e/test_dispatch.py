"""A package given to a partner, in a real browser: the partner's own learning system on another origin, and what it is told."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.async_api import expect

from collegium.features.dispatch import service
from collegium.features.dispatch.service import Agreed
from collegium.kit.db import person as acting_as
from tests.e2e.conftest import SignIn
from tests.e2e.scorm import do, saved, sco_of, set_up
from tests.support.browser import NewPage, axe_findings, scrolls_sideways
from tests.support.database import Database
from tests.support.packages import scorm_12
from tests.support.site import LiveServer, make_site

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

LMS = b"""<!doctype html><title>Partner</title><script>
var told = JSON.parse(localStorage.told || '{"cmi.core.student_id":"S-1"}'), commits = 0;
var API = {
  LMSInitialize: () => "true", LMSGetLastError: () => "0",
  LMSGetValue: name => told[name] || (name === "cmi.core.lesson_status" ? "not attempted" : ""),
  LMSSetValue: (name, value) => { told[name] = value; return "true"; },
  LMSCommit: () => { commits += 1; localStorage.told = JSON.stringify(told); return "true"; },
  LMSFinish: () => "true"
};
</script><iframe src="/launch.html" style="width:100%;height:20rem"></iframe>"""


@contextmanager
def partner(archive: bytes) -> Iterator[str]:
    """A learning system of somebody else, which has put the archive up; answers its address."""
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        pages = {"/": LMS, "/launch.html": files.read("launch.html")}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path)
            self.send_response(200 if page else 404)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page or b"")

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()


async def test_a_partners_learner(
    database: Database, live_server: LiveServer, new_page: NewPage, sign_in: SignIn
) -> None:
    stage = await set_up(database, live_server, {"Denied claims": scorm_12()})
    package = stage.packages["Denied claims"]
    site = make_site(live_server.site.settings)
    await site.db.start()
    try:
        async with site.db.transaction(acting_as(stage.teacher.id)) as tx:
            made = await service.give(tx, package, Agreed(partner="Harbour college", max_registrations=1))
            given = await service.one(tx, package, made)
    finally:
        await site.db.stop()
    with partner(service.archive(site, given, "Denied claims")) as address:
        page = await new_page()
        await page.goto(address)
        relay = page.frame_locator("iframe")
        async with page.expect_popup() as popup:
            await relay.get_by_role("button", name="Open the course").click()
        course = await popup.value
        frame = await (await course.wait_for_selector("iframe")).content_frame()
        assert frame
        sco = await sco_of(frame)
        await do(sco, "Page 7", "Score 40", "61.5 seconds", "Commit")
        await saved(frame)
        await page.wait_for_function("told['cmi.core.score.raw'] === '40'")
        assert await page.evaluate("told['cmi.core.lesson_status']") == "incomplete"
        assert await page.evaluate("told['cmi.suspend_data'].length") == 64
        assert await axe_findings(course) == []
        await course.close()

        # He opens it again another day, and is where he was; the only place is his.
        await page.reload()
        async with page.expect_popup() as popup:
            await relay.get_by_role("button", name="Open the course").click()
        course = await popup.value
        frame = await (await course.wait_for_selector("iframe")).content_frame()
        assert frame
        sco = await sco_of(frame)
        assert await sco.evaluate("document.body.dataset.location") == "page-7"
        await frame.get_by_role("button", name="Save and leave").click()
        await expect(course.get_by_text("You have left the course")).to_be_visible()
        assert (await stage.rows("select launches, registrations from public.scorm_dispatches"))[0] == {
            "launches": 2,
            "registrations": 1,
        }
        # Without the ticket he would be somebody else, for whom there is no place.
        await page.evaluate("told = { 'cmi.core.student_id': 'S-1' }")
        await page.reload()
        async with page.expect_popup() as popup:
            await relay.get_by_role("button", name="Open the course").click()
        await expect((await popup.value).get_by_text("All places in this package are taken")).to_be_visible()

    for width, theme in ((1280, "light"), (390, "dark")):
        page = await new_page(width=width, theme=theme)
        await sign_in(page, stage.teacher)
        for path in (f"/studio/packages/{package}/dispatches", given.path):
            await page.goto(path)
            assert await axe_findings(page) == []
            assert not await scrolls_sideways(page)

"""A real Chromium for tests: the machine's own, told to leave every network but this machine's alone.

One browser serves all tests of a worker, each in contexts of its own, which remember nothing of each other.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from typing import Literal
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.async_api import Browser, BrowserContext, Page, Request, async_playwright

from tests.support.site import LiveServer

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    # Other names lead nowhere. Asking here about each request instead would switch the browser's cache off.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE *.localhost",
]
HERE = re.compile(r"127\.0\.0\.1|([^.]+\.)*localhost")
Theme = Literal["light", "dark"]
# Both widths and both themes in two looks: colours come from the theme's tokens, the layout from the width.
DESK: tuple[int, Theme] = (1280, "light")
PHONE: tuple[int, Theme] = (390, "dark")
# Where a page must be used differently on a phone; else `two_looks` costs half.
LOOKS = pytest.mark.parametrize(("width", "theme"), [DESK, PHONE], ids=["desk", "phone-at-night"])

NewPage = Callable[..., Awaitable[Page]]
Launch = Callable[[], Awaitable[Browser]]
# The shell is the same engine without the windows around it: a new context costs a sixth.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """The browser's program: COLLEGIUM_TEST_CHROMIUM, else the lightest Chromium on the path."""
    named = os.environ.get("COLLEGIUM_TEST_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if not found:
        pytest.fail("No Chromium: run script/test, or name one in COLLEGIUM_TEST_CHROMIUM.")
    return found


@pytest_asyncio.fixture(scope="session")
async def launch() -> AsyncIterator[Launch]:
    """`await launch()`: the worker's browser, started when there is none or when it has died."""
    started: list[Browser] = []
    async with async_playwright() as playwright:

        async def running() -> Browser:
            if not started or not started[-1].is_connected():
                started.append(await playwright.chromium.launch(executable_path=chromium(), args=FLAGS))
            return started[-1]

        yield running
        for browser in started:
            await browser.close()


@pytest_asyncio.fixture
async def browser(launch: Launch) -> Browser:
    """A browser; what its contexts remember ends with them."""
    return await launch()


@pytest_asyncio.fixture
async def new_page(browser: Browser, live_server: LiveServer) -> AsyncIterator[NewPage]:
    """`await new_page(width=390, theme="dark", script=False)`: a page of a browser that nobody used before.

    Relative addresses lead to the live server. The test fails when a page asked another host for anything, when a
    script failed, or when the browser refused something by the content security policy.
    """
    wrong: list[str] = []
    contexts: list[BrowserContext] = []

    async def make(*, width: int = 1280, height: int = 900, theme: Theme = "light", script: bool = True) -> Page:
        context = await browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": height},
            color_scheme=theme,
            java_script_enabled=script,
            locale="en-GB",
            timezone_id="Europe/Berlin",
            reduced_motion="reduce",
        )
        contexts.append(context)

        def failed(request: Request) -> None:
            address = urlsplit(request.url)
            if address.scheme in ("http", "https") and not HERE.fullmatch(address.hostname or ""):
                wrong.append(f"asked for {request.url}")

        context.on("requestfailed", failed)
        page = await context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: wrong.append(f"script failed: {error}"))
        page.on(
            "console",
            lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None,
        )
        return page

    yield make
    for context in contexts:
        await context.close()
    assert not wrong, wrong


@pytest_asyncio.fixture
async def browser_page(new_page: NewPage) -> Page:
    """One page, 1280 wide, light."""
    return await new_page()


# A page has few colours and asks for each a thousand times: what was read once is kept.
COLOURS_ONCE = """
(() => {
  const colour = axe.commons.color.Color.prototype
  const read = colour.parseString
  const known = new Map()
  colour.parseString = function (text) {
    if (!known.has(text)) {
      read.call(this, text)
      known.set(text, { r: this.r, g: this.g, b: this.b, alpha: this.alpha })
      return this
    }
    return Object.assign(this, known.get(text))
  }
})()
"""
# Colours that are on their way to another one are not judged; what inherits one begins when that has arrived. What is in order
# is not told at length.
FINDINGS = """
async () => {
  for (let round = 0; round < 10; round++) {
    await new Promise((next) => requestAnimationFrame(() => setTimeout(next)))
    const going = document.getAnimations().filter((one) => one instanceof CSSTransition)
    if (!going.length) break
    await Promise.allSettled(going.map((one) => one.finished))
  }
  const { violations } = await axe.run({ reporter: 'no-passes', resultTypes: ['violations'], preload: false })
  const said = (node) => [...node.any, ...node.all, ...node.none].map((check) => check.message).join('; ')
  return violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target} ${said(node)}`))
}
"""


@cache
def _axe() -> str:
    return f"{AXE_FILE_PATH.read_text(encoding='utf-8')}\n;{COLOURS_ONCE};undefined"


async def axe_findings(page: Page) -> list[str]:
    """What axe-core finds wrong on a page; an empty list is the goal. The policy of the page is left in force."""
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(_axe())
    found: list[str] = await page.evaluate(FINDINGS)
    return found


async def scrolls_sideways(page: Page) -> bool:
    """Whether the page is wider than its window."""
    wide: bool = await page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    return wide


async def turn(page: Page, look: tuple[int, Theme]) -> None:
    """Makes the window of an open page as wide, and the device as light or dark, as a look says."""
    width, theme = look
    await page.set_viewport_size({"width": width, "height": 900})
    await page.emulate_media(color_scheme=theme)


async def two_looks(
    page: Page, name: str = "", *, again: Callable[[], Awaitable[object]] | None = None, pictures: str | None = None
) -> list[str]:
    """What is wrong with a page at a desk by day, and with the same page on a phone at night; it comes back to the desk.

    Opening a page costs as much as looking at it, so it is opened once and turned. Where its scripts ask for the width only as
    they begin, `again` opens it once more on the phone. Both times all rules are run: a phone has menus that a desk never shows.
    `pictures` is a folder for pictures with the name of the page.
    """
    wrong: list[str] = []
    for width, theme in (DESK, PHONE):
        if (width, theme) == PHONE:
            await turn(page, PHONE)
            if again:
                await again()
        if pictures:
            await page.screenshot(path=f"{pictures}/{name}-{width}-{theme}.png", full_page=True)
        found = await axe_findings(page)
        if await scrolls_sideways(page):
            found.append("scrolls sideways")
        wrong += [f"{name or urlsplit(page.url).path} {width} {theme}: {one}" for one in found]
    await turn(page, DESK)
    return wrong

"""Files of lessons in a real browser: an instructor uploads them, a learner reads and downloads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.e2e.conftest import SignIn
from tests.features.documents.papers import SCRIPTED, paper
from tests.features.documents.shelf import Shelf, attach, fill, place
from tests.support.browser import NewPage, two_looks
from tests.support.database import Database
from tests.support.site import LiveServer, make_site

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@pytest_asyncio.fixture
async def shelf(database: Database, live_server: LiveServer) -> AsyncIterator[Shelf]:
    site = make_site(live_server.site.settings)
    await site.db.start()
    yield await fill(site, database)
    await site.db.stop()


async def open_reader(page: Page, shelf: Shelf) -> None:
    await page.goto(f"/learn/{shelf.course.slug}/{shelf.manual}")
    await page.wait_for_selector(".reader-page canvas")


async def test_a_learner_reads_a_document(shelf: Shelf, new_page: NewPage, sign_in: SignIn) -> None:
    await place(shelf, shelf.manual, paper(300, landscape=(3, 4), pad=20_000, **SCRIPTED))
    page = await new_page()
    asked: list[str | None] = []
    page.on("request", lambda r: asked.append(r.headers.get("range")) if "/documents/" in r.url else None)
    await sign_in(page, shelf.learner)
    await open_reader(page, shelf)
    assert await page.locator(".reader-page").count() == 300
    assert await page.locator(".reader-page canvas").count() <= 8, "no page is drawn before it is near the view"
    pieces = sum(1 for part in asked if part)
    assert pieces <= 10, "of 25 pieces, those that are not near are not fetched"
    first = page.locator(".reader-page").first.locator(".reader-text")
    assert "Page 1 of 300." in await first.inner_text(), "the text can be selected and read aloud"
    await expect(page.locator("[data-reader-words]")).to_have_text("1 of 300 pages seen")
    await page.get_by_role("region", name="Pages of the document").focus()
    for _ in range(9):
        await page.keyboard.press("ArrowRight")
    await expect(page.locator("[data-reader-page]")).to_have_value("10")
    await page.fill("#reader-find", "appeal begins")
    await page.press("#reader-find", "Enter")
    await expect(page.locator("[data-reader-found]")).to_have_text("On page 10. Enter goes on.")
    await page.press("#reader-find", "Enter")
    await expect(page.locator("[data-reader-found]")).to_have_text("On page 20. Enter goes on.")
    await page.click("[data-do=wide]")
    assert await page.evaluate("document.querySelector('.learn-outline').inert")
    await page.keyboard.press("Escape")
    await page.click("[data-do=in]")
    await page.fill("[data-reader-page]", "200")
    async with page.expect_response(lambda answer: answer.url.endswith("/reading"), timeout=25_000) as told:
        await page.press("[data-reader-page]", "Enter")
        await page.wait_for_selector(".reader-page:nth-child(200) canvas")
    assert (await told.value).status == 200
    assert await page.evaluate("globalThis.pwned") is None, "nothing in a PDF runs"
    links = await page.locator(".reader-link").evaluate_all("all => [...new Set(all.map(link => link.href))]")
    assert links == ["https://example.org/appeal"]
    phone = await new_page(width=390)
    await sign_in(phone, shelf.learner)
    await open_reader(phone, shelf)
    assert await phone.input_value("[data-reader-page]") == "200", "the place is kept for another device"


async def test_an_instructor_puts_files_with_a_lesson(
    shelf: Shelf, new_page: NewPage, sign_in: SignIn, tmp_path: Path
) -> None:
    (tmp_path / "manual.pdf").write_bytes(paper(7))
    for name in ("Dates.txt", "Letters.txt"):
        (tmp_path / name).write_text("The insurer answers within 30 days.\n" * 20)
    page = await new_page()
    await sign_in(page, shelf.teacher)
    await page.goto(shelf.files(shelf.manual))
    await page.set_input_files("#f-document", tmp_path / "manual.pdf")
    await page.get_by_text("It has 7 pages.").wait_for()
    await page.set_input_files("#f-attachments", [tmp_path / "Dates.txt", tmp_path / "Letters.txt"])
    await page.get_by_role("link", name="Letters.txt").wait_for()
    await page.get_by_role("button", name="Move Letters.txt up").press("Enter")
    await page.get_by_text("The new order is saved.").wait_for()
    await page.reload()
    names = await page.locator(".files-list .files-name").all_inner_texts()
    assert names == ["Letters.txt", "Dates.txt"]
    await page.get_by_role("button", name="Remove Dates.txt").click()
    await page.get_by_role("button", name="Undo").click()
    await page.get_by_text("is with the lesson again").wait_for()
    learner = await new_page()
    await sign_in(learner, shelf.learner)
    await open_reader(learner, shelf)
    async with learner.expect_download() as got:
        await learner.get_by_role("link", name="Dates.txt").click()
    assert (await got.value).suggested_filename == "Dates.txt"


async def test_the_pages_are_clean(shelf: Shelf, new_page: NewPage, sign_in: SignIn) -> None:
    await place(shelf, shelf.manual, paper(12))
    await attach(shelf, shelf.manual, name="Slides of the first evening.pdf")
    await attach(shelf, shelf.manual, name="Form.pdf", requires_enrollment=False)
    page = await new_page()
    await sign_in(page, shelf.learner)

    async def again() -> None:
        await open_reader(page, shelf)
        await asyncio.sleep(0.3)

    await again()
    # The outline beside a lesson is open or closed as the window is wide when the page begins.
    assert await two_looks(page, "reader", again=again) == []
    await sign_in(page, shelf.teacher)
    for lesson in (shelf.manual, shelf.text):
        await page.goto(shelf.files(lesson))
        assert await two_looks(page) == []


async def test_without_scripts_the_file_is_offered(shelf: Shelf, new_page: NewPage, sign_in: SignIn) -> None:
    await place(shelf, shelf.manual, paper(2))
    page = await new_page(script=False)
    await sign_in(page, shelf.learner)
    await page.goto(f"/learn/{shelf.course.slug}/{shelf.manual}")
    link = page.get_by_role("link", name="Open the file")
    answer = await page.request.get(str(await link.get_attribute("href")))
    assert (await answer.body()).startswith(b"%PDF")

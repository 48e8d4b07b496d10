"""A course made from nothing in the browser: outline, files, text, publication; then a learner takes it."""

from __future__ import annotations

import asyncio
import io
import re
from pathlib import Path

import pypdf
import pytest
from playwright.async_api import Page, expect

from tests.e2e.conftest import SignIn
from tests.support.browser import NewPage
from tests.support.database import Database
from tests.support.people import add_person

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
LATER = 60_000
# The sample course of the association's document.
TITLE = "Health Insurance Fundamentals"
MODULES = ("Introduction to Health Insurance", "Regulatory Landscape", "Product Types", "Sales Strategies")
VIDEO = "document.querySelector('hls-video')"


def pdf() -> bytes:
    """Two pages that a reader opens."""
    writer = pypdf.PdfWriter()
    for _ in range(2):
        writer.add_blank_page(width=420, height=595)
    kept = io.BytesIO()
    writer.write(kept)
    return kept.getvalue()


async def until(page: Page, condition: str) -> None:
    async with asyncio.timeout(LATER / 1000):
        while not await page.evaluate(f"!!({condition})"):
            await page.wait_for_timeout(100)


async def add_files(page: Page, module: str, files: list[dict[str, object]]) -> None:
    """Chooses files for a module and waits until each is a lesson."""
    await page.get_by_role("button", name="Add from files").click()
    await page.locator("#files-module").select_option(label=module)
    before = await page.locator(".ol-lesson").count()
    await page.locator("#files-input").set_input_files(files)  # type: ignore[arg-type]
    await expect(page.locator(".ol-lesson")).to_have_count(before + len(files), timeout=LATER)
    await expect(page.locator("#files-list li", has_text="Lesson made")).to_have_count(len(files))
    await page.locator("#ol-files").get_by_role("button", name="Close").click()


async def add_reading(page: Page, module: int, title: str) -> None:
    await page.locator(".ol-add > summary").nth(module).click()
    await page.locator(".ol-add[open] button[value^='add-text ']").click()
    field = page.locator(".ol-rename")
    await expect(field).to_be_focused()
    await page.keyboard.type(title)
    await page.keyboard.press("Enter")
    await expect(page.locator("#ol-status")).to_have_text("Saved")


async def build(page: Page, film: bytes) -> str:
    """The course as the document's sample has it; answers its address in the studio."""
    await page.goto("/studio")
    await page.get_by_role("link", name="New course").click()
    await page.get_by_label("Title").fill(TITLE)
    await page.get_by_label("Category").select_option(label="Health benefits")
    await page.get_by_role("button", name="Make the course").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Outline")
    here = page.url
    for number, title in enumerate(MODULES, 1):
        await page.locator("#new-module").fill(title)
        await page.keyboard.press("Enter")
        await expect(page.locator(".ol-module")).to_have_count(number)
    given = [
        {"name": "01_how-insurance-works.mp4", "mimeType": "video/mp4", "buffer": film},
        {"name": "02_Terms and words.pdf", "mimeType": "application/pdf", "buffer": pdf()},
    ]
    await add_files(page, MODULES[0], given)
    await add_files(
        page, MODULES[2], [{"name": "worksheet.txt", "mimeType": "text/plain", "buffer": b"Compare two plans.\n"}]
    )
    await add_reading(page, 1, "ACA and HIPAA in practice")
    await add_reading(page, 3, "Needs analysis")
    for title in ("ACA and HIPAA in practice", "Needs analysis", "Worksheet"):
        await page.goto(here)
        await page.locator(".ol-lesson").get_by_role("link", name=title, exact=True).click()
        await page.locator(".ProseMirror").first.click()
        await page.keyboard.type(f"What matters in {title}.")
        await expect(page.locator("[data-state]")).to_have_text(re.compile("Saved"), timeout=LATER)
    await page.goto(here)
    shown = await page.evaluate("[...document.querySelectorAll('.ol-lesson')].map(row => row.dataset.title)")
    assert shown == [
        "How insurance works",
        "Terms and words",
        "ACA and HIPAA in practice",
        "Worksheet",
        "Needs analysis",
    ]
    return here


async def publish(page: Page, office: Page, here: str) -> None:
    """Says what the course is about, has it reviewed, and approved by the office."""
    await page.goto(here)
    while await page.locator(".ol-lesson", has_text="Video").count():
        await page.wait_for_timeout(500)
        await page.reload()
    await page.goto(f"{here}/settings")
    about = page.locator("#about")
    await about.get_by_label("Description", exact=True).fill(
        "Introduction to health insurance products, regulations, and sales strategies for insurance professionals."
    )
    await about.get_by_role("button", name="Save").click()
    await expect(about.get_by_role("status")).to_have_text("Saved")
    await page.goto(f"{here}/publish")
    await page.get_by_role("button", name="Submit for review").click()
    await expect(page.locator("main")).to_contain_text("Under review")
    await office.goto(f"{here}/publish")
    await office.get_by_role("button", name="Approve and publish").click()
    await expect(office.locator("main")).to_contain_text("Published")


async def take(page: Page) -> None:
    """Finds the course, enrols, and does everything that it asks."""
    await page.goto("/courses")
    await page.get_by_role("link", name=TITLE).first.click()
    await page.get_by_role("button", name="Enrol").click()
    left = page.locator("#what-is-left")
    await expect(left).to_contain_text("0 of 5 requirements met")
    await until(page, f"{VIDEO} && {VIDEO}.readyState >= 2 && window.collegiumPlayer")
    await page.evaluate(f"{VIDEO}.playbackRate = 2, {VIDEO}.play()")
    await until(page, f"{VIDEO}.ended")
    await expect(left).to_contain_text("1 of 5 requirements met", timeout=LATER)
    titles = ("Terms and words", "ACA and HIPAA in practice", "Worksheet", "Needs analysis")
    for done, title in enumerate(titles, 2):
        await page.get_by_role("link", name=f"Next: {title}").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(title)
        if done == 4:
            await expect(page.locator("main")).to_contain_text("worksheet.txt")
        await until(page, "window.htmx")
        await page.get_by_role("button", name="Mark as complete").click()
        await expect(left).to_contain_text("Course complete" if done == 5 else f"{done} of 5 requirements met")


async def test_a_course_is_made_from_nothing_and_a_learner_takes_it(
    new_page: NewPage, sign_in: SignIn, database: Database, film: Path
) -> None:
    page, office, learner = await new_page(), await new_page(), await new_page()
    await sign_in(page, await add_person(database, "instructor", first_name="Ines", last_name="Lindqvist"))
    await sign_in(office, await add_person(database, "admin", first_name="Alex", last_name="Office"))
    await sign_in(learner, await add_person(database, first_name="Mara", last_name="Silva"))
    here = await build(page, await asyncio.to_thread(film.read_bytes))
    await publish(page, office, here)
    await take(learner)

"""Files of the media library in a lesson: chosen from a dialog, by the keyboard alone."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest
from playwright.async_api import Page, expect

from tests.e2e.conftest import SignIn
from tests.features.uploads.support import picture, put
from tests.support.browser import NewPage, axe_findings, scrolls_sideways
from tests.support.people import Course, Lesson, Person
from tests.support.site import LiveServer, make_site

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def pdf() -> bytes:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(width=420, height=595)
    kept = io.BytesIO()
    writer.write(kept)
    return kept.getvalue()


async def choose(page: Page, title: str, name: str, *others: str) -> None:
    """Chooses a file in the open dialog by the keyboard; files of other kinds are not offered."""
    dialog = page.get_by_role("dialog", name=title)
    await expect(dialog.get_by_role("button", name=name)).to_be_visible()
    for other in others:
        await expect(dialog.get_by_role("button", name=other)).to_have_count(0)
    await dialog.get_by_role("button", name=name).focus()
    await page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)


async def test_what_was_uploaded_once_is_chosen_again(
    new_page: NewPage, sign_in: SignIn, live_server: LiveServer, tmp_path: Path,
    make_person: Callable[..., Person], make_course: Callable[..., Course],
) -> None:  # fmt: skip
    author = make_person("instructor")
    course = make_course(instructor=author, modules=[[Lesson("Read"), Lesson("Paper", more={"lesson_type": "pdf"})]])
    # What the server itself keeps its files in.
    site = make_site(live_server.site.settings)
    await site.db.start()
    await put(site, author, picture(320, 200), tmp_path, name="house.png", purpose="lesson_image")
    await put(site, author, pdf(), tmp_path, name="policy.pdf", purpose="attachment")
    await put(site, author, b"One,two\n", tmp_path, name="table.csv", purpose="attachment")
    await site.db.stop()
    page = await new_page(width=390)
    await sign_in(page, author)
    lesson = f"/studio/{course.id}/lessons/{course.lesson('Read').id}"
    await page.goto(lesson)
    await page.get_by_role("group", name="Add to the lesson").get_by_role("button", name="Picture").click()
    await page.get_by_role("button", name="Choose from library").press("Enter")
    assert await axe_findings(page) == []
    assert not await scrolls_sideways(page)
    await choose(page, "Choose a picture", "house.png", "policy.pdf")
    await page.get_by_label("What it shows").fill("A house")
    await expect(page.locator("[data-state]")).to_have_text(re.compile("Saved"), timeout=30_000)
    await expect(page.locator(".editor-shown img")).to_have_attribute("alt", "A house")

    await page.goto(f"{lesson}/files")
    await page.get_by_role("button", name="Choose from library a file to attach").press("Enter")
    await choose(page, "Choose a file", "table.csv")
    await expect(page.locator("[data-attached]")).to_contain_text("table.csv")

    await page.goto(f"/studio/{course.id}/lessons/{course.lesson('Paper').id}/files")
    await page.get_by_role("button", name="Choose from library the document of this lesson").press("Enter")
    await choose(page, "Choose a PDF", "policy.pdf", "table.csv")
    await expect(page.locator(".files-document")).to_contain_text("1 page")

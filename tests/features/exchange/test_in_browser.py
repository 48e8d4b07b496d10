"""A course goes out as a file and comes in again, in a real browser; a cartridge is looked at before it is imported."""

from __future__ import annotations

import os
import re
import secrets
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Page, expect

from collegium.features.exchange import format
from collegium.features.exchange.parts import Document
from collegium.web.sessions import COOKIE, hash_token
from tests.features.exchange import cartridges
from tests.support.browser import NewPage, axe_findings, scrolls_sideways
from tests.support.database import Database
from tests.support.people import Course, Lesson, Person
from tests.support.site import LiveServer

pytestmark = pytest.mark.e2e
PICTURES = os.environ.get("COLLEGIUM_TEST_PICTURES")


async def sign_in(page: Page, person: Person, database: Database, live_server: LiveServer) -> None:
    """A session of that person in this browser."""
    token = secrets.token_urlsafe(32)
    async with database.connect() as owner:
        await owner.execute(
            "insert into public.web_sessions (user_id, token_hash, expires_at, user_agent)"
            " values ($1, $2, now() + interval '1 day', 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0')",
            person.id,
            hash_token(token),
        )
    await page.context.add_cookies([{"name": COOKIE, "value": token, "url": live_server.url}])


async def look(page: Page, name: str) -> None:
    """The page is accessible and no wider than its window."""
    if PICTURES:
        await page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)
    assert await axe_findings(page) == []
    assert not await scrolls_sideways(page)


async def send(page: Page, path: Path) -> None:
    """Chooses a package and waits until it was read."""
    await page.goto("/studio/import")
    await page.get_by_label("Package").set_input_files(path)
    await page.wait_for_url(re.compile(r"/studio/import/[0-9a-f-]{36}$"), timeout=40_000)
    await expect(page.get_by_role("heading", name="Outline")).to_be_visible(timeout=40_000)


def document(path: Path) -> Document:
    """The document of a package, without the moment when it was made."""
    with zipfile.ZipFile(path) as archive:
        found = format.read(archive.read(format.DOCUMENT))
    return msgspec.structs.replace(found, made_at=found.made_at.min.replace(tzinfo=found.made_at.tzinfo))


async def download(page: Page, folder: Path, name: str) -> Path:
    """Downloads the package of the course whose export page is open."""
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name="Download the package").click()
    target = folder / name
    await (await waiting.value).save_as(target)
    return target


async def test_a_course_goes_out_and_comes_in_again(
    database: Database, live_server: LiveServer, new_page: NewPage, tmp_path: Path,
    make_person: Callable[..., Person], make_course: Callable[..., Course],
) -> None:  # fmt: skip
    teacher = make_person("instructor", first_name="Ines", last_name="Lindqvist")
    lessons = [
        [Lesson("Welcome", preview=True), Lesson("Reading the policy", unlock_after="Welcome")],
        [Lesson("A claim")],
    ]
    course = make_course("Annuities without the fog", instructor=teacher, modules=lessons)
    page = await new_page()
    await sign_in(page, teacher, database, live_server)
    await page.goto(f"/studio/{course.id}/export")
    await expect(page.get_by_text("2 modules, 3 lessons")).to_be_visible()
    await look(page, "export")
    first = await download(page, tmp_path, "first.zip")
    await page.goto("/studio/import")
    await expect(page.get_by_text("No imports yet")).to_be_visible()
    await look(page, "import-empty")
    await send(page, first)
    await look(page, "import-read")
    assert await page.evaluate("document.title") == "Annuities without the fog · Guild of Assessors"
    await page.get_by_role("button", name="Import", exact=True).click()
    await page.get_by_role("link", name="Open “Annuities without the fog”").click(timeout=40_000)
    await expect(page).to_have_url(re.compile(r"/studio/[0-9a-f-]{36}$"))
    made = page.url.rpartition("/")[2]
    assert made != str(course.id)
    await page.goto(f"/studio/{made}/export")
    second = await download(page, tmp_path, "second.zip")
    assert document(first) == document(second)
    await page.goto("/studio/import")
    await expect(page.get_by_role("link", name="Annuities without the fog")).to_be_visible()
    await look(page, "import-list")


async def test_a_cartridge_is_looked_at_first(
    database: Database, live_server: LiveServer, new_page: NewPage, tmp_path: Path, make_person: Callable[..., Person]
) -> None:
    teacher = make_person("instructor")
    page = await new_page(width=390, theme="dark")
    await sign_in(page, teacher, database, live_server)
    await send(page, cartridges.usual(tmp_path / "claims.imscc", "1.3"))
    await expect(page.get_by_text("Quizzes are imported when they come to the studio")).to_be_visible()
    await expect(page.get_by_text("web/reading.html, line 8")).to_have_count(1)
    await look(page, "cartridge-390-dark")
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_text("The import was cancelled. Nothing was written.")).to_be_visible()
    await look(page, "list-390-dark")
    assert await _courses(database) == 0


async def test_what_is_no_course_is_refused_in_words(
    database: Database, live_server: LiveServer, new_page: NewPage, tmp_path: Path, make_person: Callable[..., Person]
) -> None:
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    page = await new_page()
    await sign_in(page, make_person("instructor"), database, live_server)
    await page.goto("/studio/import")
    await page.get_by_label("Package").set_input_files(path)
    await expect(page.get_by_text("it holds neither collegium-course.json")).to_be_visible(timeout=40_000)
    await look(page, "refused")


async def _courses(database: Database) -> int:
    async with database.connect() as owner:
        return await owner.fetchval("select count(*) from public.courses")

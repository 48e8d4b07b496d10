"""A file with questions is chosen, looked through and imported in a real browser; then the bank goes out again."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from collegium.standards.gift import reader
from collegium.web.sessions import COOKIE, hash_token
from tests.features.question_files.support import GIFT
from tests.support.browser import NewPage, axe_findings, scrolls_sideways
from tests.support.database import Database
from tests.support.people import Course, Person
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


async def test_questions_come_in_and_go_out(
    database: Database, live_server: LiveServer, new_page: NewPage, tmp_path: Path, teacher: Person, course: Course,
    make_course: Callable[..., Course],
) -> None:  # fmt: skip
    path = tmp_path / "basics.gift"
    path.write_bytes(GIFT + b"\nA policy ends with its term.{TRUE}\n")
    page = await new_page()
    await sign_in(page, teacher, database, live_server)
    await page.goto(f"/studio/{course.id}/questions")
    await page.get_by_role("link", name="Import", exact=True).first.click()
    await expect(page.get_by_text("No imports yet")).to_be_visible()
    await look(page, "import-empty")
    await page.get_by_role("button", name="Read the file").click()
    await expect(page.get_by_text("Choose a file first.")).to_be_visible()
    await page.get_by_label("File", exact=True).set_input_files(path)
    await page.get_by_role("button", name="Read the file").click()
    await expect(page.get_by_role("heading", name="Choose what to import")).to_be_visible(timeout=40_000)
    # The second of two that are the same is left unticked.
    await expect(page.get_by_text("6 of 7 chosen")).to_be_visible()
    await page.locator(".qf-details summary").first.click()
    await expect(page.get_by_text("What the insured bears")).to_be_visible()
    await look(page, "import-read")
    await page.get_by_role("button", name="None").click()
    await expect(page.get_by_text("0 of 7 chosen")).to_be_visible()
    await page.get_by_role("button", name="Only new ones").click()
    await page.get_by_role("checkbox", name="Explain.").uncheck()
    await expect(page.get_by_text("5 of 7 chosen")).to_be_visible()
    await page.get_by_role("button", name="Import into the bank").click()
    await expect(page.get_by_text("5 questions are in the bank")).to_be_visible(timeout=40_000)
    await look(page, "import-done")
    await page.get_by_role("link", name="Open the bank").click()
    await expect(page.get_by_role("link", name="Deductible")).to_be_visible()
    await page.goto(f"/studio/{course.id}/questions/export?type=numeric")
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="Download GIFT").click()
    saved = tmp_path / "out.gift"
    await (await waiting.value).save_as(saved)
    found = [one.draft for one in reader.read(saved.read_bytes()).found]
    assert [one.correct for one in found if one] == [{"answers": [{"value": 7, "tolerance": 0}]}]


async def test_the_same_on_a_phone_in_the_dark(
    database: Database, live_server: LiveServer, new_page: NewPage, tmp_path: Path, teacher: Person, course: Course
) -> None:
    page = await new_page(width=390, theme="dark")
    await sign_in(page, teacher, database, live_server)
    await page.goto(f"/studio/{course.id}/questions/import")
    path = tmp_path / "more.csv"
    rows = ["type,question,option_1,option_2,option_3,correct", "mc,Which of these three is it?,This,That,Neither,2"]
    rows += [
        "ordering,Put the steps in their order.,Report,Assess,Pay,",
        "numeric,How many?,seven,,,",
        "essay,=1+1,,,,",
    ]
    path.write_text("\n".join(rows))
    await page.get_by_label("File", exact=True).set_input_files(path)
    await page.get_by_role("button", name="Read the file").click()
    await expect(page.get_by_text("3 of 3 chosen")).to_be_visible(timeout=40_000)
    await expect(page.get_by_text("row 4, column option_1")).to_be_visible()
    for summary in await page.locator(".qf-details summary").all():
        await summary.click()
    await look(page, "import-390-dark")
    await page.get_by_role("button", name="Import into the bank").click()
    await expect(page.get_by_text("3 questions are in the bank")).to_be_visible(timeout=40_000)
    await page.goto(f"/studio/{course.id}/questions/export")
    await expect(page.get_by_role("link", name="Download QTI 3.0")).to_be_visible()
    await page.get_by_text("What it cannot say").first.click()
    await look(page, "export-390-dark")
    await page.goto(f"/studio/{course.id}/questions/import")
    path.write_text("nothing at all")
    (tmp_path / "x.gift").write_text("// nothing")
    await page.get_by_label("File", exact=True).set_input_files(tmp_path / "x.gift")
    await page.get_by_role("button", name="Read the file").click()
    await expect(page.get_by_text("No questions were found in it.")).to_be_visible(timeout=40_000)
    await expect(page).to_have_url(re.compile(r"/questions/import/[0-9a-f-]{36}$"))

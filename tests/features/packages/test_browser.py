"""A package in a real browser: uploaded into a lesson, looked at, put right, chosen again from the library."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.features.exchange.test_in_browser import sign_in
from tests.support.browser import NewPage, two_looks
from tests.support.database import Database
from tests.support.package_zips import item, manifest_2004, packed, sco_2004
from tests.support.people import Course, Lesson, Person
from tests.support.site import LiveServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
PICTURES = os.environ.get("COLLEGIUM_TEST_PICTURES")
ITEMS = (
    '<item identifier="PART"><title>Before it burns</title>'
    + item("I1", "R1", title="Ways out and where they lead")
    + item("I2", "R2", title="Extinguishers")
    + "<imsss:sequencing><imsss:controlMode flow='true'/></imsss:sequencing></item>"
)
BROKEN = manifest_2004(ITEMS, sco_2004("R1", "one.html") + sco_2004("R2", "two.html"))


async def look(page: Page, name: str) -> None:
    """The page is accessible and no wider than its window, at a desk and on a phone at night."""
    assert await two_looks(page, name, pictures=PICTURES) == []


async def test_a_package_comes_into_a_lesson(
    database: Database, live_server: LiveServer, new_page: NewPage, tmp_path: Path,
    make_person: Callable[..., Person], make_course: Callable[..., Course],
) -> None:  # fmt: skip
    teacher = make_person("instructor", first_name="Ines", last_name="Lindqvist")
    lesson = Lesson("Fire safety", more={"lesson_type": "scorm", "completion_criteria": "scorm_completed"})
    course = make_course("Safe at work", instructor=teacher, modules=[[lesson]])
    async with database.connect() as owner:
        lesson_id = await owner.fetchval("select id from lessons where lesson_type = 'scorm'")
    broken, whole = tmp_path / "fire-broken.zip", tmp_path / "fire.zip"
    broken.write_bytes(packed({"imsmanifest.xml": BROKEN.encode(), "one.html": b"<p>One</p>"}))
    files = {"imsmanifest.xml": BROKEN.encode(), "one.html": b"<p>One</p>", "Two.html": b"<p>Two</p>"}
    whole.write_bytes(packed(files, folder="fire/"))
    page = await new_page()
    await sign_in(page, teacher, database, live_server)
    here = f"/studio/{course.id}/lessons/{lesson_id}/package"
    await page.goto(here)
    await expect(page.get_by_text("No package is ready yet")).to_be_visible()
    await page.get_by_label("Archive").set_input_files(broken)
    await expect(page.get_by_text("This package was not imported")).to_be_visible(timeout=30_000)
    await expect(page.get_by_text("“two.html”, which is not in the package")).to_be_visible()
    await look(page, "lesson-failed")
    await page.get_by_label("Archive").set_input_files(whole)
    await expect(page.get_by_text("Nobody has begun yet")).to_be_visible(timeout=30_000)
    await expect(page.locator("#now ~ ul .state", has_text="Ready")).to_be_visible(timeout=30_000)
    await page.locator("#now ~ ul a").click()
    await expect(page.get_by_role("heading", name="What is inside")).to_be_visible()
    await expect(page.get_by_text("Extinguishers")).to_be_visible()
    await expect(page.get_by_text("It was taken from there.")).to_be_visible()
    await look(page, "one")
    await page.get_by_role("link", name="Rule", exact=True).click()
    await page.get_by_label("It was opened: for packages that never report").check()
    await page.get_by_role("button", name="Look at what it would change").click()
    await expect(page.get_by_text("Nobody has begun this package yet")).to_be_visible()
    await look(page, "rule")
    await page.get_by_label("Why").fill("It never reports.")
    await page.get_by_role("button", name="Apply this rule").click()
    await expect(page.get_by_text("The rule is applied.")).to_be_visible()
    await page.get_by_role("link", name="Versions").click()
    await look(page, "versions")
    await page.get_by_role("link", name="Contents").click()
    await page.get_by_role("textbox", name="Title").fill("Fire safety 2026")
    await page.get_by_label("Every instructor may use it in lessons").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", level=1, name="Fire safety 2026")).to_be_visible()
    await page.goto("/studio/packages")
    await expect(page.get_by_role("link", name="Fire safety 2026")).to_be_visible()
    await look(page, "library")
    await page.get_by_label("State").select_option("failed")
    await page.get_by_role("button", name="Show").click()
    await page.get_by_role("link", name="fire-broken").click()
    await expect(page.get_by_role("heading", name="What is wrong (1)")).to_be_visible()
    await page.get_by_role("button", name="Delete", exact=True).click()
    await page.get_by_role("button", name="Delete the package").click()
    await page.wait_for_url(re.compile("/studio/packages$"))
    await expect(page.get_by_text("“fire-broken” is deleted.")).to_be_visible()
    async with database.connect() as owner:
        left = await owner.fetchval("select count(*) from scorm_packages")
        attached = await owner.fetchval(
            "select scorm_package_id from lesson_scorm_packages where lesson_id = $1", lesson_id
        )
    assert left == 1
    assert attached is not None

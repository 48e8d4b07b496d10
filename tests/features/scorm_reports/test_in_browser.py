"""From the results of a package to the replay of its calls, in a real browser."""

from __future__ import annotations

import os

import pytest
from playwright.async_api import Page, expect

from collegium.kit.site import Site
from tests.features.exchange.test_in_browser import sign_in
from tests.features.scorm_reports.test_pages import played, registration
from tests.support.browser import NewPage, two_looks
from tests.support.database import Database
from tests.support.people import add_person
from tests.support.site import Client, LiveServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
PICTURES = os.environ.get("COLLEGIUM_TEST_PICTURES")


async def look(page: Page, name: str) -> None:
    """The page is accessible and no wider than its window, at a desk and on a phone at night."""
    assert await two_looks(page, name, pictures=PICTURES) == []


async def test_from_results_to_the_replay(
    site: Site, client: Client, database: Database, live_server: LiveServer, new_page: NewPage
) -> None:
    school, teacher, _ = await played(site, client, database)
    page = await new_page()
    await sign_in(page, teacher, database, live_server)
    await page.goto(f"/studio/packages/{school.package}/results")
    await look(page, "results")
    await page.get_by_role("link", name="Ada Berg0").click()
    await expect(page.get_by_role("heading", name="Answers within the package")).to_be_visible()
    await look(page, "registration")
    await page.get_by_role("link", name="Flight recorder").click()
    where = page.locator("[data-replay-where]")
    await expect(where).to_have_text("Before the first of 4 calls")
    await page.get_by_role("button", name="Next").click()
    await page.keyboard.press("ArrowRight")
    await expect(where).to_have_text("Call 2 of 4: SetValue")
    state = page.get_by_role("region", name="Elements at this moment")
    await expect(state.get_by_role("row", name="cmi.suspend_data")).to_be_visible()
    await look(page, "recorder")
    await page.keyboard.press("ArrowLeft")
    await expect(state.get_by_role("row", name="cmi.suspend_data")).to_be_hidden()
    await page.get_by_role("button", name="Play").click()
    await expect(where).to_have_text("Call 4 of 4: SetValue")
    await expect(page.get_by_role("button", name="Play")).to_have_attribute("aria-pressed", "false")


async def test_from_a_correction_to_its_approval(
    site: Site, client: Client, database: Database, live_server: LiveServer, new_page: NewPage
) -> None:
    school, teacher, _ = await played(site, client, database)
    chief = await add_person(database, "admin", first_name="Chiara", last_name="Fell")
    page = await new_page()
    await sign_in(page, teacher, database, live_server)
    await page.goto(f"/studio/registrations/{await registration(school)}")
    await page.get_by_text("Propose another result").click()
    await look(page, "correction")
    await page.get_by_label("Success").select_option("passed")
    await page.get_by_label("Score, in percent").fill("92,5")
    await page.get_by_label("Why").fill("Slide four never reported that it was passed.")
    await page.get_by_role("button", name="Propose").click()
    await expect(page.get_by_text("Waits for a decision")).to_be_visible()
    await page.context.clear_cookies()
    await sign_in(page, chief, database, live_server)
    await page.goto("/admin/rescores")
    await look(page, "corrections")
    await page.get_by_role("link", name="Ada Berg0").click()
    await expect(page.get_by_role("button", name="Approve")).to_be_visible()
    await look(page, "decision")
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_text("Approved by Chiara Fell")).to_be_visible()
    await look(page, "corrected")

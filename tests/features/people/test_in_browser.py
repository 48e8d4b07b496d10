"""Accounts in a real browser: without scripts, by keyboard, and with what only a browser knows."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.features.people.steps import NEW
from tests.support.browser import NewPage
from tests.support.database import Database
from tests.support.people import PASSWORD, add_person
from tests.support.site import LiveServer

pytestmark = pytest.mark.e2e


async def fill(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        await page.fill(f"#f-{name}", value)


async def press(page: Page, name: str) -> None:
    await page.get_by_role("main").get_by_role("button", name=name, exact=True).click()
    await page.wait_for_load_state("load")


async def register(page: Page) -> None:
    await page.goto("/sign-up")
    await fill(page, **{name: value for name, value in NEW.items() if name != "time_zone"})
    await press(page, "Create account")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")


async def enter(page: Page, email: str, password: str) -> None:
    await page.goto("/sign-in?next=/me/security")
    await fill(page, email=email, password=password)
    await press(page, "Sign in")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your account")


async def test_the_whole_way_without_scripts(new_page: NewPage, database: Database) -> None:
    admin = await add_person(database, "super_admin")
    page, office = await new_page(script=False), await new_page(script=False)
    await register(page)

    # The office opens the link: without a mail server the outbox is where mail arrives.
    await enter(office, admin.email, PASSWORD)
    await office.goto("/admin/mail")
    await office.get_by_role("link", name="Confirm your address").click()
    link = office.get_by_role("main").get_by_role("link", name="/confirm/")
    address = await link.get_attribute("href")
    assert address
    await page.goto(address)
    await press(page, "Yes, confirm it")
    await fill(page, email=NEW["email"], password=NEW["password"])
    await press(page, "Sign in")

    await page.goto("/me/security")
    await fill(page, current=NEW["password"], new="quite another password")
    await press(page, "Change password")
    await expect(page.get_by_text("Your password is changed.")).to_be_visible()
    await page.goto("/me/profile")
    await page.select_option("#f-time_zone", "Europe/Lisbon")
    await press(page, "Save")
    await expect(page.get_by_text("Your profile is saved.")).to_be_visible()
    await page.goto("/me/security")
    await page.locator("details.pop:visible summary").first.click()
    await page.locator("form[action='/sign-out']:visible button").click()
    await expect(page.get_by_text("You are signed out.")).to_be_visible()


async def test_a_new_account_begins_in_the_browsers_time_zone(new_page: NewPage, database: Database) -> None:
    await register(await new_page())
    async with database.connect() as owner:
        assert await owner.fetchval("select time_zone from public.profiles") == "Europe/Berlin"


async def test_the_first_wrong_field_has_the_focus(browser_page: Page) -> None:
    await browser_page.goto("/sign-up")
    await fill(browser_page, first_name="Ada", last_name=" ", email="ada@guild.test", password="1234567890")
    await press(browser_page, "Create account")
    await expect(browser_page.locator("#f-last_name")).to_be_focused()
    described = await browser_page.locator("#f-last_name").get_attribute("aria-describedby")
    assert described
    await expect(browser_page.locator(f"#{described.split()[-1]}")).to_contain_text("Enter your last name")
    await expect(browser_page.locator("#f-password")).to_have_value("")
    await expect(browser_page.locator("#f-email")).to_have_value("ada@guild.test")


async def test_another_browser_is_signed_out_by_keyboard(
    new_page: NewPage, live_server: LiveServer, database: Database
) -> None:
    person = await add_person(database)
    here, there = await new_page(), await new_page()
    for page in (there, here):
        await enter(page, person.email, PASSWORD)
    opener = here.get_by_role("link", name="Sign out Chrome on Linux")
    await opener.focus()
    await here.keyboard.press("Enter")
    dialog = here.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    await expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    await here.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(opener).to_be_focused()
    await here.keyboard.press("Enter")
    await here.keyboard.press("Tab")
    await here.keyboard.press("Enter")
    await expect(here.get_by_text("That browser is signed out.")).to_be_visible()
    await there.goto("/me/security")
    assert there.url == f"{live_server.url}/sign-in?next=%2Fme%2Fsecurity"


async def test_password_programs_find_their_way(browser_page: Page, database: Database) -> None:
    person = await add_person(database)
    fields = "Object.fromEntries([...document.querySelectorAll('main form input')].map(i => [i.name, i.autocomplete]))"
    await browser_page.goto("/sign-up")
    known: dict[str, str] = await browser_page.evaluate(fields)
    assert (known["first_name"], known["last_name"]) == ("given-name", "family-name")
    assert (known["email"], known["password"]) == ("username", "new-password")
    await enter(browser_page, person.email, PASSWORD)
    changed: dict[str, str] = await browser_page.evaluate(fields)
    assert (changed["email"], changed["current"], changed["new"]) == ("username", "current-password", "new-password")

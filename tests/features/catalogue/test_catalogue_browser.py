"""The catalogue in a real browser: filters without a new page, the sheet on a phone, and all of it without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.async_api import expect

from tests.features.catalogue.shelf import insert_courses, random_courses
from tests.support.browser import NewPage, axe_findings, scrolls_sideways
from tests.support.database import Database
from tests.support.people import Course, add_course

pytestmark = pytest.mark.e2e


async def shelf(database: Database) -> None:
    """Seven courses, two of them on compliance, one of these for experts."""
    for number in range(5):
        await add_course(database, f"Annuities {number}", modules=[], category="retirement_planning")
    await add_course(database, "Ethics of records", modules=[], category="compliance", difficulty_level="expert")
    await add_course(database, "Privacy at the desk", modules=[], category="compliance")


async def test_filters_change_the_list_and_the_address_without_a_new_page(
    database: Database, new_page: NewPage
) -> None:
    await shelf(database)
    page = await new_page()
    await page.goto("/courses")
    await expect(page.locator(".cat-row")).to_have_count(7)
    await page.evaluate("window.stayed = true")
    compliance = page.get_by_label("Compliance")
    await compliance.focus()
    await page.keyboard.press("Space")
    await expect(page.locator(".cat-row")).to_have_count(2)
    await expect(page).to_have_url(re.compile(r"/courses\?category=compliance$"))
    await expect(page.get_by_label("Compliance")).to_be_focused()
    await expect(page.get_by_label("Compliance")).to_be_checked()
    await expect(page.locator("#announce")).to_have_text("2 courses found")
    await expect(page.locator("#f-level-expert ~ .tick-count")).to_have_text("1")

    await page.get_by_label("Expert").check()
    await expect(page.locator(".cat-row")).to_have_count(1)
    await page.get_by_label("Sort by").select_option("title")
    await expect(page).to_have_url(re.compile(r"\?category=compliance&level=expert&sort=title$"))
    await page.get_by_role("link", name="Remove the filter Compliance").click()
    await expect(page).to_have_url(re.compile(r"/courses\?level=expert&sort=title$"))
    await expect(page.get_by_label("Compliance")).not_to_be_checked()

    await page.get_by_placeholder("What do you want to learn?").fill("anuities")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Nothing found for “anuities” with these filters")).to_be_visible()
    await page.get_by_role("link", name="Search all courses for “anuities”").click()
    await expect(page.locator(".cat-row")).to_have_count(5)
    assert await page.evaluate("window.stayed")

    await page.go_back()
    await expect(page.get_by_text("with these filters")).to_be_visible()
    await expect(page.get_by_label("Expert")).to_be_checked()
    await expect(page.locator("header.bar")).to_have_count(1)
    # And it still works after the way back.
    await page.get_by_label("Expert").uncheck()
    await expect(page.locator(".cat-row")).to_have_count(5)


async def test_more_courses_are_added_and_the_focus_goes_to_the_first_of_them(
    database: Database, new_page: NewPage
) -> None:
    courses = [one for one in random_courses(8, 60) if one.status == "published"]
    await insert_courses(database, courses)
    assert 40 < len(courses) < 60
    page = await new_page()
    await page.goto("/courses?sort=title")
    await page.get_by_role("link", name="Show more courses").click()
    await expect(page.locator(".cat-row")).to_have_count(40)
    assert await page.evaluate(
        "document.activeElement === document.querySelectorAll('.cat-row')[20].querySelector('a.row-link')"
    )
    await expect(page).to_have_url(re.compile(r"/courses\?sort=title$"))
    await page.get_by_role("link", name="Show more courses").click()
    await expect(page.locator(".cat-row")).to_have_count(len(courses))
    await expect(page.get_by_role("link", name="Show more courses")).to_have_count(0)
    hrefs = await page.locator(".cat-row a.row-link").evaluate_all("links => links.map(link => link.href)")
    assert len(set(hrefs)) == len(courses)


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_on_a_phone_the_filters_are_a_sheet(database: Database, new_page: NewPage, theme: str) -> None:
    await shelf(database)
    page = await new_page(width=390, theme=theme)
    await page.goto("/courses")
    await expect(page.get_by_label("Compliance")).to_be_hidden()
    await page.get_by_role("button", name="Filters").click()
    await page.get_by_label("Compliance").check()
    await expect(page.get_by_role("button", name="Show 2 courses")).to_be_visible()
    assert not await scrolls_sideways(page)
    assert await axe_findings(page) == []
    await page.get_by_role("button", name="Show 2 courses").click()
    await expect(page.get_by_label("Compliance")).to_be_hidden()
    await expect(page.locator(".cat-row")).to_have_count(2)
    await expect(page.get_by_role("button", name="Filters 1 chosen")).to_be_visible()
    assert await axe_findings(page) == []
    # Esc closes it too, and the focus returns to the button.
    await page.get_by_role("button", name="Filters").click()
    await page.keyboard.press("Escape")
    await expect(page.get_by_label("Compliance")).to_be_hidden()
    await expect(page.get_by_role("button", name="Filters")).to_be_focused()


async def test_it_works_without_scripts(database: Database, new_page: NewPage) -> None:
    await shelf(database)
    await insert_courses(database, [one for one in random_courses(9, 40) if one.status == "published"])
    page = await new_page(script=False)
    await page.goto("/courses?sort=title")
    await page.get_by_role("link", name="Show more courses").click()
    await expect(page.get_by_role("link", name="Back to the first courses")).to_be_visible()
    await page.goto("/courses")
    await page.get_by_label("Expert").check()
    await page.get_by_label("Compliance").check()
    await page.get_by_role("button", name="Apply the filters").click()
    assert "category=compliance" in page.url
    assert "level=expert" in page.url
    await expect(page.get_by_role("link", name="Ethics of records")).to_be_visible()
    await page.get_by_role("link", name="Remove the filter Expert").click()
    await expect(page.get_by_role("link", name="Privacy at the desk")).to_be_visible()

    phone = await new_page(width=390, script=False)
    await phone.goto("/courses")
    await phone.get_by_role("button", name="Filters").click()
    await phone.get_by_label("Compliance").check()
    await phone.get_by_role("button", name="Apply the filters").click()
    assert "category=compliance" in phone.url


async def test_a_guest_finds_the_way_from_the_front_page_to_a_course(
    database: Database, new_page: NewPage, make_course: Callable[..., Course]
) -> None:
    course = make_course("Annuities without the fog")
    page = await new_page()
    await page.goto("/")
    await page.get_by_role("link", name="Annuities without the fog").click()
    await expect(page).to_have_url(re.compile(f"/courses/{course.slug}$"))
    await expect(page.get_by_role("heading", level=1)).to_have_text("Annuities without the fog")
    await page.get_by_role("link", name="Sign in to enrol").click()
    await expect(page).to_have_url(re.compile(r"/sign-in\?next="))

"""Enrolling and leaving in a real browser."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

import pytest
from playwright.async_api import Page, expect

from collegium.web.sessions import COOKIE, hash_token
from tests.support.browser import NewPage, axe_findings, scrolls_sideways
from tests.support.database import Database
from tests.support.people import Course, Person, enrol
from tests.support.site import LiveServer

pytestmark = pytest.mark.e2e


async def sign_in(page: Page, person: Person, database: Database, live_server: LiveServer) -> None:
    token = secrets.token_urlsafe(32)
    async with database.connect() as owner:
        await owner.execute(
            "insert into public.web_sessions (user_id, token_hash, expires_at, user_agent)"
            " values ($1, $2, now() + interval '1 day', 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0')",
            person.id,
            hash_token(token),
        )
    await page.context.add_cookies([{"name": COOKIE, "value": token, "url": live_server.url}])


async def test_enrolling_leads_into_the_course(
    database: Database, live_server: LiveServer, new_page: NewPage,
    make_person: Callable[..., Person], make_course: Callable[..., Course],
) -> None:  # fmt: skip
    course = make_course("Annuities without the fog", pricing="member_only")
    page = await new_page()
    await sign_in(page, make_person(), database, live_server)
    await page.goto(f"/courses/{course.slug}")
    await page.get_by_role("button", name="Enrol").click()
    await expect(page).to_have_url(re.compile(f"/learn/{course.slug}/"))
    await page.goto("/courses")
    # The player says a moment later that a lesson was opened.
    await expect(page.locator(".cat-row")).to_contain_text(re.compile("Enrolled|In progress"))
    await page.goto("/")
    await expect(page).to_have_url(re.compile("/me/learning$"))
    await expect(page.get_by_role("link", name="Annuities without the fog", exact=True)).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
async def test_leaving_is_asked_about_and_can_be_thought_over(
    database: Database, live_server: LiveServer, new_page: NewPage,
    make_person: Callable[..., Person], make_course: Callable[..., Course], width: int,
) -> None:  # fmt: skip
    course, learner = make_course("Annuities without the fog"), make_person()
    await enrol(database, learner, course)
    page = await new_page(width=width)
    await sign_in(page, learner, database, live_server)
    await page.goto("/me/learning")
    menu = page.get_by_label("More about Annuities without the fog")
    await menu.click()
    await page.get_by_role("link", name="Leave the course").click()
    asked = page.get_by_role("dialog", name="Leave Annuities without the fog?")
    await expect(asked).to_be_visible()
    assert await axe_findings(page) == []
    assert not await scrolls_sideways(page)
    await asked.get_by_role("button", name="Keep it").click()
    await expect(asked).to_be_hidden()
    await expect(page.get_by_role("heading", name="Not started")).to_be_visible()

    await menu.click()
    await page.get_by_role("link", name="Leave the course").click()
    await asked.get_by_role("button", name="Leave the course").click()
    await expect(page.get_by_text("You left Annuities without the fog.")).to_be_visible()
    await expect(page.get_by_role("heading", name="Not active")).to_be_visible()

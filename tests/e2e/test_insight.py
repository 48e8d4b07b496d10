"""Insight in a real browser: the curve is drawn, read by keyboard, and its pages are clean."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import SignIn
from tests.support.browser import NewPage, two_looks
from tests.support.database import Database
from tests.support.people import Lesson, add_course, add_person

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
PUT = (
    "insert into public.video_watching (video_id, course_id, duration, bucket_seconds, viewers, played, seen, stops,"
    " skipped) values ($1, $2, 60, 5, 10, $3, $4, $5, $6)"
)


async def test_the_curve_is_drawn_and_read(database: Database, new_page: NewPage, sign_in: SignIn) -> None:
    teacher = await add_person(database, "instructor")
    course = await add_course(
        database, instructor=teacher, modules=[[Lesson("Film", video=60), Lesson("Another", video=60)]]
    )
    seen, played = [50] * 6 + [30] * 6, [50] * 3 + [115] + [50] * 2 + [30] * 6
    stops, skipped = [0] * 5 + [4] + [0] * 5 + [6], [0] * 12
    async with database.connect() as owner:
        await owner.execute(PUT, course.lessons[0].video_id, course.id, played, seen, stops, skipped)
    page = await new_page()
    await sign_in(page, teacher)
    await page.goto(f"/studio/{course.id}/insight")
    assert await two_looks(page) == []
    await page.get_by_role("link", name="Film", exact=True).click()
    await page.wait_for_selector("[data-drawn] svg")
    assert "0:15–0:20 was played 2.3 times by each viewer who saw it." in await page.inner_text("main")
    await page.locator("[data-chart]").focus()
    for key in ("Home", "ArrowRight", "ArrowRight", "ArrowRight"):
        await page.keyboard.press(key)
    await expect(page.locator("[data-insight-reading]")).to_have_text(
        "0:15 to 0:20: seen by 100 % of the viewers, played 2.3 times by each of them."
    )
    assert await two_looks(page) == []

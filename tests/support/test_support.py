"""The fixtures that other tests stand on do what they say."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from playwright.async_api import Page

from collegium.kit.db import SYSTEM
from collegium.kit.jobs import defer, job
from collegium.kit.site import Site
from tests.support.browser import axe_findings, two_looks
from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, enrol, pay
from tests.support.site import Client, run_jobs

said: list[str] = []


@job("test.say")
async def say(_site: Site, word: str) -> None:
    said.append(word)


async def test_client_signs_in_and_out(client: Client, make_person: Callable[..., Person]) -> None:
    await client.login(make_person(first_name="Yael", last_name="Brandt"))
    assert "Yael Brandt" in (await client.get("/design")).text
    client.logout()
    assert "Yael Brandt" not in (await client.get("/design")).text


async def test_client_sends_the_token(client: Client) -> None:
    assert (await client.post("/theme", data={"theme": "dark"})).status_code == 403
    assert (await client.post_form("/theme", {"theme": "dark"})).status_code == 303
    assert client.cookies["theme"] == "dark"


async def test_courses_have_what_was_asked_for(
    database: Database, make_course: Callable[..., Course], make_person: Callable[..., Person]
) -> None:
    course = make_course(
        pricing="paid", price=Decimal("80.50"), modules=[[Lesson("One", video=30)], [Lesson("Two", unlock_after="One")]]
    )
    person = make_person()
    await pay(database, person, course, Decimal("80.50"))
    enrollment = await enrol(database, person, course)
    async with database.connect() as owner:
        row: Any = await owner.fetchrow(
            "select c.price, c.required_lessons, e.status from public.enrollments e"
            " join public.courses c on c.id = e.course_id where e.id = $1",
            enrollment,
        )
        assert tuple(row) == (Decimal("80.50"), 2, "enrolled")
        assert (
            await owner.fetchval("select duration from public.lesson_videos where id = $1", course.lessons[0].video_id)
            == 30
        )


async def test_jobs_run_when_asked(site: Site) -> None:
    said.clear()
    async with site.db.transaction(SYSTEM) as tx:
        await defer(tx, "test.say", {"word": "ready"})
    await run_jobs(site)
    assert said == ["ready"]


async def test_browser_sees_the_live_server(browser_page: Page) -> None:
    await browser_page.goto("/verify")
    assert await browser_page.locator("h1").count() == 1
    assert await axe_findings(browser_page) == []


async def test_a_page_is_looked_at_by_day_and_by_night(browser_page: Page) -> None:
    await browser_page.set_content(
        "<html lang=en><title>T</title><style>p { color: #000; background: #fff } #menu { display: none }"
        " @media (prefers-color-scheme: dark) { p { color: #333; background: #222 } }"
        " @media (max-width: 400px) { div { width: 900px } #menu { display: block } }"
        "</style><main><h1>T</h1><p>Words</p><div>Wide</div><button id=menu></button></main>"
    )
    found = await two_looks(browser_page, "page")
    assert [one.split(": ")[:2] for one in found] == [
        ["page 390 dark", "button-name"],
        ["page 390 dark", "color-contrast"],
        ["page 390 dark", "scrolls sideways"],
    ]
    assert browser_page.viewport_size == {"width": 1280, "height": 900}

"""The player's frame in a real browser: what a completed lesson changes around it, without a reload."""

from __future__ import annotations

import secrets

import pytest
from playwright.async_api import Page, expect

from collegium.web.sessions import COOKIE, hash_token
from tests.support.browser import NewPage, axe_findings, scrolls_sideways
from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, add_course, add_person, enrol
from tests.support.site import LiveServer

pytestmark = pytest.mark.e2e


async def sign_in(database: Database, page: object, person: Person, server: LiveServer) -> None:
    token = secrets.token_urlsafe(32)
    async with database.connect() as owner:
        await owner.execute(
            "insert into public.web_sessions (user_id, token_hash, expires_at, ip, user_agent)"
            " values ($1, $2, now() + interval '1 day', '127.0.0.1', 'test')",
            person.id,
            hash_token(token),
        )
    await page.context.add_cookies([{"name": COOKIE, "value": token, "url": server.url}])  # type: ignore[attr-defined]


async def scripts(page: Page) -> None:
    """Waits until the page's scripts run; before, forms work as they do without."""
    while not await page.evaluate("!!window.htmx"):
        await page.wait_for_timeout(50)


async def complete(database: Database, course: Course, title: str) -> None:
    async with database.connect() as owner:
        await owner.execute(
            "select private.complete_lesson(e.id, $1) from public.enrollments e", course.lesson(title).id
        )


@pytest.mark.parametrize("width", [1280, 390])
async def test_a_completed_lesson_opens_the_next_without_a_reload(
    new_page: NewPage, live_server: LiveServer, database: Database, width: int
) -> None:
    person = await add_person(database)
    course = await add_course(database)
    await enrol(database, person, course)
    page = await new_page(width=width, theme="dark")
    await sign_in(database, page, person, live_server)
    await page.goto(f"/learn/{course.slug}/{course.lesson('Reading the policy').id}")
    await page.evaluate("window.unchanged = true")
    outline, steps, left = page.locator("#learn-outline"), page.locator("#learn-steps"), page.locator("#what-is-left")
    assert await page.locator("details[data-outline]").evaluate("details => details.open") == (width == 1280)
    assert await outline.locator(".lesson-locked").count() == 1
    assert await steps.locator("a[rel=next]").count() == 0

    await complete(database, course, "Welcome")
    # As the player does when the server says that a lesson has what it needs.
    await page.evaluate("window.htmx.trigger('#what-is-left', 'refresh')")
    await left.locator(".progress-words", has_text="1 of 3 requirements met").wait_for()
    await steps.locator("a[rel=next]").wait_for()
    assert await outline.locator(".lesson-locked").count() == 0
    assert await outline.locator(".lesson-completed").count() == 1
    assert await outline.locator("[aria-current=page]").count() == 1
    assert await page.locator("#learn-outline, #learn-steps").count() == 2, "replaced, not repeated"
    assert await page.locator("details[data-outline]").evaluate("details => details.open") == (width == 1280)
    assert await page.evaluate("window.unchanged"), "the page itself stayed"
    assert await axe_findings(page) == []
    assert not await scrolls_sideways(page)
    await steps.locator("a[rel=next]").click()
    await page.locator("h1", has_text="A claim, step by step").wait_for()


async def test_marking_a_lesson_complete_shows_the_way_on_at_once(
    new_page: NewPage, live_server: LiveServer, database: Database
) -> None:
    person = await add_person(database)
    course = await add_course(database, modules=[[Lesson("One"), Lesson("Two", unlock_after="One"), Lesson("Three")]])
    await enrol(database, person, course)
    page = await new_page(width=390)
    await sign_in(database, page, person, live_server)
    await page.goto(f"/learn/{course.slug}/{course.lesson('One').id}")
    await scripts(page)
    await page.evaluate("window.unchanged = true")
    done = page.get_by_role("button", name="Mark as complete")
    await done.focus()
    await page.keyboard.press("Enter")
    onward = page.get_by_role("link", name="Next: Two")
    await expect(onward).to_be_focused(timeout=20_000)
    await expect(page.locator("#learn-way")).to_contain_text("You completed this lesson", timeout=20_000)
    await expect(page.locator("#what-is-left")).to_contain_text("1 of 3 requirements met", timeout=20_000)
    assert await page.evaluate("window.unchanged"), "the page itself stayed"
    assert await page.locator("#learn-way, #learn-outline, #learn-steps, #what-is-left").count() == 4
    assert await axe_findings(page) == []
    # Whoever goes another way is led back to what was left out.
    await page.goto(f"/learn/{course.slug}/{course.lesson('Three').id}")
    await done.click()
    await page.get_by_role("link", name="Still to do: Two").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Two")
    await scripts(page)
    await done.click()
    await expect(page.locator("#what-is-left")).to_contain_text("Course complete", timeout=20_000)
    await expect(page.locator("#learn-way p")).to_be_focused(timeout=20_000)


async def test_lessons_are_completed_without_scripts(
    new_page: NewPage, live_server: LiveServer, database: Database
) -> None:
    person = await add_person(database)
    course = await add_course(database)
    await enrol(database, person, course)
    page = await new_page(width=390, script=False)
    await sign_in(database, page, person, live_server)
    await page.goto(f"/learn/{course.slug}/{course.lesson('Reading the policy').id}")
    await page.get_by_role("button", name="Mark as complete").click()
    await page.locator("text=Lesson complete.").wait_for()
    assert await page.locator("#what-is-left .left-met").count() == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_code_is_coloured_by_its_language(
    new_page: NewPage, live_server: LiveServer, database: Database, theme: str
) -> None:
    person = await add_person(database)
    course = await add_course(database, modules=[[Lesson("Code", preview=True), Lesson("None")]])
    html = '<pre><code class="language-sql">select count(*) -- all &lt;b&gt;\nfrom members;</code></pre>'
    async with database.connect() as owner:
        await owner.execute(
            "insert into public.content_blocks (lesson_id, course_id, type, order_index, content)"
            " values ($1, $2, 'rich_text', 8, jsonb_build_object('html', $3::text, 'plain_text', 'Code'))",
            course.lesson("Code").id, course.id, html,
        )  # fmt: skip
    await enrol(database, person, course)
    page = await new_page(theme=theme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await sign_in(database, page, person, live_server)
    await page.goto(f"/learn/{course.slug}/{course.lesson('None').id}")
    await scripts(page)
    assert not any("sql" in url for url in asked), "fetched only where it is needed"
    await page.goto(f"/learn/{course.slug}/{course.lesson('Code').id}")
    await expect(page.locator("pre .hljs-keyword").first).to_have_text("select")
    await expect(page.locator("pre code")).to_have_text("select count(*) -- all <b>\nfrom members;")
    assert await axe_findings(page) == []

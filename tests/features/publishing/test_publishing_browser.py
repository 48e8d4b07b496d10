"""Publication, settings, people and preview in a real browser."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

import pytest
from playwright.async_api import Page, expect

from collegium.web.sessions import COOKIE, hash_token
from tests.support.browser import NewPage, axe_findings, two_looks
from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, enrol
from tests.support.site import LiveServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

MakePerson = Callable[..., Person]
MakeCourse = Callable[..., Course]


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


async def changed_course(database: Database, make_person: MakePerson, make_course: MakeCourse) -> tuple[Course, Person]:
    """A published course with a learner in it, in which much has changed since."""
    author = make_person("instructor", first_name="Ines", last_name="Lindqvist")
    friend = make_person("instructor", first_name="Tomas", last_name="Brandt")
    modules = [
        [Lesson("What a policy is"), Lesson("What it covers")],
        [Lesson("What it leaves out"), Lesson("A claim")],
    ]
    course = make_course("Reading an insurance policy", instructor=author, modules=modules, status="draft")
    first, second, third, _ = (lesson.id for lesson in course.lessons)
    async with database.connect() as owner:
        await owner.execute(
            "insert into public.content_blocks (lesson_id, course_id, type, order_index, content)"
            " select id, course_id, 'youtube', 1, '{\"video_id\": \"abcdefghijk\"}' from public.lessons l"
            " where not exists (select 1 from public.content_blocks b where b.lesson_id = l.id)"
        )
        await owner.execute(
            "select private.change_course_status($1, 'published', 'Clear and to the point.', null, true)", course.id
        )
        await owner.execute(
            "insert into public.course_instructors (course_id, profile_id) values ($1, $2)", course.id, friend.id
        )
        for name in ("Mara", "Anton", "Liv"):
            learner = make_person(first_name=name, last_name="Okafor")
            enrollment = await enrol(database, learner, course)
            await owner.execute("select private.complete_lesson($1, $2)", enrollment, first)
        await owner.execute("update public.lessons set require_completion = false where id = $1", second)
        await owner.execute("update public.lessons set title = 'What no policy covers' where id = $1", third)
        await owner.execute("select private.change_course_status($1, 'archived', null, $2, true)", course.id, author.id)
        await owner.execute(
            "select private.change_course_status($1, 'published', null, $2, true)", course.id, author.id
        )
        await owner.execute(
            "insert into public.lessons (course_id, module_id, title, lesson_type, lesson_order, state)"
            " values ($1, $2, 'Questions that people ask', 'text', 9, 'draft')",
            course.id,
            course.lessons[0].module_id,
        )
    return course, author


async def test_the_pages_are_in_order(
    database: Database, live_server: LiveServer, new_page: NewPage, make_person: MakePerson, make_course: MakeCourse
) -> None:
    course, author = await changed_course(database, make_person, make_course)
    page = await new_page()
    await sign_in(page, author, database, live_server)
    for place in ("publish", "settings", "people?q=lind", "preview"):
        await page.goto(f"/studio/{course.id}/{place}")
        assert await two_looks(page, place) == []
    await page.goto(f"/studio/{course.id}/preview/start")
    await expect(page.get_by_text("You are previewing")).to_be_visible()
    assert await two_looks(page, again=page.reload) == []


async def test_learners_are_moved_after_their_percentages_were_shown(
    database: Database, live_server: LiveServer, new_page: NewPage, make_person: MakePerson, make_course: MakeCourse
) -> None:
    course, author = await changed_course(database, make_person, make_course)
    page = await new_page()
    await sign_in(page, author, database, live_server)
    await page.goto(f"/studio/{course.id}/publish")
    row = page.get_by_role("row", name=re.compile("Liv Okafor"))
    await expect(row).to_contain_text("25 %")
    await expect(row).to_contain_text("33 %")
    await page.get_by_role("button", name="Move everybody").click()
    asked = page.get_by_role("dialog", name="Move everybody to version 2?")
    await expect(asked).to_be_visible()
    assert await axe_findings(page) == []
    await asked.get_by_role("button", name="Move them").click()
    await expect(page.get_by_text("3 learners were moved and told.")).to_be_visible()
    await expect(page.get_by_role("heading", name="Learners in earlier versions")).to_have_count(0)


async def test_a_section_says_that_it_is_saved(
    database: Database, live_server: LiveServer, new_page: NewPage, make_person: MakePerson, make_course: MakeCourse
) -> None:
    course, author = await changed_course(database, make_person, make_course)
    page = await new_page(script=False)
    await sign_in(page, author, database, live_server)
    await page.goto(f"/studio/{course.id}/settings")
    await page.get_by_label("Objectives").fill("Tell what is covered\nName what is not")
    learning = page.locator("#learning")
    await learning.get_by_role("button", name="Save").click()
    await expect(learning.get_by_role("status")).to_have_text("Saved")
    await expect(page.get_by_label("Objectives")).to_have_value("Tell what is covered\nName what is not")

"""A cohort in real browsers: a team makes and fills it, a visitor chooses it, signs in and waits for its beginning."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from tests.features.cohorts.support import add_cohort, join
from tests.features.publishing.test_publishing_browser import sign_in
from tests.support.browser import NewPage, two_looks
from tests.support.database import Database
from tests.support.people import PASSWORD, Course, Person
from tests.support.site import LiveServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

MakePerson = Callable[..., Person]
MakeCourse = Callable[..., Course]
DAY = timedelta(days=1)


async def look(page: Page, name: str) -> None:
    """Nothing that axe finds, nothing that scrolls sideways; a picture where COLLEGIUM_PICTURES names a folder."""
    assert await two_looks(page, name, pictures=os.environ.get("COLLEGIUM_PICTURES")) == []


async def test_from_the_studio_to_the_first_day(
    database: Database, live_server: LiveServer, new_page: NewPage, make_person: MakePerson, make_course: MakeCourse
) -> None:
    author, learner = make_person("instructor", first_name="Ines"), make_person(first_name="Mara")
    course = make_course("Reading an insurance policy", instructor=author)
    studio = await new_page()
    await sign_in(studio, author, database, live_server)
    await studio.goto(f"/studio/{course.id}/cohorts")
    await studio.get_by_role("link", name="New cohort").click()
    await studio.fill("[name=name]", "Autumn 2090")
    await studio.select_option("[name=time_zone]", "America/Denver")
    await studio.fill("[name=starts_at]", "2090-09-01T09:00")
    await studio.fill("[name=capacity]", "2")
    await studio.get_by_role("button", name="Make the cohort").click()
    await expect(studio.get_by_role("heading", name="Autumn 2090")).to_be_visible()
    await studio.fill("[name=emails]", "nobody@nowhere.test")
    await studio.get_by_role("button", name="Add", exact=True).click()
    await expect(studio.get_by_text("Nobody has an account with this address.")).to_be_visible()
    await studio.goto(f"/studio/{course.id}/cohorts")
    await studio.get_by_label("In cohorts only").check()
    await studio.get_by_role("button", name="Save").click()
    await expect(studio.get_by_text("People now take the course in cohorts only.")).to_be_visible()

    visitor = await new_page(width=390)
    await visitor.goto(f"/courses/{course.slug}")
    await visitor.get_by_label("Autumn 2090").check()
    await visitor.get_by_role("button", name="Sign in to enrol").click()
    await visitor.fill("[name=email]", learner.email)
    await visitor.fill("[name=password]", PASSWORD)
    await visitor.press("[name=password]", "Enter")
    await expect(visitor.get_by_label("Autumn 2090")).to_be_checked()
    await visitor.get_by_role("button", name="Enrol", exact=True).click()
    await expect(visitor.get_by_text("It begins on 1 September 2090")).to_be_visible()
    await expect(visitor.get_by_text("“Autumn 2090” begins")).to_be_visible()

    await studio.goto(f"/studio/{course.id}/cohorts")
    await expect(studio.get_by_text("1 of 2 places taken")).to_be_visible()
    await studio.get_by_role("link", name="Autumn 2090").click()
    await expect(studio.get_by_role("rowheader", name="Mara Okafor")).to_be_visible()


async def test_how_the_pages_look(
    database: Database, live_server: LiveServer, new_page: NewPage, make_person: MakePerson, make_course: MakeCourse
) -> None:
    author = make_person("instructor", first_name="Ines", time_zone="Europe/Berlin")
    course = make_course("Reading an insurance policy", instructor=author)
    now = datetime.now(UTC)
    spring = await add_cohort(database, course, "Spring 2027", capacity=20, starts_at=now - 9 * DAY, ends_at=now + 90 * DAY,
                              description="On Tuesdays in the evening, with a call each month.", time_zone="Europe/Berlin")  # fmt: skip
    autumn = await add_cohort(database, course, "Autumn 2027", starts_at=now + 90 * DAY, time_zone="America/Denver")
    full = await add_cohort(
        database, course, "A small group for members of the Denver chapter", capacity=1, starts_at=now + 30 * DAY
    )
    await add_cohort(database, course, "Winter 2028", starts_at=now + 200 * DAY, enrollment_opens_at=now + 60 * DAY)
    people = [make_person(first_name=name) for name in ("Mara", "Anton", "Liv", "Noor")]
    for one in people[:3]:
        enrollment = await join(database, one, course, spring)
    await join(database, people[3], course, full)
    async with database.connect() as owner:
        await owner.execute(
            "insert into public.cohort_moves (enrollment_id, course_id, from_name, to_name, reason)"
            " values ($1, $2, 'Autumn 2027', 'Spring 2027', 'Is away in autumn and asked to begin earlier')", enrollment, course.id,
        )  # fmt: skip
    page = await new_page()
    await sign_in(page, author, database, live_server)
    base = f"/studio/{course.id}/cohorts"
    for name, path in (
        ("list", base), ("over", f"{base}?show=over"), ("new", f"{base}/new"), ("people", f"{base}/{spring}"),
        ("empty", f"{base}/{autumn}"), ("move", f"{base}/{spring}/people/{enrollment}/move"),
    ):  # fmt: skip
        await page.goto(path)
        await look(page, name)
    guest = await new_page()
    await guest.goto(f"/courses/{course.slug}")
    await look(guest, "course")
    mine = await new_page()
    await sign_in(mine, people[3], database, live_server)
    for name, path in (("waiting", f"/courses/{course.slug}"), ("learning", "/me/learning")):
        await mine.goto(path)
        await look(mine, name)

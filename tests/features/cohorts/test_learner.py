"""Choosing a cohort, waiting for it, and taking a course again: pages and API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest

from tests.features.cohorts.support import add_cohort, join
from tests.support.database import Database, as_actor
from tests.support.people import Course, Person, enrol
from tests.support.site import Client

MakePerson = Callable[..., Person]
MakeCourse = Callable[..., Course]
MakeClient = Callable[..., Awaitable[Client]]
DAY = timedelta(days=1)


def now() -> datetime:
    return datetime.now(UTC)


async def run(database: Database, sql: str, *args: Any) -> None:
    async with database.connect() as owner:
        await owner.execute(sql, *args)


async def complete(database: Database, enrollment: UUID) -> None:
    await run(database, "select private.complete_lesson(e.id, l.id) from public.enrollments e"
              " join public.lessons l on l.course_id = e.course_id where e.id = $1", enrollment)  # fmt: skip


@pytest.fixture
def course(make_course: MakeCourse) -> Course:
    return make_course("Annuities")


async def test_a_member_chooses_a_cohort(
    client: Client, database: Database, make_person: MakePerson, course: Course
) -> None:
    spring = await add_cohort(database, course, "Spring", capacity=3, description="On <Tuesdays>")
    await add_cohort(database, course, "Full", capacity=1)
    await join(database, make_person(), course, (await cohort_of(database, "Full")))
    await add_cohort(database, course, "Later", starts_at=now() + 9 * DAY, enrollment_opens_at=now() + DAY)
    await add_cohort(database, course, "Closed", is_closed=True)
    await client.login(make_person(time_zone="Europe/Berlin"))
    page = await client.get(f"/courses/{course.slug}")
    text = unescape(page.text)
    assert text.index(f'value="{spring}" required checked') < text.index('value="none" required')
    assert "3 places left" in text
    assert "&lt;Tuesdays&gt;" in page.text
    assert "Full." in text
    assert "Enrollment opens" in text
    assert "<strong>Closed</strong>" not in text
    answer = await client.submit(page, f"/courses/{course.slug}/enrol", {"cohort": str(spring)})
    assert answer.headers["location"] == f"/learn/{course.slug}"
    assert "Spring" in (await client.get("/me/learning")).text
    assert "Your cohort: <strong>Spring</strong>" in (await client.get(f"/courses/{course.slug}")).text


async def cohort_of(database: Database, name: str) -> UUID:
    async with database.connect() as owner:
        found: UUID = await owner.fetchval("select id from public.course_cohorts where name = $1", name)
        return found


async def test_the_choice_of_a_guest_is_kept_through_his_sign_in(
    client: Client, database: Database, make_person: MakePerson, course: Course
) -> None:
    await add_cohort(database, course, "Spring")
    autumn = await add_cohort(database, course, "Autumn", starts_at=now() + 9 * DAY)
    page = await client.get(f"/courses/{course.slug}")
    assert f'action="/courses/{course.slug}/choose"' in page.text
    asked = await client.get(f"/courses/{course.slug}/choose?cohort={autumn}")
    assert asked.status_code == 303
    assert str(autumn) in asked.headers["location"]
    assert asked.headers["location"].startswith("/sign-in?next=")
    await client.login(make_person())
    back = await client.get(f"/courses/{course.slug}/choose?cohort={autumn}")
    assert back.headers["location"] == f"/courses/{course.slug}?cohort={autumn}#entry"
    assert f'value="{autumn}" required checked' in (await client.get(back.headers["location"])).text
    hostile = await client.get(f"/courses/{course.slug}/choose?cohort=%0d%0aSet-Cookie:x%22%3E")
    assert hostile.headers["location"].startswith(f"/courses/{course.slug}?cohort=")
    assert "set-cookie" not in {name.lower() for name in hostile.headers if name.lower() != "set-cookie"}


@pytest.mark.parametrize("cohort", ["x", "00000000-0000-0000-0000-000000000000", "'; drop table"])
async def test_a_cohort_that_is_none(client: Client, make_person: MakePerson, course: Course, cohort: str) -> None:
    await client.login(make_person())
    answer = await client.post_form(f"/courses/{course.slug}/enrol", {"cohort": cohort})
    assert answer.status_code in (303, 404)
    assert "Annuities" not in (await client.get("/me/learning")).text


async def test_a_full_cohort_refuses_page_and_api_with_the_same_words(
    client: Client, database: Database, make_person: MakePerson, course: Course
) -> None:
    await run(database, "update public.courses set cohorts_only = true where id = $1", course.id)
    full = await add_cohort(database, course, "Spring", capacity=1)
    await add_cohort(database, course, "Autumn", starts_at=datetime(2090, 9, 1, tzinfo=UTC))
    await join(database, make_person(), course, full)
    await client.login(make_person())
    refused = await client.post_json(f"/api/v1/courses/{course.slug}/enrolment?cohort={full}", None)
    assert (refused.status_code, refused.json()["code"]) == (409, "cohort_full")
    words = refused.json()["detail"]
    assert words == "“Spring” is full. There is room in “Autumn”, which begins on 1 September 2090."
    await client.post_form(f"/courses/{course.slug}/enrol", {"cohort": str(full)})
    assert words in unescape((await client.get(f"/courses/{course.slug}")).text)
    without = await client.post_json(f"/api/v1/courses/{course.slug}/enrolment", None)
    assert without.json()["code"] == "choose_cohort"


async def test_the_last_place_is_given_once(
    make_client: MakeClient, database: Database, make_person: MakePerson, course: Course
) -> None:
    spring = await add_cohort(database, course, "Spring", capacity=1)
    clients = [await make_client() for _ in range(4)]
    for client in clients:
        await client.login(make_person())
        await client.csrf()
    path = f"/api/v1/courses/{course.slug}/enrolment?cohort={spring}"
    answers = await asyncio.gather(*(client.post_json(path, None) for client in clients))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"cohort_full"}


async def test_before_it_begins_the_course_says_when(
    client: Client, database: Database, make_person: MakePerson, course: Course
) -> None:
    starts = datetime(2090, 9, 1, 7, tzinfo=UTC)
    autumn = await add_cohort(database, course, "Autumn", starts_at=starts, time_zone="Europe/Berlin")
    await client.login(make_person())
    answer = await client.post_form(f"/courses/{course.slug}/enrol", {"cohort": str(autumn)})
    assert answer.headers["location"] == f"/courses/{course.slug}"
    page = unescape((await client.get(f"/courses/{course.slug}")).text)
    assert "You are enrolled in “Autumn”. It begins on 1 September 2090, and its lessons open then." in page
    assert "“Autumn” begins" in page
    assert "Opens on 1 September 2090" in page
    learning = (await client.get("/me/learning")).text
    assert "begins" in learning
    reading, welcome = course.lesson("Reading the policy"), course.lesson("Welcome")
    shut = await client.get(f"/learn/{course.slug}/{reading.id}")
    assert shut.status_code == 403
    assert "Opens on 1 September 2090." in shut.text
    preview = await client.get(f"/learn/{course.slug}/{welcome.id}")
    assert preview.status_code == 200
    assert "“Autumn” has not begun." in preview.text
    assert '"tracked":true' not in unescape(preview.text)
    assert (await client.post_form(f"/learn/{course.slug}/{reading.id}/visit")).status_code == 403
    await run(database, "update public.course_cohorts set starts_at = now() where id = $1", autumn)
    assert (await client.get(f"/learn/{course.slug}/{reading.id}")).status_code == 200


async def test_a_course_that_is_taken_in_cohorts_only_and_has_none(
    client: Client, database: Database, make_person: MakePerson, course: Course
) -> None:
    await run(database, "update public.courses set cohorts_only = true where id = $1", course.id)
    await client.login(make_person())
    page = (await client.get(f"/courses/{course.slug}")).text
    assert "No cohort takes people now" in page
    assert f'action="/courses/{course.slug}/enrol"' not in page
    await add_cohort(database, course, "Autumn", enrollment_opens_at=now() + DAY)
    assert "The next ones:" in (await client.get(f"/courses/{course.slug}")).text


async def test_taking_a_course_again(
    client: Client, database: Database, make_person: MakePerson, course: Course
) -> None:
    learner = make_person()
    first = await enrol(database, learner, course)
    await complete(database, first)
    autumn = await add_cohort(database, course, "Autumn")
    await client.login(learner)
    page = await client.get(f"/courses/{course.slug}")
    assert "Take it again with a cohort" in page.text
    assert "View certificate" in page.text
    answer = await client.submit(page, f"/courses/{course.slug}/enrol", {"cohort": str(autumn)})
    assert answer.headers["location"] == f"/learn/{course.slug}"
    again = (await client.get(f"/courses/{course.slug}")).text
    assert "0 of 3 lessons done" in again
    assert "Your cohort: <strong>Autumn</strong>" in again
    assert "Autumn" in (await client.get(f"/learn/{course.slug}/{course.lesson('Welcome').id}")).text
    locked = await client.get(f"/learn/{course.slug}/{course.lesson('A claim, step by step').id}")
    assert locked.status_code == 403, "what was completed before opens nothing"
    mine = (await client.get("/api/v1/me/enrolments")).json()["enrolments"]
    assert sorted((one["status"], one["cohort"] and one["cohort"]["name"]) for one in mine) == [
        ("completed", None),
        ("enrolled", "Autumn"),
    ]
    async with database.connect() as owner:
        second: UUID = await owner.fetchval("select id from public.enrollments where cohort_id = $1", autumn)
    await complete(database, second)
    async with database.connect() as owner:
        assert await owner.fetchval("select count(*) from public.certificates where member_id = $1", learner.id) == 2


async def test_who_ran_out_of_time_joins_a_later_cohort(
    client: Client, database: Database, make_person: MakePerson, course: Course
) -> None:
    learner = make_person()
    first = await enrol(database, learner, course)
    await run(database, "update public.enrollments set status = 'expired' where id = $1", first)
    autumn = await add_cohort(database, course, "Autumn")
    await client.login(learner)
    page = await client.get(f"/courses/{course.slug}")
    assert "Your enrollment is expired" in page.text
    answer = await client.submit(page, f"/courses/{course.slug}/enrol", {"cohort": str(autumn)})
    assert answer.headers["location"] == f"/learn/{course.slug}"
    assert "Your cohort: <strong>Autumn</strong>" in (await client.get(f"/courses/{course.slug}")).text


async def test_the_choice_is_kept_through_the_payment(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    course, learner = make_course("Annuities", pricing="paid", price=80, cohorts_only=True), make_person()
    await add_cohort(database, course, "Spring")
    autumn = await add_cohort(database, course, "Autumn", starts_at=now() + 9 * DAY)
    async with database.connect("web") as session, as_actor(session, "authenticated", learner.id) as actor:
        order = await actor.fetchval("select (public.begin_cohort_purchase($1, $2)).id", course.id, autumn)
    await client.login(learner)
    assert "Payment is needed" in (await client.get(f"/courses/{course.slug}")).text
    await run(database, "select private.complete_purchase($1, 'ref')", order)
    page = await client.get(f"/courses/{course.slug}")
    assert f'value="{autumn}" required checked' in page.text
    await client.submit(page, f"/courses/{course.slug}/enrol")
    mine = (await client.get("/api/v1/me/enrolments")).json()["enrolments"]
    assert [one["cohort"]["name"] for one in mine] == ["Autumn"]


async def test_the_api_lists_what_can_be_joined(client: Client, database: Database, course: Course) -> None:
    spring = await add_cohort(database, course, "Spring", capacity=2)
    await add_cohort(database, course, "Later", starts_at=now() + 9 * DAY, enrollment_opens_at=now() + DAY)
    listed = (await client.get(f"/api/v1/courses/{course.slug}/cohorts")).json()
    assert listed["cohorts_only"] is False
    assert [(one["name"], one["state"], one["places_left"], one["can_be_joined"]) for one in listed["cohorts"]] == [
        ("Spring", "open", 2, True),
        ("Later", "planned", None, False),
    ]
    assert listed["cohorts"][0]["id"] == str(spring)
    assert (await client.get("/api/v1/courses/nothing/cohorts")).status_code == 404

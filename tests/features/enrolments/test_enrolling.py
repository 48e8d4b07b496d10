"""Who may enrol, leave and come back: by the page and by the API the same rule and the same words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest

from tests.support.database import Database
from tests.support.people import Course, Person, enrol, pay
from tests.support.site import Client

MakePerson = Callable[..., Person]
MakeCourse = Callable[..., Course]
MakeClient = Callable[..., Awaitable[Client]]
HOUR = timedelta(hours=1)


async def places(database: Database) -> list[tuple[str, str]]:
    """Course title and status of every enrollment."""
    async with database.connect() as owner:
        rows = await owner.fetch(
            "select c.title, e.status from public.enrollments e join public.courses c on c.id = e.course_id order by 1, 2"
        )
        return [tuple(row) for row in rows]


async def set_status(database: Database, enrollment: UUID, status: str) -> None:
    async with database.connect() as owner:
        await owner.execute("update public.enrollments set status = $2 where id = $1", enrollment, status)


async def by_page(client: Client, course: Course) -> str:
    """The words of the refusal, as they stand on the course's page."""
    answer = await client.post_form(f"/courses/{course.slug}/enrol")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/courses/{course.slug}"
    page = await client.get(answer.headers["location"])
    start = page.text.index('<div class="notice notice-error"')
    return unescape(page.text[start : page.text.index("</main>")].split("<p>")[1].split("</p>")[0])


async def by_api(client: Client, course: Course) -> tuple[int, str, str]:
    answer = await client.post_json(f"/api/v1/courses/{course.slug}/enrolment", None)
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    return answer.status_code, problem["code"], problem["detail"]


@pytest.mark.parametrize("given", [{}, {"pricing": "member_only"}, {"pricing": "paid", "price": 120, "member_price": 0}, {"max_enrollments": 1}, {"enrollment_start_date": datetime(2020, 1, 1, tzinfo=UTC)}])  # fmt: skip
async def test_enrolling_by_the_page_leads_into_the_course(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse, given: dict[str, Any]
) -> None:
    course = make_course("Annuities", **given)
    await client.login(make_person())
    page = await client.get(f"/courses/{course.slug}")
    answer = await client.submit(page, f"/courses/{course.slug}/enrol")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/learn/{course.slug}")
    assert await places(database) == [("Annuities", "enrolled")]
    assert "You are enrolled." in (await client.get("/me/learning")).text


async def test_enrolling_by_the_api_answers_the_place(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    course = make_course("Annuities")
    await client.login(make_person())
    first = await client.post_json(f"/api/v1/courses/{course.slug}/enrolment", None)
    again = await client.post_json(f"/api/v1/courses/{course.slug}/enrolment", None)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert (first.json()["status"], first.json()["total_lessons"], first.json()["lessons_completed"]) == (
        "enrolled",
        3,
        0,
    )
    assert await places(database) == [("Annuities", "enrolled")]


async def test_enrolling_many_times_at_once_makes_one_place(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    course = make_course("Annuities", max_enrollments=3)
    await client.login(make_person())
    await client.csrf()
    answers = await asyncio.gather(*(client.post_form(f"/courses/{course.slug}/enrol") for _ in range(6)))
    assert {answer.headers["location"] for answer in answers} == {f"/learn/{course.slug}"}
    assert await places(database) == [("Annuities", "enrolled")]


async def test_the_last_place_is_given_once(
    make_client: MakeClient, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    course = make_course("Annuities", max_enrollments=1)
    clients = [await make_client() for _ in range(4)]
    for client in clients:
        await client.login(make_person())
        await client.csrf()
    answers = await asyncio.gather(
        *(client.post_json(f"/api/v1/courses/{course.slug}/enrolment", None) for client in clients)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert await places(database) == [("Annuities", "enrolled")]


REFUSALS: list[tuple[dict[str, Any], bool, int, str]] = [
    ({"pricing": "member_only"}, False, 403, "members_only"),
    ({"pricing": "paid", "price": 120}, True, 403, "payment_required"),
    ({"pricing": "premium", "price": 120, "member_price": 0}, False, 403, "payment_required"),
    ({"allow_enrollment": False}, True, 409, "enrollment_closed"),
    ({"enrollment_start_date": datetime.now(UTC) + HOUR}, True, 409, "enrollment_not_open"),
    ({"enrollment_end_date": datetime.now(UTC) - HOUR}, True, 409, "enrollment_ended"),
]


@pytest.mark.parametrize(("given", "member", "status", "code"), REFUSALS, ids=[case[3] + str(i) for i, case in enumerate(REFUSALS)])  # fmt: skip
async def test_page_and_api_refuse_with_the_same_words(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse,
    given: dict[str, Any], member: bool, status: int, code: str,
) -> None:  # fmt: skip
    course = make_course(**given)
    await client.login(make_person(member=member))
    refused = await by_api(client, course)
    assert refused[:2] == (status, code)
    assert len(refused[2]) > 20
    assert await by_page(client, course) == refused[2]
    assert await places(database) == []


async def test_a_full_course_and_a_held_place_refuse_with_the_same_words(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    full, held, learner = make_course("Full", max_enrollments=1), make_course("Held"), make_person()
    await enrol(database, make_person(), full)
    await set_status(database, await enrol(database, learner, held), "suspended")
    await client.login(learner)
    for course, code in ((full, "course_full"), (held, "enrollment_suspended")):
        refused = await by_api(client, course)
        assert refused[:2] == (409, code)
        assert await by_page(client, course) == refused[2]


@pytest.mark.parametrize("status", ["draft", "archived"])
async def test_an_unpublished_course_does_not_exist(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse, status: str
) -> None:
    course = make_course(status=status)
    await client.login(make_person())
    assert (await client.post_form(f"/courses/{course.slug}/enrol")).status_code == 404
    assert (await by_api(client, course))[:2] == (404, "no_such_course")
    # Not even for its instructor, who sees it.
    await client.login(make_person("admin"))
    assert (await by_api(client, course))[:2] == (404, "no_such_course")
    assert await places(database) == []


@pytest.mark.parametrize("slug", ["nothing", "a%00b", "UPPER"])
async def test_what_is_no_course_is_not_found(client: Client, make_person: MakePerson, slug: str) -> None:
    await client.login(make_person())
    assert (await client.post_form(f"/courses/{slug}/enrol")).status_code == 404
    assert (await client.post_json(f"/api/v1/courses/{slug}/enrolment", None)).status_code == 404


async def test_a_paid_course_opens_with_its_payment(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    course, learner = make_course("Annuities", pricing="paid", price=120), make_person()
    await pay(database, learner, course)
    await client.login(learner)
    answer = await client.post_form(f"/courses/{course.slug}/enrol")
    assert answer.headers["location"] == f"/learn/{course.slug}"
    assert await places(database) == [("Annuities", "enrolled")]


async def test_a_guest_is_asked_to_sign_in(client: Client, database: Database, make_course: MakeCourse) -> None:
    course = make_course()
    answer = await client.post_form(f"/courses/{course.slug}/enrol", headers={"referer": f"/courses/{course.slug}"})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/sign-in?next=%2Fcourses%2F{course.slug}"
    assert (await by_api(client, course))[:2] == (401, "sign_in_needed")
    assert await places(database) == []


async def test_without_the_forms_token_nothing_happens(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    course = make_course()
    await client.login(make_person())
    for path in (
        f"/courses/{course.slug}/enrol",
        f"/courses/{course.slug}/leave",
        f"/api/v1/courses/{course.slug}/enrolment",
    ):
        assert (await client.post(path)).status_code == 403
    assert await places(database) == []


async def test_leaving_keeps_what_was_done_and_coming_back_takes_it_up(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    course, learner = make_course("Annuities"), make_person()
    await enrol(database, learner, course)
    async with database.connect() as owner:
        await owner.execute(
            "insert into public.lesson_progress (enrollment_id, lesson_id, course_id, status, completed_at)"
            " select id, $1, course_id, 'completed', now() from public.enrollments",
            course.lesson("Reading the policy").id,
        )
    await client.login(learner)
    page = await client.get("/me/learning")
    answer = await client.submit(page, f"/courses/{course.slug}/leave")
    assert (answer.status_code, answer.headers["location"]) == (303, "/me/learning")
    assert await places(database) == [("Annuities", "dropped")]
    after = await client.get("/me/learning")
    assert "You left Annuities." in after.text
    assert "1 of 3 lessons" in after.text
    back = await client.submit(await client.get(f"/courses/{course.slug}"), f"/courses/{course.slug}/enrol")
    assert back.headers["location"] == f"/learn/{course.slug}"
    assert await places(database) == [("Annuities", "in_progress")]
    assert "1 of 3 lessons" in (await client.get("/me/learning")).text


async def test_leaving_is_asked_about_where_no_dialog_can_be(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    course, learner = make_course("Annuities & Co"), make_person()
    await enrol(database, learner, course)
    await client.login(learner)
    asked = await client.get(f"/courses/{course.slug}/leave")
    assert "Leave Annuities &amp; Co?" in asked.text
    assert await places(database) == [("Annuities & Co", "enrolled")]
    await client.submit(asked, f"/courses/{course.slug}/leave")
    assert await places(database) == [("Annuities & Co", "dropped")]


@pytest.mark.parametrize("status", [None, "completed", "suspended", "dropped"])
async def test_there_must_be_something_to_leave(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse, status: str | None
) -> None:
    course, learner = make_course("Annuities"), make_person()
    if status:
        enrollment = await enrol(database, learner, course)
        async with database.connect() as owner:
            await owner.execute(
                "update public.enrollments set status = $2, completed_at = now() where id = $1", enrollment, status
            )
    before = await places(database)
    await client.login(learner)
    assert (await client.get(f"/courses/{course.slug}/leave")).status_code == 409
    answer = await client.post_form(f"/courses/{course.slug}/leave")
    assert answer.status_code == 409
    assert "only a course that you take" in answer.text
    assert await places(database) == before


async def test_nobody_leaves_for_somebody_else(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    course = make_course("Annuities")
    await enrol(database, make_person(), course)
    await client.login(make_person("admin"))
    assert (await client.post_form(f"/courses/{course.slug}/leave")).status_code == 409
    assert await places(database) == [("Annuities", "enrolled")]

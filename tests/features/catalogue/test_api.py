"""The catalogue for programs: the same courses, the same rules, and errors that are documented."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.features.catalogue.shelf import insert_courses, random_courses
from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, enrol
from tests.support.site import Client

MakePerson = Callable[..., Person]
MakeCourse = Callable[..., Course]


async def test_courses_come_in_pages(client: Client, database: Database) -> None:
    courses = [one for one in random_courses(5, 40) if one.status == "published"]
    await insert_courses(database, courses)
    seen: list[str] = []
    after = ""
    while True:
        answer = await client.get("/api/v1/courses", params={"sort": "title", "limit": 7, "after": after} if after else {"sort": "title", "limit": 7})  # fmt: skip
        assert answer.status_code == 200
        page = answer.json()
        assert page["total"] == len(courses)
        seen += [one["id"] for one in page["courses"]]
        if not page["next"]:
            break
        after = page["next"]
    assert len(seen) == len(set(seen)) == len(courses)


async def test_filters_are_those_of_the_page(client: Client, make_course: MakeCourse) -> None:
    make_course("Annuities", category="compliance", credits=6, pricing="paid", price=99.5, member_price=50)
    make_course("Annuities too", category="technology", credits=6)
    page = (await client.get("/api/v1/courses?q=anuities&category=compliance&category=leadership&credits=5")).json()
    assert [one["title"] for one in page["courses"]] == ["Annuities"]
    assert page["courses"][0]["price"] == "99.50"
    assert page["courses"][0]["credits"] == 6.0
    assert page["counts"]["category"] == {"compliance": 1, "technology": 1}


@pytest.mark.parametrize(
    "query",
    [
        "category=nope",
        "level=",
        "sort=nope",
        "credits=7",
        "limit=0",
        "limit=101",
        "limit=x",
        "after=zzz",
        "q=" + "x" * 201,
    ],
)
async def test_what_is_unknown_is_refused(client: Client, query: str) -> None:
    answer = await client.get(f"/api/v1/courses?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["status"] == 400


async def test_a_cursor_of_another_order_is_refused(client: Client, database: Database) -> None:
    await insert_courses(database, random_courses(6, 20))
    after = (await client.get("/api/v1/courses?sort=title&limit=1")).json()["next"]
    answer = await client.get("/api/v1/courses", params={"sort": "credits", "after": after})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


async def test_a_course_with_its_outline(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    course = make_course(
        "Annuities", modules=[[Lesson("Film", video=600, preview=True), Lesson("Text", unlock_after="Film")]]
    )
    document: dict[str, Any] = (await client.get(f"/api/v1/courses/{course.slug}")).json()
    assert document["course"]["title"] == "Annuities"
    lessons = document["modules"][0]["lessons"]
    assert [(one["title"], one["lesson_type"], one["is_preview"], one["after"]) for one in lessons] == [
        ("Film", "video", True, None),
        ("Text", "text", False, "Film"),
    ]
    assert document["you"]["entry"] == "sign_in"
    learner = make_person()
    enrollment = await enrol(database, learner, course)
    await client.login(learner)
    you = (await client.get(f"/api/v1/courses/{course.slug}")).json()["you"]
    assert (you["entry"], you["enrollment_id"], you["lessons_required"]) == ("start", str(enrollment), 2)


async def test_a_draft_is_not_found(client: Client, make_course: MakeCourse) -> None:
    course = make_course(status="draft")
    answer = await client.get(f"/api/v1/courses/{course.slug}")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_course")
    assert (await client.get("/api/v1/courses")).json()["total"] == 0

"""The pages of reviews: reading, writing, voting, and deciding in the studio."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, enrol
from tests.support.site import Client

MakePerson = Callable[..., Person]
MakeCourse = Callable[..., Course]
MakeClient = Callable[..., Awaitable[Client]]
HOSTILE = '<script>alert(1)</script> & "more" https://example.org/a?b=1&c=2.'


async def owner(database: Database, sql: str, *args: object) -> Any:
    async with database.connect() as session:
        return await session.fetchval(sql, *args)


async def done(database: Database, enrollment: UUID, course: Course, *titles: str) -> None:
    """Completes lessons."""
    for title in titles:
        await owner(database, "select private.complete_lesson($1, $2)", enrollment, course.lesson(title).id)


@pytest.fixture
def course(make_course: MakeCourse) -> Course:
    return make_course(modules=[[Lesson(f"L{n}") for n in range(1, 5)]])


@pytest.fixture
def learner(make_person: MakePerson) -> Person:
    return make_person(first_name="Mara", last_name="Okafor")


async def write(client: Client, course: Course, rating: str = "4", title: str = "Clear", text: str = "Good.") -> Any:
    return await client.post_form(
        f"/courses/{course.slug}/reviews/mine", {"rating": rating, "title": title, "text": text}
    )


async def teacher_of(database: Database, course: Course) -> Person:
    found = await owner(database, "select instructor_id from public.courses where id = $1", course.id)
    return Person(found, "", "Ines", "Lindqvist", "instructor")


async def test_a_review_from_writing_to_the_course_page(
    client: Client, make_client: MakeClient, database: Database, course: Course, learner: Person
) -> None:
    here = f"/courses/{course.slug}/reviews"
    guest, team = await make_client(), await make_client()
    page = await guest.get(here)
    assert "No reviews yet" in page.text
    assert "aggregateRating" not in page.text
    await client.login(learner)
    assert "Only those who take or took this course" in (await client.get(f"{here}/mine")).text
    enrollment = await enrol(database, learner, course)
    early = await write(client, course)
    assert (early.status_code, "So far you have done 0" in early.text) == (409, True)
    await done(database, enrollment, course, "L1")
    assert "Write a review" in (await client.get(here)).text
    sent = await write(client, course, title=HOSTILE, text=HOSTILE)
    assert sent.headers["location"] == here
    mine = await client.get(here)
    assert "Waits to be read" in mine.text
    assert "alert(1)" not in (await guest.get(here)).text

    await team.login(await teacher_of(database, course))
    queue = await team.get(f"/studio/{course.id}/reviews")
    assert "<script>alert" not in queue.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in queue.text
    review = await owner(database, "select id from public.course_reviews")
    answer = await team.post_form(f"/studio/reviews/{review}", {"verdict": "approve", "next": queue.url.path})
    assert answer.headers["location"] == f"/studio/{course.id}/reviews"
    for path in (here, f"/courses/{course.slug}"):
        shown = await guest.get(path)
        assert "<script>alert" not in shown.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown.text
        assert "Mara O." in shown.text
        assert "Okafor" not in shown.text
        assert 'href="https://example.org/a?b=1&amp;c=2" rel="nofollow ugc noopener noreferrer"' in shown.text
        documents = re.findall(r'<script type="application/ld\+json">(.*?)</script>', shown.text, re.S)
        rated = [json.loads(one) for one in documents if "aggregateRating" in one]
        assert [one["aggregateRating"]["ratingValue"] for one in rated] == [4.0]

    changed = await write(client, course, rating="1", text="Changed.")
    assert changed.status_code == 303
    assert "aggregateRating" not in (await guest.get(f"/courses/{course.slug}")).text
    gone = await client.post_form(f"{here}/mine/withdraw")
    assert gone.status_code == 303
    assert await owner(database, "select count(*) from public.course_reviews") == 0
    assert (await client.post_form(f"{here}/mine/withdraw")).status_code == 404


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"rating": ""}, "Choose between one and five stars."),
        ({"rating": "9"}, "Choose between one and five stars."),
        ({"title": "x" * 201}, "at most 200 characters"),
        ({"text": "x" * 5001}, "at most 5,000 characters"),
    ],
    ids=["no stars", "nine stars", "long title", "long text"],
)
async def test_what_was_typed_is_still_there(
    client: Client, database: Database, course: Course, learner: Person, form: dict[str, str], words: str
) -> None:
    await client.login(learner)
    await done(database, await enrol(database, learner, course), course, "L1")
    answer = await write(client, course, **({"text": "My words."} | form))
    assert answer.status_code == 422
    assert words in answer.text
    assert form.get("text", "My words.") in answer.text


async def approved(database: Database, course: Course, person: Person, rating: int = 5, text: str = "Fine.") -> UUID:
    """An approved review."""
    enrollment = await enrol(database, person, course)
    return await owner(
        database,
        "insert into public.course_reviews (course_id, member_id, enrollment_id, rating, review_text, is_approved, moderated_at)"
        " values ($1, $2, $3, $4, $5, true, now()) returning id",
        course.id, person.id, enrollment, rating, text,
    )  # fmt: skip


async def test_votes(
    client: Client,
    make_client: MakeClient,
    make_person: MakePerson,
    database: Database,
    course: Course,
    learner: Person,
) -> None:
    review = await approved(database, course, learner)
    here = f"/courses/{course.slug}/reviews"
    path = f"{here}/{review}/vote"
    await client.login(make_person())
    for said, counted in (("yes", (1, 0)), ("yes", (1, 0)), ("no", (0, 1)), ("neither", (0, 0))):
        answer = await client.post_form(path, {"helpful": said, "next": here})
        assert answer.headers["location"] == f"{here}#review-{review}"
        row = await owner(database, "select row(helpful_count, not_helpful_count) from public.course_reviews")
        assert tuple(row) == counted
    assert (await client.post_form(path, {"helpful": "maybe"})).status_code == 422
    away = await client.post_form(path, {"helpful": "yes", "next": "//evil.example"})
    assert away.headers["location"].startswith(here)
    own = await make_client()
    await own.login(learner)
    assert (await own.post_form(path, {"helpful": "yes"})).status_code == 403
    assert "Helpful?" not in (await own.get(here)).text
    guest = await make_client()
    assert (await guest.post_form(path, {"helpful": "yes"})).headers["location"].startswith("/sign-in")


async def test_pages_stars_and_orders(
    client: Client, make_person: MakePerson, database: Database, course: Course
) -> None:
    for number in range(23):
        await approved(database, course, make_person(member=False), 1 + number % 5, f"Words {number:02}.")
    here = f"/courses/{course.slug}/reviews"
    read: list[str] = []
    path: str | None = f"{here}?sort=newest"
    while path:
        page = await client.get(path)
        read += re.findall(r"Words \d\d", page.text)
        following = re.search(r'rel="next" href="([^"]+)"', page.text)
        path = following[1].replace("&amp;", "&") if following else None
    assert read == [f"Words {number:02}" for number in reversed(range(23))]
    assert len(re.findall(r"Words \d\d", (await client.get(f"{here}?stars=2")).text)) == 5
    for odd in ("?sort=x&stars=9", "?after=x", "?stars=%00"):
        assert (await client.get(here + odd)).status_code == 200
    on_course = await client.get(f"/courses/{course.slug}")
    assert len(re.findall(r"Words \d\d", on_course.text)) == 3
    assert (await client.get("/courses/no-such-course/reviews")).status_code == 404


# The studio -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "status"), [("student", 403), ("instructor", 404)])
async def test_the_queue_is_for_the_team(
    client: Client, make_person: MakePerson, database: Database, course: Course, learner: Person, role: str, status: int
) -> None:
    review = await approved(database, course, learner)
    await client.login(make_person(role))
    assert (await client.get(f"/studio/{course.id}/reviews")).status_code == status
    assert (await client.get(f"/studio/{course.id}/discussions")).status_code == status
    assert (await client.post_form(f"/studio/{course.id}/reviews", {"percent": "0"})).status_code == status
    assert (await client.post_form(f"/studio/{course.id}/discussions", {"on": "yes"})).status_code == status
    assert (await client.post_form(f"/studio/reviews/{review}", {"verdict": "feature"})).status_code == 403
    everything = await client.get("/studio/reviews?state=approved")
    assert "Fine." not in everything.text


async def test_deciding(
    client: Client,
    make_client: MakeClient,
    make_person: MakePerson,
    database: Database,
    course: Course,
    learner: Person,
) -> None:
    enrollment = await enrol(database, learner, course)
    await done(database, enrollment, course, "L1")
    author = await make_client()
    await author.login(learner)
    await write(author, course)
    review = await owner(database, "select id from public.course_reviews")
    await client.login(await teacher_of(database, course))
    path = f"/studio/reviews/{review}"
    await client.post_form(path, {"verdict": "turn_down", "reason": " "})
    assert "Say why the review is turned down" in (await client.get("/studio/reviews")).text
    await client.post_form(path, {"verdict": "turn_down", "reason": "Names a client."})
    assert "Names a client." in (await client.get("/studio/reviews?state=turned_down")).text
    told = await author.get(f"/courses/{course.slug}/reviews")
    assert "Not published" in told.text
    assert "Names a client." in told.text
    office = await make_client()
    await office.login(make_person("admin"))
    assert "Names a client." in (await office.get("/studio/reviews?state=turned_down")).text
    await office.post_form(path, {"verdict": "approve"})
    await client.post_form(path, {"verdict": "turn_down", "reason": "Again."})
    assert "Ask an administrator" in (await client.get("/studio/reviews")).text
    await client.post_form(path, {"verdict": "feature"})
    assert "Featured" in (await author.get(f"/courses/{course.slug}/reviews")).text
    assert (await client.post_form(path, {"verdict": "x"})).status_code == 422
    assert (await client.get("/studio/reviews?state=x&after=x")).status_code == 200


async def test_the_share_that_a_team_sets(client: Client, database: Database, course: Course) -> None:
    await client.login(await teacher_of(database, course))
    path = f"/studio/{course.id}/reviews"
    for wrong in ("", "-1", "101", "1.5", "many", "1e2"):
        await client.post_form(path, {"percent": wrong})
        assert "whole number from 0 to 100" in (await client.get(path)).text
    await client.post_form(path, {"percent": "60"})
    assert await owner(database, "select review_after_percent from public.courses where id = $1", course.id) == 60

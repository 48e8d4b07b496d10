"""My learning: where to go on, what is next in each course, and what is completed."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest

from collegium.features.catalogue.service import CoursePath, Lock, Step
from collegium.features.enrolments.model import Taken
from collegium.features.enrolments.service import next_lesson
from tests.features.catalogue.statements import statements
from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, add_course, enrol
from tests.support.site import Client

__all__ = ["statements"]

MakePerson = Callable[..., Person]
MakeCourse = Callable[..., Course]
MakeClient = Callable[..., Awaitable[Client]]
SOON = datetime.now(UTC) + timedelta(days=3)


async def complete(database: Database, enrollment: UUID, course: Course, *titles: str) -> None:
    async with database.connect() as owner:
        for title in titles:
            await owner.execute(
                "insert into public.lesson_progress (enrollment_id, lesson_id, course_id, status, completed_at)"
                " values ($1, $2, $3, 'completed', now())",
                enrollment,
                course.lesson(title).id,
                course.id,
            )


async def used(database: Database, enrollment: UUID, hours_ago: int, lesson: Lesson | None = None) -> None:
    async with database.connect() as owner:
        await owner.execute(
            "update public.enrollments set last_accessed_at = now() - make_interval(hours => $2), current_lesson_id = $3"
            " where id = $1",
            enrollment,
            hours_ago,
            lesson.id if lesson else None,
        )


def plain(fragment: str) -> str:
    """The words of a piece of a page."""
    return " ".join(unescape(re.sub(r"<svg.*?</svg>|<details.*?</details>|<[^>]*>", " ", fragment, flags=re.S)).split())


def sections(text: str) -> dict[str, list[str]]:
    """The page's headings with the words of the rows below them; the large card is its own row."""
    found: dict[str, list[str]] = {}
    for part in re.findall(r"<section.*?</section>", text, re.S):
        heading = plain(re.search(r"<h2.*?</h2>", part, re.S)[0])  # type: ignore[index]
        rows = re.findall(r'<li class="row mine-row">.*?</li>', part, re.S)
        found[heading] = [plain(row) for row in rows] or [plain(part)]
    return found


async def test_whoever_has_taken_nothing_is_led_to_the_catalogue(client: Client, make_person: MakePerson) -> None:
    await client.login(make_person())
    page = await client.get("/me/learning")
    assert "You have not taken a course yet" in page.text
    assert 'href="/courses" class="btn btn-primary"' in page.text
    assert sections(page.text) == {}


async def test_a_guest_is_asked_to_sign_in(client: Client) -> None:
    page = await client.get("/me/learning")
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=%2Fme%2Flearning")
    assert (await client.get("/api/v1/me/enrolments")).status_code == 401


async def test_the_course_used_last_comes_first_and_large(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    learner = make_person()
    older, newer, fresh = (
        make_course(title, modules=[[Lesson("One"), Lesson("Two", video=660), Lesson("Three")]])
        for title in ("Older", "Newer", "Fresh")
    )
    for course, hours in ((older, 20), (newer, 2)):
        enrollment = await enrol(database, learner, course)
        await complete(database, enrollment, course, "One")
        await used(database, enrollment, hours)
    await enrol(database, learner, fresh)
    await client.login(learner)
    page = await client.get("/me/learning")
    found = sections(page.text)
    assert list(found) == ["Continue where you were", "In progress", "Not started"]
    assert "Newer" in found["Continue where you were"][0]
    assert "1 of 3 lessons" in found["Continue where you were"][0]
    assert "Next: Two Video 11 min" in found["Continue where you were"][0].replace(" · ", " ")
    assert "Older" in found["In progress"][0]
    assert "Next: Two" in found["In progress"][0]
    assert "First: One" in found["Not started"][0]
    assert "3 lessons" in found["Not started"][0]
    assert f'href="/learn/{newer.slug}/{newer.lesson("Two").id}" class="btn btn-primary' in page.text
    assert f'class="row-link" href="/learn/{older.slug}/{older.lesson("Two").id}"' in page.text
    assert page.text.count("btn-primary") == 1


async def test_the_lesson_left_open_is_the_next_one(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    learner, course = make_person(), make_course(modules=[[Lesson("One"), Lesson("Two"), Lesson("Three")]])
    enrollment = await enrol(database, learner, course)
    await complete(database, enrollment, course, "One")
    await used(database, enrollment, 1, course.lesson("Three"))
    await client.login(learner)
    assert "Next: Three" in sections((await client.get("/me/learning")).text)["Continue where you were"][0]
    await complete(database, enrollment, course, "Three")
    assert "Next: Two" in sections((await client.get("/me/learning")).text)["Continue where you were"][0]


@pytest.mark.parametrize(
    ("last", "words"),
    [
        (Lesson("Dated", unlock_date=SOON), f"Next: Dated opens on {SOON.day} {SOON:%B %Y}"),
        (Lesson("After", unlock_after="Shut"), "Next: Shut opens on"),
    ],
)
async def test_what_is_shut_says_when_it_opens(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse, last: Lesson, words: str
) -> None:
    learner = make_person()
    middle = [Lesson("Shut", unlock_date=SOON + timedelta(days=9))] if last.unlock_after else []
    course = make_course(modules=[[Lesson("One"), *middle, last]])
    await complete(database, await enrol(database, learner, course), course, "One")
    await client.login(learner)
    page = (await client.get("/me/learning")).text
    assert words in sections(page)["Continue where you were"][0]
    # There is no lesson to lead to, so the course itself is where going on leads.
    assert f'href="/learn/{course.slug}" class="btn btn-primary' in page


async def test_completed_courses_have_their_certificate(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    learner = make_person()
    certified = make_course("Certified", modules=[[Lesson("One")]], credits="2.5")
    plain_one = make_course("Plain", modules=[[Lesson("One")]], completion_certificate=False)
    for course in (certified, plain_one):
        await complete(database, await enrol(database, learner, course), course, "One")
    async with database.connect() as owner:
        number = await owner.fetchval("select number from public.certificates")
    await client.login(learner)
    page = await client.get("/me/learning")
    rows = sections(page.text)["Completed"]
    assert list(sections(page.text)) == ["Completed"]
    assert [("Certified" in row, "2.5 credits" in row) for row in rows] in (
        [(True, True), (False, False)],
        [(False, False), (True, True)],
    )
    assert page.text.count(f'href="/me/certificates/{number}.pdf"') == 1
    assert page.text.count("/me/certificates/") == 1


async def test_courses_left_or_held_stand_apart(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    learner = make_person()
    for title, status in (("Left", "dropped"), ("Held", "suspended"), ("Over", "expired")):
        enrollment = await enrol(database, learner, make_course(title))
        async with database.connect() as owner:
            await owner.execute("update public.enrollments set status = $2 where id = $1", enrollment, status)
    await client.login(learner)
    found = sections((await client.get("/me/learning")).text)
    assert list(found) == ["Not active"]
    rows = {row.split()[0]: row for row in found["Not active"]}
    assert "take it up again" in rows["Left"]
    assert "Suspended. Ask the association’s office." in rows["Held"]
    assert "Expired. Ask" in rows["Over"]


async def test_an_archived_course_stays_with_those_who_are_in_it(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    learner, course = make_person(), make_course("Archived")
    await enrol(database, learner, course)
    async with database.connect() as owner:
        await owner.execute("update public.courses set status = 'archived'")
    await client.login(learner)
    assert "This course is archived" in sections((await client.get("/me/learning")).text)["Not started"][0]


async def test_each_sees_only_own_courses(
    make_client: MakeClient, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    teacher = make_person("instructor")
    course = make_course("Annuities", instructor=teacher)
    await enrol(database, make_person(), course)
    for reader in (teacher, make_person(), make_person("admin")):
        client = await make_client()
        await client.login(reader)
        assert "You have not taken a course yet" in (await client.get("/me/learning")).text
        assert (await client.get("/api/v1/me/enrolments")).json() == {"enrolments": []}


async def test_hostile_words_stay_words(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    evil = "\"'><script>alert(1)</script>"
    learner = make_person()
    open_one = make_course(evil, modules=[[Lesson(evil), Lesson("Next", unlock_after=evil)]])
    done = make_course(evil, modules=[[Lesson(evil)]])
    await enrol(database, learner, open_one)
    await complete(database, await enrol(database, learner, done), done, evil)
    await client.login(learner)
    text = (await client.get("/me/learning")).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


async def test_programs_get_the_same(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    learner = make_person()
    course = make_course("Annuities", modules=[[Lesson("One"), Lesson("Two", unlock_date=SOON)]], credits=2)
    enrollment = await enrol(database, learner, course)
    await complete(database, enrollment, course, "One")
    await client.login(learner)
    (found,) = (await client.get("/api/v1/me/enrolments")).json()["enrolments"]
    assert (found["id"], found["slug"], found["status"]) == (str(enrollment), course.slug, "in_progress")
    assert (found["lessons_completed"], found["lessons_required"], found["credits"]) == (1, 2, 2.0)
    following = found["next"]
    assert (following["title"], following["locked"]) == ("Two", True)
    assert datetime.fromisoformat(following["opens_at"]) == SOON


async def test_the_page_asks_the_database_little(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse, statements: list[str]
) -> None:
    learner = make_person()
    for number in range(8):
        await enrol(database, learner, await add_course(database, f"Plain {number}", modules=[[Lesson("One")]]))
    await client.login(learner)
    await client.get("/me/learning")
    statements.clear()
    await client.get("/me/learning")
    assert len(statements) == 1
    for number in range(4):
        await enrol(database, learner, await add_course(database, f"Ruled {number}"))
    await client.get("/me/learning")
    statements.clear()
    page = await client.get("/me/learning")
    assert len(statements) == 2
    assert page.text.count("mine-row") >= 12


async def test_a_new_lesson_is_next_at_once(
    client: Client, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    learner, course = make_person(), make_course(modules=[[Lesson("One")]])
    await enrol(database, learner, course)
    await client.login(learner)
    assert "First: One" in sections((await client.get("/me/learning")).text)["Not started"][0]
    async with database.connect() as owner:
        await owner.execute("update public.lessons set title = 'Renamed'")
    assert "First: Renamed" in sections((await client.get("/me/learning")).text)["Not started"][0]


STEPS = [Step(uuid4(), title, "text", 5) for title in ("One", "Two", "Three")]


def next_of(done: list[int], current: int | None = None, locks: dict[int, Any] | None = None) -> str | None:
    now = datetime.now(UTC)
    taken = Taken(
        1, uuid4(), uuid4(), "in_progress", now, None, None, None, len(done), 3, None,
        STEPS[current].id if current is not None else None, "a", "A", "compliance", None, "published", 0, None,  # type: ignore[arg-type]
        None, None, [STEPS[number].id for number in done],
    )  # fmt: skip
    found = next_lesson(taken, CoursePath(STEPS, bool(locks)), {STEPS[number].id: lock for number, lock in (locks or {}).items()})  # fmt: skip
    return found.title if found else None


WAITS = Lock("after_lesson", "One", None)


@pytest.mark.parametrize(
    ("done", "current", "locks", "wanted"),
    [
        ([], None, {}, "One"),
        ([0], None, {}, "Two"),
        ([1], None, {}, "One"),
        ([0], 2, {}, "Three"),
        ([0, 2], 2, {}, "Two"),
        ([0, 1, 2], 0, {}, None),
        ([0], None, {1: WAITS}, "Three"),
        ([0], 1, {1: WAITS}, "Three"),
        ([], None, {0: WAITS, 1: WAITS, 2: Lock("lesson_date", None, SOON)}, "Three"),
        (
            [0],
            None,
            {1: Lock("lesson_date", None, SOON + timedelta(days=1)), 2: Lock("lesson_date", None, SOON)},
            "Three",
        ),
        ([0], None, {1: WAITS, 2: WAITS}, "Two"),
    ],
)
def test_the_next_lesson(done: list[int], current: int | None, locks: dict[int, Any], wanted: str | None) -> None:
    assert next_of(done, current, locks) == wanted

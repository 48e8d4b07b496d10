"""The player's pages for everybody who may come: guest, stranger, learner, staff; open, locked, complete."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.features.progress.player import Player, let_time_pass
from tests.support.database import Database
from tests.support.people import Course, Lesson, add_course, add_person, enrol
from tests.support.site import Client

SCRIPTED = (
    '<h2 onclick="x()">Terms</h2><script>alert(1)</script><p style="position:fixed">Read <a href="javascript:alert(2)">'
    'this</a>, <a href="https://example.org/" target="_blank">that</a> and <em>more</em>.</p>'
    '<iframe src="//evil"></iframe><img src="x" onerror="alert(3)"><svg><script>alert(4)</script></svg>'
)


def path(course: Course, title: str) -> str:
    return f"/learn/{course.slug}/{course.lesson(title).id}"


def config(page: httpx.Response) -> dict[str, Any] | None:
    """What the page tells the player; None when it has none."""
    found = re.search(r'data-config="([^"]*)"', page.text)
    return json.loads(html.unescape(found[1])) if found else None


async def make_playable(database: Database, *lessons: Lesson) -> None:
    async with database.connect() as owner:
        for lesson in lessons:
            await owner.execute(
                "update public.lesson_videos set playlist_key = 'videos/' || id || '/master.m3u8',"
                " poster_key = 'videos/' || id || '/poster.jpg' where id = $1",
                lesson.video_id,
            )


async def test_a_guest_sees_previews_and_nothing_else(database: Database, client: Client) -> None:
    course = await add_course(database)
    await make_playable(database, *(lesson for lesson in course.lessons if lesson.video))
    page = await client.get(path(course, "Welcome"))
    assert page.status_code == 200
    assert "You are looking at a preview" in page.text
    told = config(page)
    assert told
    assert (told["tracked"], told["userId"], told["enrollmentId"]) == (False, "", None)
    assert "What is left" not in page.text
    assert f'href="{path(course, "Reading the policy")}"' not in page.text, "what is shut is not a link"
    shut = await client.get(path(course, "Reading the policy"))
    assert shut.status_code == 303
    assert shut.headers["location"].startswith("/sign-in?next=")
    assert "Read this slowly" not in shut.text
    first = await client.get(f"/learn/{course.slug}")
    assert (first.status_code, first.headers["location"]) == (303, path(course, "Welcome"))


async def test_a_stranger_is_sent_to_the_course(database: Database, client: Client) -> None:
    course = await add_course(database, modules=[[Lesson("Inside")]])
    await client.login(await add_person(database))
    shut = await client.get(path(course, "Inside"))
    assert (shut.status_code, shut.headers["location"]) == (303, f"/courses/{course.slug}")
    nowhere = await client.get(f"/learn/{course.slug}")
    assert (nowhere.status_code, nowhere.headers["location"]) == (303, f"/courses/{course.slug}")
    for action in ("visit", "complete"):
        answer = await client.post_form(f"{path(course, 'Inside')}/{action}")
        assert answer.status_code == 403, action


async def test_a_learner_finds_outline_player_and_what_is_left(database: Database, client: Client) -> None:
    person = await add_person(database)
    course = await add_course(database)
    await make_playable(database, course.lesson("Welcome"))
    enrollment = await enrol(database, person, course)
    await client.login(person)
    page = await client.get(path(course, "Welcome"))
    told = config(page)
    assert told
    assert told["tracked"] is True
    assert (told["userId"], told["enrollmentId"], told["goalSeconds"]) == (str(person.id), str(enrollment), 54)
    assert told["src"].startswith("/media/")
    assert "0 of 3 requirements met" in page.text
    assert page.text.count('aria-current="page"') == 1
    assert "Opens when you have completed “Welcome”" in page.text
    assert page.headers["cache-control"] == "private, no-cache"


async def test_a_locked_lesson_says_why_and_shows_nothing_of_it(database: Database, client: Client) -> None:
    person = await add_person(database, time_zone="America/New_York")
    opens = datetime(2031, 5, 2, 1, 0, tzinfo=UTC)
    course = await add_course(
        database,
        modules=[
            [
                Lesson("First", video=60),
                Lesson("Second", unlock_after="First", html="<p>The secret.</p>"),
                Lesson("Later", unlock_date=opens, html="<p>The secret.</p>"),
            ]
        ],
    )
    await enrol(database, person, course)
    await client.login(person)
    for title, why in (("Second", "Opens when you have completed “First”."), ("Later", "Opens on 1 May 2031.")):
        page = await client.get(path(course, title))
        assert page.status_code == 403, title
        assert why in page.text
        assert "The secret" not in page.text
        assert "What is left" in page.text
        assert 'class="course-outline"' in page.text
        for action in ("visit", "complete"):
            answer = await client.post_form(f"{path(course, title)}/{action}")
            assert answer.status_code == 403, (title, action)


async def test_a_date_that_has_come_opens_the_lesson(database: Database, client: Client) -> None:
    person = await add_person(database)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    course = await add_course(database, modules=[[Lesson("Now", unlock_date=yesterday)]])
    await enrol(database, person, course)
    await client.login(person)
    assert (await client.get(path(course, "Now"))).status_code == 200


@pytest.mark.parametrize("role", ["teacher", "admin"])
async def test_staff_see_everything_uncounted(database: Database, client: Client, role: str) -> None:
    teacher = await add_person(database, "instructor", first_name="Ines", last_name="Lindqvist")
    viewer = teacher if role == "teacher" else await add_person(database, "admin")
    course = await add_course(database, instructor=teacher)
    await make_playable(database, course.lesson("A claim, step by step"))
    await client.login(viewer)
    page = await client.get(path(course, "A claim, step by step"))
    assert page.status_code == 200
    assert "Nothing is counted." in page.text
    told = config(page)
    assert told
    assert told["tracked"] is False


async def test_another_instructor_is_a_stranger(database: Database, client: Client) -> None:
    course = await add_course(database, modules=[[Lesson("Inside")]])
    await client.login(await add_person(database, "instructor"))
    assert (await client.get(path(course, "Inside"))).status_code == 303


async def test_what_does_not_exist_is_not_found(database: Database, client: Client) -> None:
    course, other = await add_course(database), await add_course(database)
    draft = await add_course(database, status="draft")
    person = await add_person(database)
    await enrol(database, person, course)
    await client.login(person)
    for where in (
        f"/learn/{course.slug}/{uuid4()}",
        f"/learn/{course.slug}/{other.lessons[0].id}",
        f"/learn/{course.slug}/{other.lessons[0].id}/status",
        f"/learn/{draft.slug}",
        f"/learn/{draft.slug}/{draft.lessons[0].id}",
        f"/learn/{course.slug}/not-a-lesson",
        "/learn/nothing",
    ):
        assert (await client.get(where)).status_code == 404, where


async def test_lesson_text_is_cleaned_whatever_was_stored(database: Database, client: Client) -> None:
    person = await add_person(database)
    course = await add_course(database, modules=[[Lesson("Terms", html=SCRIPTED)]])
    await enrol(database, person, course)
    await client.login(person)
    page = (await client.get(path(course, "Terms"))).text
    body = page[page.index('<div class="prose">') : page.index('class="learn-complete"')]
    for wrong in ("<script", "alert", "onclick", "onerror", "javascript:", "<iframe", "<svg", "style="):
        assert wrong not in body, wrong
    assert "<h2>Terms</h2>" in body
    assert '<a href="https://example.org/" rel="noopener noreferrer">that</a> and <em>more</em>' in body


async def test_marking_lessons_complete_goes_on_and_completes_the_course(database: Database, client: Client) -> None:
    person = await add_person(database)
    course = await add_course(database, modules=[[Lesson("One"), Lesson("Two", unlock_after="One")]])
    await enrol(database, person, course)
    await client.login(person)
    page = await client.get(path(course, "One"))
    first = await client.submit(page, path(course, "One") + "/complete")
    assert (first.status_code, first.headers["location"]) == (303, path(course, "Two"))
    following = await client.get(path(course, "Two"))
    assert following.status_code == 200
    assert "“One” is complete." in following.text
    last = await client.submit(following, path(course, "Two") + "/complete")
    assert last.headers["location"] == path(course, "Two")
    done = await client.get(path(course, "Two"))
    assert "Course complete" in done.text
    assert re.search(r"CERT-\d{4}-[2-9A-HJ-NP-Z]{8}", done.text)
    assert "Mark as complete" not in done.text
    again = await client.post_form(path(course, "One") + "/complete")
    assert again.status_code == 303, "doing it again changes nothing"
    async with database.connect() as owner:
        assert await owner.fetchval("select count(*) from public.certificates") == 1


async def test_a_lesson_of_another_course_is_not_completed_by_this_address(database: Database, client: Client) -> None:
    person = await add_person(database)
    course, other = [await add_course(database, modules=[[Lesson("Text")]]) for _ in range(2)]
    for each in (course, other):
        await enrol(database, person, each)
    await client.login(person)
    answer = await client.post_form(f"/learn/{course.slug}/{other.lessons[0].id}/complete")
    assert answer.status_code == 404
    async with database.connect() as owner:
        assert await owner.fetchval("select count(*) from public.lesson_progress") == 0


async def test_time_must_be_spent_first(database: Database, client: Client) -> None:
    person = await add_person(database)
    slow = Lesson("Slow", more={"completion_criteria": "time_spent", "min_time_seconds": 120})
    course = await add_course(database, modules=[[slow]])
    await enrol(database, person, course)
    await client.login(person)
    where = path(course, "Slow")
    assert "0 of the 120 seconds needed" in (await client.get(where)).text, "nothing was spent before it was opened"
    visited = await client.post(f"{where}/visit", headers={"x-csrf-token": await client.csrf()})
    assert visited.status_code == 204
    early = await client.post_form(f"{where}/complete")
    assert early.headers["location"] == where
    page = await client.get(where)
    assert "This lesson asks for at least 120 seconds." in page.text
    assert "0 of 1 requirement met" in page.text
    async with database.connect() as owner:
        await owner.execute("update public.lesson_progress set started_at = started_at - interval '2 minutes'")
    await client.post_form(f"{where}/complete")
    assert "Course complete" in (await client.get(where)).text


async def test_a_video_is_not_completed_by_hand(database: Database, client: Client) -> None:
    person = await add_person(database)
    course = await add_course(database)
    await enrol(database, person, course)
    await client.login(person)
    page = await client.get(path(course, "Welcome"))
    assert "/complete" not in page.text
    answer = await client.post_form(path(course, "Welcome") + "/complete")
    assert answer.status_code == 409
    assert "completes by itself" in answer.text


async def test_a_form_without_its_token_changes_nothing(database: Database, client: Client) -> None:
    person = await add_person(database)
    course = await add_course(database, modules=[[Lesson("Text")]])
    await enrol(database, person, course)
    await client.login(person)
    assert (await client.post(path(course, "Text") + "/complete")).status_code == 403
    async with database.connect() as owner:
        assert await owner.fetchval("select count(*) from public.lesson_progress") == 0


async def test_the_status_shows_what_a_completed_video_opens(database: Database, client: Client) -> None:
    person = await add_person(database)
    course = await add_course(database)
    await enrol(database, person, course)
    await client.login(person)
    status = path(course, "Welcome") + "/status"
    before = (await client.get(status, headers={"hx-request": "true"})).text
    assert "54 seconds to watch" in before
    assert "Opens when you have completed “Welcome”" in before
    player = Player(client, course.lesson("Welcome"))
    await player.open()
    await let_time_pass(database, 60)
    assert (await player.counted((0, 60)))["completed"]
    after = (await client.get(status, headers={"hx-request": "true"})).text
    assert "<html" not in after
    assert "1 of 3 requirements met" in after
    assert "Watched the 54 seconds needed" in after
    assert "Opens when you have completed" not in after
    for place in ("learn-outline", "learn-steps"):
        assert re.search(rf'id="{place}"[^>]* hx-swap-oob="true"', after), place


async def test_learning_goes_on_where_it_was_left(database: Database, client: Client) -> None:
    person = await add_person(database)
    course = await add_course(database, modules=[[Lesson("One"), Lesson("Two"), Lesson("Three")]])
    await enrol(database, person, course)
    await client.login(person)

    async def continues() -> str:
        return (await client.get(f"/learn/{course.slug}")).headers["location"]

    assert await continues() == path(course, "One")
    await client.post(path(course, "Two") + "/visit", headers={"x-csrf-token": await client.csrf()})
    assert await continues() == path(course, "Two")
    await client.post_form(path(course, "Two") + "/complete")
    assert await continues() == path(course, "One"), "what was completed is not where to go on"


async def test_a_dropped_enrollment_opens_nothing(
    database: Database, client: Client, make_client: Callable[..., Any]
) -> None:
    person = await add_person(database)
    course = await add_course(database)
    await enrol(database, person, course)
    await client.login(person)
    async with database.connect() as owner:
        await owner.execute("update public.enrollments set status = 'dropped'")
    answer = await client.get(path(course, "Reading the policy"))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/courses/{course.slug}")


@pytest.mark.parametrize(
    ("kind", "words"),
    [("scorm", "There is no package here yet"), ("live_session", "cannot be opened here yet")],
    ids=["scorm", "live_session"],
)
async def test_a_kind_of_lesson_that_cannot_be_shown_says_so(
    database: Database, client: Client, kind: str, words: str
) -> None:
    person = await add_person(database)
    course = await add_course(database, modules=[[Lesson("Other", required=False, more={"lesson_type": kind})]])
    await enrol(database, person, course)
    await client.login(person)
    page = await client.get(path(course, "Other"))
    assert page.status_code == 200
    assert words in page.text


async def test_what_no_lesson_holds_is_named_beside_what_is_left(database: Database, client: Client) -> None:
    person = await add_person(database)
    course = await add_course(database, modules=[[Lesson("First")]])
    await enrol(database, person, course)
    async with database.connect() as owner:
        quiz, final, hidden = [
            await owner.fetchval(
                "insert into public.quizzes (course_id, title, status, quiz_type, is_mandatory)"
                " values ($1, $2, $3, 'formative', $4) returning id",
                course.id, title, state, required,
            )
            for title, state, required in (
                ("Try yourself", "published", False), ("Final one", "published", True), ("Being written", "draft", False),
            )
        ]  # fmt: skip
        task = await owner.fetchval(
            "insert into public.assignments (course_id, title, description, status, submission_type)"
            " values ($1, 'Write it down', 'd', 'published', 'text_entry') returning id",
            course.id,
        )
    await client.login(person)
    page = (await client.get(path(course, "First"))).text
    besides = page.partition("Also in this course")[2]
    assert f'href="/quizzes/{quiz}"' in besides
    assert f'href="/assignments/{task}"' in besides
    assert str(hidden) not in page
    assert f'href="/quizzes/{final}"' in page, "what is required is among what is left"
    assert str(final) not in besides

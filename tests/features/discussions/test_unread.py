"""What is new in a forum to each of its readers."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.features.discussions.test_forum_pages import MakeClient, MakeCourse, MakePerson, begin, enter, team_of
from tests.support.database import Database
from tests.support.people import Course, Lesson, Person
from tests.support.site import Client


@pytest.fixture
def course(make_course: MakeCourse) -> Course:
    return make_course(modules=[[Lesson("Open"), Lesson("Shut", unlock_after="Open")]], enable_discussion_forum=True)


@pytest.fixture
def learner(make_person: Callable[..., Person]) -> Person:
    return make_person(first_name="Mara", last_name="Okafor")


async def marks(client: Client, home: str) -> list[str]:
    """The marks of the forum's list, from its first row on."""
    return re.findall(r'thread-new">([^<]+)<', (await client.get(home)).text)


async def look(client: Client, here: str) -> None:
    """Opens a discussion as a browser does."""
    page = await client.get(here)
    [path] = re.findall(r'hx-post="([^"]+/seen)"', page.text)
    seen = await client.post(path, headers={"x-csrf-token": await client.csrf(), "hx-request": "true"})
    assert seen.status_code == 204


async def test_what_is_new_is_marked_until_it_was_looked_at(
    client: Client,
    make_client: MakeClient,
    make_person: MakePerson,
    database: Database,
    course: Course,
    learner: Person,
) -> None:
    home = await enter(client, database, course, learner)
    here = await begin(client, home)
    await look(client, here)
    assert await marks(client, home) == [], "who asked has seen what he asked"
    other = await make_client()
    await enter(other, database, course, make_person())
    assert await marks(other, home) == ["New"]
    assert "Mark all as read" in (await other.get(home)).text
    await look(other, here)
    assert await marks(other, home) == []
    assert "Mark all as read" not in (await other.get(home)).text
    await other.post_form(f"{here}/posts", {"body": "The employer."})
    await look(other, here)
    assert await marks(client, home) == ["New replies"]
    assert await marks(other, home) == [], "what one says oneself is nothing new"
    await begin(other, home, "Something else", "Is it?")
    assert await marks(client, home) == ["New", "New replies"]
    answer = await client.post_form(f"{home}/seen")
    assert answer.headers["location"] == home
    assert await marks(client, home) == []


async def test_what_is_shut_to_a_learner_is_not_marked_as_seen(
    client: Client, make_client: MakeClient, database: Database, course: Course, learner: Person
) -> None:
    team = await make_client()
    await team.login(await team_of(database, course))
    home = f"/learn/{course.slug}/discussions"
    shut = course.lesson("Shut").id
    made = await team.post_form(home, {"title": "Later", "body": "For later.", "lesson": str(shut)})
    await enter(client, database, course, learner)
    await client.post_form(f"{home}/seen")
    seen = await client.post(f"{made.headers['location']}/seen", headers={"x-csrf-token": await client.csrf()})
    assert seen.status_code == 404
    async with database.connect() as owner:
        assert await owner.fetchval("select count(*) from public.discussion_reading") == 0
        await owner.execute("select private.complete_lesson(id, $1) from public.enrollments", course.lesson("Open").id)
    assert await marks(client, home) == ["New"]


async def test_a_stranger_has_nothing_to_mark(
    client: Client,
    make_person: MakePerson,
    make_client: MakeClient,
    database: Database,
    course: Course,
    learner: Person,
) -> None:
    home = await enter(client, database, course, learner)
    here = await begin(client, home)
    stranger = await make_client()
    await stranger.login(make_person())
    for path in (f"{home}/seen", f"{here}/seen"):
        assert (await stranger.post_form(path)).status_code == 404

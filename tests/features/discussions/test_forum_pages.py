"""The pages of a course's forum: who takes part, writing, finding, reporting, and what the team does."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, enrol
from tests.support.site import Client

MakePerson = Callable[..., Person]
MakeCourse = Callable[..., Course]
MakeClient = Callable[..., Awaitable[Client]]
HOSTILE = '<script>alert(1)</script>\nfirst\n\n<b>second</b> javascript:alert(1) https://example.org/"onclick="x"'


async def owner(database: Database, sql: str, *args: object) -> Any:
    async with database.connect() as session:
        return await session.fetchval(sql, *args)


@pytest.fixture
def course(make_course: MakeCourse) -> Course:
    return make_course(modules=[[Lesson("Open"), Lesson("Shut", unlock_after="Open")]], enable_discussion_forum=True)


@pytest.fixture
def learner(make_person: MakePerson) -> Person:
    return make_person(first_name="Mara", last_name="Okafor")


async def team_of(database: Database, course: Course) -> Person:
    found = await owner(database, "select instructor_id from public.courses where id = $1", course.id)
    return Person(found, "", "Ines", "Lindqvist", "instructor")


async def enter(client: Client, database: Database, course: Course, person: Person) -> str:
    """Signs a learner of the course in; the forum's address."""
    await enrol(database, person, course)
    await client.login(person)
    return f"/learn/{course.slug}/discussions"


async def begin(client: Client, home: str, title: str = "What is a premium?", body: str = "Who pays it?") -> str:
    made = await client.post_form(home, {"title": title, "body": body})
    assert made.status_code == 303, made.text
    return made.headers["location"]


def posts(page: httpx.Response) -> list[str]:
    """The posts of a page in their order."""
    return re.findall(r'<article class="post[^"]*" id="post-([0-9a-f-]+)"', page.text)


async def test_a_discussion_from_asking_to_its_answer(
    client: Client,
    make_client: MakeClient,
    make_person: MakePerson,
    database: Database,
    course: Course,
    learner: Person,
) -> None:
    home = await enter(client, database, course, learner)
    assert "Nobody has said anything yet" in (await client.get(home)).text
    here = await begin(client, home, "<i>Premium</i>", HOSTILE)
    page = await client.get(here)
    assert "<script>alert" not in page.text
    assert "<p>&lt;script&gt;alert(1)&lt;/script&gt;<br>first</p><p>&lt;b&gt;second&lt;/b&gt;" in page.text
    assert 'href="javascript' not in page.text
    assert 'onclick="x"' not in page.text
    assert "&lt;i&gt;Premium&lt;/i&gt;" in (await client.get(home)).text
    assert "No reply yet" in (await client.get(f"{home}?unanswered=1")).text

    team = await make_client()
    await team.login(await team_of(database, course))
    replied = await team.post_form(f"{here}/posts", {"body": "You do."})
    assert re.fullmatch(re.escape(here) + r"#post-[0-9a-f-]{36}", replied.headers["location"])
    answer = posts(await team.get(here))[1]
    assert ">Team<" in (await client.get(here)).text
    await team.post_form(f"{here}/posts/{answer}/answer")
    assert "Answer, marked by" in (await client.get(here)).text
    assert "Answered" in (await client.get(home)).text
    assert "Every discussion has a reply" in (await client.get(f"{home}?unanswered=1")).text
    other = await make_client()
    await enter(other, database, course, make_person())
    await other.post_form(f"{here}/posts", {"body": "Thank you.", "parent": answer})
    page = await client.get(here)
    assert "to Ines L." in page.text
    kinds = await owner(database, "select count(*) from public.notifications where kind = 'discussion_reply'")
    assert kinds == 3, "who asked is told twice, the team once"
    await team.post_form(f"{here}/posts/{answer}/unanswer")
    assert "Answer, marked by" not in (await client.get(here)).text


@pytest.mark.parametrize("who", ["guest", "student", "instructor"])
async def test_others_find_no_forum(
    client: Client,
    make_client: MakeClient,
    make_person: MakePerson,
    database: Database,
    course: Course,
    learner: Person,
    who: str,
) -> None:
    home = await enter(client, database, course, learner)
    here = await begin(client, home)
    (first,) = posts(await client.get(here))
    other = await make_client()
    if who != "guest":
        await other.login(make_person(who))
    status = 303 if who == "guest" else 404
    for path in (home, f"{home}/new", here):
        assert (await other.get(path)).status_code == status
    for path in (
        home,
        f"{here}/posts",
        here,
        *(f"{here}/posts/{first}/{what}" for what in ("edit", "report", "hide", "delete", "answer")),
    ):
        assert (await other.post_form(path, {"title": "t", "body": "b"})).status_code == status, path
    assert await owner(database, "select count(*) from public.discussion_posts") == 1


async def test_a_course_without_a_forum_has_none(
    client: Client, database: Database, course: Course, learner: Person
) -> None:
    home = await enter(client, database, course, learner)
    lesson = f"/learn/{course.slug}/{course.lesson('Open').id}"
    assert home in (await client.get(f"/courses/{course.slug}")).text
    assert f'href="{home}"' in (await client.get(lesson)).text
    await owner(database, "update public.courses set enable_discussion_forum = false where id = $1", course.id)
    assert (await client.get(home)).status_code == 404
    assert home not in (await client.get(f"/courses/{course.slug}")).text
    assert home not in (await client.get(lesson)).text
    assert (await client.get("/learn/no-such-course/discussions")).status_code == 404


async def test_one_discussion_stands_under_its_own_course(
    client: Client, make_course: MakeCourse, database: Database, course: Course, learner: Person
) -> None:
    home = await enter(client, database, course, learner)
    here = await begin(client, home)
    other = make_course(enable_discussion_forum=True)
    await enrol(database, learner, other)
    assert (await client.get(here.replace(course.slug, other.slug))).status_code == 404
    assert (await client.get(f"{home}/{uuid4()}")).status_code == 404


async def test_what_was_typed_is_not_lost(client: Client, database: Database, course: Course, learner: Person) -> None:
    home = await enter(client, database, course, learner)
    empty = await client.post_form(home, {"title": " ", "body": "My long words."})
    assert empty.status_code == 422
    assert "Give the discussion a title." in empty.text
    assert "My long words." in empty.text
    here = await begin(client, home)
    long = await client.post_form(f"{here}/posts", {"body": "y" * 10001})
    assert long.status_code == 422
    assert "at most 10,000 characters; this one has 10,001" in long.text
    await owner(database, "update public.discussions set is_locked = true")
    late = await client.post_form(f"{here}/posts", {"body": "Too late."})
    assert (late.status_code, "This discussion is closed" in late.text) == (409, True)
    assert "This discussion is closed. You can read it." in (await client.get(here)).text


async def test_ones_own_post(client: Client, make_client: MakeClient, make_person: MakePerson, database: Database, course: Course, learner: Person) -> None:  # fmt: skip
    home = await enter(client, database, course, learner)
    here = await begin(client, home)
    (first,) = posts(await client.get(here))
    asked = await client.get(f"{here}?do=edit&post={first}")
    await client.submit(asked, f"{here}/posts/{first}/edit", {"body": "Who pays a premium?"})
    page = await client.get(here)
    assert "Who pays a premium?" in page.text
    assert "· edited" in page.text
    other = await make_client()
    await enter(other, database, course, make_person())
    for what in ("edit", "delete"):
        assert (await other.post_form(f"{here}/posts/{first}/{what}", {"body": "x"})).status_code == 404
        assert f"do={what}" not in (await other.get(here)).text
    await client.post_form(f"{here}/posts/{first}/delete")
    page = await client.get(here)
    assert "Who pays a premium?" not in page.text
    assert "Its author took this post back." in page.text
    await client.post_form(here, {"title": "Premiums"})
    assert "<h1>Premiums</h1>" in (await client.get(here)).text
    assert (await other.post_form(here, {"title": "Mine"})).status_code == 403
    assert (await other.post_form(here, {"pinned": "yes"})).status_code == 403
    assert (await client.post_form(f"{here}/posts/{first}/nonsense")).status_code == 404


async def test_from_a_report_to_its_end(
    client: Client,
    make_client: MakeClient,
    make_person: MakePerson,
    database: Database,
    course: Course,
    learner: Person,
) -> None:
    home = await enter(client, database, course, learner)
    here = await begin(client, home, body="Buy my book.")
    (first,) = posts(await client.get(here))
    other, team = await make_client(), await make_client()
    await enter(other, database, course, make_person(first_name="Noor", last_name="Haddad"))
    asked = await other.get(f"{here}?do=report&post={first}")
    wrong = await other.submit(asked, f"{here}/posts/{first}/report", {"body": " "})
    assert (wrong.status_code, "Say why" in wrong.text) == (422, True)
    await other.submit(asked, f"{here}/posts/{first}/report", {"body": "<b>Advertising</b>"})
    assert "You reported this post." in (await other.get(here)).text
    for page in (await client.get(here), await client.get(home)):
        assert "Advertising" not in page.text
        assert "Noor" not in page.text
    await team.login(await team_of(database, course))
    assert "Reports (1)" in (await team.get(home)).text
    studio = f"/studio/{course.id}/discussions"
    queue = await team.get(studio)
    assert "&lt;b&gt;Advertising&lt;/b&gt;" in queue.text
    assert "Noor H." in queue.text
    hidden = await team.post_form(f"{here}/posts/{first}/hide", {"body": "Advertising.", "next": studio})
    assert hidden.headers["location"] == studio
    assert "No report waits" in (await team.get(studio)).text
    assert "the post was hidden" in (await team.get(f"{studio}?state=settled")).text
    assert "Buy my book." not in (await other.get(here)).text
    mine = await client.get(here)
    assert "Buy my book." in mine.text
    assert "Advertising." in mine.text
    await team.post_form(f"{here}/posts/{first}/show")
    assert "Buy my book." in (await other.get(here)).text


async def test_the_team_pins_closes_and_turns_the_forum_off(
    client: Client, make_client: MakeClient, database: Database, course: Course, learner: Person
) -> None:
    home = await enter(client, database, course, learner)
    old, new = await begin(client, home, "Old"), await begin(client, home, "New")
    team = await make_client()
    await team.login(await team_of(database, course))
    await team.post_form(old, {"pinned": "yes"})
    await team.post_form(old, {"locked": "yes"})
    listed = await client.get(home)
    assert re.findall(r">(Old|New)</a>", listed.text) == ["Old", "New"]
    assert "Closed" in listed.text
    assert "Your reply" not in (await client.get(old)).text
    assert "Your reply" in (await client.get(new)).text
    studio = f"/studio/{course.id}/discussions"
    await team.post_form(studio, {"on": "no"})
    assert (await client.get(home)).status_code == 404
    assert "Turn it on" in (await team.get(studio)).text
    await team.post_form(studio, {"on": "yes"})
    assert (await client.get(home)).status_code == 200


async def test_search_lessons_and_pages(client: Client, database: Database, course: Course, learner: Person) -> None:
    home = await enter(client, database, course, learner)
    lesson, shut = course.lesson("Open"), course.lesson("Shut")
    asked = await client.get(f"{home}/new?lesson={lesson.id}")
    assert "About “Open”" in asked.text
    await client.submit(asked, home, {"title": "A word", "body": "Über alles."})
    assert "on “Open”" in (await client.get(f"{home}?q=uber")).text
    assert "Nothing found for “zebra”" in (await client.get(f"{home}?q=zebra")).text
    refused = await client.post_form(home, {"title": "t", "body": "b", "lesson": str(shut.id)})
    assert refused.status_code == 404
    await owner(
        database,
        "insert into public.discussions (course_id, title, last_post_at)"
        " select $1, 'Thread ' || to_char(n, 'FM00'), now() - make_interval(mins => n) from generate_series(1, 25) n"
        " returning 1",
        course.id,
    )
    first = await client.get(home)
    following = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert following
    second = await client.get(following[1].replace("&amp;", "&"))
    read = re.findall(r"Thread \d\d", first.text) + re.findall(r"Thread \d\d", second.text)
    assert read == [f"Thread {number:02}" for number in range(1, 26)]
    assert (await client.get(f"{home}?after=x&unanswered=7")).status_code == 200


async def test_a_long_discussion_goes_on_on_its_next_page(
    client: Client, database: Database, course: Course, learner: Person
) -> None:
    home = await enter(client, database, course, learner)
    here = await begin(client, home)
    discussion = UUID(here.rpartition("/")[2])
    await owner(
        database,
        "insert into public.discussion_posts (discussion_id, course_id, body, created_at)"
        " select $1, $2, 'Post ' || to_char(n, 'FM00'), now() + make_interval(mins => n) from generate_series(1, 60) n"
        " returning 1",
        discussion,
        course.id,
    )
    first = await client.get(here)
    assert "Your reply" not in first.text
    following = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert following
    second = await client.get(following[1].replace("&amp;", "&"))
    read = re.findall(r"Post \d\d", first.text) + re.findall(r"Post \d\d", second.text)
    assert read == [f"Post {number:02}" for number in range(1, 61)]
    assert "Your reply" in second.text
    last = posts(second)[-1]
    place = following[1].partition("?")[2]
    form = await client.get(f"{here}?{place}&do=reply&post={last}")
    assert f'action="{here}/posts?{place}&amp;"' in form.text

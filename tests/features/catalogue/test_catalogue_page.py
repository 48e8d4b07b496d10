"""The catalogue as a page and as fragments: for everybody the same, with one's own marks, and never out of date."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from html import unescape
from typing import Any

import pytest

from collegium.features.catalogue.filters import PAGE_SIZE
from collegium.kit.site import Site
from tests.features.catalogue.shelf import insert_courses, random_courses
from tests.support.database import Database
from tests.support.people import Course, Person, add_course, enrol
from tests.support.site import Client

MakePerson = Callable[..., Person]
MakeCourse = Callable[..., Course]
MakeClient = Callable[..., Awaitable[Client]]
HTMX = {"hx-request": "true"}


def titles(text: str) -> list[str]:
    return [unescape(found) for found in re.findall(r'class="row-link" href="/courses/[^"]*"[^>]*>([^<]*)<', text)]


def row(text: str, slug: str) -> str:
    return next(
        found for found in re.findall(r'<li class="row cat-row">.*?</li>', text, re.S) if f"/courses/{slug}" in found
    )


def count_of(text: str, facet: str, value: str) -> int:
    found = re.search(rf'id="f-{facet}-{value}".*?tick-count[^>]*>(\d+)<', text, re.S)
    assert found
    return int(found[1])


async def test_a_course_stands_there_with_its_facts(client: Client, make_course: MakeCourse) -> None:
    course = make_course(
        "Annuities", pricing="paid", price=120, member_price=80, credits=1, category="retirement_planning",
        difficulty_level="advanced", delivery_format="blended", estimated_duration_minutes=150,
    )  # fmt: skip
    page = await client.get("/courses")
    assert page.status_code == 200
    shown = row(page.text, course.slug)
    for words in (
        "Retirement planning",
        "Advanced",
        "Blended",
        "2 h 30 min",
        "1 credit<",
        "Ines Lindqvist",
        "$120",
        "$80 for members",
    ):
        assert words in shown, words
    assert "1 course<" in page.text


@pytest.mark.parametrize(
    ("given", "words", "not_there"),
    [
        ({"pricing": "free"}, "Free", "for members"),
        ({"pricing": "member_only"}, "Members only", "$"),
        ({"pricing": "premium", "price": 50}, "$50", "for members"),
        ({"pricing": "paid", "price": 50, "member_price": 50}, "$50", "for members"),
        ({"pricing": "paid", "price": 50, "member_price": 0}, "Free for members", "$0"),
    ],
)
async def test_prices_are_said_in_words(
    client: Client, make_course: MakeCourse, given: dict[str, Any], words: str, not_there: str
) -> None:
    course = make_course("One", **given)
    shown = row((await client.get("/courses?q=one")).text, course.slug)
    assert words in shown
    assert not_there not in shown


async def test_hostile_words_stay_words(client: Client, make_course: MakeCourse) -> None:
    evil = '"><script>alert(1)</script>'
    make_course(evil, short_description=evil)
    for path in ("/courses", "/courses?q=" + evil):
        for headers in ({}, HTMX):
            text = (await client.get(path, headers=headers)).text
            assert "<script>alert" not in text
            assert '"><' + "script" not in text
    nothing = await client.get("/courses?q=<b>zzzzzz</b>")
    assert "<b>zz" not in nothing.text
    assert "&lt;b&gt;zzzzzz&lt;/b&gt;" in nothing.text


@pytest.mark.parametrize(
    "query",
    [
        "q=%00", "q=%ff%fe", "q=%ED%A0%80", "category=nope&level=%00", "after=", "after=%00", "after=zzz", "sort=drop",
        "credits=-1", "length=" + "x" * 3000, "q=" + "word " * 400, "=&&=&;", "q[]=1", "sort=title&sort=taken",
        # A cursor of another order.
        "sort=credits&after=WyJ0aXRsZSIsMC4wLCJhIiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIl0",
    ],
)  # fmt: skip
async def test_any_address_shows_a_page(client: Client, make_course: MakeCourse, query: str) -> None:
    make_course("Annuities")
    for headers in ({}, HTMX):
        assert (await client.get(f"/courses?{query}", headers=headers)).status_code == 200


async def test_unknown_values_are_left_out(client: Client, make_course: MakeCourse) -> None:
    make_course("Annuities")
    page = await client.get("/courses?category=nope&level=wizard&utm_source=mail")
    assert titles(page.text) == ["Annuities"]
    assert '<link rel="canonical" href="http://127.0.0.1:8000/courses">' in page.text
    assert "Clear all filters" not in page.text


async def test_filters_are_checked_counted_and_can_be_taken_away(client: Client, make_course: MakeCourse) -> None:
    make_course("One", category="compliance", difficulty_level="beginner")
    make_course("Two", category="compliance", difficulty_level="expert")
    make_course("Three", category="technology", difficulty_level="expert")
    page = await client.get("/courses?level=expert&category=compliance&sort=title")
    assert titles(page.text) == ["Two"]
    assert (count_of(page.text, "category", "compliance"), count_of(page.text, "category", "technology")) == (1, 1)
    assert (count_of(page.text, "level", "beginner"), count_of(page.text, "level", "expert")) == (1, 1)
    assert re.search(r'id="f-level-expert"[^>]* checked', page.text)
    assert re.search(r'id="f-level-advanced"[^>]* disabled', page.text)
    assert not re.search(r'id="f-level-beginner"[^>]* (disabled|checked)', page.text)
    chips = re.findall(r'<a class="chip" href="([^"]*)"[^>]*>(.*?)<svg', page.text, re.S)
    assert [(unescape(path), re.sub("<.*?>", "", words)) for path, words in chips] == [
        ("/courses?level=expert&sort=title", "Remove the filter Compliance"),
        ("/courses?category=compliance&sort=title", "Remove the filter Expert"),
    ]
    assert '<a class="link small" href="/courses?sort=title"' in page.text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("q=zzzzzz", ["Nothing found for “zzzzzz”", 'href="/courses"', 'href="/courses?category=compliance"']),
        (
            "q=annuities&level=expert",
            ["with these filters", 'href="/courses?q=annuities"', "Search all courses for “annuities”"],
        ),
        ("level=expert", ["No course fits all of these filters", "Clear all filters"]),
    ],
)
async def test_nothing_found_says_what_to_do(
    client: Client, make_course: MakeCourse, query: str, words: list[str]
) -> None:
    make_course("Annuities")
    page = await client.get(f"/courses?{query}")
    assert titles(page.text) == []
    for wanted in words:
        assert wanted in page.text
    assert "No course found" in page.text


async def test_a_site_without_courses_says_so(client: Client) -> None:
    assert "No courses yet" in (await client.get("/courses")).text


async def test_more_courses_come_by_a_plain_link(client: Client, database: Database) -> None:
    courses = [one for one in random_courses(3, 70) if one.status == "published"]
    await insert_courses(database, courses)
    path, pages, seen = "/courses?sort=title", 0, []
    while path:
        page = await client.get(path)
        slugs = re.findall(r'class="row-link" href="/courses/([^"]*)"', page.text)
        seen += slugs
        pages += 1
        more = re.search(r'rel="next" href="([^"]*)"', page.text)
        assert f"{len(courses)} courses<" in page.text
        assert ("Back to the first courses" in page.text) == (pages > 1)
        path = unescape(more[1]) if more else ""
    assert pages == -(-len(courses) // PAGE_SIZE)
    assert len(seen) == len(set(seen)) == len(courses)


async def test_htmx_gets_only_what_changed(client: Client, database: Database) -> None:
    await insert_courses(database, [one for one in random_courses(4, 60) if one.status == "published"])
    changed = await client.get("/courses?sort=title&q=&level=expert", headers=HTMX)
    assert changed.headers["hx-push-url"] == "/courses?level=expert&sort=title"
    assert "<html" not in changed.text
    for id in ("facets", "chosen", "announce"):
        assert f'id="{id}" hx-swap-oob="innerHTML"' in changed.text
    assert re.search(r'id="announce"[^>]*>\d+ courses found<', changed.text)
    assert "1 chosen" in changed.text

    whole = await client.get("/courses?sort=title")
    more = unescape(re.search(r'rel="next" href="([^"]*)"', whole.text)[1])  # type: ignore[index]
    rest = await client.get(more, headers=HTMX)
    assert rest.text.lstrip().startswith('<li class="row cat-row">')
    assert "hx-push-url" not in rest.headers
    assert "hx-swap-oob" not in rest.text
    assert rest.text.count("autofocus") == 1
    assert set(titles(rest.text)) <= set(titles((await client.get(more)).text))


@pytest.mark.parametrize("header", ["hx-boosted", "hx-history-restore-request"])
async def test_going_back_gets_the_whole_page(client: Client, header: str) -> None:
    page = await client.get("/courses?level=expert", headers=HTMX | {header: "true"})
    assert "<html" in page.text


async def test_each_sees_own_marks_and_nobody_elses(
    make_client: MakeClient, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    mine, done, other = make_course("Mine"), make_course("Done"), make_course("Other")
    learner, stranger = make_person(), make_person()
    await enrol(database, learner, mine)
    enrollment = await enrol(database, learner, done)
    async with database.connect() as owner:
        await owner.execute(
            "update public.enrollments set status = 'completed', completed_at = now() where id = $1", enrollment
        )
        # Left courses carry no mark.
        await enrol(database, learner, other)
        await owner.execute("update public.enrollments set status = 'dropped' where course_id = $1", other.id)
    first, second, guest = await make_client(), await make_client(), await make_client()
    await first.login(learner)
    await second.login(stranger)
    for _ in range(2):
        own = (await first.get("/courses")).text
        assert "Enrolled" in row(own, mine.slug)
        assert "Completed" in row(own, done.slug)
        assert "cat-mark" not in row(own, other.slug)
        for client in (second, guest):
            assert "cat-mark" not in (await client.get("/courses")).text


async def test_a_change_is_seen_at_once_by_everybody(
    make_client: MakeClient, site: Site, database: Database, make_person: MakePerson, make_course: MakeCourse
) -> None:
    course = make_course("Old title")
    member, guest = await make_client(), await make_client()
    await member.login(make_person())
    for client in (member, guest):
        assert titles((await client.get("/courses")).text) == ["Old title"]
    async with database.connect() as owner:
        await owner.execute("update public.courses set title = 'New title' where id = $1", course.id)
    # Who is signed in asks for the version with every page; a guest relies on the notification.
    assert titles((await member.get("/courses")).text) == ["New title"]
    for _ in range(100):
        if titles((await guest.get("/courses")).text) == ["New title"]:
            break
        await asyncio.sleep(0.02)
    else:
        pytest.fail("a guest still sees the old title")


async def test_a_draft_is_in_no_list(client: Client, make_person: MakePerson, make_course: MakeCourse) -> None:
    make_course("Draft", status="draft")
    make_course("Archived", status="archived")
    await client.login(make_person("admin"))
    assert titles((await client.get("/courses")).text) == []


async def test_pages_ask_the_database_little(
    make_client: MakeClient, make_person: MakePerson, make_course: MakeCourse, statements: list[str]
) -> None:
    make_course("Annuities")
    member, guest = await make_client(), await make_client()
    await member.login(make_person())
    for client in (member, guest):
        await client.get("/courses?sort=title")
    statements.clear()
    await member.get("/courses?sort=title")
    assert len(statements) == 1
    statements.clear()
    await guest.get("/courses?sort=title")
    assert statements == []
    await member.get("/courses?sort=credits")
    assert len(statements) == 3


async def test_many_at_once_make_a_page_once(client: Client, make_course: MakeCourse, statements: list[str]) -> None:
    make_course("Annuities")
    answers = await asyncio.gather(*(client.get("/courses?sort=price") for _ in range(12)))
    assert all(titles(answer.text) == ["Annuities"] for answer in answers)
    assert sum("order_number" in sql for sql in statements) == 1


async def test_the_front_page_is_the_catalogue_for_a_guest(
    client: Client, make_person: MakePerson, make_course: MakeCourse
) -> None:
    make_course("Annuities")
    front = await client.get("/")
    assert front.status_code == 200
    assert titles(front.text) == ["Annuities"]
    assert "Create account" in front.text
    assert "Guild of Assessors" in front.text
    await client.login(make_person())
    member = await client.get("/")
    assert (member.status_code, member.headers["location"]) == (303, "/me/learning")


async def test_the_page_works_without_scripts(client: Client, database: Database) -> None:
    """Every filter is a field of a plain GET form, with a button where no script sends it."""
    await add_course(database, "Annuities", modules=[])
    text = (await client.get("/courses?q=annuities")).text
    form = re.search(r'<form id="catalogue"[^>]*>', text)
    assert form
    assert 'action="/courses" method="get"' in form[0]
    names = set(re.findall(r'name="([a-z]+)"', text[form.end() :]))
    assert {"q", "category", "level", "format", "credits", "price", "length", "sort"} <= names
    assert text.count("<noscript><button") == 2

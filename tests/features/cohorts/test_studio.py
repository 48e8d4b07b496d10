"""The studio's pages of cohorts."""

from __future__ import annotations

import csv
import io
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest

from tests.features.cohorts.support import add_cohort, join
from tests.support.database import Database
from tests.support.people import Course, Person, enrol
from tests.support.site import Client

MakePerson = Callable[..., Person]
MakeCourse = Callable[..., Course]
MakeClient = Callable[..., Awaitable[Client]]
FORM = {"name": "Spring 2027", "time_zone": "Europe/Berlin", "starts_at": "2027-03-01T09:00", "capacity": "20"}


@pytest.fixture
def author(make_person: MakePerson) -> Person:
    return make_person("instructor", time_zone="America/New_York")


@pytest.fixture
def course(make_course: MakeCourse, author: Person) -> Course:
    return make_course("Annuities", instructor=author)


async def rows(database: Database, sql: str, *args: Any) -> list[tuple[Any, ...]]:
    async with database.connect() as owner:
        return [tuple(row) for row in await owner.fetch(sql, *args)]


async def test_from_an_empty_page_to_a_cohort(
    client: Client, author: Person, course: Course, database: Database
) -> None:
    await client.login(author)
    path = f"/studio/{course.id}/cohorts"
    empty = await client.get(path)
    assert "No cohort is planned" in empty.text
    assert f'href="{path}"' in (await client.get(f"/studio/{course.id}")).text
    form = await client.get(f"{path}/new")
    assert 'value="America/New_York" selected' in form.text
    made = await client.submit(form, f"{path}/new", FORM)
    assert made.status_code == 303
    shown = (await client.get(path)).text
    assert "Spring 2027" in shown
    assert "0 of 20 places taken" in shown
    assert "1 March 2027, 03:00 EST" in shown
    assert "Set in Europe/Berlin: begins 1 March 2027, 09:00 there" in shown
    assert "Open for enrollment" in shown
    assert await rows(database, "select name, created_by, starts_at from public.course_cohorts") == [
        ("Spring 2027", author.id, datetime(2027, 3, 1, 8, tzinfo=UTC))
    ]


async def test_a_form_that_is_wrong_keeps_what_was_typed(client: Client, author: Person, course: Course) -> None:
    await client.login(author)
    path = f"/studio/{course.id}/cohorts/new"
    answer = await client.post_form(
        path, FORM | {"ends_at": "2027-02-01T09:00", "description": "<b>In the evening</b>"}
    )
    assert answer.status_code == 422
    assert "Ends: later than it begins" in answer.text
    assert 'value="Spring 2027"' in answer.text
    assert "&lt;b&gt;In the evening&lt;/b&gt;" in answer.text
    await client.post_form(path, FORM)
    again = await client.post_form(path, FORM | {"name": "SPRING 2027"})
    assert again.status_code == 409
    assert "This course has a cohort of that name" in again.text


async def test_two_who_change_a_cohort_do_not_overwrite_each_other(
    client: Client, author: Person, course: Course, database: Database
) -> None:
    cohort = await add_cohort(database, course, "Spring", capacity=20)
    await client.login(author)
    path = f"/studio/{course.id}/cohorts/{cohort}/settings"
    mine, theirs = await client.get(path), await client.get(path)
    assert (await client.submit(theirs, path, {"capacity": "30"})).status_code == 303
    refused = await client.submit(mine, path, {"name": "Early spring"})
    assert refused.status_code == 409
    assert "Saved meanwhile" in refused.text
    assert "Places: <q>30</q>" in refused.text
    assert (await client.submit(refused, path)).status_code == 303
    assert await rows(database, "select name, capacity from public.course_cohorts") == [("Early spring", 20)]


async def test_fewer_places_than_people(
    client: Client, author: Person, course: Course, database: Database, make_person: MakePerson
) -> None:
    cohort = await add_cohort(database, course, "Spring", capacity=20)
    for _ in range(2):
        await join(database, make_person(), course, cohort)
    await client.login(author)
    path = f"/studio/{course.id}/cohorts/{cohort}/settings"
    refused = await client.submit(await client.get(path), path, {"capacity": "1"})
    assert refused.status_code == 409
    assert "There are 2 people in it." in refused.text


async def test_closing_opening_and_removing(
    client: Client, author: Person, course: Course, database: Database, make_person: MakePerson
) -> None:
    cohort = await add_cohort(database, course, "Spring")
    await client.login(author)
    path = f"/studio/{course.id}/cohorts/{cohort}"
    await client.submit(await client.get(path), f"{path}/close")
    assert "Closed by hand" in (await client.get(path)).text
    await client.submit(await client.get(path), f"{path}/reopen")
    assert "Open for enrollment" in (await client.get(path)).text
    await join(database, make_person(), course, cohort)
    assert f"{path}/remove" not in (await client.get(path)).text
    refused = await client.post_form(f"{path}/remove")
    assert refused.status_code == 303
    assert "has or had people in it" in unescape((await client.get(path)).text)
    other = await add_cohort(database, course, "Autumn")
    other_path = f"/studio/{course.id}/cohorts/{other}"
    assert (await client.submit(await client.get(other_path), f"{other_path}/remove")).status_code == 303
    assert await rows(database, "select name from public.course_cohorts") == [("Spring",)]


async def test_cohorts_only_is_a_setting(client: Client, author: Person, course: Course, database: Database) -> None:
    await client.login(author)
    path = f"/studio/{course.id}/cohorts"
    await client.submit(await client.get(path), f"{path}/offer", {"offer": "only"})
    assert await rows(database, "select cohorts_only from public.courses where id = $1", course.id) == [(True,)]
    assert 'value="only" checked' in (await client.get(path)).text


async def test_over_stands_on_a_tab_of_its_own(
    client: Client, author: Person, course: Course, database: Database
) -> None:
    now = datetime.now(UTC)
    await add_cohort(database, course, "Long ago", starts_at=now - timedelta(days=9), ends_at=now - timedelta(days=1))
    await add_cohort(database, course, "Soon")
    await client.login(author)
    path = f"/studio/{course.id}/cohorts"
    assert "Long ago" not in (await client.get(path)).text
    past = (await client.get(f"{path}?show=over")).text
    assert "Long ago" in past
    assert "Over" in past


async def test_people_are_found_added_and_moved(
    client: Client, author: Person, course: Course, database: Database, make_person: MakePerson
) -> None:
    spring, autumn = await add_cohort(database, course, "Spring"), await add_cohort(database, course, "Autumn")
    mara, noor = make_person(first_name="Mara"), make_person(first_name="Noor", last_name="<Haddad>")
    await client.login(author)
    path = f"/studio/{course.id}/cohorts/{spring}"
    one = await client.submit(await client.get(path), f"{path}/add", {"emails": mara.email})
    assert one.status_code == 303
    many = await client.post_form(f"{path}/add", {"emails": f"{noor.email}\nnobody@nowhere.test\n{mara.email}"})
    assert many.status_code == 200
    assert "Added, and told on the site." in many.text
    assert "Nobody has an account with this address." in many.text
    assert "In this cohort already." in many.text
    assert ">nobody@nowhere.test</textarea>" in many.text
    assert "&lt;Haddad&gt;" in many.text
    found = (await client.get(f"{path}?q=noor")).text
    assert noor.email in found
    assert mara.email not in found
    assert "Nobody here has this name or address" in (await client.get(f"{path}?q=%25")).text
    [(enrollment,)] = await rows(database, "select id from public.enrollments where member_id = $1", mara.id)
    move = f"{path}/people/{enrollment}/move"
    refused = await client.submit(await client.get(move), move, {"cohort": "", "reason": " "})
    assert refused.status_code == 422
    assert (
        await client.submit(await client.get(move), move, {"cohort": str(autumn), "reason": "Away in spring"})
    ).status_code == 303
    there = (await client.get(f"/studio/{course.id}/cohorts/{autumn}")).text
    assert "Came from Spring" in there
    assert "Away in spring" in there
    told = await rows(database, "select kind from public.notifications where member_id = $1 order by kind", mara.id)
    assert told == [("cohort_changed",), ("cohort_joined",)]


async def test_everybody_as_a_file(
    client: Client, author: Person, course: Course, database: Database, make_person: MakePerson
) -> None:
    cohort = await add_cohort(database, course, "Spring")
    for name in ("=cmd|calc", "Zoe"):
        await join(database, make_person(first_name=name, last_name="A"), course, cohort)
    await client.login(author)
    answer = await client.get(f"/studio/{course.id}/cohorts/{cohort}/people.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    read = list(csv.reader(io.StringIO(answer.text)))
    assert read[0][:3] == ["name", "email", "status"]
    assert [line[0] for line in read[1:]] == ["'=cmd|calc A", "Zoe A"]
    assert [line[2] for line in read[1:]] == ["Not started", "Not started"]


async def test_pages_of_people_go_on_where_the_last_ended(
    database: Database, course: Course, make_person: MakePerson, author: Person
) -> None:
    from collegium.features.cohorts import service
    from collegium.kit.db import Database as Pool
    from collegium.kit.db import person

    cohort = await add_cohort(database, course, "Spring")
    for name in ("Cy", "Ann", "Bo", "Ann", "Dee"):
        await join(database, make_person(first_name=name, last_name="Same"), course, cohort)
    pool = Pool(database.dsn_web, size=1)
    try:
        read = service.every_member(pool, person(author.id), course.id, cohort, size=2)
        pages = [[one.first_name for one in page] async for page in read]
    finally:
        await pool.stop()
    assert pages == [["Ann", "Ann"], ["Bo", "Cy"], ["Dee"]]


async def test_others_see_and_change_nothing(
    client: Client, make_person: MakePerson, course: Course, database: Database
) -> None:
    cohort = await add_cohort(database, course, "Spring")
    learner = make_person()
    enrollment: UUID = await enrol(database, learner, course)
    await client.login(make_person("instructor"))
    path = f"/studio/{course.id}/cohorts"
    one = f"{path}/{cohort}"
    posts: list[tuple[str, dict[str, str]]] = [
        (f"{path}/new", FORM), (f"{path}/offer", {"offer": "only"}), (f"{one}/settings", FORM), (f"{one}/close", {}),
        (f"{one}/reopen", {}), (f"{one}/remove", {}), (f"{one}/add", {"emails": learner.email}),
        (f"{one}/people/{enrollment}/move", {"cohort": str(cohort), "reason": "x"}),
    ]  # fmt: skip
    for address in (path, f"{path}/new", one, f"{one}/settings", f"{one}/people.csv"):
        assert (await client.get(address)).status_code == 404, address
    for address, form in posts:
        assert (await client.post_form(address, form)).status_code == 404, address
    assert await rows(database, "select name, is_closed, seats_taken from public.course_cohorts") == [
        ("Spring", False, 0)
    ]

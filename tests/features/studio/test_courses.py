"""The list of courses in the studio, new courses, and the titles and addresses that they get."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collegium.features.studio import service
from collegium.features.studio.service import CourseFilter, NewCourse, Place
from collegium.kit.db import person
from collegium.kit.errors import Forbidden, Invalid, NotFound
from collegium.kit.site import Site
from tests.support.database import Database
from tests.support.people import Course, Person
from tests.support.site import Client

MakePerson = Callable[..., Person]
MakeCourse = Callable[..., Course]


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Reading a Policy, part 1", "reading-a-policy-part-1"),
        ("Übung für Größen", "ubung-fur-grossen"),
        ("What's new", "whats-new"),
        ("保険", "course"),
        ("--- ", "course"),
    ],
    ids=["plain", "accents", "apostrophe", "no-letters", "signs"],
)
def test_an_address_is_made_of_the_title(title: str, slug: str) -> None:
    assert service.slug_of(title) == slug


@given(st.text(max_size=400))
def test_every_title_makes_an_address_that_the_database_takes(title: str) -> None:
    slug = service.slug_of(title)
    assert 1 <= len(slug) <= 100
    assert service.slug_of(slug) == slug


@given(st.text(max_size=400))
def test_a_title_is_one_clean_line_or_refused(text: str) -> None:
    with contextlib.suppress(Invalid):
        title = service.clean_title(text)
        assert 1 <= len(title) <= 200
        assert title == service.clean_title(title)
        assert title.isprintable()


async def test_two_courses_of_one_title_get_two_addresses(site: Site, make_person: MakePerson) -> None:
    first, second = make_person("instructor"), make_person("instructor")
    slugs: list[str] = []
    for teacher in (first, second, second, first, second):
        async with site.db.transaction(person(teacher.id)) as tx:
            found = await service.create_course(tx, NewCourse("Annuities", "life_insurance"))
            course = await service.course(tx, found)
            assert (course.title, course.status, course.instructor_id) == ("Annuities", "draft", teacher.id)
            slugs.append(course.slug)
    assert slugs[:3] == ["annuities", "annuities-2", "annuities-3"]
    assert len(set(slugs)) == 5


async def test_who_teaches_nothing_makes_no_course_and_sees_none(
    site: Site, make_person: MakePerson, make_course: MakeCourse
) -> None:
    learner, course = make_person(), make_course()
    with pytest.raises(Forbidden):
        async with site.db.transaction(person(learner.id)) as tx:
            await service.create_course(tx, NewCourse("Mine", "compliance"))
    for stranger in (learner, make_person("instructor")):
        async with site.db.transaction(person(stranger.id)) as tx:
            with pytest.raises(NotFound):
                await service.course(tx, course.id)
            with pytest.raises(NotFound):
                await service.add_module(tx, course.id, "Mine")
            module = course.lessons[0].module_id
            assert module
            with pytest.raises(NotFound):
                await service.add_lesson(tx, module, "text", "Mine")


async def test_lessons_are_added_at_the_end_with_the_criteria_of_their_type(
    site: Site, make_person: MakePerson, database: Database
) -> None:
    teacher = make_person("instructor")
    async with site.db.transaction(person(teacher.id)) as tx:
        course = await service.create_course(tx, NewCourse("Annuities", "life_insurance"))
        module = await service.add_module(tx, course, " The  basics\n")
        await service.add_module(tx, course, "Further")
        for kind in ("video", "text", "quiz", "scorm"):
            await service.add_lesson(tx, module, kind, f"A {kind}")
        timed = {"completion_criteria": "time_spent", "min_time_seconds": 60, "require_completion": False}
        await service.add_lesson(tx, module, "pdf", "Timed", learning_objectives=["Read it"], **timed)
        for wrong in ({"min_time_seconds": "soon"}, {"completion_criteria": "luck"}):
            with pytest.raises(Invalid):
                await service.add_lesson(tx, module, "text", "Wrong", **wrong)
        with pytest.raises(Invalid):
            await service.add_lesson(tx, module, "hologram", "Wrong")
    async with database.connect() as owner:
        modules = await owner.fetch("select title, module_order from public.course_modules order by module_order")
        assert [tuple(row) for row in modules] == [("The basics", 1), ("Further", 2)]
        lessons = await owner.fetch(
            "select lesson_order, completion_criteria, require_completion from public.lessons order by lesson_order"
        )
    assert [tuple(row) for row in lessons] == [
        (1, "video_watched", True),
        (2, "marked_complete", True),
        (3, "quiz_passed", True),
        (4, "scorm_completed", True),
        (5, "time_spent", False),
    ]


async def test_the_list_finds_filters_and_pages(
    site: Site, make_person: MakePerson, make_course: MakeCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher, admin = make_person("instructor"), make_person("admin")
    titles = ["Annuities", "Brokers", "100% sure", "Claims"]
    for title in titles:
        make_course(title, instructor=teacher, status="draft" if title == "Brokers" else "published")
    make_course("Elsewhere")
    monkeypatch.setattr("collegium.features.studio.courses.PAGE_SIZE", 3)

    async def listed(who: Person, **given: str) -> list[str]:
        found: list[str] = []
        wanted, after = CourseFilter.read(given), None
        async with site.db.transaction(person(who.id), read_only=True) as tx:
            while True:
                shelf = await service.my_courses(tx, wanted, after)
                found += [course.title for course in shelf.courses]
                if shelf.next is None:
                    return found
                after = Place.read(shelf.next.write(), wanted.sort)
                assert after

    assert await listed(teacher, sort="title") == ["100% sure", "Annuities", "Brokers", "Claims"]
    for sort in ("changed", "newest", "learners", "nonsense"):
        assert sorted(await listed(teacher, sort=sort)) == sorted(titles)
    assert await listed(teacher, status="draft") == ["Brokers"]
    assert await listed(teacher, q="%") == ["100% sure"]
    assert await listed(teacher, q="_") == []
    assert await listed(teacher, q="CLAÍMS") == ["Claims"]
    assert len(await listed(admin)) == 5
    assert await listed(admin, own="1") == []
    assert await listed(make_person("instructor")) == []


async def test_the_pages_lead_from_nothing_to_a_draft(client: Client, make_person: MakePerson) -> None:
    await client.login(make_person("instructor"))
    empty = await client.get("/studio")
    assert "No courses yet" in empty.text
    assert empty.text.count('href="/studio/new"') == 1
    page = await client.get("/studio/new")
    refused = await client.submit(page, "/studio/new", {"title": " ", "category": "compliance"})
    assert refused.status_code == 422
    assert "Give it a title." in refused.text
    unsorted = await client.submit(page, "/studio/new", {"title": "<b>Annuities</b>", "category": ""})
    assert unsorted.status_code == 422
    assert 'value="&lt;b&gt;Annuities&lt;/b&gt;"' in unsorted.text
    made = await client.submit(page, "/studio/new", {"title": "<b>Annuities</b>", "category": "compliance"})
    assert made.status_code == 303
    UUID(made.headers["location"].removeprefix("/studio/"))
    listed = await client.get("/studio?status=draft&sort=title")
    assert "&lt;b&gt;Annuities&lt;/b&gt;" in listed.text
    assert "Draft" in listed.text
    for hostile in ("/studio?after=%00", "/studio?q=%00&sort=%27&status=drop", "/studio?after=bnVsbA"):
        assert (await client.get(hostile)).status_code == 200


async def test_the_studio_is_for_those_who_teach(client: Client, make_person: MakePerson) -> None:
    assert (await client.get("/studio")).headers["location"].startswith("/sign-in")
    await client.login(make_person())
    for path in ("/studio", "/studio/new"):
        assert (await client.get(path)).status_code == 403
    assert "/studio" not in (await client.get("/me/learning")).text
    await client.login(make_person("instructor"))
    page = (await client.get("/me/learning")).text
    assert page.count('href="/studio"') == 2
    assert page.count('href="/me/profile"') == 2

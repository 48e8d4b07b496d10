"""Settings of lessons and modules: kept, checked in words, never saved over somebody else's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, enrol
from tests.support.site import Client

MakePerson = Callable[..., Person]
MakeCourse = Callable[..., Course]


@pytest.fixture
def teacher(make_person: MakePerson) -> Person:
    return make_person("instructor", time_zone="Europe/Berlin")


@pytest.fixture
def course(make_course: MakeCourse, teacher: Person) -> Course:
    modules = [[Lesson("a", video=600), Lesson("b"), Lesson("c")], [Lesson("d")]]
    return make_course("Annuities", instructor=teacher, modules=modules, status="draft")


def settings_of(course: Course, letter: str) -> str:
    return f"/studio/{course.id}/lessons/{course.lesson(letter).id}/settings"


async def row(database: Database, lesson: UUID | None) -> dict[str, Any]:
    async with database.connect() as owner:
        found = await owner.fetchrow(
            "select l.*, array(select requires_lesson_id from public.lesson_prerequisites p where p.lesson_id = l.id) as requires"
            " from public.lessons l where id = $1",
            lesson,
        )
    assert found
    return dict(found)


def ticked(text: str) -> dict[str, Any]:
    """What a browser would send of boxes and radio buttons that nobody touched."""
    found: dict[str, Any] = {}
    for tag in re.findall(r'<input class="(?:checkbox|radio)"[^>]*>', text):
        if " checked" in tag:
            name, value = re.search(r' name="([^"]+)"', tag), re.search(r' value="([^"]+)"', tag)
            assert name
            assert value
            found.setdefault(name[1], []).append(value[1])
    return found


def typed(text: str) -> dict[str, str]:
    return dict(re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>([^<]*)</textarea>', text))


async def submit(client: Client, path: str, page: Any = None, **changes: Any) -> Any:
    shown = page or await client.get(path)
    return await client.submit(shown, path, {**ticked(shown.text), **typed(shown.text), **changes})


async def test_saving_untouched_changes_nothing(
    client: Client, teacher: Person, course: Course, database: Database
) -> None:
    await client.login(teacher)
    for letter in "abd":
        lesson = course.lesson(letter).id
        before = await row(database, lesson)
        answer = await submit(client, settings_of(course, letter))
        assert answer.status_code == 303
        after = await row(database, lesson)
        assert {**before, "updated_at": None} == {**after, "updated_at": None}


async def test_everything_is_kept(client: Client, teacher: Person, course: Course, database: Database) -> None:
    await client.login(teacher)
    a, c, d = (str(course.lesson(letter).id) for letter in "acd")
    answer = await submit(
        client,
        settings_of(course, "b"),
        title="Second  lesson",
        description="What is said\r\nin two lines.",
        objectives="Know this\n\n  and   that ",
        completion_criteria="time_spent",
        min_minutes="1.5",
        require_completion="",
        is_preview="1",
        after=a,
        unlock_date="2031-05-06T09:30",
        minutes="20",
        requires=[c, d],
    )
    assert answer.status_code == 303
    kept = await row(database, course.lesson("b").id)
    assert kept["title"] == "Second lesson"
    assert kept["description"] == "What is said\nin two lines."
    assert json.loads(kept["learning_objectives"]) == ["Know this", "and that"]
    assert (kept["completion_criteria"], kept["min_time_seconds"]) == ("time_spent", 90)
    assert (kept["require_completion"], kept["is_preview"]) == (False, True)
    assert kept["unlock_date"] == datetime(2031, 5, 6, 7, 30, tzinfo=UTC)
    assert kept["unlock_after_lesson_id"] == UUID(a)
    assert kept["estimated_duration_minutes"] == 20
    assert set(kept["requires"]) == {UUID(c), UUID(d)}
    again = await client.get(settings_of(course, "b"))
    assert 'value="2031-05-06T09:30"' in again.text
    await submit(client, settings_of(course, "b"), again, requires=[d])
    assert (await row(database, course.lesson("b").id))["requires"] == [UUID(d)]
    outline = (await client.get(f"/studio/{course.id}")).text
    assert "Opens 6 May 2031" in outline
    assert "After" in outline


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"title": " "}, "Give it a title."),
        ({"title": "x" * 201}, "at most 200 characters"),
        ({"min_minutes": "soon"}, "between one second and a day"),
        ({"min_minutes": "1e400"}, "between one second and a day"),
        ({"completion_criteria": "time_spent"}, "Say how long a learner must be at it."),
        ({"completion_criteria": "quiz_passed"}, "cannot be complete in this way"),
        ({"completion_criteria": "video_watched"}, "cannot be complete in this way"),
        ({"minutes": "-3"}, "Give whole minutes"),
        ({"minutes": "2.5"}, "Give whole minutes"),
        ({"objectives": "x\n" * 21}, "At most 20 objectives"),
        ({"objectives": "x" * 301}, "at most 300 characters"),
        ({"unlock_date": "tomorrow"}, "This is not a date."),
        ({"unlock_date": "9999-12-31T23:59"}, "Choose a year between"),
        ({"requires": str(uuid4())}, "Choose other lessons of this course."),
        ({"after": str(uuid4())}, "Choose other lessons of this course."),
        ({"after": "first"}, "Choose one of the list."),
    ],
    ids=lambda value: "-".join(value)[:20] if isinstance(value, dict) else "",
)
async def test_what_cannot_be_is_refused_in_words(
    client: Client, teacher: Person, course: Course, database: Database, given: dict[str, Any], words: str
) -> None:
    await client.login(teacher)
    before = await row(database, course.lesson("b").id)
    answer = await submit(client, settings_of(course, "b"), **given)
    assert answer.status_code == 422
    assert words in answer.text
    assert await row(database, course.lesson("b").id) == before


async def test_a_video_asks_for_a_share(client: Client, teacher: Person, course: Course, database: Database) -> None:
    await client.login(teacher)
    for wrong in ("0", "101", "NaN", "Infinity"):
        assert "between 1 and 100 percent" in (await submit(client, settings_of(course, "a"), watched=wrong)).text
    await submit(client, settings_of(course, "a"), watched="75,5")
    assert str((await row(database, course.lesson("a").id))["watched_percentage_required"]) == "75.50"


async def test_circles_are_refused_in_words(
    client: Client, teacher: Person, course: Course, database: Database
) -> None:
    await client.login(teacher)
    a, b = (str(course.lesson(letter).id) for letter in "ab")
    assert (await submit(client, settings_of(course, "a"), requires=[b])).status_code == 303
    for given in ({"after": a}, {"requires": [a]}):
        answer = await submit(client, settings_of(course, "b"), **given)
        assert answer.status_code == 422
        assert "This would make a circle" in answer.text
    first, second = course.lesson("a").module_id, course.lesson("d").module_id
    paths = [f"/studio/{course.id}/modules/{module}/settings" for module in (first, second)]
    assert (await submit(client, paths[0], after=str(second))).status_code == 303
    answer = await submit(client, paths[1], after=str(first))
    assert answer.status_code == 422
    assert "This would make a circle" in answer.text


async def test_two_editors_see_each_other(
    client: Client, teacher: Person, course: Course, database: Database, make_client: Callable[..., Any], make_person: MakePerson
) -> None:  # fmt: skip
    other = await make_client()
    await client.login(teacher)
    await other.login(make_person("admin"))
    path = settings_of(course, "b")
    mine, theirs = await client.get(path), await other.get(path)
    assert (await submit(other, path, theirs, title="Theirs", minutes="7")).status_code == 303
    late = await submit(client, path, mine, title="Mine")
    assert late.status_code == 409
    assert "Somebody else changed these settings" in late.text
    assert "Different by now: title, length." in late.text
    assert 'value="Mine"' in late.text
    assert (await row(database, course.lesson("b").id))["title"] == "Theirs"
    assert (await submit(client, path, late)).status_code == 303
    assert (await row(database, course.lesson("b").id))["title"] == "Mine"
    # Being put in another order is no change of the settings.
    shown = await client.get(path)
    await client.post_form(f"/studio/{course.id}/act", {"act": f"up lesson:{course.lesson('b').id}"})
    assert (await submit(client, path, shown)).status_code == 303


async def test_a_type_changes_until_there_is_content(
    client: Client, teacher: Person, course: Course, database: Database
) -> None:
    await client.login(teacher)
    path, lesson = settings_of(course, "b"), course.lesson("b").id
    fixed = await client.get(path)
    assert 'name="lesson_type"' not in fixed.text
    refused = await submit(client, path, lesson_type="video")
    assert refused.status_code == 409
    assert "its type stays" in refused.text
    async with database.connect() as owner:
        await owner.execute("delete from public.content_blocks where lesson_id = $1", lesson)
    assert (await submit(client, path, lesson_type="live_session")).status_code == 422
    assert (await submit(client, path, lesson_type="video")).status_code == 303
    kept = await row(database, lesson)
    assert (kept["lesson_type"], kept["completion_criteria"]) == ("video", "video_watched")
    assert (await submit(client, path, lesson_type="text")).status_code == 303
    assert (await row(database, lesson))["completion_criteria"] == "marked_complete"


async def test_settings_of_a_module(client: Client, teacher: Person, course: Course, database: Database) -> None:
    await client.login(teacher)
    module, other = course.lesson("d").module_id, course.lesson("a").module_id
    path = f"/studio/{course.id}/modules/{module}/settings"
    given = {"title": "Contracts", "description": "All of them", "objectives": "Sign one", "minutes": "150"}
    answer = await submit(client, path, **given, after=str(other), unlock_date="2031-01-02T00:00")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/studio/{course.id}")
    async with database.connect() as owner:
        kept = await owner.fetchrow("select * from public.course_modules where id = $1", module)
    assert kept
    assert (kept["title"], kept["description"], kept["estimated_duration_minutes"]) == ("Contracts", "All of them", 150)
    assert kept["unlock_after_module_id"] == other
    assert "Opens 2 January 2031, After Part 1" in (await client.get(f"/studio/{course.id}")).text
    for wrong in ({"title": ""}, {"after": str(module)}, {"after": str(uuid4())}, {"minutes": "x"}):
        assert (await submit(client, path, **wrong)).status_code == 422


async def test_settings_are_not_there_for_others(
    client: Client, course: Course, make_course: MakeCourse, make_person: MakePerson
) -> None:
    own = make_course("Own")
    await client.login(make_person("instructor"))
    lesson, module = course.lesson("b"), course.lesson("b").module_id
    for path in (
        settings_of(course, "b"),
        f"/studio/{own.id}/lessons/{lesson.id}/settings",
        f"/studio/{course.id}/modules/{module}/settings",
    ):
        assert (await client.get(path)).status_code == 404
        assert (await client.post_form(path, {"title": "Mine"})).status_code == 404


async def test_learners_keep_what_they_began(
    client: Client, teacher: Person, make_course: MakeCourse, make_person: MakePerson, database: Database
) -> None:
    live, learner = make_course("Live", instructor=teacher), make_person()
    enrollment = await enrol(database, learner, live)
    await client.login(teacher)
    path = f"/studio/{live.id}/lessons/{live.lessons[1].id}/settings"
    async with database.connect() as owner:
        standing = "select lessons_completed, total_lessons, status from public.enrollment_details where id = $1"
        before = await owner.fetchrow(standing, enrollment)
        assert (await submit(client, path, require_completion="")).status_code == 303
        assert await owner.fetchrow(standing, enrollment) == before

"""Assignments in the studio over HTTP: made, built, published; extensions; groups; and who may not."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from collegium.features.assignments.groups import spread
from tests.features.assignments.support import RUBRIC, Class
from tests.features.quizzes.support import post_pairs
from tests.support.database import Database
from tests.support.people import Person, add_person
from tests.support.site import Client

MakeClient = Callable[..., Any]


def sent(was: str, lines: list[tuple[str, str, str]] = [], **changed: str) -> list[tuple[str, str]]:  # noqa: B006
    """What the builder's form sends."""
    values = {
        "was": was,
        "title": "Compare two policies",
        "description": "Two pages.",
        "instructions_html": "<p>Write <strong>clearly</strong>.</p><script>alert(1)</script>",
        "submission_type": "both",
        "max_file_size_mb": "20",
        "max_submissions": "2",
        "available_from": "",
        "due_date": "2031-03-30T12:00",
        "late_submission_allowed": "1",
        "late_penalty_percentage": "10",
        "passing_percentage": "60",
        "total_points": "100",
        **changed,
    }
    pairs = [(name, value) for name, value in values.items() if value or name != "late_submission_allowed"]
    for criterion, points, description in lines:
        pairs += [("row", "1"), ("criterion", criterion), ("points", points), ("criterion_description", description)]
    return pairs


def mark(page: str) -> str:
    found = re.search(r'name="was" value="([^"]+)"', page)
    assert found
    return found[1]


async def test_an_assignment_is_made_built_and_published(
    client: Client, school: Class, make_client: MakeClient
) -> None:
    await client.login(school.teacher)
    here = f"/studio/{school.course.id}/assignments"
    assert "No assignments yet" in (await client.get(here)).text
    one = (await client.post_form(here, {"title": "  First   try ", "lesson": ""})).headers["location"]
    page = (await client.get(one)).text
    assert "First try" in page
    assert "Europe/Berlin" in page
    refused = await client.post_form(f"{one}/status", {"to": "published"})
    assert refused.headers["location"] == one
    assert await school.value("select status from public.assignments") == "draft"

    was = mark(page)
    lines = [("Clarity", "40", "Clear to all."), ("", "", ""), ("Figures", "7,5", "")]
    up = await post_pairs(client, one, [*sent(was, lines), ("act", "up:3")])
    assert up.status_code == 200
    assert up.text.index('value="Figures"') > up.text.index('value="Clarity"')
    assert up.text.count("data-line>") == 4, "three lines and the pattern of a new one"
    wrong = await post_pairs(client, one, sent(was, [("Clarity", "-1", "")], max_file_size_mb="0", due_date="soon"))
    assert wrong.status_code == 422
    for words in ("“Clarity”: give points above 0", "Largest file: a whole number", "Due: a day and a time"):
        assert words in unescape(wrong.text)
    saved = await post_pairs(client, one, [*sent(was, lines), ("kind", "pdf"), ("kind", "text"), ("act", "save")])
    assert saved.status_code == 303, saved.text
    row = (
        await school.rows(
            "select instructions_html, total_points, due_date, allowed_file_types, rubric -> 1 ->> 'criterion', max_submissions"
            " from public.assignments"
        )
    )[0]
    # The clock in Berlin goes forward on 30 March 2031: noon is two hours before noon in Greenwich.
    assert row[1:] == (47.5, datetime(2031, 3, 30, 10, tzinfo=UTC), ["pdf", "txt", "md"], "Figures", 2)
    assert "script" not in row[0]
    stale = await post_pairs(client, one, sent(was, lines, title="Another title"))
    assert stale.status_code == 409
    assert "Saved meanwhile by somebody else" in stale.text
    page = (await client.get(one)).text
    assert "2 criteria, 47.5 points together" in page
    await client.post_form(f"{one}/status", {"to": "published"})
    assert await school.value("select status from public.assignments") == "published"
    assert "Due 30 March 2031, 12:00" in (await client.get(here)).text

    other = await make_client()
    await other.login(school.learners[0])
    for path in (here, one, f"{one}/extensions", f"{one}/groups"):
        assert (await other.get(path)).status_code == 403
    stranger = await add_person(school.database, "instructor", first_name="Otto")
    await other.login(stranger)
    for path in (here, one, f"{one}/extensions", f"{one}/groups"):
        assert (await other.get(path)).status_code == 404
    assert (await post_pairs(other, one, sent(mark(page)))).status_code == 404


async def test_what_grades_were_given_by_stays(client: Client, school: Class) -> None:
    work = await school.assignment(rubric=RUBRIC)
    await school.speak(school.learners[0], "select public.submit_assignment($1, 'My work.')", work)
    await school.speak(
        school.teacher,
        "select public.grade_submission((select id from public.assignment_submissions), null, $1)",
        '{"Clarity": 30, "Figures": 60}',
    )
    await client.login(school.teacher)
    one = f"/studio/{school.course.id}/assignments/{work}"
    page = (await client.get(one)).text
    assert "so they stay as they are" in page
    assert re.search(r'name="criterion"[^>]* disabled', page)
    saved = await post_pairs(client, one, sent(mark(page), [("Other", "5", "")], title="A new title", total_points="7"))
    assert saved.status_code == 303
    assert await school.rows("select title, total_points, jsonb_array_length(rubric) from public.assignments") == [
        ("A new title", 100, 2)
    ]
    page = (await client.get(one)).text
    refused = await post_pairs(client, one, sent(mark(page), group_mode="1"))
    assert "Make a new assignment instead" in unescape(refused.text)
    assert (await client.post_form(f"{one}/remove")).status_code == 303
    assert await school.value("select count(*) from public.assignments") == 1
    copied = (await client.post_form(f"{one}/copy")).headers["location"]
    assert "2 criteria, 100 points together" in (await client.get(copied)).text


async def test_extensions_are_granted_with_a_reason_and_taken_away(client: Client, school: Class) -> None:
    due = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=30)
    work = await school.assignment(due_date=due)
    one = f"/studio/{school.course.id}/assignments/{work}/extensions"
    await client.login(school.teacher)
    assert "Nobody has more than the others" in (await client.get(one)).text
    page = (await client.get(f"{one}?q=okafor")).text
    enrollment = str(school.enrollments[school.learners[0].id])
    assert enrollment in page
    given = {"q": "okafor", "enrollment": enrollment, "reason": "Was ill."}
    for wrong, words in (
        ({}, "Give a later deadline or more submissions"),
        ({"until": "2020-01-01T00:00"}, "later deadline than everybody has"),
        ({"extra_submissions": "2", "reason": " "}, "Why: say it"),
    ):
        refused = await client.post_form(one, given | wrong)
        assert (refused.status_code, words in unescape(refused.text)) == (422, True), wrong
    await client.post_form(one, given | {"until": "2031-07-01T12:00", "extra_submissions": "1"})
    rows = "select due_date, extra_submissions from public.assignment_extensions"
    assert await school.rows(rows) == [(datetime(2031, 7, 1, 10, tzinfo=UTC), 1)]
    page = (await client.get(one)).text
    assert "due 1 July 2031, 12:00" in page
    await client.login(school.learners[0])
    page = unescape((await client.get(f"/assignments/{work}")).text)
    assert "Due 1 July 2031, 12:00" in page
    assert "it was granted to you" in page
    assert "Was ill" not in page
    await client.login(school.teacher)
    found = await school.value("select id from public.assignment_extensions")
    await client.post_form(f"{one}/{found}/remove")
    assert await school.rows(rows) == []


async def test_groups_are_made_by_hand_and_by_chance(client: Client, school: Class, database: Database) -> None:
    work = await school.assignment(group_mode=True)
    one = f"/studio/{school.course.id}/assignments/{work}/groups"
    mara, jonas = (str(school.enrollments[who.id]) for who in school.learners)
    await client.login(school.teacher)
    page = (await client.get(one)).text
    assert "No groups yet" in page
    assert "In no group: 2" in page
    await post_pairs(client, one, [("act", "add"), ("name", "Blue"), ("person", mara)])
    blue: UUID = await school.value("select id from public.assignment_groups")
    await post_pairs(client, one, [("act", "random"), ("size", "2")])
    assert await school.rows(
        "select g.name, count(m.id) from public.assignment_groups g left join public.assignment_group_members m"
        " on m.group_id = g.id group by 1 order by 1"
    ) == [("Blue", 1), ("Group 1", 1)]
    assert "Everybody who takes the course is in a group" in (await client.get(one)).text
    await post_pairs(client, one, [("act", "move"), ("person", jonas), ("group", str(blue))])
    await post_pairs(client, one, [("act", f"rename:{blue}"), ("name", "Red")])
    assert await school.value("select count(*) from public.assignment_group_members where group_id = $1", blue) == 2
    # What was handed in fixes the group, whoever asks and in which way.
    await school.speak(school.learners[0], "select public.submit_assignment($1, 'Our work.')", work)
    await post_pairs(client, one, [("act", "move"), ("person", jonas), ("group", "none")])
    await post_pairs(client, one, [("act", f"remove:{blue}")])
    assert await school.value("select count(*) from public.assignment_group_members where group_id = $1", blue) == 2
    assert "Handed in: stays as it is" in (await client.get(one)).text
    for sql in (
        "delete from public.assignment_group_members where enrollment_id = $1 returning id",
        "update public.assignment_group_members set group_id = (select id from public.assignment_groups where name = 'Group 1')"
        " where enrollment_id = $1 returning id",
    ):
        with pytest.raises(asyncpg.PostgresError, match="stays as it is"):
            await school.speak(school.teacher, sql, UUID(jonas))
    outsider: Person = await add_person(database, "instructor", first_name="Otto")
    await client.login(outsider)
    assert (await post_pairs(client, one, [("act", "random"), ("size", "2")])).status_code == 404


@pytest.mark.parametrize(("people", "size", "sizes"), [(0, 3, []), (2, 3, [2]), (7, 3, [4, 3]), (9, 2, [3, 2, 2, 2])])
def test_groups_by_chance_leave_nobody_over(people: int, size: int, sizes: list[int]) -> None:
    everybody = [UUID(int=n) for n in range(people)]
    parts = spread(everybody, size)
    assert sorted(map(len, parts), reverse=True) == sizes
    assert sorted(one for part in parts for one in part) == everybody

"""What opens when: sequence, dates, modules; and references that would never open."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from collegium.access.stage import Stage, key
from tests.support.database import Database


def locks(stage: Stage, who: str = "owner") -> dict[Any, str]:
    """Lesson → reason, of the course, as somebody is told."""
    rows = stage.act(who, "select lesson_id, lock_reason from public.my_lesson_locks(%(course)s)").rows
    return dict(rows)


def complete(stage: Stage, *lessons: str) -> None:
    for lesson in lessons:
        stage.owner(f"select private.complete_lesson(%(enrollment)s, %({lesson})s)")


def test_a_module_opens_when_the_required_lessons_of_the_other_are_complete(stage: Stage) -> None:
    shut = {key("locked"): "after_module", key("spare"): "after_module"}
    assert locks(stage) == shut
    complete(stage, "welcome")
    assert locks(stage) == shut
    stage.owner("update public.lessons set require_completion = false where id = %(reading)s")
    assert locks(stage) == {}
    assert locks(stage, "learner") == shut


def test_a_lesson_opens_after_another(stage: Stage) -> None:
    stage.owner("update public.lessons set unlock_after_lesson_id = %(welcome)s where id = %(reading)s")
    assert locks(stage)[key("reading")] == "after_lesson"
    refused = stage.attempt("owner", "select public.mark_lesson_complete(%(reading)s)")
    assert (refused.state, refused.code) == ("CG403", "locked")
    complete(stage, "welcome")
    assert key("reading") not in locks(stage)
    stage.act("owner", "select public.mark_lesson_complete(%(reading)s)")


@pytest.mark.parametrize(("table", "thing"), [("lessons", "reading"), ("course_modules", "first_module")])
def test_a_date_opens_on_the_second(stage: Stage, table: str, thing: str) -> None:
    change = f"update public.{table} set unlock_date = now() + interval '{{}}' where id = %({thing})s"
    stage.owner(change.format("1 second"))
    assert locks(stage)[key("reading")] == ("module_date" if table == "course_modules" else "lesson_date")
    stage.owner(change.format("0 seconds"))
    assert key("reading") not in locks(stage)


def test_the_first_reason_is_told_with_what_it_waits_for(stage: Stage) -> None:
    stage.owner("update public.lessons set unlock_after_lesson_id = %(reading)s where id = %(spare)s")
    told = (
        "select lock_reason, waits_for, opens_at is null"
        " from public.my_lesson_locks(%(course)s) where lesson_id = %(spare)s"
    )
    assert stage.act("owner", told).rows == [("after_module", "First", True)]
    complete(stage, "welcome")
    stage.owner("update public.lessons set require_completion = false where id = %(reading)s")
    assert stage.act("owner", told).rows == [("after_lesson", "Reading", True)]


def test_what_is_open_is_what_the_policy_shows(stage: Stage) -> None:
    open_lessons = "select array(select private.my_open_lesson_ids() order by 1)"
    mine = "select course_id from public.enrollments where member_id = %(owner)s"
    every = set(stage.value(f"select array_agg(id) from public.lessons where course_id in ({mine})"))
    assert set(stage.act("owner", open_lessons).rows[0][0]) == every - set(locks(stage))
    complete(stage, "welcome", "reading")
    assert set(stage.act("owner", open_lessons).rows[0][0]) == every


# Circles ----------------------------------------------------------------------------------------------------------

CIRCLES = {
    "lesson after itself": "update public.lessons set unlock_after_lesson_id = id where id = %(welcome)s",
    "lessons after each other": (
        "update public.lessons set unlock_after_lesson_id ="
        " case id when %(welcome)s then %(reading)s else %(welcome)s end where id in (%(welcome)s, %(reading)s)"
    ),
    "modules after each other": (
        "update public.course_modules set unlock_after_module_id = %(second_module)s where id = %(first_module)s"
    ),
    "three modules": (
        "update public.course_modules set unlock_after_module_id ="
        " case id when %(first_module)s then %(spare_module)s when %(spare_module)s then %(second_module)s end"
        " where id in (%(first_module)s, %(spare_module)s)"
    ),
    "a lesson after one whose module waits for it": (
        "update public.lessons set unlock_after_lesson_id = %(locked)s where id = %(welcome)s"
    ),
    "a lesson added so": (
        "insert into public.lessons (course_id, module_id, title, lesson_type, lesson_order, unlock_after_lesson_id)"
        " values (%(course)s, %(first_module)s, 'New', 'text', 9, %(locked)s)"
    ),
}


@pytest.mark.parametrize("circle", CIRCLES)
def test_a_circle_is_refused(stage: Stage, circle: str) -> None:
    refused = stage.attempt("instructor", CIRCLES[circle])
    if circle == "lesson after itself":
        assert refused.state == "23514"
    else:
        assert (refused.state, refused.code) == ("CG422", "unlock_circle")


def test_a_circle_is_refused_when_a_lesson_becomes_required_or_moves(stage: Stage) -> None:
    stage.owner("update public.lessons set require_completion = false where id = %(welcome)s")
    stage.owner("update public.lessons set unlock_after_lesson_id = %(locked)s where id = %(welcome)s")
    assert locks(stage)[key("welcome")] == "after_lesson"
    refused = stage.attempt("instructor", "update public.lessons set require_completion = true where id = %(welcome)s")
    assert refused.code == "unlock_circle"
    stage.owner(
        "update public.lessons set require_completion = true, unlock_after_lesson_id = %(locked)s where id = %(bare)s"
    )
    moved = "update public.lessons set module_id = %(first_module)s, lesson_order = 9 where id = %(bare)s"
    assert stage.attempt("instructor", moved).code == "unlock_circle"


def test_every_lesson_of_a_course_can_be_reached(stage: Stage) -> None:
    """Whatever order an instructor makes out of what is not refused, somebody can get through."""
    stage.owner("update public.lessons set unlock_after_lesson_id = %(welcome)s where id = %(reading)s")
    stage.owner(
        "update public.course_modules set unlock_after_module_id = %(second_module)s where id = %(spare_module)s"
    )
    for _ in range(10):
        if not (shut := locks(stage)):
            break
        stage.owner(
            "select private.complete_lesson(%(enrollment)s, id) from public.lessons"
            " where course_id = %(course)s and id <> all (%(shut)s)",
            shut=list(shut),
        )
    assert locks(stage) == {}


async def test_two_halves_of_a_circle_at_once_do_not_both_pass(own_guild: Database) -> None:
    async def tie(lesson: str, after: str) -> str:
        async with own_guild.connect() as session:
            await start.wait()
            try:
                await session.execute(
                    "update public.lessons set unlock_after_lesson_id = $2 where id = $1", key(lesson), key(after)
                )
            except asyncpg.PostgresError as error:
                return str(error.as_dict().get("detail"))
            return "tied"

    async with own_guild.connect() as owner:
        for _ in range(5):
            start = asyncio.Barrier(2)
            answers = await asyncio.gather(tie("welcome", "reading"), tie("reading", "welcome"))
            await owner.execute("update public.lessons set unlock_after_lesson_id = null")
            assert sorted(answers) == ["tied", "unlock_circle"]

"""Handing in, marking, grades and settings against each other: nobody waits in a circle, and what is decided holds for all."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
import pytest

from tests.db.mixed_run import answer_of
from tests.features.assignments.support import Class, make_class
from tests.support.database import Database, as_actor
from tests.support.people import Person

HAND_IN = "select (public.submit_assignment($1, p_text => 'Two reasons.')).id"
GRADE = "select (public.grade_submission($1, $2)).final_score"
ANY_WORK = "(select id from public.assignment_submissions where assignment_id = $1 order by random() limit 1)"


async def refused(doing: Awaitable[object]) -> str:
    """The stable code of a refusal."""
    with pytest.raises(asyncpg.PostgresError) as caught:
        await doing
    return answer_of(caught.value)


async def points_of_x(school: Class, most: int, assignment: UUID) -> None:
    """The teacher says what the one criterion is worth."""
    await school.speak(
        school.teacher,
        "update public.assignments set rubric = $2::text::jsonb, total_points = $3 where id = $1 returning id",
        assignment,
        json.dumps([{"criterion": "X", "points": most}]),
        most,
    )


async def test_a_full_rubric_is_full_points_whenever_it_was_handed_in(database: Database) -> None:
    school = await make_class(database)
    made = await school.assignment(rubric=[{"criterion": "X", "points": 100}])
    work = await school.speak(school.learners[0], HAND_IN, made)
    await points_of_x(school, 50, made)
    grade = "select (public.grade_submission($1, null, '{\"X\": 50}')).final_score"
    assert await school.speak(school.teacher, grade, work) == 100
    assert await refused(points_of_x(school, 60, made)) == "assignment_graded"


async def test_what_reviewers_go_by_stays(database: Database) -> None:
    school = await make_class(database)
    made = await school.assignment(rubric=[{"criterion": "X", "points": 100}], enable_peer_review=True)
    sample = await school.speak(
        school.teacher, "select public.add_peer_sample($1, null, 'A text.', '{\"X\": 50}')", made
    )
    assert await refused(points_of_x(school, 50, made)) == "assignment_reviewed"
    await school.speak(school.teacher, "select public.remove_peer_sample($1)::text", sample)
    await points_of_x(school, 50, made)


async def test_nobody_marks_the_work_of_his_own_group(database: Database) -> None:
    school = await make_class(database)
    helper = school.learners[1]
    await school.value("update public.profiles set role = 'instructor' where id = $1", helper.id)
    await school.value(
        "insert into public.course_instructors (course_id, profile_id) values ($1, $2)", school.course.id, helper.id
    )
    made = await school.assignment(group_mode=True)
    await school.group(made, "First", school.learners)
    work = await school.speak(school.learners[0], HAND_IN, made)
    assert await refused(school.speak(helper, GRADE, work, 100)) == "own_work"
    note = "insert into public.submission_annotations (submission_id, text_start, text_end, body) values ($1, 0, 1, 'Good.')"
    assert await refused(school.speak(helper, note, work)) == "own_work"
    assert await school.speak(school.teacher, GRADE, work, 80) == 80


async def handed_in_while(school: Class, made: UUID, change: str) -> str:
    """What becomes of handing in while the teacher changes a setting and has not committed."""
    async with school.database.connect("web") as one, school.database.connect("web") as other:

        async def hand_in() -> str:
            try:
                async with as_actor(other, "authenticated", school.learners[0].id):
                    await other.execute(HAND_IN, made)
            except asyncpg.PostgresError as error:
                return answer_of(error)
            return "done"

        async with as_actor(one, "authenticated", school.teacher.id):
            await one.execute(f"update public.assignments set {change} where id = $1", made)
            task = asyncio.create_task(hand_in())
            for _ in range(500):
                if task.done() or await school.value("select count(*) from pg_locks where not granted"):
                    break
                await asyncio.sleep(0.01)
        return await task


async def test_what_is_changed_in_the_same_moment_holds(database: Database) -> None:
    school = await make_class(database)
    made = await school.assignment()
    assert await handed_in_while(school, made, "total_points = 50") == "done"
    assert (
        await school.value("select max_points from public.assignment_submissions where assignment_id = $1", made) == 50
    )
    for change, code in (("group_mode = true", "no_group"), ("status = 'archived'", "not_enrolled")):
        assert await handed_in_while(school, await school.assignment(), change) == code


async def test_a_later_deadline_of_one_counts_for_his_group_in_the_gradebook(database: Database) -> None:
    school = await make_class(database, 3)
    made = await school.assignment(group_mode=True)
    await school.group(made, "First", school.learners[:2])
    await school.value("update public.assignments set due_date = now() - interval '1 hour' where id = $1", made)
    await school.value(
        "insert into public.gradebooks (course_id, missing_work) values ($1, 'zero_after_due')", school.course.id
    )
    people = [school.enrollments[one.id] for one in school.learners]

    async def finals() -> list[float | None]:
        while await school.value("select private.settle_gradebooks()"):
            pass
        rows = await school.rows(
            "select final_grade::float from unnest($1::uuid[]) with ordinality u (id, n) join public.enrollments e using (id) order by n",
            people,
        )
        return [row[0] for row in rows]

    assert await finals() == [0, 0, 0]
    await school.speak(
        school.teacher,
        "insert into public.assignment_extensions (assignment_id, enrollment_id, due_date, reason)"
        " values ($1, $2, now() + interval '1 day', 'Ill') returning id",
        made,
        people[0],
    )
    assert await finals() == [None, None, 0]
    # One that everybody has passed by now takes nothing back.
    await school.value("update public.assignments set due_date = now() + interval '2 days' where id = $1", made)
    await school.value("update public.assignment_extensions set due_date = now() - interval '1 minute'")
    states = await school.rows("select distinct state from private.grade_lines($1, $2)", school.course.id, people)
    assert states == [("nothing",)]


async def test_handing_in_grading_and_grades_wait_for_each_other_in_one_order(database: Database) -> None:
    """A group hands in from five devices while its work is marked and commented, its cells written, its course set up."""
    school = await make_class(database, 5)
    made = await school.assignment(group_mode=True, max_submissions=1000)
    await school.value(
        "insert into public.gradebooks (course_id, missing_work) values ($1, 'zero_after_due')", school.course.id
    )
    own = await school.value(
        "insert into public.gradebook_items (course_id, category_id, title, max_points)"
        " values ($1, private.first_gradebook_category($1), 'Talk', 10) returning id",
        school.course.id,
    )
    await school.group(made, "First", school.learners)
    await school.value("update public.assignments set due_date = now() - interval '1 hour' where id = $1", made)
    await school.speak(school.learners[0], HAND_IN, made)
    answers: Counter[str] = Counter()

    async def repeat(who: Person, times: int, act: Callable[[asyncpg.Connection, int], Awaitable[object]]) -> None:
        async with database.connect("web") as session:
            for n in range(times):
                try:
                    async with as_actor(session, "authenticated", who.id):
                        await act(session, n)
                    answers["done"] += 1
                except asyncpg.PostgresError as error:
                    answers[answer_of(error)] += 1

    async def hand_in(session: asyncpg.Connection, _: int) -> None:
        await session.execute(HAND_IN, made)

    async def write(session: asyncpg.Connection, n: int) -> None:
        cells = [
            {"e": str(one), "i": str(own), "points": n % 10, "excused": False, "revision": n}
            for one in school.enrollments.values()
        ]
        await session.execute(
            "select * from public.set_grades($1, $2::text::jsonb)", school.course.id, json.dumps(cells)
        )

    async def mark(session: asyncpg.Connection, n: int) -> None:
        await session.execute("select set_config('collegium.grade_reason', 'Read again', true)")
        await session.execute(f"select public.grade_submission({ANY_WORK}, $2)", made, n)

    async def comment(session: asyncpg.Connection, _: int) -> None:
        await session.execute(
            "insert into public.submission_annotations (submission_id, text_start, text_end, body)"
            f" select id, 0, 1, 'Why?' from public.assignment_submissions where id = {ANY_WORK} and status = 'submitted'",
            made,
        )

    async def set_up(session: asyncpg.Connection, n: int) -> None:
        await session.execute("update public.gradebook_items set weight = $2 where id = $1", own, n + 1)

    teacher = school.teacher
    await asyncio.gather(
        *(repeat(one, 8, hand_in) for one in school.learners),
        *(repeat(teacher, 12, act) for act in (write, mark, comment, set_up)),
    )
    assert answers == {"done": 5 * 8 + 4 * 12}

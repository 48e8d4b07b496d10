"""Quizzes and assignments with several connections at once: nothing twice, nothing lost, nobody waits for ever."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
import psycopg
import pytest

from collegium.access.stage import Stage, key
from tests.db.assessing import exam
from tests.db.invariants import offending
from tests.db.test_concurrency import in_parallel
from tests.support.database import Database, as_actor

PEOPLE = 40
START = "select public.start_quiz_attempt($1)"


@pytest.fixture
async def people(own_guild: Database) -> list[UUID]:
    """People who take the course."""
    async with own_guild.connect() as owner:
        await owner.execute("delete from auth.users where id = $1", key("nobody"))
        rows = await owner.fetch(
            "insert into auth.users (email) select 'p' || n || '@guild.test' from generate_series(1, $1::int) n returning id",
            PEOPLE,
        )
        ids: list[UUID] = [row["id"] for row in rows]
        await owner.execute(
            "insert into public.enrollments (course_id, member_id) select $1, unnest($2::uuid[])", key("course"), ids
        )
    return ids


@pytest.fixture
def quiz(database: Database, people: list[UUID]) -> UUID:
    """A required quiz of one choice, two attempts each; everything else is done."""
    with psycopg.connect(database.dsn_owner) as connection:
        made = exam(Stage(connection), "true_false")
        connection.execute("update public.quizzes set max_attempts = 2, time_limit_minutes = 60 where id = %s", [made])
        connection.execute(
            "select private.complete_lesson(e.id, l.id) from public.enrollments e, public.lessons l"
            " where e.member_id = any (%s) and l.id = any (%s)",
            [people, [key("welcome"), key("locked"), key("reading")]],
        )
    return made


async def attempts(database: Database, quiz: UUID) -> list[asyncpg.Record]:
    async with database.connect() as owner:
        return await owner.fetch("select * from public.quiz_attempts where quiz_id = $1", quiz)


async def test_starts_from_several_tabs_are_one_attempt(database: Database, people: list[UUID], quiz: UUID) -> None:
    answers = await in_parallel(database, 6, [(who, START, quiz) for who in people for _ in range(3)])
    assert answers == {"done": 3 * PEOPLE}
    assert len(await attempts(database, quiz)) == PEOPLE
    assert await offending(database) == {}


async def test_the_last_attempt_is_taken_once(database: Database, people: list[UUID], quiz: UUID) -> None:
    """Start, hand in, start, hand in, from tabs that know nothing of each other: never a third attempt."""
    submit = "select public.submit_quiz_attempt(t.id) from public.quiz_attempts t where t.quiz_id = $1 and t.status = 'in_progress'"
    work = [(who, sql, quiz) for who in people for _ in range(5) for sql in (START, submit)]
    answers = await in_parallel(database, 6, work)
    assert set(answers) <= {"done", "no_attempts_left"}
    found = await attempts(database, quiz)
    assert len(found) <= 2 * PEOPLE
    assert {row["attempt_number"] for row in found} == {1, 2}
    assert await offending(database) == {}


async def test_what_was_acknowledged_is_graded(database: Database, people: list[UUID], quiz: UUID) -> None:
    """Saving races handing in: what save answered with true is in the grade, what came later is refused."""
    await in_parallel(database, 4, [(who, START, quiz) for who in people])
    save = (
        'select public.save_quiz_answer(t.id, 1, \'{"selected": "2"}\', 1) from public.quiz_attempts t'
        " where t.quiz_id = $1 and t.member_id = auth.uid()"
    )
    submit = "select public.submit_quiz_attempt(t.id) from public.quiz_attempts t where t.quiz_id = $1 and t.member_id = auth.uid()"
    answers = await in_parallel(database, 6, [(who, sql, quiz) for who in people for sql in (save, submit)])
    assert set(answers) <= {"done", "attempt_ended"}
    found = await attempts(database, quiz)
    assert {row["status"] for row in found} == {"graded"}
    # False is shown second, and the key says false.
    late = answers["attempt_ended"]
    async with database.connect() as owner:
        stored = await owner.fetchval(
            "select count(*) from public.quiz_answers w join public.quiz_attempts t on t.id = w.quiz_attempt_id where t.quiz_id = $1",
            quiz,
        )
        graded = await owner.fetchval(
            "select count(*) from public.quiz_attempts where quiz_id = $1 and score = 100", quiz
        )
        done = await owner.fetchval(
            "select count(*) from public.enrollments where member_id = any ($1) and status = 'completed'", people
        )
    assert (stored, graded, done) == (PEOPLE - late,) * 3
    assert await offending(database) == {}


async def test_deadlines_and_hands_end_each_attempt_once(database: Database, people: list[UUID], quiz: UUID) -> None:
    await in_parallel(database, 4, [(who, START, quiz) for who in people])
    async with database.connect() as owner:
        await owner.execute(
            "update public.quiz_attempts set started_at = now() - interval '2 hours', deadline_at = now() - interval '1 hour' where quiz_id = $1",
            quiz,
        )
    submit = "select public.submit_quiz_attempt(t.id) from public.quiz_attempts t where t.quiz_id = $1 and t.member_id = auth.uid()"

    async def expire() -> int:
        ended = 0
        async with database.connect("web") as session:
            while True:
                async with as_actor(session, "service_role"):
                    some: int = await session.fetchval("select private.expire_attempts(7)")
                if not some:
                    return ended
                ended += some

    answers, _ = await asyncio.gather(in_parallel(database, 4, [(who, submit, quiz) for who in people]), expire())
    assert answers == {"done": PEOPLE}
    found = await attempts(database, quiz)
    assert {(row["status"], row["submitted_by"]) for row in found} == {("expired", "deadline")}
    async with database.connect() as owner:
        assert await owner.fetchval("select graded_count from public.quiz_counters where quiz_id = $1", quiz) == PEOPLE
    assert await offending(database) == {}


async def test_work_is_handed_in_as_often_as_allowed(database: Database, people: list[UUID]) -> None:
    submit = "select public.submit_assignment($1, 'My work.')"
    answers = await in_parallel(database, 6, [(who, submit, key("assignment")) for who in people for _ in range(3)])
    assert answers == {"done": PEOPLE, "no_submissions_left": 2 * PEOPLE}
    assert await offending(database) == {}


async def test_a_quiz_that_becomes_optional_while_it_is_taken(
    database: Database, people: list[UUID], quiz: UUID
) -> None:
    """Whichever comes first, nobody waits for ever and nobody who has done all is left behind."""
    toggles = [
        (key("instructor"), f"update public.quizzes set require_passing = {wanted} where id = $1", quiz)
        for _ in range(5)
        for wanted in ("false", "true")
    ]
    submit = (
        "select public.submit_quiz_attempt(t.id) from public.quiz_attempts t"
        " where t.quiz_id = $1 and t.member_id = auth.uid()"
    )
    taken = [(who, sql, quiz) for who in people for sql in (START, submit)]
    mixed = [one for n, work in enumerate(taken) for one in ([work, toggles[n // 8]] if n % 8 == 0 else [work])]
    answers = await in_parallel(database, 6, mixed)
    assert answers == {"done": len(mixed)}
    assert await offending(database) == {}

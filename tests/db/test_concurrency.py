"""Several connections at once: nothing is lost, nothing is done twice, and counters equal a recount."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterable
from uuid import UUID

import asyncpg
import pytest

from collegium.access.stage import key
from tests.db.invariants import offending
from tests.db.mixed_run import answer_of, faults, found_crowd, play
from tests.support.database import Database, as_actor


@pytest.fixture
async def people(own_guild: Database) -> list[UUID]:
    """Two hundred people, each enrolled in the course with everything done but the reading."""
    return await found_crowd(own_guild)


async def in_parallel(database: Database, connections: int, work: Iterable[tuple[UUID, str, UUID]]) -> Counter[str]:
    """Statements of people, by several connections; how often each answer came (`done`, a code or an SQLSTATE)."""
    waiting = list(work)[::-1]
    answers: Counter[str] = Counter()

    async def run() -> None:
        async with database.connect("web") as session:
            await start.wait()
            while waiting:
                who, sql, what = waiting.pop()
                try:
                    async with as_actor(session, "authenticated", who):
                        await session.execute(sql, what)
                    answers["done"] += 1
                except asyncpg.PostgresError as error:
                    answers[answer_of(error)] += 1

    start = asyncio.Barrier(connections)
    await asyncio.gather(*(run() for _ in range(connections)))
    return answers


async def test_two_hundred_completions_at_once_give_two_hundred_numbers(database: Database, people: list[UUID]) -> None:
    mark = "select public.mark_lesson_complete($1)"
    answers = await in_parallel(database, 8, ((who, mark, key("reading")) for who in people))
    assert answers == {"done": 200}
    async with database.connect() as owner:
        numbers = [
            row["number"]
            for row in await owner.fetch("select number from public.certificates where member_id = any ($1)", people)
        ]
        year = await owner.fetchval("select to_char(now() at time zone 'UTC', 'YYYY')")
    assert len(set(numbers)) == 200
    assert all(re.fullmatch(f"CERT-{year}-[2-9A-HJ-NP-Z]{{8}}", number) for number in numbers)
    assert await offending(database) == {}


async def test_two_hundred_completions_in_one_instant_give_two_hundred_numbers(
    database: Database, people: list[UUID]
) -> None:
    """In one statement the clock stands still."""
    async with database.connect() as owner:
        await owner.execute(
            "select private.complete_lesson(id, $1) from public.enrollments where member_id = any ($2)",
            key("reading"),
            people,
        )
        rows = await owner.fetch("select number, issued_at from public.certificates where member_id = any ($1)", people)
    assert len({row["number"] for row in rows}) == 200
    assert len({row["issued_at"] for row in rows}) == 1


async def test_the_last_two_lessons_at_once_complete_once(database: Database, people: list[UUID]) -> None:
    async with database.connect() as owner:
        await owner.execute(
            "update public.lessons set completion_criteria = 'marked_complete' where id = $1", key("locked")
        )
        # Their version would go on asking for the video to be watched.
        await owner.execute("update public.enrollments set course_version_id = null where member_id = any ($1)", people)
        await owner.execute("update public.course_modules set unlock_after_module_id = null")
        await owner.execute("delete from public.lesson_progress where lesson_id = $1", key("locked"))
    mark = "select public.mark_lesson_complete($1)"
    pairs = [(who, mark, key(lesson)) for who in people[:60] for lesson in ("reading", "locked")]
    answers = await in_parallel(database, 2, pairs)
    assert answers == {"done": 120}, "nobody waits for the other for ever"
    async with database.connect() as owner:
        done = await owner.fetchval(
            "select count(*) from public.enrollments where member_id = any ($1) and status = 'completed'", people[:60]
        )
    assert done == 60
    assert await offending(database) == {}


async def test_a_lesson_that_becomes_optional_while_it_is_completed(database: Database, people: list[UUID]) -> None:
    """Whichever comes first, the counters are right and nobody is left behind."""
    toggles = [
        (key("instructor"), f"update public.lessons set require_completion = {wanted} where id = $1", key("reading"))
        for _ in range(15)
        for wanted in (False, True)
    ]
    marks = [(who, "select public.mark_lesson_complete($1)", key("reading")) for who in people[:90]]
    mixed = [
        entry
        for number, mark in enumerate(marks)
        for entry in ([mark, toggles[number // 3]] if number % 3 == 0 else [mark])
    ]
    answers = await in_parallel(database, 4, mixed)
    assert answers == {"done": 120}
    assert await offending(database) == {}


async def test_certificates_switched_on_while_people_complete(database: Database, people: list[UUID]) -> None:
    async with database.connect() as owner:
        await owner.execute("update public.courses set completion_certificate = false where id = $1", key("course"))
    mark = "select public.mark_lesson_complete($1)"
    work = [(who, mark, key("reading")) for who in people[:60]]
    switch = "update public.courses set completion_certificate = true where id = $1"
    work.insert(30, (key("instructor"), switch, key("course")))
    assert await in_parallel(database, 4, work) == {"done": 61}
    assert await offending(database) == {}


async def test_two_players_opened_at_once_share_one_clock(database: Database, people: list[UUID]) -> None:
    async with database.connect() as owner:
        await owner.execute("update public.course_modules set unlock_after_module_id = null")
    videos = [key("welcome_video"), key("locked_video"), key("spare_video")]
    work = [(people[0], "select public.open_playback($1)", video) for video in videos * 10]
    assert await in_parallel(database, 3, work) == {"done": 30}
    assert await offending(database) == {}


@pytest.mark.slow
async def test_counters_equal_a_recount_after_anything(database: Database, people: list[UUID]) -> None:
    """Eight connections do what comes to their mind, until five hundred acts are done."""
    answers = await play(database, people, 8, done=500)
    assert not faults(answers), answers
    assert await offending(database) == {}

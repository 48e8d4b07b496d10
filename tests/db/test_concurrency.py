"""Several connections at once: nothing is lost, nothing is done twice, and counters equal a recount."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable
from uuid import UUID

import asyncpg
import psycopg
import pytest

from collegium.access import found_guild
from collegium.access.stage import key
from tests.db.invariants import offending
from tests.support.database import Database, as_actor


@pytest.fixture
async def people(database: Database) -> list[UUID]:
    """Two hundred people, each enrolled in the course with everything done but the reading."""
    with psycopg.connect(database.dsn_owner) as connection:
        found_guild(connection)
        connection.execute("delete from auth.users where id = %s", [key("nobody")])
    async with database.connect() as owner:
        rows = await owner.fetch(
            "insert into auth.users (email) select 'p' || n || '@guild.test'"
            " from generate_series(1, 200) n returning id"
        )
        ids: list[UUID] = [row["id"] for row in rows]
        await owner.execute(
            "insert into public.enrollments (course_id, member_id) select $1, unnest($2::uuid[])", key("course"), ids
        )
        await owner.execute(
            "select private.complete_lesson(e.id, l.id) from public.enrollments e, public.lessons l"
            " where e.member_id = any ($1) and l.id = any ($2)",
            ids,
            [key("welcome"), key("locked")],
        )
    return ids


def answer_of(error: asyncpg.PostgresError) -> str:
    """The code of a rule that refused, else the SQLSTATE."""
    state = str(error.sqlstate)
    return str(error.as_dict().get("detail")) if state.startswith("CG") else state


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


Move = Callable[[random.Random, list[UUID]], tuple[UUID | None, str, UUID]]


def by_learner(sql: str, *things: str) -> Move:
    """Somebody of the crowd does something with one of the things, or with himself."""

    def move(mind: random.Random, crowd: list[UUID]) -> tuple[UUID | None, str, UUID]:
        who = mind.choice(crowd)
        return who, sql, key(mind.choice(things)) if things else who

    return move


def by_site(sql: str) -> Move:
    """The site does something with somebody of the crowd."""
    return lambda mind, crowd: (None, sql, mind.choice(crowd))


def by_instructor(mind: random.Random, _crowd: list[UUID]) -> tuple[UUID | None, str, UUID]:
    """The instructor changes his mind about what is required."""
    required = mind.choice(("true", "false"))
    sql = f"update public.lessons set require_completion = {required} where id = $1"
    return key("instructor"), sql, key(mind.choice(("welcome", "reading", "locked", "spare")))


COMPLETE = f"""
select private.complete_lesson(e.id, l.id) from public.enrollments e join public.lessons l on l.course_id = e.course_id
where e.member_id = $1 and e.course_id = '{key("course")}' order by random() limit 1
"""
SUSPEND = """
update public.enrollments set status = case status when 'suspended' then 'in_progress' else 'suspended' end
where id = (
    select id from public.enrollments where member_id = $1 and status in ('enrolled', 'in_progress', 'suspended')
    order by random() limit 1
)
-- Of who has completed the course meanwhile the certificate would stay.
and status in ('enrolled', 'in_progress', 'suspended')
"""
FORGET = """
delete from public.lesson_progress where id = (
    select p.id from public.lesson_progress p join public.enrollments e on e.id = p.enrollment_id
    where e.member_id = $1 and e.status <> 'completed' order by random() limit 1
)
"""
MOVES: list[tuple[int, Move]] = [
    (6, by_learner("select public.enrol($1)", "course", "short", "open", "other_course")),
    (8, by_learner("select public.mark_lesson_complete($1)", "reading", "short_lesson", "bare")),
    (4, by_learner("select public.visit_lesson($1)", "welcome", "reading", "locked")),
    (3, by_learner("select public.open_playback($1)", "welcome_video", "locked_video")),
    (3, by_learner("select public.drop_enrollment(id) from public.enrollments where member_id = $1 limit 1")),
    (1, by_instructor),
    (2, by_site(SUSPEND)),
    (4, by_site(COMPLETE)),
    (1, by_site(FORGET)),
]


@pytest.mark.slow
async def test_counters_equal_a_recount_after_anything(database: Database, people: list[UUID]) -> None:
    """Eight connections do what comes to their mind for five seconds."""
    answers: Counter[str] = Counter()
    weights = [weight for weight, _ in MOVES]

    async def play(seed: int) -> None:
        mind = random.Random(seed)
        async with database.connect("web") as session:
            while asyncio.get_running_loop().time() < end:
                who, sql, what = mind.choices(MOVES, weights)[0][1](mind, people[:40])
                try:
                    async with as_actor(session, "authenticated" if who else "service_role", who):
                        await session.execute(sql, what)
                    answers["done"] += 1
                except asyncpg.PostgresError as error:
                    answers[answer_of(error)] += 1
                    if error.sqlstate == "40P01":
                        print(sql, error.detail, error.context)

    end = asyncio.get_running_loop().time() + 5
    await asyncio.gather(*(play(seed) for seed in range(8)))
    assert answers["done"] > 200
    assert not [answer for answer in answers if answer.isupper() or answer.isdigit()], answers
    assert await offending(database) == {}

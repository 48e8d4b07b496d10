"""Many people at once: places in cohorts are exact, and joining, leaving, moving and changing wait for nobody for ever."""

from __future__ import annotations

import random
from uuid import UUID

import asyncpg
import psycopg
import pytest

from collegium.access import found_guild
from collegium.access.stage import key
from tests.db.invariants import offending
from tests.db.test_concurrency import in_parallel
from tests.support.database import Database

CROWD = 60
JOIN = "select public.enrol_in_cohort((select course_id from public.course_cohorts where id = $1), $1)"
LEAVE = (
    "select public.drop_enrollment(id) from public.enrollments"
    " where member_id = auth.uid() and status in ('enrolled', 'in_progress') and course_id = $1"
)
RENAME = (
    "with held as materialized (select public.hold_cohort(k.course_id, k.id) from public.course_cohorts k where k.id = $1)"
    " update public.course_cohorts set name = 'Spring ' || floor(random() * 1000) where id = $1 and (select count(*) from held) = 1"
)
MOVE = (
    "select public.move_to_cohort(e.id, $1, 'Asked') from public.enrollments e"
    " where e.course_id = (select course_id from public.course_cohorts where id = $1) and e.cohort_id is distinct from $1"
    " and e.status in ('enrolled', 'in_progress') order by random() limit 1"
)


@pytest.fixture
async def crowd(database: Database) -> list[UUID]:
    """Sixty people who take nothing yet, and two cohorts of the course that can be joined."""
    with psycopg.connect(database.dsn_owner) as connection:
        found_guild(connection)
        connection.execute("delete from auth.users where id = %s", [key("nobody")])
    async with database.connect() as owner:
        await owner.execute("update public.course_cohorts set capacity = 20 where id = $1", key("spring"))
        await owner.execute("update public.course_cohorts set capacity = 15 where id = $1", key("autumn"))
        rows = await owner.fetch(
            "insert into auth.users (email) select 'p' || n || '@guild.test' from generate_series(1, $1::integer) n returning id",
            CROWD,
        )
        return [row["id"] for row in rows]


async def taken(database: Database, cohort: str) -> int:
    async with database.connect() as owner:
        found: int = await owner.fetchval("select seats_taken from public.course_cohorts where id = $1", key(cohort))
        return found


async def test_sixty_people_for_twenty_places(database: Database, crowd: list[UUID]) -> None:
    answers = await in_parallel(database, 8, ((who, JOIN, key("spring")) for who in crowd))
    assert answers == {"done": 20, "cohort_full": 40}
    assert await taken(database, "spring") == 20
    assert await offending(database) == {}


async def test_the_last_place_and_what_else_there_is(database: Database, crowd: list[UUID]) -> None:
    async with database.connect() as owner:
        await owner.execute("update public.course_cohorts set capacity = 1 where id = $1", key("spring"))
    refusals: list[str] = []
    for who in crowd[:2]:
        async with database.connect("web") as session:
            try:
                async with session.transaction():
                    await session.execute("set local role authenticated")
                    claims = f'{{"sub": "{who}", "role": "authenticated"}}'
                    await session.execute("select set_config('request.jwt.claims', $1, true)", claims)
                    await session.execute(JOIN, key("spring"))
            except asyncpg.PostgresError as error:
                refusals.append(str(error))
    assert len(refusals) == 1
    assert refusals[0].startswith("“Spring” is full. There is room in “Autumn”")


async def test_two_cohorts_wished_at_once_are_one(database: Database, crowd: list[UUID]) -> None:
    who = crowd[0]
    work = [(who, JOIN, key(cohort)) for cohort in ("spring", "autumn") * 6]
    answers = await in_parallel(database, 6, work)
    assert set(answers) == {"done", "takes_it_already"}
    assert await taken(database, "spring") + await taken(database, "autumn") == 1
    assert await offending(database) == {}


async def test_joining_leaving_moving_and_renaming_at_once(database: Database, crowd: list[UUID]) -> None:
    mind = random.Random(3)
    work: list[tuple[UUID, str, UUID]] = []
    for who in crowd:
        work += [(who, JOIN, key(mind.choice(("spring", "autumn")))) for _ in range(2)]
        work += [(who, LEAVE, key("course"))]
    work += [(key("instructor"), MOVE, key(mind.choice(("spring", "autumn")))) for _ in range(40)]
    mind.shuffle(work)
    add = "select public.add_to_cohort('{}', $1, array(select email::text from public.profiles where email like 'p%@guild.test'))"
    work += [(key("instructor"), add.format(key("course")), key("spring")) for _ in range(3)]
    work += [(key("instructor"), RENAME, key("spring")) for _ in range(6)]
    mind.shuffle(work)
    answers = await in_parallel(database, 6, work)
    known = {"done", "cohort_full", "takes_it_already", "cannot_leave", "nothing_to_move", "in_it_already", "was_in_it"}
    assert set(answers) <= known, answers
    assert await taken(database, "spring") <= 20
    assert await taken(database, "autumn") <= 15
    assert await offending(database) == {}

"""Several people at once: seats are exact, credits are given once, and nobody waits for the other for ever."""

from __future__ import annotations

import asyncio
import random
from uuid import UUID

import pytest

from collegium.access.stage import key
from tests.db.invariants import offending
from tests.db.test_concurrency import in_parallel
from tests.support.database import Database

CROWD = 200


@pytest.fixture
async def crowd(own_guild: Database) -> list[UUID]:
    """Two hundred people who take the seminar, whose session runs now."""
    async with own_guild.connect() as owner:
        await owner.execute("delete from auth.users where id = $1", key("nobody"))
        rows = await owner.fetch(
            "insert into auth.users (email) select 'p' || n || '@guild.test' from generate_series(1, $1::integer) n returning id",
            CROWD,
        )
        ids: list[UUID] = [row["id"] for row in rows]
        await owner.execute(
            "insert into public.enrollments (course_id, member_id) select $1, unnest($2::uuid[])", key("seminar"), ids
        )
    return ids


async def test_two_hundred_registrations_for_fifty_seats(database: Database, crowd: list[UUID]) -> None:
    async with database.connect() as owner:
        await owner.execute("update public.live_sessions set max_attendees = 50 where id = $1", key("live_bare"))
    register = "select public.register_for_session($1)"
    answers = await in_parallel(database, 8, ((who, register, key("live_bare")) for who in crowd))
    assert answers == {"done": 50, "session_full": 150}
    async with database.connect() as owner:
        assert (
            await owner.fetchval("select registered_count from public.live_sessions where id = $1", key("live_bare"))
            == 50
        )
    assert await offending(database) == {}


async def test_registering_and_giving_up_at_once(database: Database, crowd: list[UUID]) -> None:
    async with database.connect() as owner:
        await owner.execute("update public.live_sessions set max_attendees = 10 where id = $1", key("live_bare"))
    calls = ("select public.register_for_session($1)", "select public.cancel_session_registration($1)")
    mind = random.Random(1)
    work = [(who, mind.choice(calls), key("live_bare")) for who in crowd[:30] for _ in range(8)]
    mind.shuffle(work)
    answers = await in_parallel(database, 6, work)
    assert set(answers) <= {"done", "session_full", "not_registered"}
    assert await offending(database) == {}


async def test_coming_and_going_while_the_session_ends(database: Database, crowd: list[UUID]) -> None:
    """Everybody has been there long enough: the end completes the lesson for all, whoever leaves at the same time."""
    live = key("live_now")
    async with database.connect() as owner:
        await owner.execute("alter table public.live_sessions disable trigger check_live_session")
        await owner.execute(
            "update public.live_sessions set started_at = now(), status = 'in_progress', credit_threshold_percentage = 40"
            " where id = $1",
            live,
        )
        await owner.execute("alter table public.live_sessions enable trigger check_live_session")
        await owner.execute(
            "insert into public.credit_rules (credit_type_id, live_session_id, amount) values ($1, $2, 1)",
            key("credit_type"),
            live,
        )
        await owner.execute("update public.courses set ce_credits = 2 where id = $1", key("seminar"))
        await owner.execute(
            "with seats as ("
            " insert into public.session_attendance (session_id, course_id, enrollment_id, member_id)"
            " select $1, e.course_id, e.id, e.member_id from public.enrollments e where e.member_id = any ($2)"
            " returning id, session_id, member_id)"
            " insert into public.attendance_intervals"
            " (attendance_id, session_id, member_id, source, joined_at, last_seen_at)"
            " select id, session_id, member_id, 'self', now() - interval '30 minutes', now() from seats",
            live,
            crowd[:60],
        )
    calls = ("stay_in_session", "leave_live_session", "join_live_session")
    mind = random.Random(2)
    work: list[tuple[UUID, str, UUID]] = [
        (who, f"select public.{mind.choice(calls)}($1)", live) for who in crowd[:60] for _ in range(2)
    ]
    work += [(who, "select public.visit_lesson($1)", key("seminar_lesson")) for who in crowd[:60]]
    mind.shuffle(work)
    work.insert(len(work) // 2, (key("instructor"), "select public.end_live_session($1)", live))
    answers = await in_parallel(database, 6, work)
    assert set(answers) <= {"done", "session_over"}
    async with database.connect() as owner:
        found = await owner.fetchrow(
            "select count(*) filter (where e.status = 'completed') as completed, sum(a.amount) as credits"
            " from public.enrollments e join public.credit_awards a on a.member_id = e.member_id where e.member_id = any ($1)",
            crowd[:60],
        )
    assert tuple(found or ()) == (180, 210), "two of the course, one for coming, a half for half an hour"
    assert await offending(database) == {}


async def test_two_completions_at_once_give_one_award(database: Database, crowd: list[UUID]) -> None:
    async with database.connect() as owner:
        await owner.execute("update public.courses set ce_credits = 2 where id = $1", key("seminar"))
    complete = (
        "update public.enrollments set status = 'completed', completed_at = now()"
        " where member_id = $1 and status <> 'completed'"
    )
    award = "select private.award_enrollment_credits(e.id) from public.enrollments e where e.member_id = $1"
    again = "update public.enrollments set status = 'in_progress' where member_id = $1 and status = 'completed'"
    mind = random.Random(3)
    work = [(None, mind.choice((complete, award, again)), who) for who in crowd[:40] for _ in range(8)]
    work += [(None, complete, who) for who in crowd[:40] for _ in range(2)]
    answers = await by_the_owner(database, 6, work)
    assert answers == len(work)
    async with database.connect() as owner:
        given = await owner.fetch(
            "select count(*) as n from public.credit_awards where member_id = any ($1) group by member_id", crowd[:40]
        )
    assert [row["n"] for row in given] == [1] * 40


async def by_the_owner(database: Database, connections: int, work: list[tuple[None, str, UUID]]) -> int:
    """Statements by several connections of the owner, pairs of one person side by side; how many went through."""
    waiting = work[::-1]
    done = 0

    async def run() -> None:
        nonlocal done
        async with database.connect() as session:
            while waiting:
                _, sql, what = waiting.pop()
                await session.execute(sql, what)
                done += 1

    await asyncio.gather(*(run() for _ in range(connections)))
    return done


async def test_credits_that_change_while_people_complete(database: Database, crowd: list[UUID]) -> None:
    """Whichever comes first: each has what the rules of that moment say."""
    complete = "select private.complete_lesson(e.id, '{}') from public.enrollments e where e.member_id = $1".format(
        key("seminar_lesson")
    )
    work: list[tuple[None, str, UUID]] = []
    for number, who in enumerate(crowd[:60]):
        work.append((None, complete, who))
        if number % 4 == 0:
            change = f"update public.courses set ce_credits = {number % 3} where id = $1"
            work.append((None, change, key("seminar")))
    assert await by_the_owner(database, 4, work) == len(work)
    assert await offending(database) == {}


async def test_the_last_two_courses_of_a_program_at_once_give_its_credits_once(
    database: Database, crowd: list[UUID]
) -> None:
    async with database.connect() as owner:
        program = await owner.fetchval(
            "insert into public.programs (title, slug) values ('Credited path', 'credited-path') returning id"
        )
        for order, course in enumerate(("seminar", "short"), 1):
            await owner.execute(
                "insert into public.program_courses (program_id, course_id, course_order) values ($1, $2, $3)",
                program,
                key(course),
                order,
            )
        await owner.execute(
            "insert into public.credit_rules (credit_type_id, program_id, amount) values ($1, $2, 6)",
            key("spare_credit_type"),
            program,
        )
        await owner.execute(
            "insert into public.enrollments (course_id, member_id) select $1, unnest($2::uuid[])",
            key("short"),
            crowd[:40],
        )
    complete = (
        "update public.enrollments set status = 'completed', completed_at = now()"
        " where member_id = $1 and course_id = '{}'"
    )
    work = [(None, complete.format(key(course)), who) for who in crowd[:40] for course in ("seminar", "short")]
    assert await by_the_owner(database, 2, work) == 80
    async with database.connect() as owner:
        given = await owner.fetch(
            "select count(*) as n from public.credit_awards where member_id = any ($1) and credit_type_id = $2"
            " group by member_id",
            crowd[:40],
            key("spare_credit_type"),
        )
    assert [row["n"] for row in given] == [1] * 40
    assert await offending(database) == {}

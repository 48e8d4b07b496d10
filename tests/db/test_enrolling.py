"""Who may enrol himself in what, and come back: by enrol() and by a plain INSERT alike."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
import pytest

from collegium.access.stage import Stage, key
from tests.support.database import Database, as_actor

INSERT = "insert into public.enrollments (course_id, member_id) values (%(open)s, %({who})s) returning status"
ENROL = "select (public.enrol(%(open)s)).status"
BUY = """
insert into public.transactions (member_id, course_id, transaction_type, amount, status, completed_at)
values (%(owner)s, %(open)s, 'course_purchase', 80, %(status)s, case %(status)s when 'completed' then now() end)
returning id
"""
REFUND = """
insert into public.transactions (member_id, transaction_type, amount, status, completed_at, refund_of)
values (%(owner)s, 'refund', 80, %(status)s, case %(status)s when 'completed' then now() end, %(bought)s)
"""


def both(stage: Stage, who: str = "owner") -> str:
    """What enrol() and INSERT answer; they must agree."""
    answers: set[str] = set()
    for statement in (ENROL, INSERT.replace("{who}", who)):
        with stage.undone():
            outcome = stage.attempt(who, statement)
            answers.add(f"{outcome.state} {outcome.code}" if outcome.state else outcome.rows[0][0])
    assert len(answers) == 1, answers
    return answers.pop()


@pytest.mark.parametrize(
    ("course", "answer"),
    [
        ("pricing_type = 'free'", "enrolled"),
        ("pricing_type = 'member_only'", "enrolled"),
        ("pricing_type = 'paid', price = 80", "CG403 payment_required"),
        ("pricing_type = 'premium', price = 80", "CG403 payment_required"),
        ("allow_enrollment = false", "CG409 enrollment_closed"),
        ("enrollment_start_date = now() + interval '1 second'", "CG409 enrollment_not_open"),
        ("enrollment_start_date = now()", "enrolled"),
        ("enrollment_end_date = now()", "CG409 enrollment_ended"),
        ("enrollment_end_date = now() + interval '1 second'", "enrolled"),
        (
            "enrollment_start_date = now() - interval '1 day', enrollment_end_date = now() + interval '1 day'",
            "enrolled",
        ),
        ("max_enrollments = 1", "enrolled"),
        ("status = 'draft'", "CG404 no_such_course"),
        ("status = 'under_review'", "CG404 no_such_course"),
        ("status = 'archived'", "CG404 no_such_course"),
    ],
)
def test_each_rule(stage: Stage, course: str, answer: str) -> None:
    stage.owner(f"update public.courses set {course} where id = %(open)s")
    assert both(stage) == answer


def test_a_course_that_does_not_exist_and_one_that_is_hidden_are_alike(stage: Stage) -> None:
    missing = stage.attempt("owner", "select public.enrol(%(new)s)")
    hidden = stage.attempt("owner", "select public.enrol(%(draft)s)")
    assert (missing.state, missing.code, missing.words) == (hidden.state, hidden.code, hidden.words)


def test_a_visitor_is_asked_to_sign_in(stage: Stage) -> None:
    assert stage.attempt("anon", "select public.enrol(%(open)s)").state == "42501"


@pytest.mark.parametrize(
    ("membership", "answer"),
    [
        ("status = 'suspended'", "CG403 members_only"),
        ("status = 'cancelled'", "CG403 members_only"),
        ("starts_on = private.today() + 1", "CG403 members_only"),
        ("ends_on = private.today() - 1", "CG403 members_only"),
        ("starts_on = private.today(), ends_on = private.today()", "enrolled"),
        ("member_id = %(learner)s", "CG403 members_only"),
    ],
)
def test_members_only(stage: Stage, membership: str, answer: str) -> None:
    stage.owner("update public.courses set pricing_type = 'member_only' where id = %(open)s")
    stage.owner(f"update public.memberships set {membership}")
    assert both(stage) == answer


@pytest.mark.parametrize(
    ("bought", "refund", "answer"),
    [
        ("completed", None, "enrolled"),
        ("completed", "pending", "enrolled"),
        ("completed", "failed", "enrolled"),
        ("completed", "completed", "CG403 payment_required"),
        ("pending", None, "CG403 payment_required"),
        ("failed", None, "CG403 payment_required"),
        ("cancelled", None, "CG403 payment_required"),
    ],
)
@pytest.mark.parametrize("pricing", ["paid", "premium"])
def test_paid(stage: Stage, pricing: str, bought: str, refund: str | None, answer: str) -> None:
    stage.owner("update public.courses set pricing_type = %(p)s, price = 80 where id = %(open)s", p=pricing)
    purchase = stage.value(BUY, status=bought)
    if refund:
        stage.owner(REFUND, status=refund, bought=purchase)
    assert both(stage) == answer


def test_a_purchase_pays_once_and_for_its_own_course_and_person(stage: Stage) -> None:
    stage.owner("update public.courses set pricing_type = 'paid', price = 80 where id in (%(open)s, %(members)s)")
    purchase = stage.value(BUY, status="completed")
    assert stage.attempt("owner", "select public.enrol(%(members)s)").code == "payment_required"
    assert both(stage, "learner") == "CG403 payment_required"
    assert stage.act("owner", "select (public.enrol(%(open)s)).transaction_id").rows == [(purchase,)]
    stage.owner("update public.enrollments set cohort_name = 'spring' where transaction_id = %(id)s", id=purchase)
    assert both(stage) == "CG403 payment_required"
    stage.value(BUY, status="completed")
    assert both(stage) == "enrolled"


def test_nobody_is_enrolled_twice(stage: Stage) -> None:
    first = stage.act("owner", "select (public.enrol(%(open)s)).id").rows
    assert stage.act("owner", "select (public.enrol(%(open)s)).id").rows == first
    assert stage.attempt("owner", INSERT.replace("{who}", "owner")).state == "23505"
    twice = (
        "insert into public.enrollments (course_id, member_id, enrollment_source, cohort_name)"
        " values (%(open)s, %(owner)s, 'bulk_import', {})"
    )
    for cohort, state in (("null", "23505"), ("'spring'", None), ("'spring'", "23505"), ("'autumn'", None)):
        assert stage.attempt("service_role", twice.format(cohort)).state == state


# Leaving and coming back ------------------------------------------------------------------------------------------


def leave(stage: Stage) -> UUID:
    """The owner enrols in the open course, opens it and leaves."""
    enrollment: UUID = stage.act("owner", "select (public.enrol(%(open)s)).id").rows[0][0]
    stage.act("owner", "select public.drop_enrollment(%(id)s)", id=enrollment)
    assert stage.value("select active_enrollments from public.courses where id = %(open)s") == 0
    return enrollment


def test_coming_back_loses_nothing(stage: Stage) -> None:
    stage.act("owner", "select public.mark_lesson_complete(%(reading)s)")
    stage.act("owner", "select public.drop_enrollment(%(enrollment)s)")
    assert stage.attempt("owner", "select public.visit_lesson(%(reading)s)").code == "not_enrolled"
    back = stage.act("owner", "select e.id, e.status, e.lessons_completed from public.enrol(%(course)s) e").rows
    assert back == [(key("enrollment"), "in_progress", 1)]


def test_coming_back_asks_for_all_that_enrolling_does(stage: Stage) -> None:
    enrollment = leave(stage)
    for change, answer in (
        ("allow_enrollment = false", "CG409 enrollment_closed"),
        ("enrollment_end_date = now()", "CG409 enrollment_ended"),
        ("status = 'archived'", "CG404 no_such_course"),
        ("pricing_type = 'paid', price = 80", "CG403 payment_required"),
        ("title = 'Open again'", "enrolled"),
    ):
        with stage.undone():
            stage.owner(f"update public.courses set {change} where id = %(open)s")
            outcome = stage.attempt("owner", ENROL)
            assert (f"{outcome.state} {outcome.code}" if outcome.state else outcome.rows[0][0]) == answer
    assert stage.act("owner", "select (public.enrol(%(open)s)).id").rows == [(enrollment,)]


def test_a_seat_that_was_left_is_not_kept(stage: Stage) -> None:
    stage.owner("update public.courses set max_enrollments = 1 where id = %(open)s")
    leave(stage)
    stage.act("stranger", "select public.enrol(%(open)s)")
    assert stage.attempt("owner", "select public.enrol(%(open)s)").code == "course_full"


def test_coming_back_after_a_refund_needs_another_payment(stage: Stage) -> None:
    stage.owner("update public.courses set pricing_type = 'paid', price = 80 where id = %(open)s")
    purchase = stage.value(BUY, status="completed")
    leave(stage)
    assert stage.act("owner", "select (public.enrol(%(open)s)).transaction_id").rows == [(purchase,)]
    stage.owner("update public.enrollments set status = 'dropped' where transaction_id = %(id)s", id=purchase)
    stage.owner(REFUND, status="completed", bought=purchase)
    assert stage.attempt("owner", "select public.enrol(%(open)s)").code == "payment_required"
    another = stage.value(BUY, status="completed")
    assert stage.act("owner", "select (public.enrol(%(open)s)).transaction_id").rows == [(another,)]


# Many at once -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def crowd(own_guild: Database) -> list[UUID]:
    """Twenty people in a guild of their own."""
    async with own_guild.connect() as owner:
        rows = await owner.fetch(
            "insert into auth.users (email) select 'p' || n || '@guild.test' from generate_series(1, 20) n returning id"
        )
        return [row["id"] for row in rows]


async def enrol_all(database: Database, people: list[UUID], sql: str = "select public.enrol($1)") -> list[str]:
    """Everybody enrols at the same moment, each by a connection of his own; what each was answered."""

    async def one(person: UUID) -> str:
        async with database.connect("web") as session:
            await start.wait()
            try:
                async with as_actor(session, "authenticated", person):
                    await session.execute(sql, key("open"))
            except asyncpg.PostgresError as error:
                return str(error.as_dict().get("detail") or error.sqlstate)
            return "enrolled"

    start = asyncio.Barrier(len(people))
    return await asyncio.gather(*map(one, people))


async def test_twenty_race_for_five_seats(database: Database, crowd: list[UUID]) -> None:
    async with database.connect() as owner:
        await owner.execute("update public.courses set max_enrollments = 5 where id = $1", key("open"))
        answers = await enrol_all(database, crowd)
        assert sorted(answers) == ["course_full"] * 15 + ["enrolled"] * 5
        counted = await owner.fetchrow(
            "select total_enrollments, active_enrollments,"
            " (select count(*) from public.enrollments where course_id = c.id) from public.courses c where id = $1",
            key("open"),
        )
        assert tuple(counted or ()) == (5, 5, 5)


async def test_the_last_seat_in_two_tabs_is_one_enrollment(database: Database, crowd: list[UUID]) -> None:
    async with database.connect() as owner:
        await owner.execute("update public.courses set max_enrollments = 1 where id = $1", key("open"))
        assert await enrol_all(database, [crowd[0]] * 8) == ["enrolled"] * 8
        assert await owner.fetchval("select count(*) from public.enrollments where course_id = $1", key("open")) == 1


@pytest.mark.parametrize("pricing", ["free", "paid"])
async def test_two_tabs_make_one_enrollment(database: Database, crowd: list[UUID], pricing: str) -> None:
    async with database.connect() as owner:
        await owner.execute(
            "update public.courses set pricing_type = $2, price = 80 where id = $1", key("open"), pricing
        )
        await owner.execute(
            "insert into public.transactions (member_id, course_id, transaction_type, amount, status, completed_at)"
            " select $1, $2, 'course_purchase', 80, 'completed', now() from generate_series(1, 2)",
            crowd[0],
            key("open"),
        )
        assert await enrol_all(database, [crowd[0]] * 6) == ["enrolled"] * 6
        by_hand = "insert into public.enrollments (course_id, member_id) values ($1, auth.uid())"
        assert sorted(await enrol_all(database, [crowd[1]] * 6, by_hand)) in (
            ["23505"] * 5 + ["enrolled"],
            ["payment_required"] * 6,
        )
        rows = await owner.fetch("select member_id from public.enrollments where course_id = $1", key("open"))
        assert [row["member_id"] for row in rows].count(crowd[0]) == 1


async def test_two_super_administrators_cannot_demote_each_other(database: Database, crowd: list[UUID]) -> None:
    first, second = crowd[:2]

    async def demote(who: UUID, whom: UUID) -> str:
        async with database.connect("web") as session:
            try:
                async with as_actor(session, "authenticated", who):
                    await session.execute("select public.set_user_role($1, 'student')", whom)
            except asyncpg.PostgresError as error:
                return str(error.as_dict().get("detail"))
            return "done"

    async with database.connect() as owner:
        for _ in range(5):
            await owner.execute("update public.profiles set role = 'super_admin' where id = any ($1)", [first, second])
            answers = await asyncio.gather(demote(first, second), demote(second, first))
            assert sorted(answers) == ["admins_only", "done"]


@pytest.mark.parametrize(
    "change",
    [
        "cohort_start_date = now()",
        "cohort_end_date = now()",
        "cohort_name = 'Spring', cohort_start_date = now(), cohort_end_date = now()",
        "instructor_notes = ''",
        "instructor_notes = repeat('x', 10001)",
    ],
)
def test_a_cohort_and_its_dates(stage: Stage, change: str) -> None:
    row = "update public.enrollments set {} where id = %(enrollment)s"
    assert stage.attempt("service_role", row.format(change)).state == "23514"
    right = "cohort_name = 'Spring', cohort_start_date = now(), cohort_end_date = now() + interval '1 day'"
    stage.act("service_role", row.format(f"{right}, instructor_notes = 'Well done.'"))
    read = stage.act("owner", "select cohort_name, instructor_notes from public.enrollments where id = %(enrollment)s")
    assert read.rows == [("Spring", "Well done.")]
    for who in ("owner", "instructor", "admin"):
        assert stage.attempt(who, row.format("instructor_notes = 'Mine.'")).state == "42501"

"""Organisations and designations: what a manager sees and what not, who is added by whom, what dates mean."""

from __future__ import annotations

import asyncio
from datetime import date

import asyncpg
import pytest

from collegium.access.stage import Stage, key
from tests.support.database import Database

# What a manager sees of his people, and the column that says whose it is.
LEARNING = {
    "profiles": "id",
    "memberships": "member_id",
    "enrollments": "member_id",
    "enrollment_details": "member_id",
    "video_analytics": "user_id",
    "certificates": "member_id",
    "designation_holders": "member_id",
    "members": "id",
}
END = "select public.end_organisation_membership(%(belonging)s)"


def seen(stage: Stage, who: str, table: str, column: str) -> set[object]:
    return {row[0] for row in stage.act(who, f"select {column} from public.{table}").rows}


@pytest.mark.parametrize("table", LEARNING)
def test_a_manager_sees_his_own_people_only(stage: Stage, table: str) -> None:
    people = seen(stage, "manager", table, LEARNING[table])
    assert people - {key("manager")} == {key("owner")}


def test_a_manager_sees_the_lessons_of_his_own_people_only(stage: Stage) -> None:
    rows = seen(stage, "manager", "lesson_progress", "enrollment_id")
    assert rows == {key("enrollment"), key("short_enrollment")}


@pytest.mark.parametrize("table", ["web_sessions", "login_attempts", "mail_outbox", "transactions", "video_events"])
def test_a_manager_does_not_see(stage: Stage, table: str) -> None:
    assert not seen(stage, "manager", table, "id")


def test_a_manager_does_not_read_content_or_answers_of_the_payment_service(stage: Stage) -> None:
    assert key("reading_block") not in seen(stage, "manager", "content_blocks", "id")
    paid = stage.act("manager", "select amount_paid from public.enrollment_details where amount_paid is not null")
    assert not paid.rows


@pytest.mark.parametrize(
    "change",
    [
        "until = private.today() where id = %(belonging)s",
        "since = private.today() + 1 where id = %(belonging)s",
        "until = private.today() where id = %(managing)s",
        "since = private.today() + 1 where id = %(managing)s",
        "role = 'member' where id = %(managing)s",
        "organisation_id = %(spare_organisation)s where id = %(managing)s",
    ],
)
def test_a_manager_sees_while_both_belong(stage: Stage, change: str) -> None:
    assert key("owner") in seen(stage, "manager", "profiles", "id")
    stage.owner(f"update public.organisation_members set {change}")
    for table, column in LEARNING.items():
        assert key("owner") not in seen(stage, "manager", table, column), table
    assert not seen(stage, "manager", "lesson_progress", "id")


def test_the_manager_of_the_whole_sees_the_people_of_its_parts(stage: Stage) -> None:
    move = "update public.organisation_members set organisation_id = %(spare_organisation)s where id = %(belonging)s"
    stage.owner(move)
    assert key("owner") in seen(stage, "manager", "enrollments", "member_id")
    stage.owner("update public.organisations set parent_id = null")
    assert key("owner") not in seen(stage, "manager", "enrollments", "member_id")


@pytest.mark.parametrize("who", ["owner", "manager", "stranger", "instructor"])
@pytest.mark.parametrize(
    "statement",
    [
        "insert into public.organisation_members (organisation_id, member_id) values (%(organisation)s, %(learner)s)",
        "insert into public.organisation_members (organisation_id, member_id, role)"
        " values (%(organisation)s, auth.uid(), 'manager')",
        "update public.organisation_members set member_id = %(learner)s",
        "update public.organisation_members set role = 'manager'",
        "update public.organisations set parent_id = null",
        "insert into public.designation_holders (member_id, designation_id, since)"
        " values (auth.uid(), %(spare_designation)s, '2020-01-01')",
    ],
    ids=["add", "manage", "exchange", "promote", "free", "award"],
)
def test_nobody_but_an_administrator_adds_people(stage: Stage, who: str, statement: str) -> None:
    outcome = stage.attempt(who, statement)
    assert outcome.state == "42501" or outcome.count == 0


@pytest.mark.parametrize(
    ("who", "answer"),
    [
        ("manager", None),
        ("owner", None),
        ("admin", None),
        ("learner", "no_such_membership"),
        ("instructor", "no_such_membership"),
    ],
)
def test_who_ends_a_belonging(stage: Stage, who: str, answer: str | None) -> None:
    assert stage.attempt(who, END).code == answer
    ended = stage.value("select until from public.organisation_members where id = %(belonging)s")
    assert (ended is None) == (answer is not None)
    if answer is None:
        assert stage.attempt("admin", END).code == "membership_ended"


def test_a_manager_does_not_end_another_manager(stage: Stage) -> None:
    stage.owner("update public.organisation_members set role = 'manager' where id = %(belonging)s")
    assert stage.attempt("manager", END).code == "admins_only"
    assert stage.act("owner", END).count == 1


def test_what_was_not_to_begin_before_tomorrow_never_counts(stage: Stage) -> None:
    stage.owner("update public.organisation_members set since = private.today() + 5 where id = %(belonging)s")
    stage.act("owner", END)
    found = "select until = since from public.organisation_members where id = %(belonging)s"
    assert stage.value(found) is True


HOLD = """
insert into public.designation_holders (member_id, designation_id, since, until)
values (%(learner)s, %(designation)s, %(since)s, %(until)s)
"""


@pytest.mark.parametrize(
    ("since", "until", "code"),
    [
        (date(2020, 1, 1), date(2021, 1, 1), None),
        (date(2023, 1, 1), None, None),
        (date(2020, 1, 1), date(2021, 1, 2), "already_held"),
        (date(2022, 12, 31), None, "already_held"),
        (date(2020, 1, 1), None, "already_held"),
        (date(2021, 6, 1), date(2021, 6, 2), "already_held"),
    ],
    ids=["before", "after", "into it", "out of it", "around it", "within it"],
)
def test_a_designation_is_held_once_at_a_time(stage: Stage, since: date, until: date | None, code: str | None) -> None:
    stage.owner(HOLD, since=date(2021, 1, 1), until=date(2023, 1, 1))
    outcome = stage.attempt("service_role", HOLD, since=since, until=until)
    assert (outcome.state, outcome.code) == (("CG409", code) if code else (None, None))


def test_dates_cannot_be_moved_over_another_holding(stage: Stage) -> None:
    stage.owner(HOLD, since=date(2021, 1, 1), until=date(2022, 1, 1))
    stage.owner(HOLD, since=date(2022, 1, 1), until=None)
    change = "update public.designation_holders set until = '2022-02-01' where until = '2022-01-01'"
    assert stage.attempt("admin", change).code == "already_held"
    assert stage.attempt("service_role", HOLD, since=date(2021, 1, 1), until=date(2021, 1, 1)).state == "23514"


async def test_of_two_holdings_written_at_once_one_stands(own_guild: Database) -> None:
    async def hold(since: date) -> str | None:
        async with own_guild.connect() as session:
            try:
                await session.execute(
                    "insert into public.designation_holders (member_id, designation_id, since) values ($1, $2, $3)",
                    key("learner"),
                    key("designation"),
                    since,
                )
            except asyncpg.PostgresError as error:
                return error.as_dict().get("detail")
            return None

    answers = await asyncio.gather(*(hold(date(2020, month, 1)) for month in range(1, 7)))
    assert sorted(answers, key=str) == [None, *["already_held"] * 5]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("time_zone = 'Moon/Base'", "no_such_time_zone"),
        ("parent_id = %(spare_organisation)s", "organisation_circle"),
    ],
    ids=["zone", "circle"],
)
def test_what_an_organisation_cannot_be(stage: Stage, change: str, code: str) -> None:
    outcome = stage.attempt("admin", f"update public.organisations set {change} where id = %(organisation)s")
    assert (outcome.state, outcome.code) == ("CG422", code)


def test_an_instructor_says_which_designation_a_course_counts_towards(stage: Stage) -> None:
    version = stage.value("select private.current_catalogue_version()")
    change = "update public.courses set designation_id = %(designation)s where id = %({})s"
    assert stage.act("instructor", change.format("course")).count == 1
    assert stage.act("instructor", change.format("open")).count == 0
    assert stage.value("select private.current_catalogue_version()") > version
    stage.owner("delete from public.designation_holders")
    remove = "delete from public.member_designations where id = %(designation)s"
    assert stage.attempt("admin", remove).state in ("23503", "23001")


# The view members ------------------------------------------------------------------------------------------------


def test_n_statements_that_join_members(stage: Stage) -> None:
    rows = stage.act(
        "owner",
        "select m.first_name || ' ' || m.last_name, m.email from public.enrollments e"
        " join public.members m on e.member_id = m.id where e.id = %(enrollment)s",
    ).rows
    assert rows == [("Owner Guild", "owner@guild.test")]


def test_a_member_carries_what_he_holds_today(stage: Stage) -> None:
    ask = "select member_number, membership_status, designations, credentials from public.members where id = %(owner)s"
    number, status, designations, credentials = stage.act("manager", ask).rows[0]
    mine = stage.value("select member_number from public.memberships where id = %(membership)s")
    assert (number, status, designations) == (mine, "active", ["RHU"])
    assert [(one["code"], one["since"], one["until"]) for one in credentials] == [("RHU", "2020-01-01", None)]
    stage.owner("update public.designation_holders set until = private.today()")
    stage.owner("update public.memberships set ends_on = private.today() - 1")
    assert stage.act("owner", ask).rows == [(None, None, [], [])]


def test_the_membership_that_counts_is_the_active_one(stage: Stage) -> None:
    stage.owner("update public.memberships set status = 'suspended'")
    stage.owner(
        "insert into public.memberships (member_id, member_number, starts_on) values (%(owner)s, 'M-0', '2019-01-01')"
    )
    ask = "select member_number from public.members where id = %(owner)s"
    assert stage.act("owner", ask).rows == [("M-0",)]


SCORE = "select engagement_score from public.members where id = %(owner)s"
# As many lessons of as many courses, some of which are completed, all so many days ago.
LEARNT = """
insert into auth.users (id, email) values (%(new)s, 'new@guild.test');
insert into public.courses (title, slug, description, category, completion_certificate)
select 'C' || n, 'c' || n, 'd', 'compliance', false from generate_series(1, %(lessons)s) n;
insert into public.course_modules (course_id, title, module_order)
select id, 'M', 1 from public.courses where slug ~ '^c[0-9]+$';
insert into public.lessons (course_id, module_id, title, lesson_type, lesson_order, require_completion)
select course_id, id, 'L', 'text', 1, false from public.course_modules where title = 'M';
insert into public.enrollments (course_id, member_id, enrollment_source, status, completed_at)
select c.id, %(new)s, 'bulk_import', case when c.n <= %(courses)s then 'completed' else 'enrolled' end,
    case when c.n <= %(courses)s then now() - make_interval(days => %(days)s) end
from (select id, substr(slug, 2)::integer as n from public.courses where slug ~ '^c[0-9]+$') c;
insert into public.lesson_progress (enrollment_id, lesson_id, course_id, status, completed_at)
select e.id, l.id, l.course_id, 'completed', now() - make_interval(days => %(days)s)
from public.enrollments e join public.lessons l using (course_id) where e.member_id = %(new)s
"""


@pytest.mark.parametrize(
    ("courses", "lessons", "days", "score"),
    [(0, 0, 0, 0), (1, 1, 0, 36), (1, 1, 40, 26), (1, 1, 100, 21), (1, 1, 400, 0), (4, 4, 0, 69), (0, 40, 0, 55)],
)
def test_engagement(stage: Stage, courses: int, lessons: int, days: int, score: int) -> None:
    """15 a course up to 45, 1 a lesson up to 35, 20, 10 or 5 for how recent; of twelve months."""
    stage.owner(LEARNT, courses=courses, lessons=lessons, days=days)
    ask = "select engagement_score from public.members where id = %(new)s"
    assert stage.act("admin", ask).rows == [(score,)]
    assert stage.act("service_role", ask).rows == [(score,)]


def test_everybody_who_is_told_the_engagement_is_told_the_same(stage: Stage) -> None:
    told = {who: stage.act(who, SCORE).rows[0][0] for who in ("owner", "manager", "admin", "service_role")}
    assert len(set(told.values())) == 1, told
    assert told["owner"] > 20


def test_engagement_is_for_those_to_whom_all_records_are_open(stage: Stage) -> None:
    assert stage.act("instructor", SCORE).rows == [(None,)]
    for who in ("stranger", "learner", "instructor", "other_instructor"):
        assert stage.act(who, "select private.engagement_score(%(owner)s)").rows == [(None,)]
    assert stage.attempt("anon", "select private.engagement_score(%(owner)s)").state == "42501"

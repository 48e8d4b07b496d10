"""Somebody with rights of his own tries to read what is not his: people, secrets, content he may not open."""

from __future__ import annotations

import asyncpg
import pytest

from collegium.access.stage import PEOPLE, Stage, key
from tests.support.database import Database

OUTSIDERS = ("learner", "stranger", "other_instructor", "anon")
NO_RIGHT = "42501"


def sees(stage: Stage, who: str, table: str, column: str = "id", where: str = "true") -> set[object]:
    """The values that somebody finds; nothing when he has no right to the table."""
    outcome = stage.attempt(who, f"select {column} from {table} where {where}")
    assert outcome.state in (None, NO_RIGHT), outcome
    return {row[0] for row in outcome.rows}


# People -----------------------------------------------------------------------------------------------------------


def test_people_see_their_own_profile_and_instructors_their_students(stage: Stage) -> None:
    mine = {who: {key(who)} for who in ("owner", "learner", "stranger")}
    mine["anon"] = set()
    mine["instructor"] = {key("instructor"), key("owner"), key("learner")}
    mine["other_instructor"] = {key("other_instructor"), key("learner")}
    mine["admin"] = mine["super_admin"] = {key(name) for name in PEOPLE}
    for who, expected in mine.items():
        assert sees(stage, who, "public.profiles") == expected, who
        assert len(sees(stage, who, "public.profiles", "email")) == len(expected)


def test_no_query_of_a_visitor_finds_an_address(stage: Stage) -> None:
    tables = [name for (name,) in stage.owner("select tablename from pg_tables where schemaname = 'public'")]
    views = [name for (name,) in stage.owner("select viewname from pg_views where schemaname = 'public'")]
    for table in (*tables, *views):
        assert not sees(stage, "anon", f"public.{table} t", "t::text", "t::text like '%%@guild.test%%'"), table
    for table in tables:
        found = sees(stage, "stranger", f"public.{table} t", "t::text", "t::text like '%%@guild.test%%'")
        assert all("stranger@" in str(text) for text in found), table


def test_tokens_hashes_and_passwords_are_for_nobody(stage: Stage) -> None:
    for who in (*PEOPLE, "anon"):
        for statement in (
            "select token_hash from public.web_sessions",
            "select * from public.web_sessions",
            "select token_hash from public.auth_tokens",
            "select count(*) from public.auth_tokens",
            "select encrypted_password from auth.users",
            "select email from auth.users",
        ):
            assert stage.attempt(who, statement).state == NO_RIGHT, (who, statement)


def test_sessions_sign_ins_money_and_memberships_are_ones_own(stage: Stage) -> None:
    for who in OUTSIDERS:
        assert key("session") not in sees(stage, who, "public.web_sessions")
        for table in ("login_attempts", "transactions", "memberships", "mail_outbox"):
            assert not sees(stage, who, f"public.{table}"), (who, table)
    for who in ("instructor", "admin", "super_admin"):
        assert not sees(stage, who, "public.web_sessions")
    assert sees(stage, "instructor", "public.transactions") == set()
    assert sees(stage, "owner", "public.web_sessions") == {key("session")}


def test_learning_records_are_for_their_member_and_those_who_teach_him(stage: Stage) -> None:
    for who in OUTSIDERS:
        assert key("enrollment") not in sees(stage, who, "public.enrollments")
        assert key("enrollment") not in sees(stage, who, "public.enrollment_details")
        assert key("progress") not in sees(stage, who, "public.lesson_progress")
        assert key("owner") not in sees(stage, who, "public.video_analytics", "user_id")
        assert key("owner") not in sees(stage, who, "public.video_completion", "user_id")
        assert not sees(stage, who, "public.certificates")
        asked = stage.attempt(who, "select count(*) from public.completion_requirements(%(enrollment)s)")
        assert asked.rows in ([], [(0,)])
    for who in ("owner", "instructor", "admin"):
        assert stage.act(who, "select count(*) from public.completion_requirements(%(enrollment)s)").rows == [(3,)]


def test_instructors_see_no_money_of_their_learners(stage: Stage) -> None:
    stage.owner("update public.enrollments set transaction_id = %(transaction)s where id = %(enrollment)s")
    paid = "select amount_paid from public.enrollment_details where id = %(enrollment)s"
    assert stage.act("instructor", paid).rows == [(None,)]
    assert stage.act("owner", paid).rows != [(None,)]


def test_certificates_cannot_be_listed(stage: Stage) -> None:
    number = stage.value("select number from public.certificates")
    assert stage.attempt("anon", "select number from public.certificates").state == NO_RIGHT
    for text in ("", "%%", "CERT-%%", "CERT-____-________", number[:-1], number + "X", None):
        found = stage.act("anon", "select public.verify_certificate(%(text)s)", text=text).rows[0][0]
        assert found["status"] == "unknown"
    found = stage.act("anon", "select public.verify_certificate(%(text)s)", text=f"  {number.lower()} ").rows[0][0]
    assert found["status"] == "valid"
    assert found["member_name"] == "Owner Guild"


def test_a_certificate_never_carries_an_address(stage: Stage) -> None:
    stage.owner("update public.profiles set first_name = '', last_name = ' ' where id = %(learner)s")
    stage.owner("insert into public.enrollments (course_id, member_id) values (%(short)s, %(learner)s)")
    stage.act("learner", "select public.mark_lesson_complete(%(short_lesson)s)")
    assert stage.value("select holder_name from public.certificates where member_id = %(learner)s") == "learner"


# Content ----------------------------------------------------------------------------------------------------------


def test_content_and_keys_of_a_paid_course_are_for_those_who_paid(stage: Stage) -> None:
    for who in ("owner", *OUTSIDERS):
        assert key("paid_block") not in sees(stage, who, "public.content_blocks")
        for column in ("source_key", "playlist_key", "poster_key", "captions", "transcript"):
            assert not sees(stage, who, "public.lesson_videos", column, "id = %(paid_video)s")
    stage.owner(
        "insert into public.transactions (member_id, course_id, transaction_type, amount, status, completed_at)"
        " values (%(stranger)s, %(paid)s, 'course_purchase', 80, 'completed', now())"
    )
    stage.act("stranger", "select public.enrol(%(paid)s)")
    assert key("paid_block") in sees(stage, "stranger", "public.content_blocks")


def test_content_of_a_locked_lesson_is_for_nobody_who_learns(stage: Stage) -> None:
    for who in ("owner", *OUTSIDERS):
        assert key("locked_block") not in sees(stage, who, "public.content_blocks")
        assert key("locked_video") not in sees(stage, who, "public.lesson_videos")
    for lesson in ("welcome", "reading"):
        stage.owner(f"select private.complete_lesson(%(enrollment)s, %({lesson})s)")
    assert key("locked_block") in sees(stage, "owner", "public.content_blocks")
    assert key("locked_block") not in sees(stage, "learner", "public.content_blocks")


@pytest.mark.parametrize(
    "change",
    [
        "update public.enrollments set status = 'dropped' where id = %(enrollment)s",
        "update public.enrollments set status = 'suspended' where id = %(enrollment)s",
        "update public.enrollments set status = 'expired' where id = %(enrollment)s",
        "update public.enrollments set status = 'archived' where id = %(enrollment)s",
        "update public.enrollments set expires_at = now() where id = %(enrollment)s",
    ],
)
def test_content_closes_when_the_enrollment_ends(stage: Stage, change: str) -> None:
    assert key("reading_block") in sees(stage, "owner", "public.content_blocks")
    stage.owner(change)
    assert key("reading_block") not in sees(stage, "owner", "public.content_blocks")
    for call in ("visit_lesson(%(reading)s)", "mark_lesson_complete(%(reading)s)", "open_playback(%(welcome_video)s)"):
        outcome = stage.attempt("owner", f"select public.{call}")
        assert (outcome.state, outcome.code) == ("CG403", "not_enrolled")


def test_content_closes_when_the_money_goes_back(stage: Stage) -> None:
    stage.owner("update public.enrollments set transaction_id = %(transaction)s where id = %(enrollment)s")
    stage.owner(
        "insert into public.transactions (id, member_id, transaction_type, amount, status, refund_of)"
        " values (%(new)s, %(owner)s, 'refund', 80, 'pending', %(transaction)s)"
    )
    assert key("reading_block") in sees(stage, "owner", "public.content_blocks")
    stage.owner("update public.transactions set status = 'completed', completed_at = now() where id = %(new)s")
    assert key("reading_block") not in sees(stage, "owner", "public.content_blocks")
    assert stage.attempt("owner", "select public.visit_lesson(%(reading)s)").code == "not_enrolled"


def test_drafts_are_for_those_who_teach_them(stage: Stage) -> None:
    for who in ("owner", *OUTSIDERS):
        assert key("draft") not in sees(stage, who, "public.courses")
        assert key("draft_module") not in sees(stage, who, "public.course_modules")
        assert key("draft_lesson") not in sees(stage, who, "public.lessons")
        assert key("draft_block") not in sees(stage, who, "public.content_blocks")
        found = stage.act(who, "select course_id from public.search_courses('draft')")
        assert (key("draft"),) not in found.rows


def test_locks_tell_nothing_of_a_course_that_is_hidden(stage: Stage) -> None:
    stage.owner("update public.lessons set unlock_date = now() + interval '1 day' where course_id = %(draft)s")
    stage.owner("update public.lessons set unlock_date = now() + interval '1 day' where course_id = %(paid)s")
    asked = "select lesson_id from public.my_lesson_locks(%({})s)"
    assert not stage.act("owner", asked.format("draft")).rows
    assert set(stage.act("owner", asked.format("paid")).rows) == {(key("paid_lesson"),), (key("paid_second"),)}
    # Who is enrolled in a course that was archived sees it still, and so its locks.
    stage.owner("update public.courses set status = 'archived' where id = %(course)s")
    assert stage.act("owner", asked.format("course")).rows
    assert not stage.act("stranger", asked.format("course")).rows


def test_an_archived_course_stays_open_for_its_learners(stage: Stage) -> None:
    stage.owner("update public.courses set status = 'archived' where id = %(course)s")
    assert key("course") in sees(stage, "owner", "public.courses")
    assert key("reading_block") in sees(stage, "owner", "public.content_blocks")
    for who in ("stranger", "anon"):
        assert key("course") not in sees(stage, who, "public.courses")
        assert key("welcome_block") not in sees(stage, who, "public.content_blocks")


def test_the_super_administrators_are_known_to_administrators_only(stage: Stage) -> None:
    asked = "select * from private.super_admin_ids()"
    for who in ("owner", "instructor"):
        assert not stage.act(who, asked).rows
    assert stage.attempt("anon", asked).state == NO_RIGHT
    assert stage.act("admin", asked).rows == [(key("super_admin"),)]


# Without a person -------------------------------------------------------------------------------------------------


async def test_the_sites_login_has_no_rights_of_its_own(guild: Database) -> None:
    async with guild.connect("web") as session:
        for statement in (
            "select 1 from public.courses",
            "select private.is_admin()",
            "select public.verify_certificate('x')",
            "select 1 from auth.users",
            "set role collegium_owner",
            "set role postgres",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await session.execute(statement)


async def test_signed_in_without_a_person_is_nobody(guild: Database) -> None:
    tables = (
        "profiles",
        "enrollments",
        "web_sessions",
        "certificates",
        "mail_outbox",
        "transactions",
        "login_attempts",
    )
    async with guild.connect("web") as session:
        for claims in ("", "{}", '{"role": "authenticated"}', '{"sub": ""}'):
            begin = "begin; set local role authenticated; select set_config('request.jwt.claims', '{}', true)"
            await session.execute(begin.replace("{}", claims))
            for table in tables:
                assert not await session.fetch(f"select 1 from public.{table}")
            with pytest.raises(asyncpg.PostgresError) as refusal:
                await session.execute("select public.enrol($1)", key("open"))
            await session.execute("rollback")
            assert refusal.value.sqlstate == "CG403"

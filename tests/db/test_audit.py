"""The audit log in the database: what is written, what never is, who may touch it, and that sealing loses nothing."""

from __future__ import annotations

import asyncio
import json
from hashlib import sha256
from typing import Any

import asyncpg
import pytest

from collegium.access.stage import Stage, key
from collegium.features.audit.chain import digest
from tests.support.database import Database, as_actor

LAST = """
select to_jsonb(l) || jsonb_build_object('kept', to_jsonb(v)) from public.audit_logs l
left join public.audit_personal_values v on v.audit_id = l.id
where l.table_name = %(table)s order by l.id desc limit 1
"""


def last(stage: Stage, table: str) -> dict[str, Any]:
    """The latest row of the log about a table."""
    found: dict[str, Any] = stage.value(LAST, table=table)
    return found


def count(stage: Stage) -> int:
    rows: int = stage.value("select count(*) from public.audit_logs")
    return rows


# What is written --------------------------------------------------------------------------------------------


def test_a_change_says_who_what_and_about_whom(stage: Stage) -> None:
    stage.act("admin", "update public.memberships set status = 'suspended' where id = %(membership)s")
    row = last(stage, "memberships")
    assert (row["operation"], row["record_id"]) == ("UPDATE", str(key("membership")))
    assert (row["actor"], row["actor_role"], row["subject"]) == (str(key("admin")), "admin", str(key("owner")))
    assert (row["before"], row["after"], row["changed"]) == ({"status": "active"}, {"status": "suspended"}, ["status"])
    assert row["position"] is None


def test_a_new_row_is_written_whole_and_a_removed_one_too(stage: Stage) -> None:
    stage.act(
        "instructor",
        "insert into public.lessons (module_id, course_id, title, lesson_type, lesson_order) values (%(spare_module)s, %(course)s, 'New', 'text', 9)",
    )
    row = last(stage, "lessons")
    assert (row["operation"], row["before"], row["changed"]) == ("INSERT", None, None)
    assert (row["after"]["title"], row["after"]["unlock_date"], row["actor_role"]) == ("New", None, "instructor")
    stage.act("instructor", "delete from public.lessons where title = 'New'")
    gone = last(stage, "lessons")
    assert (gone["operation"], gone["after"]) == ("DELETE", None)
    assert gone["before"] == row["after"]
    assert gone["record_id"] == row["record_id"]


def test_a_key_of_several_columns_is_named_whole(stage: Stage) -> None:
    stage.act("admin", "delete from public.course_instructors where course_id = %(draft)s")
    row = last(stage, "course_instructors")
    assert row["record_id"] == f"{key('draft')} {key('instructor')}"
    assert row["subject"] == str(key("instructor"))


def test_the_site_itself_and_the_owner_of_the_tables_are_told_apart(stage: Stage) -> None:
    stage.act("service_role", "update public.enrollments set status = 'suspended' where id = %(enrollment)s")
    assert (last(stage, "enrollments")["actor"], last(stage, "enrollments")["actor_role"]) == (None, "service_role")
    stage.owner("update public.enrollments set status = 'in_progress' where id = %(enrollment)s")
    assert (last(stage, "enrollments")["actor"], last(stage, "enrollments")["actor_role"]) == (None, "collegium_owner")


def test_the_request_stands_beside_the_change(stage: Stage) -> None:
    claims = json.dumps({"role": "authenticated", "sub": str(key("admin")), "request_id": "0123456789abcdef"})
    stage.owner("select set_config('request.jwt.claims', %(claims)s, true)", claims=claims)
    stage.owner("update public.memberships set tier = 'honorary' where id = %(membership)s")
    stage.owner("select set_config('request.jwt.claims', '', true)")
    assert last(stage, "memberships")["request_id"] == "0123456789abcdef"


def test_a_role_is_changed_on_record(stage: Stage) -> None:
    stage.act("super_admin", "select public.set_user_role(%(stranger)s, 'admin')")
    row = last(stage, "profiles")
    assert (row["before"], row["after"]) == ({"role": "student"}, {"role": "admin"})
    assert (row["actor_role"], row["subject"]) == ("super_admin", str(key("stranger")))


def test_instants_stand_in_utc_whatever_the_callers_zone(stage: Stage) -> None:
    stage.owner("set local timezone = 'Asia/Tokyo'")
    stage.owner("update public.enrollments set expires_at = '2030-01-01 00:00:00+00' where id = %(enrollment)s")
    assert last(stage, "enrollments")["after"]["expires_at"] == "2030-01-01T00:00:00+00:00"


def test_a_change_that_fails_leaves_no_row(stage: Stage) -> None:
    before = count(stage)
    assert stage.attempt("owner", "update public.enrollments set status = 'completed'").state == "42501"
    assert stage.attempt("admin", "update public.memberships set status = 'no such'").state == "23514"
    assert count(stage) == before


# What is not ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "update public.courses set total_enrollments = total_enrollments + 1 where id = %(course)s",
        "update public.courses set title = title where id = %(course)s",
        "update public.enrollments set last_accessed_at = now(), current_lesson_id = %(reading)s where id = %(enrollment)s",
        "update public.certificates set pdf_error = 'No font.'",
        "update public.lesson_videos set processing_state = 'failed', processing_error = 'x' where id = %(welcome_video)s",
        "update public.video_analytics set play_seconds = play_seconds + 1",
        "update auth.users set last_sign_in_at = now() where id = %(owner)s",
        "delete from public.login_attempts",
    ],
    ids=["counters", "nothing", "being_there", "document", "processing", "coverage", "signing_in", "tidying"],
)  # fmt: skip
def test_counters_and_bookkeeping_write_nothing(stage: Stage, change: str) -> None:
    before = count(stage)
    stage.owner(change)
    assert count(stage) == before


def test_opening_a_lesson_writes_nothing_and_completing_it_one_row(stage: Stage) -> None:
    of_lessons = "select count(*) from public.audit_logs where table_name = 'lesson_progress'"
    stage.owner("delete from public.lesson_progress where lesson_id = %(reading)s")
    before = stage.value(of_lessons)
    stage.act("owner", "select public.visit_lesson(%(reading)s)")
    assert stage.value(of_lessons) == before
    stage.act("owner", "select public.mark_lesson_complete(%(reading)s)")
    assert stage.value(of_lessons) == before + 1
    row = last(stage, "lesson_progress")
    assert (row["operation"], row["after"]["status"], row["subject"]) == ("UPDATE", "completed", str(key("owner")))
    assert row["actor"] == str(key("owner"))


def test_a_heartbeat_writes_nothing(stage: Stage) -> None:
    opened = stage.act("owner", "select public.open_playback(%(welcome_video)s)").rows[0][0]
    stage.owner("update public.video_analytics set playback_opened_at = now() - interval '1 minute'")
    before = count(stage)
    beat = stage.owner(
        "select outcome from private.record_heartbeats(array[%(playback)s::uuid], array[1], array['{[0,9)}'],"
        " array[9], array[0], array[0], array[true])",
        playback=opened["playback_id"],
    )
    assert beat == [("counted",)]
    assert count(stage) == before


def test_answers_are_written_whole_from_the_moment_when_they_are_graded_on(stage: Stage) -> None:
    stage.owner("update public.quiz_answers set graded_at = null where id = %(answer)s")
    before = count(stage)
    stage.owner(
        'update public.quiz_answers set answer_data = \'{"selected": "1"}\', seq = seq + 1 where id = %(answer)s'
    )
    assert count(stage) == before
    stage.owner("update public.quiz_answers set graded_at = now() where id = %(answer)s")
    assert count(stage) == before, "what the machine grades first stands in the digest of the attempt"
    stage.owner(
        "update public.quiz_answers set graded_at = now() + interval '1 minute', points_earned = 1 where id = %(answer)s"
    )
    row = last(stage, "quiz_answers")
    assert row["changed"] == ["graded_at", "points_earned"]
    assert (row["after"]["points_earned"], row["subject"]) == (1, str(key("owner")))
    assert row["kept"]["after"]["answer_data"] == {"selected": "1"}
    stage.owner('update public.quiz_answers set answer_data = \'{"selected": "2"}\' where id = %(answer)s')
    row = last(stage, "quiz_answers")
    assert (row["changed"], row["kept"]["before"]["answer_data"]) == (["answer_data"], {"selected": "1"})


def test_the_triggers_of_the_seeds_are_there_by_their_names(stage: Stage) -> None:
    found = stage.owner(
        "select tgrelid::regclass::text, tgname from pg_trigger where tgfoid = 'public.log_audit_trail()'::regprocedure"
        " and tgname in ('log_enrollment_changes', 'log_quiz_attempt_changes') order by 1"
    )
    assert found == [("enrollments", "log_enrollment_changes"), ("quiz_attempts", "log_quiz_attempt_changes")]


def test_a_grade_that_is_changed_is_on_record(stage: Stage) -> None:
    stage.owner("update public.enrollments set final_grade = 55 where id = %(enrollment)s")
    stage.owner("update public.enrollments set final_grade = 95 where id = %(enrollment)s")
    row = last(stage, "enrollments")
    assert (row["before"], row["after"]) == ({"final_grade": 55}, {"final_grade": 95})


SECRETS = ("encrypted_password", "token_hash", "text_body", "html_body", "storage_key", "secret")


def test_a_password_is_changed_on_record_and_its_digest_is_not(stage: Stage) -> None:
    stage.owner("update auth.users set encrypted_password = '$argon2id$secret' where id = %(owner)s")
    row = last(stage, "auth.users")
    assert (row["changed"], row["before"], row["after"]) == (["encrypted_password"], {}, {})
    assert row["subject"] == str(key("owner"))


def test_no_value_of_a_secret_column_is_ever_written(stage: Stage) -> None:
    columns = stage.owner(
        "select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0"
        " join private.audit_tables t on t.table_name = c.relname where c.relnamespace = 'public'::regnamespace"
        " and not a.attisdropped and a.attname ~ '(^|_)(password|token|secret|hash|body_encrypted)(_|$)'"
        " and a.attname <> all (t.secret_columns)"
    )
    assert columns == []
    for table in ("auth_tokens", "web_sessions", "mail_outbox"):
        assert stage.value("select reason from private.audit_exempt where table_name = %(table)s", table=table)
    said = stage.value(
        "select string_agg(coalesce(before::text, '') || coalesce(after::text, ''), '') from public.audit_logs"
    )
    assert not [word for word in SECRETS if f'"{word}"' in said]


# Personal values --------------------------------------------------------------------------------------------


def test_a_personal_value_stands_beside_the_row_which_has_its_digest(stage: Stage) -> None:
    stage.act("owner", "update public.profiles set first_name = 'Olga', last_name = '' where id = %(owner)s")
    row = last(stage, "profiles")
    kept = row["kept"]
    assert row["personal"] == ["first_name", "last_name"]
    assert (kept["subject"], kept["before"]["first_name"]) == (str(key("owner")), "Owner")
    assert kept["after"] == {"first_name": "Olga", "last_name": ""}
    assert "Olga" not in json.dumps([row["before"], row["after"]])
    salt = bytes.fromhex(kept["salt"].removeprefix("\\x"))
    assert row["after"]["first_name"] == digest(salt, "after", "first_name", '"Olga"')
    assert row["before"]["first_name"] == digest(salt, "before", "first_name", '"Owner"')


def test_no_address_or_name_of_the_guild_stands_in_a_chained_row(stage: Stage) -> None:
    stage.owner("update public.profiles set first_name = 'Zephyrine', last_name = 'Quillfeather'")
    stage.owner("delete from public.memberships")
    said = stage.value(
        "select string_agg(coalesce(before::text, '') || coalesce(after::text, ''), '') from public.audit_logs"
    )
    for word in ("Zephyrine", "Quillfeather", "owner@guild.test", "M-1", "Ines Instructor"):
        assert word not in said, word


def test_of_somebody_unknown_only_the_digest_is_kept(stage: Stage) -> None:
    stage.act(
        "service_role",
        "insert into public.login_attempts (email, origin, succeeded, reason) values ('who@guild.test', 'o', false, 'unknown_person')",
    )
    row = last(stage, "login_attempts")
    assert row["after"]["email"].startswith("sha256:")
    assert (row["kept"], row["after"]["reason"]) == (None, "unknown_person")


def test_the_person_of_a_row_that_goes_with_its_enrollment_is_known(stage: Stage) -> None:
    # Somebody without work or certificates, which would keep it.
    stage.owner(
        "insert into public.enrollments (id, course_id, member_id, enrollment_source)"
        " values (%(new)s, %(course)s, %(stranger)s, 'admin_assignment')"
    )
    stage.owner("select private.complete_lesson(%(new)s, %(reading)s)")
    stage.owner("delete from public.enrollments where id = %(new)s")
    row = last(stage, "lesson_progress")
    assert (row["operation"], row["subject"]) == ("DELETE", str(key("stranger")))


def test_erasing_a_person_removes_values_and_leaves_a_row(stage: Stage) -> None:
    others = "select count(*) from public.audit_personal_values where subject <> %(owner)s"
    before = stage.value(others)
    assert stage.value("select private.erase_audit_person(%(owner)s)") > 0
    assert stage.value("select count(*) from public.audit_personal_values where subject = %(owner)s") == 0
    assert stage.value(others) == before
    row = last(stage, "audit_personal_values")
    assert (row["operation"], row["record_id"], row["personal"]) == ("ERASE", str(key("owner")), None)


# Who may touch it -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["owner", "instructor", "admin", "super_admin", "service_role"])
@pytest.mark.parametrize(
    "attack",
    [
        "insert into public.audit_logs (txid, actor_role, table_name, record_id, operation) values (1, 'x', 'x', 'x', 'INSERT')",
        "update public.audit_logs set actor = null",
        "delete from public.audit_logs",
        "truncate public.audit_logs cascade",
        "delete from public.audit_personal_values",
        "update public.audit_roots set hash = sha256('x')",
        "delete from public.audit_roots",
        "update private.audit_head set position = 0",
        "insert into private.audit_exempt values ('enrollments', 'I would rather not.')",
        "alter table public.enrollments disable trigger log_enrollment_changes",
        "set session_replication_role = 'replica'",
        "select private.audit_table('enrollments', 'x')",
    ],
    ids=["insert", "update", "delete", "truncate", "values", "root", "roots", "head", "exempt", "trigger", "replica", "declare"],
)  # fmt: skip
def test_nobody_writes_the_log(stage: Stage, who: str, attack: str) -> None:
    assert stage.attempt(who, attack).state == "42501"


@pytest.mark.parametrize("who", ["owner", "instructor", "admin", "super_admin"])
@pytest.mark.parametrize("call", ["private.erase_audit_person(%(owner)s)", "private.seal_audit_logs()"])
def test_people_neither_erase_nor_seal(stage: Stage, who: str, call: str) -> None:
    assert stage.attempt(who, f"select {call}").state == "42501"


def test_only_administrators_read_it(stage: Stage) -> None:
    for table in ("audit_logs", "audit_personal_values"):
        seen = {
            who: stage.attempt(who, f"select 1 from public.{table} limit 1").count
            for who in ("owner", "instructor", "manager", "admin", "super_admin")
        }
        assert seen == {"owner": 0, "instructor": 0, "manager": 0, "admin": 1, "super_admin": 1}


# Sealing ----------------------------------------------------------------------------------------------------

CHAINED = """
select count(*) from public.audit_logs l
where hash = sha256(previous_hash || convert_to(private.audit_text(l, l.position), 'UTF8'))
  and previous_hash = coalesce(
      (select b.hash from public.audit_logs b where b.position = l.position - 1), decode(repeat('00', 32), 'hex')
  )
"""


def test_every_row_is_sealed_onto_the_one_before(stage: Stage) -> None:
    rows = count(stage)
    assert stage.value("select private.seal_audit_logs(5)") == 5
    assert stage.value("select private.seal_audit_logs()") == rows - 5
    assert stage.value("select private.seal_audit_logs()") == 0
    assert stage.value(CHAINED) == rows
    assert stage.owner("select position, hash from private.audit_head") == stage.owner(
        "select position, hash from public.audit_logs order by position desc limit 1"
    )


def test_sealing_goes_on_after_what_was_removed(stage: Stage) -> None:
    stage.value("select private.seal_audit_logs()")
    at = stage.value("select position from private.audit_head")
    stage.owner("delete from public.audit_logs where position > %(at)s - 3", at=at)
    stage.act("admin", "update public.memberships set tier = 'honorary' where id = %(membership)s")
    stage.value("select private.seal_audit_logs()")
    assert last(stage, "memberships")["position"] == at + 1


async def test_who_commits_late_is_sealed_late_not_skipped(own_guild: Database) -> None:
    change = "update public.memberships set tier = $1 where member_id = $2"
    async with own_guild.connect() as slow, own_guild.connect() as fast, own_guild.connect() as seal:
        held = slow.transaction()
        await held.start()
        await slow.execute(change, "slow", key("owner"))
        slow_id = await slow.fetchval("select max(id) from public.audit_logs")
        await fast.execute("update public.profiles set locale = 'de' where id = $1", key("learner"))
        await seal.fetchval("select private.seal_audit_logs()")
        place = await seal.fetchval("select position from private.audit_head")
        assert await seal.fetchval("select max(id) from public.audit_logs where position is not null") > slow_id
        await held.commit()
        assert await seal.fetchval("select private.seal_audit_logs()") == 1
        assert await seal.fetchval("select position from public.audit_logs where id = $1", slow_id) == place + 1
        assert await seal.fetchval(CHAINED) == await seal.fetchval("select count(*) from public.audit_logs")


async def test_many_write_while_two_seal_and_nothing_is_lost(own_guild: Database) -> None:
    writers, changes = 8, 25

    async def write(number: int) -> None:
        async with own_guild.connect("web") as session:
            for turn in range(changes):
                async with as_actor(session, "authenticated", key("admin"), request_id=f"w{number}-{turn}"):
                    await session.execute(
                        "insert into public.memberships (member_id, member_number, starts_on) values ($1, $2, '2026-01-01')",
                        key("learner"),
                        f"{number}-{turn}",
                    )

    done = asyncio.Event()

    async def seal() -> None:
        async with own_guild.connect("web") as session:
            while not done.is_set():
                async with as_actor(session, "service_role"):
                    await session.fetchval("select private.seal_audit_logs(7)")
                await asyncio.sleep(0)

    async with own_guild.connect() as owner:
        sealers = [asyncio.create_task(seal()) for _ in range(2)]
        await asyncio.wait_for(asyncio.gather(*(write(number) for number in range(writers))), 60)
        done.set()
        await asyncio.gather(*sealers)
        while await owner.fetchval("select private.seal_audit_logs()"):
            pass
        rows = await owner.fetch("select request_id from public.audit_logs where request_id like 'w%'")
        assert sorted(row["request_id"] for row in rows) == sorted(
            f"w{number}-{turn}" for number in range(writers) for turn in range(changes)
        )
        total = await owner.fetchval("select count(*) from public.audit_logs")
        assert await owner.fetchval(CHAINED) == total
        assert await owner.fetchval("select max(position) from public.audit_logs") == total


async def test_the_salt_is_new_for_each_row(own_guild: Database) -> None:
    async with own_guild.connect() as owner:
        for name in ("Same", "Other", "Same"):
            await owner.execute("update public.profiles set first_name = $1 where id = $2", name, key("owner"))
        rows: list[asyncpg.Record] = await owner.fetch(
            "select l.after ->> 'first_name' as digest, v.salt from public.audit_logs l"
            " join public.audit_personal_values v on v.audit_id = l.id"
            " where l.table_name = 'profiles' and l.operation = 'UPDATE' and l.subject = $1 and v.after ->> 'first_name' = 'Same'",
            key("owner"),
        )
    assert len({row["digest"] for row in rows}) == len({row["salt"] for row in rows}) == 2
    assert sha256(b'"Same"').hexdigest() not in {row["digest"] for row in rows}

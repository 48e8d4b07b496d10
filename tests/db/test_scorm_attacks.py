"""A learner who speaks SQL tries to get a result that his package did not report, or somebody else's."""

from __future__ import annotations

import asyncio
import json

import asyncpg
import pytest

from collegium.access.stage import Stage, key
from tests.db.invariants import offending
from tests.db.test_concurrency import answer_of
from tests.support.database import Database, as_actor

COMMIT = "select public.record_scorm_commit(%(session)s, %(seq)s, 'SCO-1', %(sent)s)"


def opened(stage: Stage, who: str = "owner") -> str:
    return stage.act(who, "select public.open_scorm(%(scorm_lesson)s)").rows[0][0]["session_id"]


@pytest.mark.parametrize(
    "statement",
    [
        "update public.scorm_enrollments set success_status = 'passed' where id = %(scorm_enrollment)s",
        "update public.scorm_enrollments set score = 100, progress = 100 where id = %(scorm_enrollment)s",
        "update public.scorm_enrollments set cmi_data = '{}' where id = %(scorm_enrollment)s",
        "update public.scorm_enrollments set session_opened_at = '2020-01-01' where id = %(scorm_enrollment)s",
        "insert into public.scorm_enrollments (member_id, scorm_package_id, success_status)"
        " values (%(owner)s, %(package)s, 'passed')",
        "update public.scorm_attempts set score = 100 where id = %(scorm_attempt)s",
        "update public.scorm_attempts set opened_at = '2020-01-01' where id = %(scorm_attempt)s",
        "update public.scorm_sco_results set success_status = 'passed' where attempt_id = %(scorm_attempt)s",
        "insert into public.scorm_tracking (scorm_enrollment_id, attempt_id, sco, element, value)"
        " values (%(scorm_enrollment)s, %(scorm_attempt)s, 'SCO-1', 'cmi.core.lesson_status', 'passed')",
        "update public.scorm_tracking set value = 'passed'",
        "delete from public.scorm_tracking",
        "update public.scorm_packages set passing_score = 0 where id = %(package)s",
        "update public.scorm_packages set completion_rule = 'launched' where id = %(package)s",
        "update public.scorm_items set mastery_score = 0",
        "select session_id from public.scorm_enrollments",
        "select * from public.scorm_enrollments",
        "select storage_prefix, launch_url from public.scorm_packages",
        "select private.record_scorm_commit(%(new)s, 1, 'SCO-1', '{}')",
        "select private.complete_scorm_lesson(%(scorm_enrollment)s)",
        "select private.sum_scorm_attempts(%(scorm_enrollment)s, '{}', 9)",
        "select private.scorm_standing(array[%(scorm_attempt)s]::uuid[])",
    ],
)
@pytest.mark.parametrize("who", ["owner", "learner", "instructor", "manager", "admin"])
def test_forges_no_result_by_writing(stage: Stage, who: str, statement: str) -> None:
    assert stage.attempt(who, statement).state == "42501"


@pytest.mark.parametrize("who", ["learner", "stranger", "instructor", "manager", "admin"])
def test_commits_to_nobody_elses_attempt(stage: Stage, who: str) -> None:
    session = opened(stage)
    outcome = stage.attempt(who, COMMIT, session=session, seq=1, sent='{"cmi.core.lesson_status": "failed"}')
    assert (outcome.state, outcome.code) == ("CG409", "stale_attempt")
    opening = stage.attempt(who, "select public.open_scorm_enrollment(%(scorm_enrollment)s)")
    assert (opening.state, opening.code) == ("CG404", "no_such_scorm_enrollment")


def test_visitors_commit_and_open_nothing(stage: Stage) -> None:
    session = opened(stage)
    for statement in (COMMIT, "select public.open_scorm(%(scorm_lesson)s)"):
        assert stage.attempt("anon", statement, session=session, seq=1, sent="{}").state == "42501"


def test_opens_nothing_without_being_enrolled(stage: Stage) -> None:
    outcome = stage.attempt("stranger", "select public.open_scorm(%(scorm_lesson)s)")
    assert (outcome.state, outcome.code) == ("CG403", "not_enrolled")


def test_reads_nothing_of_others(stage: Stage) -> None:
    tables = ("scorm_enrollments", "scorm_attempts", "scorm_sco_results", "scorm_tracking", "scorm_items")
    for table in tables:
        for who in ("learner", "stranger", "other_instructor"):
            assert not stage.act(who, f"select 1 from public.{table}").count, (who, table)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"cmi.core.total_time": "99:00:00"}, "no_such_element"),
        ({"cmi.core.credit": "credit"}, "no_such_element"),
        ({"cmi.core.student_id": "x"}, "no_such_element"),
        ({"cmi.core.lesson_mode": "normal"}, "no_such_element"),
        ({"cmi.launch_data": "x"}, "no_such_element"),
        ({"cmi.success_status": "passed"}, "no_such_element"),
        ({"cmi": "x"}, "no_such_element"),
        ({"cmi.objectives.99999.id": "x"}, "no_such_element"),
        ({"cmi.core.lesson_status\n": "passed"}, "no_such_element"),
        ({"x" * 300: ""}, "no_such_element"),
        ({"cmi.suspend_data": "x" * 64_001}, "value_too_long"),
        ({"cmi.core.lesson_location": "x" * 1_001}, "value_too_long"),
        ({"cmi.core.score.raw": 100}, "values_are_text"),
        ({"cmi.core.score.raw": None}, "values_are_text"),
        ({"cmi.core.score.raw": {"a": 1}}, "values_are_text"),
        ([], "not_an_object"),
        ("passed", "not_an_object"),
        (None, "not_an_object"),
        ({f"cmi.objectives.{n}.id": "" for n in range(1001)}, "commit_too_large"),
        ({f"cmi.objectives.{n}.id": "x" * 5000 for n in range(250)}, "commit_too_large"),
    ],
    ids=lambda given: given if isinstance(given, str) and len(given) < 30 else type(given).__name__,
)
def test_says_nothing_that_a_package_cannot_say(stage: Stage, sent: object, code: str) -> None:
    outcome = stage.attempt("owner", COMMIT, session=opened(stage), seq=1, sent=json.dumps(sent))
    assert (outcome.state, outcome.code) == ("CG422", code)
    assert stage.value("select commit_seq from public.scorm_enrollments where id = %(scorm_enrollment)s") == 0


def test_fills_no_disk_with_one_attempt(stage: Stage) -> None:
    stage.owner("update public.scorm_packages set version = '2004' where id = %(package)s")
    session = opened(stage)
    for seq in range(1, 12):
        sent = {f"cmi.interactions.{seq * 10 + n}.learner_response": f"{n}" * 60000 for n in range(10)}
        outcome = stage.attempt("owner", COMMIT, session=session, seq=seq, sent=json.dumps(sent))
        if outcome.state:
            break
    assert (outcome.state, outcome.code) == ("CG422", "too_much_data")


def test_names_no_sco_that_is_not_there(stage: Stage) -> None:
    session = opened(stage)
    for sco in ("", "SCO-2", "ORG", None, "x" * 10000):
        outcome = stage.attempt(
            "owner", "select public.record_scorm_commit(%(s)s, 1, %(sco)s, '{}')", s=session, sco=sco
        )
        assert (outcome.state, outcome.code) == ("CG422", "no_such_sco")


def test_an_instructor_attaches_no_package_of_another_one(stage: Stage) -> None:
    attach = (
        "insert into public.lesson_scorm_packages (lesson_id, course_id, scorm_package_id)"
        " values (%(spare_scorm_lesson)s, %(short)s, %(other_package)s)"
    )
    assert stage.attempt("instructor", attach).state == "42501"
    assert not stage.act("instructor", "select 1 from public.scorm_packages where id = %(other_package)s").rows
    stage.owner("update public.scorm_packages set is_shared = true where id = %(other_package)s")
    assert stage.act("instructor", attach).count == 1


async def test_commits_at_once_are_stored_once_and_in_their_order(own_guild: Database) -> None:
    """Eight connections send the same ten commits; none is lost, none is stored twice."""
    async with own_guild.connect("web") as session, as_actor(session, "authenticated", key("owner")):
        answer = json.loads(await session.fetchval("select public.open_scorm($1)", key("scorm_lesson")))

    async def send() -> list[str]:
        said: list[str] = []
        async with own_guild.connect("web") as session:
            for seq in range(1, 11):
                for _ in range(200):
                    try:
                        async with as_actor(session, "authenticated", key("owner")):
                            stored = await session.fetchval(
                                "select public.record_scorm_commit($1, $2, 'SCO-1', $3)",
                                answer["session_id"],
                                seq,
                                json.dumps({"cmi.core.lesson_location": str(seq)}),
                            )
                        said.append(json.loads(stored)["outcome"])
                        break
                    except asyncpg.PostgresError as error:
                        said.append(answer_of(error))
                        await asyncio.sleep(0.01)
        return said

    said = [outcome for outcomes in await asyncio.gather(*(send() for _ in range(8))) for outcome in outcomes]
    assert said.count("stored") == 10
    assert said.count("repeated") == 70
    async with own_guild.connect() as owner:
        rows = await owner.fetch("select commit_seq, value from public.scorm_tracking where commit_seq > 0 order by id")
        await owner.execute("delete from auth.users where id = $1", key("nobody"))
    assert [(row["commit_seq"], row["value"]) for row in rows] == [(n, str(n)) for n in range(1, 11)]
    assert await offending(own_guild) == {}

"""A learner who knows SQL and HTTP tries to get more out of a quiz than he earns. Each attempt on it fails, and changes nothing."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.features.attempts.exams import EIGHT, SECRET, Exam, add_exam, begin
from tests.support.database import Database, as_actor, run
from tests.support.people import Person, add_person, enrol
from tests.support.site import Client

# What the database says, each in its own transaction; a refusal or nothing found is what must come.
READS = (
    "select correct_answer from public.question_keys",
    "select explanation from public.question_keys",
    "select points_earned from public.quiz_answers",
    "select question_text from public.question_versions",
    "select draw_tag from public.quiz_questions",
    "select option_order from private.attempt_questions",
    "select answers_sha256 from public.quiz_attempts",
    "select attempts from public.quiz_count_moves",
    "select private.revealed_answer($1, 1)",
    "select private.answers_digest($1)",
    "select private.shown_key('true_false', '[]', '{}')",
    "select public.reveal_quiz_answer($1, 1)",
    "select public.quiz_attempt_result($1)",
)
WRITES = (
    "update public.quiz_attempts set score = 100, points_earned = 16, passed = true, status = 'graded', graded_at = now() where id = $1",
    "update public.quiz_attempts set deadline_at = now() + interval '1 day' where id = $1",
    "update public.quiz_attempts set status = 'in_progress', submitted_at = null, submitted_by = null where id = $1",
    "update public.quiz_answers set points_earned = 2 where quiz_attempt_id = $1",
    "insert into public.quiz_answers (quiz_attempt_id, position, answer_data, seq, max_points) values ($1, 1, '{}', 1, 2)",
    "delete from public.quiz_attempts where id = $1",
    "insert into public.quiz_count_moves (quiz_id, course_id, passed) select quiz_id, course_id, 1 from public.quiz_attempts where id = $1",
    "select private.end_attempt($1, false)",
    "select private.settle_attempt($1)",
    "select private.expire_attempts(10) from public.quiz_attempts where id = $1",
    "select private.save_quiz_answers(array[auth.uid()], array[auth.uid()], array[$1::uuid], array[1], array['{}'::jsonb], array[1::bigint])",
    "insert into public.quiz_accommodations (quiz_id, enrollment_id, extra_minutes, reason)"
    " select quiz_id, enrollment_id, 999, 'I want to.' from public.quiz_attempts where id = $1",
)  # fmt: skip
STATE = (
    "select (t.status, t.score, t.deadline_at, t.submitted_at, (select count(*) from public.quiz_answers),"
    " (select count(*) from public.quiz_accommodations), (select count(*) from public.quiz_attempts))::text"
    " from public.quiz_attempts t where t.id = $1"
)


@pytest.fixture
def exam(database: Database) -> Exam:
    return run(add_exam(database, time_limit_minutes=30, max_attempts=1, show_correct_answers="never"))


async def says(exam: Exam, who: Person, sql: str, *args: object) -> list[Any] | str:
    """What a statement answers somebody with own claims, as PostgREST would ask it; the code or SQLSTATE of a refusal."""
    async with exam.database.connect("web") as session:
        try:
            async with as_actor(session, "authenticated", who.id) as actor:
                return await actor.fetch(sql, *args)
        except asyncpg.PostgresError as error:
            state = str(error.sqlstate)
            return str(error.detail) if state.startswith("CG") else state


async def test_nothing_of_a_key_is_read_by_sql(exam: Exam) -> None:
    attempt = await begin(exam)
    for sql in READS:
        found = await says(exam, exam.learner, sql, *([attempt] if "$1" in sql else []))
        assert found == [] or found in ("42501", "not_shown_yet", "attempt_in_progress"), (sql, found)
    view = json.dumps(
        json.loads((await says(exam, exam.learner, "select public.quiz_attempt_view($1)", attempt))[0][0])
    )  # type: ignore[arg-type]
    for secret in (SECRET, "correct", "accepted", "a letter", '"c"', "tolerance"):
        assert secret not in view, secret


async def test_nothing_is_written_by_sql(exam: Exam) -> None:
    attempt = await begin(exam)
    for status in ("in_progress", "submitted"):
        if status == "submitted":
            await says(exam, exam.learner, "select public.submit_quiz_attempt($1)", attempt)
        before = await exam.value(STATE, attempt)
        for sql in WRITES:
            found = await says(exam, exam.learner, sql, attempt)
            assert found == [] or found == "42501", (sql, found)
            assert await exam.value(STATE, attempt) == before, sql


async def test_nothing_is_reopened_or_begun_again(exam: Exam) -> None:
    attempt = await begin(exam)
    await says(exam, exam.learner, "select public.submit_quiz_attempt($1)", attempt)
    save = 'select public.save_quiz_answer($1, 2, \'{"selected": "1"}\', 99)'
    assert await says(exam, exam.learner, save, attempt) == "attempt_ended"
    assert (
        await says(exam, exam.learner, "select public.flag_attempt_question($1, 1, true)", attempt) == "no_such_attempt"
    )
    for begins in ("start_quiz_attempt", "begin_quiz"):
        assert await says(exam, exam.learner, f"select public.{begins}($1)", exam.quiz) == "no_attempts_left"
    assert await exam.value("select count(*) from public.quiz_attempts") == 1


async def test_nobody_acts_in_the_name_of_another(exam: Exam, client: Client) -> None:
    attempt = await begin(exam)
    other = await add_person(exam.database)
    await enrol(exam.database, other, exam.course)
    for sql in (
        "select public.submit_quiz_attempt($1)",
        "select public.save_quiz_answer($1, 2, '{}', 99)",
        "select public.flag_attempt_question($1, 2, true)",
        "select public.quiz_attempt_result($1)",
        "select public.reveal_quiz_answer($1, 2)",
    ):
        assert await says(exam, other, sql, attempt) == "no_such_attempt", sql
    assert await says(exam, other, "select * from public.quiz_standings($1)", exam.enrollment) == []
    assert (await says(exam, other, "select public.quiz_attempt_view($1)", attempt))[0][0] is None
    await client.login(other)
    base = f"/api/v1/attempts/{attempt}"
    headers = {"x-csrf-token": await client.csrf()}
    asked = [
        await client.get(base),
        await client.get(f"{base}/result"),
        await client.post(f"{base}/submit", headers=headers),
        await client.post(f"{base}/answers/1/reveal", headers=headers),
        await client.put(f"{base}/flags/1", json={"flagged": True}, headers=headers),
        await client.put(f"{base}/answers/1", json={"answer": {}, "seq": 9}, headers=headers),
        await client.get(f"/attempts/{attempt}"),
        await client.post_form(f"/attempts/{attempt}/submit"),
        await client.post_form(f"/attempts/{attempt}/answers", {"s1": "0", "q1": "1", "go": "stay"}),
    ]
    assert [answer.status_code for answer in asked] == [404] * len(asked)
    assert await exam.value("select status from public.quiz_attempts") == "in_progress"


async def test_no_page_and_no_answer_holds_a_key_before_it_may(exam: Exam, client: Client) -> None:
    await client.login(exam.learner)
    begun = await client.post_json(f"/api/v1/quizzes/{exam.quiz}/attempts", {})
    attempt = UUID(begun.json()["id"])
    told = [begun]
    for position, answer in (await exam.right(attempt)).items():
        headers = {"x-csrf-token": await client.csrf()}
        path = f"/api/v1/attempts/{attempt}/answers/{position}"
        told.append(await client.put(path, json={"answer": answer, "seq": 1}, headers=headers))
    paths = (
        f"/attempts/{attempt}",
        f"/attempts/{attempt}/review",
        f"/api/v1/attempts/{attempt}",
        f"/quizzes/{exam.quiz}",
    )
    told += [await client.get(path) for path in paths]
    early = await client.post_json(f"/api/v1/attempts/{attempt}/answers/1/reveal", {})
    assert (early.status_code, early.json()["code"]) == (403, "not_shown_yet")
    told += [early, await client.post_json(f"/api/v1/attempts/{attempt}/submit", {})]
    told += [await client.get(path) for path in (f"/attempts/{attempt}/result", f"/api/v1/attempts/{attempt}/result")]
    for answer in told:
        for secret in (SECRET, "correct_answer", "accepted", "is_correct", "automated_feedback"):
            assert secret not in answer.text, (answer.url, secret)
    assert len(told[1:9]) == len(EIGHT)


async def test_nothing_goes_in_after_the_deadline_by_any_way(exam: Exam, client: Client) -> None:
    attempt = await begin(exam)
    await client.login(exam.learner)
    async with exam.database.connect() as owner:
        await owner.execute(
            "update public.quiz_attempts set started_at = now() - interval '1 hour', deadline_at = now() - interval '5 seconds'"
        )
    right = {"answer": {"selected": "1"}, "seq": 1}
    headers = {"x-csrf-token": await client.csrf()}
    late = await client.put(f"/api/v1/attempts/{attempt}/answers/2", json=right, headers=headers)
    assert (late.status_code, late.json()["code"]) == (409, "time_is_up")
    form = await client.post_form(f"/attempts/{attempt}/answers", {"s2": "0", "q2": "1", "go": "stay"})
    assert form.status_code == 303
    save = 'select public.save_quiz_answer($1, 2, \'{"selected": "1"}\', 99)'
    assert await says(exam, exam.learner, save, attempt) == "time_is_up"
    assert await exam.value("select count(*) from public.quiz_answers") == 0
    again = await client.post_json(f"/api/v1/quizzes/{exam.quiz}/attempts", {})
    assert (again.status_code, again.json()["code"]) == (409, "no_attempts_left")

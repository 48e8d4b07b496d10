"""Taking a quiz as programs do: JSON, numbered saves, refusals as problem JSON."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from collegium.features.attempts.jobs import fold_counts, hand_in_late_attempts
from tests.features.attempts.exams import Exam, add_exam
from tests.support.database import Database, run
from tests.support.people import add_person, enrol
from tests.support.site import Client

PAST = "update public.quiz_attempts set started_at = now() - interval '2 days', deadline_at = now() - interval '{}'"


@pytest.fixture
def exam(database: Database) -> Exam:
    return run(add_exam(database))


async def put(client: Client, attempt: Any, position: int, answer: Any, seq: int) -> httpx.Response:
    """Saves an answer."""
    path = f"/api/v1/attempts/{attempt}/answers/{position}"
    headers = {"x-csrf-token": await client.csrf()}
    return await client.put(path, json={"answer": answer, "seq": seq}, headers=headers)


async def begun(exam: Exam, client: Client) -> dict[str, Any]:
    """Signs in and begins."""
    await client.login(exam.learner)
    answer = await client.post_json(f"/api/v1/quizzes/{exam.quiz}/attempts", {})
    assert answer.status_code == 200
    return answer.json()


async def test_a_whole_attempt(exam: Exam, client: Client) -> None:
    attempt = await begun(exam, client)
    again = await client.post_json(f"/api/v1/quizzes/{exam.quiz}/attempts", {})
    assert again.json()["id"] == attempt["id"], "a second tab begins no second attempt"
    for position, answer in (await exam.right(UUID(attempt["id"]))).items():
        saved = (await put(client, attempt["id"], position, answer, 1)).json()
        assert (saved["saved"], saved["seq"], saved["position"]) == (True, 1, position)
    flagged = await client.put(
        f"/api/v1/attempts/{attempt['id']}/flags/3",
        json={"flagged": True},
        headers={"x-csrf-token": await client.csrf()},
    )
    assert flagged.json() == {"flagged": True}
    view = (await client.get(f"/api/v1/attempts/{attempt['id']}")).json()
    assert [item["flagged"] for item in view["questions"]] == [False, False, True] + [False] * 5
    early = await client.get(f"/api/v1/attempts/{attempt['id']}/result")
    assert (early.status_code, early.json()["code"]) == (409, "attempt_in_progress")
    done = (await client.post_json(f"/api/v1/attempts/{attempt['id']}/submit", {})).json()
    assert (done["status"], done["score"]) == ("submitted", None)
    late = await put(client, attempt["id"], 1, {}, 9)
    assert (late.status_code, late.json()["code"]) == (409, "attempt_ended")
    assert late.headers["content-type"] == "application/problem+json"


async def test_a_late_save_never_overwrites_a_newer_one(exam: Exam, client: Client) -> None:
    attempt = (await begun(exam, client))["id"]
    assert (await put(client, attempt, 4, {"text": "newer"}, 5)).json()["saved"] is True
    for seq in (5, 4, 0):
        kept = (await put(client, attempt, 4, {"text": "older"}, seq)).json()
        assert (kept["saved"], kept["seq"], kept["answer"]) == (False, 5, {"text": "newer"})


async def test_answers_that_arrive_together_are_committed_together(exam: Exam, client: Client) -> None:
    attempt = (await begun(exam, client))["id"]
    right = await exam.right(UUID(attempt))
    wrong = {2: {"selected": "nothing"}, 7: {"pairs": {"9": "9"}}}
    answers = await asyncio.gather(
        *(put(client, attempt, position, wrong.get(position, answer), 1) for position, answer in right.items())
    )
    states = [answer.status_code for answer in answers]
    assert states == [422 if position in wrong else 200 for position in right], "a bad row hurts nobody else"
    commits = await exam.value("select count(distinct created_at) from public.quiz_answers")
    assert await exam.value("select count(*) from public.quiz_answers") == 6
    assert commits <= 3


HOSTILE: tuple[tuple[bytes, int], ...] = (
    (b"{", 422),
    (b'{"answer": {}, "seq": -1}', 422),
    (b'{"answer": [], "seq": 1}', 422),
    (b'{"seq": 1}', 422),
    (b'{"answer": {"text": "\\u0000"}, "seq": 1}', 422),
    (b'{"answer": {}, "seq": 9007199254740993}', 422),
    (b"[" * 20_000, 422),
    (b'{"answer": {"text": "' + b"x" * 300_000 + b'"}, "seq": 1}', 413),
    (b'{"answer": {"text": "' + b"x" * 5000 + b'"}, "seq": 1}', 422),
)


async def test_hostile_bodies(exam: Exam, client: Client) -> None:
    attempt = (await begun(exam, client))["id"]
    path = f"/api/v1/attempts/{attempt}/answers/4"
    headers = {"x-csrf-token": await client.csrf(), "content-type": "application/json"}
    for body, status in HOSTILE:
        answer = await client.put(path, content=body, headers=headers)
        assert answer.status_code == status, (body[:60], answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
    assert await exam.value("select count(*) from public.quiz_answers") == 0
    assert (await put(client, attempt, 4, {"text": "still works"}, 1)).status_code == 200


async def test_who_is_not_allowed(exam: Exam, client: Client, database: Database) -> None:
    attempt = (await begun(exam, client))["id"]
    path = f"/api/v1/attempts/{attempt}/answers/4"
    body = {"answer": {"text": "x"}, "seq": 1}
    assert (await client.put(path, json=body)).json()["code"] == "csrf"
    forged = {"x-csrf-token": "a" * 128}
    assert (await client.put(path, json=body, headers=forged)).status_code == 403
    assert (await client.post_json(path, body)).status_code == 405
    other = await add_person(database)
    await enrol(database, other, exam.course)
    await client.login(other)
    assert (await put(client, attempt, 4, {"text": "theirs"}, 1)).json()["code"] == "no_such_attempt"
    assert (await put(client, uuid4(), 4, {"text": "theirs"}, 1)).status_code == 404
    client.logout()
    assert (await put(client, attempt, 4, {"text": "theirs"}, 1)).status_code == 401
    assert await exam.value("select count(*) from public.quiz_answers") == 0


async def test_the_deadline_is_the_servers(exam: Exam, client: Client) -> None:
    await exam.change("time_limit_minutes = 10")
    attempt = await begun(exam, client)
    await put(client, attempt["id"], 2, {"selected": "1"}, 1)
    async with exam.database.connect() as owner:
        await owner.execute(PAST.format("1 second"))
    assert (await put(client, attempt["id"], 4, {"text": "was on its way"}, 1)).status_code == 200
    await hand_in_late_attempts(client.site)
    assert await exam.value("select status from public.quiz_attempts") == "in_progress", (
        "what was on its way is waited for"
    )
    async with exam.database.connect() as owner:
        await owner.execute(PAST.format("1 day"))
    late = await put(client, attempt["id"], 4, {"text": "too late"}, 2)
    assert (late.status_code, late.json()["code"]) == (409, "time_is_up")
    await hand_in_late_attempts(client.site)
    result = (await client.get(f"/api/v1/attempts/{attempt['id']}/result")).json()
    assert (result["status"], result["submitted_by"], result["points_earned"]) == ("graded", "deadline", 2)


async def test_figures_are_exact_before_and_after_folding(exam: Exam, client: Client) -> None:
    attempt = (await begun(exam, client))["id"]
    await client.post_json(f"/api/v1/attempts/{attempt}/submit", {})
    figures = "select (attempts_count, graded_count, passed_count, score_sum)::text from public.{} where {} = $1"
    exact = figures.format("quiz_counters", "quiz_id"), exam.quiz
    assert await exam.value(*exact) == "(1,1,0,0.00)"
    assert await exam.value(figures.format("quizzes", "id"), exam.quiz) == "(0,0,0,0.00)"
    await fold_counts(client.site)
    assert await exam.value(*exact) == await exam.value(figures.format("quizzes", "id"), exam.quiz)
    assert await exam.value("select count(*) from public.quiz_count_moves") == 0


async def test_the_document_knows_the_routes(client: Client) -> None:
    document = (await client.get("/api/openapi.json")).json()
    saving = document["paths"]["/api/v1/attempts/{attempt_id}/answers/{position}"]["put"]
    assert {"200", "401", "403", "404", "409", "422"} <= set(saving["responses"])
    assert {parameter["name"] for parameter in saving["parameters"]} == {"attempt_id", "position"}

"""A quiz that shows at once what is right."""

from __future__ import annotations

from uuid import UUID

from tests.features.attempts.exams import SECRET, add_exam, begin
from tests.support.database import Database
from tests.support.site import Client


async def test_what_is_right_is_shown_answer_by_answer(database: Database, client: Client) -> None:
    exam = await add_exam(database, ("multiple_choice", "short_answer"), show_correct_answers="immediately")
    attempt: UUID = await begin(exam)
    where = f"/attempts/{attempt}"
    await client.login(exam.learner)
    assert SECRET not in (await client.get(where)).text
    empty = await client.post_form(f"{where}/answers", {"s1": "0", "go": "reveal-1"})
    assert "Answer the question first." in (await client.get(empty.headers["location"])).text
    await client.post_form(f"{where}/answers", {"s1": "0", "q1": "1", "go": "reveal-1"})
    page = (await client.get(where)).text
    assert "Not right: 0 of 2 points" in page
    assert page.count(SECRET) == 1, "of the other question nothing is told"
    view = (await client.get(f"/api/v1/attempts/{attempt}")).json()
    assert view["questions"][0]["revealed"]["correct_answer"] == {"selected": "3"}
    assert view["questions"][1]["revealed"] is None
    await client.post_form(f"{where}/answers", {"s1": "1", "q1": "3", "go": "stay"})
    final = await client.put(
        f"/api/v1/attempts/{attempt}/answers/1",
        json={"answer": {"selected": "3"}, "seq": 9},
        headers={"x-csrf-token": await client.csrf()},
    )
    assert (final.json()["saved"], final.json()["answer"]) == (False, {"selected": "1"})
    await client.post_form(f"{where}/submit")
    assert (await client.get(f"/api/v1/attempts/{attempt}/result")).json()["points_earned"] == 0

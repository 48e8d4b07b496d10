"""A quiz that shows at once what is right."""

from __future__ import annotations

from uuid import UUID

from tests.features.attempts.exams import SECRET, add_exam, begin
from tests.support.database import Database
from tests.support.site import Client


async def test_what_is_right_is_shown_answer_by_answer(database: Database, client: Client) -> None:
    exam = await add_exam(database, ("multiple_choice", "short_answer"), show_correct_answers="immediately")
    said = '<p>Look at <b>clause 2</b></p><script>x()</script><video src="/files/00000000-0000-4000-8000-000000000001"></video>'
    await exam.value(
        "update public.question_keys set option_feedback = jsonb_build_object('a', $1::text, 'wrong', 'Not & yet.')"
        " where question_type = 'multiple_choice' returning 1",
        said,
    )
    attempt: UUID = await begin(exam)
    where = f"/attempts/{attempt}"
    await client.login(exam.learner)
    before = (await client.get(where)).text
    assert SECRET not in before
    assert "clause 2" not in before + (await client.get(f"/api/v1/attempts/{attempt}")).text
    empty = await client.post_form(f"{where}/answers", {"s1": "0", "go": "reveal-1"})
    assert "Answer the question first." in (await client.get(empty.headers["location"])).text
    await client.post_form(f"{where}/answers", {"s1": "0", "q1": "1", "go": "reveal-1"})
    page = (await client.get(where)).text
    assert "Not right: 0 of 2 points" in page
    assert page.count(SECRET) == 1, "of the other question nothing is told"
    assert "<p>Look at <b>clause 2</b></p><video controls" in page
    assert "<p>Not &amp; yet.</p>" in page
    assert "x()" not in page
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
    assert "<b>clause 2</b>" in (await client.get(f"{where}/result")).text
    assert (await client.get(f"/api/v1/attempts/{attempt}/result")).json()["points_earned"] == 0

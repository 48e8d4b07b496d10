"""The pages of peer review, with learners who may not know each other and an instructor who may."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from html import unescape
from uuid import UUID, uuid4

import pytest

from collegium.features.peer_reviews import jobs
from tests.features.peer_reviews.support import Circle, make_circle
from tests.support.database import Database
from tests.support.people import Person
from tests.support.site import Client

MakePerson = Callable[..., Person]
MakeClient = Callable[..., Awaitable[Client]]


@pytest.fixture
async def circle(database: Database) -> Circle:
    return await make_circle(database)


async def test_from_the_clock_to_the_confirmed_grade(circle: Circle, client: Client) -> None:
    await jobs.step(client.site)
    anna, boris, chidi = circle.people
    first, second = await circle.tasks(anna)
    await client.login(anna)
    mine = (await client.get("/peer-reviews")).text
    assert mine.count("A memo on risk") >= 2
    assert "You read them when you have written the 2 reviews" in mine

    page = await client.get(f"/peer-reviews/{first}")
    text = page.text + mine
    assert "&lt;script&gt;" in page.text
    for other in (boris, chidi):
        assert other.first_name not in text
        assert str(other.id) not in text
    assert "Verynamed.pdf" not in text
    assert "File 1" in page.text
    # The file goes out whole or in part, under a name and with headers that tell nothing of its author.
    for other in (boris, chidi):
        await client.site.storage.put(f"assignment-submissions/{other.id}/f1.pdf", b"%PDF-1.7 work")
    sent = await client.get(f"/peer-reviews/{first}/files/1")
    assert sent.content == b"%PDF-1.7 work"
    assert "Verynamed" not in str(sent.headers)
    assert 'filename="File 1.pdf"' in sent.headers["content-disposition"]
    part = await client.get(f"/peer-reviews/{first}/files/1", headers={"range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"%PDF")
    assert (await client.get(f"/peer-reviews/{first}/files/2")).status_code == 404
    # A draft keeps what can be read; a wrong one is not handed in and keeps what was typed.
    path = f"/peer-reviews/{first}"
    kept = await client.submit(page, path, {"criterion-1": "45", "feedback": "So far", "then": "draft"})
    assert kept.status_code == 303
    assert 'value="45"' in (await client.get(path)).text
    saved = await client.post_form(f"{path}/draft", {"criterion-1": "46", "criterion-2": "x", "feedback": "Further"})
    assert "Draft kept" in saved.json()["saved"]
    assert saved.json()["saved"].endswith(tuple("0123456789"))
    # What the editor wrote is kept as it is cleaned; words that were changed without it are words.
    rich = {"html": "<p>So <em>far</em><script>x</script><img src=x></p>", "was": "So far"}
    await client.post_form(f"{path}/draft", {"criterion-1": "46", "feedback": "So far"} | rich)
    assert "&lt;p&gt;So &lt;em&gt;far&lt;/em&gt;&lt;/p&gt;" in (await client.get(path)).text
    await client.post_form(f"{path}/draft", {"criterion-1": "46", "feedback": "Further"} | rich)
    assert "&lt;em&gt;" not in (await client.get(path)).text
    refused = await client.post_form(
        path, {"criterion-1": "61", "criterion-2": "", "feedback": "<b>x</b>", "then": "hand-in"}
    )
    assert refused.status_code == 422
    assert "Argument: from 0 to 60 points" in refused.text
    assert 'value="61"' in refused.text
    assert "&lt;b&gt;x&lt;/b&gt;" in refused.text
    done = await client.post_form(path, {"criterion-1": "50", "criterion-2": "30", "feedback": "Clear.\n\n<b>Bold</b>"})
    assert done.status_code == 303
    again = await client.post_form(path, {"criterion-1": "1", "criterion-2": "1", "feedback": ""})
    assert "cannot be changed" in unescape((await client.get(again.headers["location"])).text)
    assert await circle.rows("select points, feedback_html from public.assignment_reviews where id = $1", first) == [
        (80, "<p>Clear.</p><p>&lt;b&gt;Bold&lt;/b&gt;</p>")
    ]

    await circle.write(anna)
    await circle.write(boris, 60, "<p>From B</p>")
    await circle.write(chidi, 90, "<p>From C<script>x</script></p>")
    received = (await client.get("/peer-reviews")).text
    assert "From B" in received
    assert "Reviewer 1" in received
    assert "Boris" not in received
    assert "<script>x" not in received
    assert second is not None
    told = await circle.rows(
        "select kind, count(*) from public.notifications where member_id = $1 group by 1 order by 1", anna.id
    )
    assert told == [("peer_review_allotted", 1), ("peer_review_received", 2)]

    await client.login(circle.teacher)
    page = await client.get(circle.path)
    assert "3 of 3" in page.text
    form = await client.get(f"{circle.path}/settings")
    wrong = await client.submit(form, f"{circle.path}/settings", {"review_days": "99", "grade_share": "50"})
    assert wrong.status_code == 422
    assert "from 1 to 60" in wrong.text
    assert (await client.submit(form, f"{circle.path}/settings", {"grade_share": "100"})).status_code == 303
    work = await circle.value("select id from public.assignment_submissions where member_id = $1", anna.id)
    shown = await client.get(f"{circle.path}/works/{work}")
    assert "Boris Verynamed" in shown.text
    assert "weight 1.00" in shown.text
    assert "<strong>75</strong> of 100" in shown.text
    assert (await client.submit(await client.get(circle.path), f"{circle.path}/confirm")).status_code == 303
    assert await circle.rows("select points_earned, status from public.assignment_submissions where id = $1", work) == [
        (75, "graded")
    ]


async def test_stuck_unfair_and_taken_away(circle: Circle, client: Client) -> None:
    await circle.allot()
    anna, boris, chidi = circle.people
    await circle.write(anna)
    await circle.write(boris)
    await client.login(circle.teacher)
    page = await client.get(circle.path)
    assert page.text.count("Chidi Verynamed") >= 2
    waits = (await circle.tasks(chidi))[0]
    assert (await client.submit(page, f"{circle.path}/reviews/{waits}/remind")).status_code == 303
    twice = await client.post_form(f"{circle.path}/reviews/{waits}/remind")
    assert "less than an hour ago" in unescape((await client.get(twice.headers["location"])).text)
    for review in await circle.tasks(chidi):
        await client.post_form(f"{circle.path}/reviews/{review}/withdraw")
    stuck = (await client.get(f"{circle.path}?show=fallback")).text
    assert "Yours to review" in stuck
    assert "too few" in stuck or "Nobody is left" in stuck
    work = await circle.value("select id from public.assignment_submissions where member_id = $1", boris.id)
    unfair = await circle.value(
        "select id from public.assignment_reviews where submission_id = $1 and status = 'completed'", work
    )
    out = f"{circle.path}/reviews/{unfair}/leave-out"
    empty = await client.post_form(out, {"reason": " ", "work": str(work)})
    assert "why this review is left out" in unescape((await client.get(empty.headers["location"])).text)
    await client.post_form(out, {"reason": "Only insults", "work": str(work)})
    assert "Only insults" in (await client.get(f"{circle.path}/works/{work}")).text
    logged = "select count(*) from public.audit_logs where table_name = 'assignment_reviews' and record_id = $1"
    assert await circle.value(logged, str(unfair)) >= 3
    await client.login(boris)
    assert "Good." not in (await client.get("/peer-reviews")).text
    await client.login(circle.teacher)
    await client.post_form(f"{circle.path}/reviews/{unfair}/put-back", {"work": str(work)})
    assert "Only insults" not in (await client.get(f"{circle.path}/works/{work}")).text


async def test_samples_come_first_and_weigh(circle: Circle, client: Client) -> None:
    anna, boris, _ = circle.people
    await client.login(circle.teacher)
    at = f"{circle.path}/calibration"
    wrong = await client.post_form(at, {"text": "", "work": "", "criterion-1": "60", "criterion-2": "40"})
    assert wrong.status_code == 422
    await client.post_form(
        at, {"text": "A short sample.", "work": "", "criterion-1": "40", "criterion-2": "20", "feedback": "Thin."}
    )
    form = await client.get(f"{circle.path}/settings")
    await client.submit(form, f"{circle.path}/settings", {"calibration": "1"})
    await circle.allot()
    await client.login(anna)
    review = (await circle.tasks(anna))[0]
    led = await client.get(f"/peer-reviews/{review}")
    assert led.status_code == 303
    samples = await client.get(led.headers["location"])
    assert "A short sample." in samples.text
    assert "Thin." not in samples.text
    done = await client.submit(samples, f"/peer-reviews/{review}/samples", {"criterion-1": "50", "criterion-2": "10"})
    after = (await client.get(done.headers["location"])).text
    assert "Thin." in after
    assert "20 % of the points" in after
    await circle.write(anna)
    weights = await circle.rows("select weight from public.assignment_reviews where reviewer_id = $1", anna.id)
    assert [float(row[0]) for row in weights] == [0.6, 0.6]
    await client.login(circle.teacher)
    table = (await client.get(at)).text
    assert "20.0 %" in table
    assert "0.60" in table
    sample = await circle.value("select id from public.peer_samples")
    kept = await client.post_form(f"{at}/{sample}/remove")
    assert "It stays" in unescape((await client.get(kept.headers["location"])).text)
    assert boris.id


async def test_nobody_else_comes_near(circle: Circle, client: Client, make_person: MakePerson) -> None:
    await circle.allot()
    anna, boris, _ = circle.people
    review = (await circle.tasks(boris))[0]
    work = await circle.value("select id from public.assignment_submissions where member_id = $1", anna.id)
    await client.login(anna)
    for path in (
        f"/peer-reviews/{review}",
        f"/peer-reviews/{uuid4()}",
        f"/peer-reviews/{review}/files/1",
        f"/peer-reviews/{review}/samples",
    ):
        assert (await client.get(path)).status_code == 404, path
    assert (
        await client.post_form(f"/peer-reviews/{review}", {"criterion-1": "1", "criterion-2": "1"})
    ).status_code == 404
    assert (await client.get(circle.path)).status_code == 403
    await client.login(make_person("instructor"))
    shown = ("", "/settings", "/calibration", f"/works/{work}")
    for suffix in shown:
        assert (await client.get(circle.path + suffix)).status_code == 404, suffix
    deeds: list[tuple[str, dict[str, str]]] = [
        ("/allot", {}), ("/confirm", {}), ("/calibration", {"text": "x", "criterion-1": "1", "criterion-2": "1"}),
        (f"/reviews/{review}/withdraw", {}), (f"/reviews/{review}/remind", {}), (f"/works/{work}/confirm", {}),
    ]  # fmt: skip
    for suffix, form in deeds:
        assert (await client.post_form(circle.path + suffix, form)).status_code == 404, suffix
    assert await circle.rows("select status from public.assignment_reviews where id = $1", review) == [("assigned",)]
    assert isinstance(review, UUID)

"""Marking over HTTP: the list, a grade and its reason, comments on the work, what the learner is shown, and files."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

from collegium.features.marking import service
from collegium.features.marking.model import Wanted
from collegium.kit.db import person as actor_of_person
from tests.features.marking.support import Desk, file_of
from tests.support.people import add_person
from tests.support.site import Client

GOOD = {
    "do": "graded",
    "criterion": ["50", "30,5"],
    "comment": ["Two of three.", ""],
    "feedback": "Well argued.\n\nGo on.",
}


def text_of(page: Any) -> str:
    """A page's words, one space between them."""
    return " ".join(re.sub(r"<[^>]+>", " ", unescape(page.text)).split())


async def test_work_is_found_graded_and_read(client: Client, desk: Desk) -> None:
    mara, liv = await desk.learner("Mara"), await desk.learner("=Liv", "Berg")
    await desk.learner("Anton", "Weiss")
    due = datetime.now(UTC) - timedelta(days=1, hours=2)
    late = await desk.work(
        mara, due_date=due, late_penalty_applied=20, penalty_days=2, penalty_per_day=10, penalty_due=due
    )
    second = await desk.work(liv, submission_html="<p>Hello<script>alert(1)</script></p>", submission_text=None)
    await client.login(desk.teacher)

    queue = text_of(await client.get("/grading"))
    assert "A letter of appeal" in queue
    assert "2 submissions" in queue
    page = text_of(await client.get(desk.listing))
    for words in ("To grade 2", "Nothing yet 1", "Mara Okafor", "2 days late", "Anton Weiss"):
        assert words in page
    assert "Mara" not in text_of(await client.get(f"{desk.listing}?state=nothing"))
    only_late = text_of(await client.get(f"{desk.listing}?late=1"))
    assert "Mara Okafor" in only_late
    assert "Berg" not in only_late
    assert "Nobody here has this name" in text_of(await client.get(f"{desk.listing}?q=%25"))
    rows = list(csv.reader(io.StringIO((await client.get(f"{desk.listing}.csv")).text)))
    assert [row[0] for row in rows] == ["Name", "'=Liv Berg", "Mara Okafor", "Anton Weiss"]

    singly = service.every_line(
        client.site.db, actor_of_person(desk.teacher.id), desk.course.id, desk.assignment, Wanted(), size=1
    )
    assert [line.who async for lines in singly for line in lines] == ["=Liv Berg", "Mara Okafor", "Anton Weiss"]

    shown = await client.get(desk.page(late))
    assert "2 days late, 10 % a day: 20 % off" in unescape(shown.text)
    assert "alert(1)" not in (await client.get(desk.page(second))).text
    wrong = await client.post_form(desk.page(late), {**GOOD, "criterion": ["61", ""], "seen": ""})
    assert wrong.status_code == 422
    assert "Reasons: from 0 to 60" in unescape(wrong.text)
    assert "Go on." in wrong.text
    done = await client.post_form(desk.page(late), {**GOOD, "seen": ""})
    assert done.headers["location"].endswith(str(second)), "it goes on to what waits"
    assert await desk.rows(
        "select status, points_earned, final_score, instructor_feedback_html, rubric_comments ->> 'Reasons', rubric_comments ? 'Words'"
        " from public.assignment_submissions where id = $1",
        late,
    ) == [("graded", 80.5, 60.5, "<p>Well argued.</p><p>Go on.</p>", "Two of three.", False)]

    await client.login(mara)
    read = text_of(await client.get(f"/submissions/{late}"))
    for words in ("60.5 %", "80.5 of 100", "20 % off", "Two of three.", "Well argued.", "Passed"):
        assert words in read
    told = await desk.rows("select kind, link from public.notifications where member_id = $1", mara.id)
    assert told == [("work_graded", f"/submissions/{late}")]
    mails = await desk.rows("select recipient, subject, text_body from public.mail_outbox")
    assert [(to, "graded" in subject, "60.5" in body) for to, subject, body in mails] == [(mara.email, True, False)]


async def test_a_grade_changes_with_a_reason_and_never_unseen(client: Client, desk: Desk) -> None:
    work = await desk.work(await desk.learner())
    await client.login(desk.teacher)
    await client.post_form(desk.page(work), {**GOOD, "seen": ""})
    other = await client.post_form(desk.page(work), {**GOOD, "criterion": ["0", "0"], "feedback": "Mine.", "seen": ""})
    assert other.status_code == 409
    assert "Ines Lindqvist gave 80.5 points meanwhile" in unescape(other.text)
    assert "Mine." in other.text
    [seen] = re.findall(r'name="seen" value="([^"]+)"', other.text)
    silent = await client.post_form(desk.page(work), {**GOOD, "criterion": ["60", "40"], "seen": seen})
    assert silent.status_code == 422
    assert "Say why you change it" in silent.text
    changed = {**GOOD, "criterion": ["60", "40"], "seen": seen, "reason": "Read it twice.", "do": "returned"}
    assert (await client.post_form(desk.page(work), changed)).status_code == 303
    assert await desk.rows(
        "select status_after, points_before, points_after, reason from public.submission_grade_changes order by changed_at"
    ) == [("graded", None, 80.5, "Graded."), ("returned", 80.5, 100, "Read it twice.")]
    logged = "select count(*) from public.audit_logs where table_name = 'submission_grade_changes' and actor = $1"
    assert await desk.value(logged, desk.teacher.id) == 2
    assert "100 points instead of 80.5" in text_of(await client.get(desk.page(work)))


async def test_asked_again_needs_no_points(client: Client, desk: Desk) -> None:
    mara = await desk.learner()
    work = await desk.work(mara)
    await client.login(desk.teacher)
    asked = {"do": "resubmission_requested", "criterion": ["", ""], "feedback": "Say why.", "seen": ""}
    done = await client.post_form(desk.page(work), asked)
    assert done.headers["location"] == desk.listing, "nothing else waits"
    assert "Asked for again 1" in text_of(await client.get(desk.listing))
    await client.login(mara)
    page = await client.get(f"/submissions/{work}")
    assert f'href="/assignments/{desk.assignment}"' in page.text
    assert "Say why." in page.text
    assert await desk.value("select kind from public.notifications where member_id = $1", mara.id) == "work_asked_again"


async def test_comments_are_read_when_the_work_is_marked(client: Client, desk: Desk) -> None:
    mara = await desk.learner()
    work = await desk.work(mara, file_attachments=[file_of(mara, "a.pdf", 9)])
    await client.login(desk.teacher)
    url = f"{desk.page(work)}/annotations"
    in_text = {"start": 2, "end": 8, "quote": "policy", "body": "Which <b>one</b>?"}
    made = await client.post_json(url, in_text)
    assert made.status_code == 200
    assert "Which &lt;b&gt;one&lt;/b&gt;?" in made.text
    at_point = {"file": 1, "page": 2, "rects": [[0.5, 0.25, 0, 0]], "body": "Here."}
    listed = await client.post_json(url, at_point)
    for bad in (
        {**at_point, "file": 2},
        {**at_point, "page": 0},
        {**at_point, "rects": [[0.5, 0.25, 0, 1.5]]},
        {**at_point, "rects": [[0, 0, 1, 1]] * 61},
        {**in_text, "start": 9},
        {**in_text, **at_point},
        {**in_text, "body": "x" * 5001},
        {**in_text, "body": " ", "quote": ""},
        {"body": "Nowhere."},
    ):
        assert (await client.post_json(url, bad)).status_code == 422, bad
    assert await desk.value("select status from public.assignment_submissions where id = $1", work) == "grading"
    ids = re.findall(r'data-id="([^"]+)"', listed.text)
    assert len(ids) == 2
    changed = await client.post_json(f"{url}/{ids[0]}", {"body": "Which one, and why?"})
    assert "and why?" in changed.text

    await client.login(mara)
    before = await client.get(f"/submissions/{work}")
    assert "Being graded" in before.text
    assert "and why?" not in before.text
    await client.login(desk.teacher)
    await client.post_form(desk.page(work), {**GOOD, "do": "returned", "seen": ""})
    kept = await client.post_json(f"{url}/{ids[0]}/remove", {})
    assert kept.status_code == 409
    assert "stays as it is" in kept.text
    await client.login(mara)
    after = text_of(await client.get(f"/submissions/{work}"))
    assert "and why?" in after
    assert "Page 2" in after
    assert "Ines Lindqvist" in after


async def test_files_are_for_their_author_and_the_team(client: Client, desk: Desk) -> None:
    mara, liv = await desk.learner(), await desk.learner("Liv")
    stored = {
        "a.pdf": b"%PDF-1.7 " + b"x" * 90,
        "b.html": b"<script>alert(1)</script>",
        "c.png": b"\x89PNG....",
        "d.svg": b"<svg/>",
    }
    files = [file_of(mara, name, len(data)) for name, data in stored.items()]
    for one, data in zip(files, stored.values(), strict=True):
        await client.site.storage.put(one["file_key"], data)
    work = await desk.work(mara, file_attachments=files)
    stranger = await add_person(desk.database, "instructor")
    for who, status in ((None, 303), (liv, 404), (stranger, 404), (mara, 200), (desk.teacher, 200)):
        client.logout()
        if who:
            await client.login(who)
        assert (await client.get(f"/submissions/{work}/files/1")).status_code == status
    types: list[tuple[str, str]] = []
    for n in range(1, 5):
        answer = await client.get(f"/submissions/{work}/files/{n}")
        types.append(
            (answer.headers["content-type"].split(";")[0], answer.headers["content-disposition"].split(";")[0])
        )
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert answer.headers["x-content-type-options"] == "nosniff"
    octets = ("application/octet-stream", "attachment")
    assert types == [("application/pdf", "attachment"), octets, ("image/png", "inline"), octets]
    part = await client.get(f"/submissions/{work}/files/1", headers={"range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"%PDF")
    for n in (0, 5, 99):
        assert (await client.get(f"/submissions/{work}/files/{n}")).status_code == 404
    await client.site.storage.delete(files[0]["file_key"])
    assert (await client.get(f"/submissions/{work}/files/1")).status_code == 404


async def test_who_does_not_teach_the_course_marks_nothing(client: Client, desk: Desk) -> None:
    mara, liv = await desk.learner(), await desk.learner("Liv")
    work = await desk.work(mara)
    stranger = await add_person(desk.database, "instructor")
    for who, status in ((mara, 403), (liv, 403), (stranger, 404)):
        await client.login(who)
        assert (await client.get(desk.listing)).status_code == status
        assert (await client.get(f"{desk.listing}.csv")).status_code == status
        assert (await client.get(desk.page(work))).status_code == status
        assert (await client.post_form(desk.page(work), {**GOOD, "seen": ""})).status_code == status
        said = await client.post_json(
            f"{desk.page(work)}/annotations", {"start": 0, "end": 1, "quote": "A", "body": "So."}
        )
        assert said.status_code == status
    await client.login(liv)
    assert (await client.get(f"/submissions/{work}")).status_code == 404
    assert await desk.rows("select status, points_earned from public.assignment_submissions") == [("submitted", None)]
    assert await desk.value("select count(*) from public.submission_annotations") == 0


async def test_a_group_is_one_line_and_one_grade(client: Client, desk: Desk) -> None:
    mara, liv, anton = [await desk.learner(name) for name in ("Mara", "Liv", "Anton")]
    await desk.value("update public.assignments set group_mode = true where id = $1", desk.assignment)
    group = await desk.value(
        "insert into public.assignment_groups (assignment_id, name) values ($1, 'Blue') returning id", desk.assignment
    )
    works = [
        await desk.work(one, group_id=group, graded_apart=apart)
        for one, apart in ((mara, False), (liv, False), (anton, True))
    ]
    await client.login(desk.teacher)
    listed = text_of(await client.get(f"{desk.listing}?q=mara"))
    assert "Blue" in listed
    assert "Liv Okafor, Mara Okafor" in listed
    assert "To grade 2" in listed, "the group, and who is graded apart"
    assert "2 submissions" in text_of(await client.get("/grading"))
    page = text_of(await client.get(desk.page(works[0])))
    assert "Graded apart: Anton Okafor" in page
    await client.post_json(
        f"{desk.page(works[0])}/annotations", {"start": 2, "end": 8, "quote": "policy", "body": "Ours?"}
    )
    done = await client.post_form(desk.page(works[0]), {**GOOD, "seen": ""})
    assert done.headers["location"] == desk.page(works[2]), "what waits next is who is graded apart"
    assert await desk.rows(
        "select points_earned, rubric_comments ->> 'Reasons' from public.assignment_submissions where id = any ($1) order by 1",
        works,
    ) == [(80.5, "Two of three."), (80.5, "Two of three."), (None, None)]
    await client.login(liv)
    assert "Ours?" in text_of(await client.get(f"/submissions/{works[1]}"))
    to = await desk.rows("select recipient from public.mail_outbox where kind = 'work_graded'")
    assert {one for (one,) in to} == {mara.email, liv.email}

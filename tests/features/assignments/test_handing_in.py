"""Handing in over HTTP: the task, a draft that is kept, files by their content, the receipt, groups, and attacks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import escape, unescape
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from collegium.features.uploads import service as uploads
from tests.features.assignments.support import RUBRIC, Class
from tests.features.quizzes.support import post_pairs
from tests.features.uploads.support import TUS, patch, picture, told
from tests.support.site import Client, run_jobs

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n"
)


async def send(client: Client, assignment: UUID, data: bytes, name: str, length: int | None = None) -> dict[str, Any]:
    """Uploads a file to be handed in, and has it checked."""
    values = {"filename": name, "purpose": "submission", "assignment": str(assignment)}
    headers = TUS | {"upload-length": str(length or len(data)), "upload-metadata": told(**values)}
    began = await client.post("/uploads", headers=headers | {"x-csrf-token": await client.csrf()})
    if began.status_code != 201:
        return began.json() | {"status": began.status_code}
    url = began.headers["location"]
    sent = await patch(client, url, 0, data)
    if sent.status_code != 204:
        return sent.json() | {"status": sent.status_code}
    await run_jobs(client.site)
    return (await client.get(url + "/result")).json()


async def put_draft(client: Client, assignment: UUID, **body: Any) -> Any:
    return await client.put(
        f"/api/v1/assignments/{assignment}/draft", json=body, headers={"x-csrf-token": await client.csrf()}
    )


async def test_a_text_is_kept_confirmed_and_handed_in_with_a_receipt(client: Client, school: Class) -> None:
    due = datetime.now(UTC) - timedelta(hours=30)
    work = await school.assignment(lesson=True, rubric=RUBRIC, due_date=due, max_submissions=1)
    here = f"/assignments/{work}"
    lesson = f"/learn/{school.course.slug}/{school.course.lessons[0].id}"
    assert (await client.get(here)).status_code == 303
    await client.login(school.learners[0])
    for page in ((await client.get(here)).text, (await client.get(lesson)).text):
        assert "If you hand in now: 2 days late, 10 % a day: 20 % off." in page
        assert "Everybody understands it." in page
        assert "by the clock in Europe/Berlin" in page
    assert "Not handed in yet." in unescape((await client.get(lesson)).text)

    assert (await put_draft(client, work, text="So far", url="", revision=0)).json() == {"revision": 1}
    newer = await put_draft(client, work, text="Old tab", url="", revision=0)
    assert (newer.status_code, newer.json()["code"]) == (409, "newer_draft")
    assert ">So far</textarea>" in (await client.get(here)).text
    asked = await client.post_form(f"{here}/submit", {"text": "My <b>work", "number": "1"})
    assert "This is the last submission that is taken" in asked.text
    assert "2 days late" in asked.text
    assert "My &lt;b&gt;work" in asked.text
    assert await school.value("select count(*) from public.assignment_submissions") == 0
    made = await client.post_form(f"{here}/submit", {"text": "My <b>work", "number": "1", "sure": "1"})
    assert made.status_code == 303, made.text
    receipt = unescape((await client.get(made.headers["location"])).text)
    for words in (
        "Submission 1 is handed in",
        "2 days late, 10 % a day: 20 % off",
        "10 characters",
    ):
        assert words in receipt
    assert "You have handed in as often as this assignment allows" in receipt
    again = await client.post_form(f"{here}/submit", {"text": "Once more", "number": "1", "sure": "1"})
    assert again.status_code == 409
    assert await school.value("select count(*) from public.assignment_drafts") == 0
    assert "waiting for its grade" in unescape((await client.get(lesson)).text)

    # 75 points less 20 % are 55 %: 5 points are missing, and are named. Asked for again, it stays as late as it was.
    submission = await school.value("select id from public.assignment_submissions")
    await school.value("update public.assignments set passing_percentage = 60")
    grade = "select public.grade_submission($1, null, $2, null, $3)"
    await school.speak(school.teacher, grade, submission, '{"Clarity": 30, "Figures": 45}', "graded")
    page = unescape((await client.get(lesson)).text)
    assert "“Compare two policies”: 55 of 100 points, 60 needed to pass: 5 missing." in page
    assert "75 of 100 points, less 20 % for lateness" in page
    await school.speak(school.teacher, grade, submission, '{"Clarity": 30, "Figures": 45}', "resubmission_requested")
    page = unescape((await client.get(here)).text)
    assert "Your instructor asked for it again. This has no deadline of its own: what was taken off stays" in page
    await client.post_form(f"{here}/submit", {"text": "Better.", "number": "2"})
    listed = (await client.get(f"/api/v1/assignments/{work}/submissions")).json()
    assert [(one["number"], one["late"]) for one in listed] == [
        (2, "2 days late, 10 % a day: 20 % off (as submission 1, which it replaces)"),
        (1, "2 days late, 10 % a day: 20 % off"),
    ]
    second = listed[0]["id"]
    await school.speak(school.teacher, grade, second, '{"Clarity": 40, "Figures": 40}', "returned")
    assert await school.value("select status from public.enrollments where member_id = $1", school.learners[0].id) == (
        "completed"
    )


async def test_a_text_is_rich_text_cleaned_and_its_words_count(client: Client, school: Class) -> None:
    work = await school.assignment(submission_type="text_entry", max_submissions=5)
    await client.login(school.learners[0])
    here = f"/assignments/{work}"
    hostile = (
        '<p onclick="x()">My <strong>work</strong><script>x()</script></p><ul><li><p>1 &lt; 2</p></li></ul>'
        '<img src="/files/00000000-0000-4000-8000-000000000001" alt="of others"><video src="/files/1"></video>'
    )
    clean = "<p>My <strong>work</strong></p><ul><li><p>1 &lt; 2</p></li></ul>"
    assert (await put_draft(client, work, text=hostile, url="", revision=0)).status_code == 200
    page = (await client.get(here)).text
    assert ">My work\n1 &lt; 2</textarea>" in page
    assert f'name="html" value="{escape(clean)}"' in page
    # Sent as the page has it; words that were changed without the editor are what counts, and no tag then.
    as_is = {"text": "My work\r\n1 < 2", "was": "My work\r\n1 < 2", "html": hostile}
    await client.post_form(f"{here}/submit", as_is | {"number": "1", "sure": "1"})
    await client.post_form(f"{here}/submit", as_is | {"text": "<p>Other", "number": "2", "sure": "1"})
    empty = await client.post_form(
        f"{here}/submit", {"text": "", "was": "", "html": "<p> </p>", "number": "3", "sure": "1"}
    )
    assert empty.status_code == 422
    assert await school.rows(
        "select submission_text, submission_html from public.assignment_submissions order by submission_number"
    ) == [("My work\n1 < 2", clean), ("<p>Other", None)]
    listed = (await client.get(f"/api/v1/assignments/{work}/submissions")).json()
    assert [one["html"] for one in listed] == [None, clean]


async def test_files_that_nobody_handed_in_go_after_ninety_days(client: Client, school: Class) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=120)
    over = await school.assignment(submission_type="file_upload", due_date=long_ago, max_submissions=5)
    open_ = await school.assignment(submission_type="file_upload", due_date=datetime.now(UTC) + timedelta(days=1))
    await client.login(school.learners[0])
    used, left, fresh, waits = [
        (await send(client, work, PDF, f"{name}.pdf"))["id"]
        for work, name in ((over, "used"), (over, "left"), (over, "fresh"), (open_, "waits"))
    ]
    made = await client.post_json(f"/api/v1/assignments/{over}/submissions", {"files": [used], "number": 1})
    assert made.status_code == 201, made.text
    async with school.database.connect() as owner, owner.transaction():
        key = await owner.fetchval("select storage_key from public.media_files where id = $1", UUID(left))
        clock = "alter table public.media_files {} trigger update_media_files_updated_at"
        await owner.execute(clock.format("disable"))
        await owner.execute(
            "update public.media_files set updated_at = $1 where id = any ($2)",
            long_ago,
            [UUID(used), UUID(left), UUID(waits)],
        )
        await owner.execute(clock.format("enable"))
    assert (await uploads.tidy_work(client.site)).figures == {"removed": 1}
    await run_jobs(client.site)
    assert await school.rows("select id::text from public.media_files where state = 'ready' order by 1") == [
        (one,) for one in sorted((used, fresh, waits))
    ]
    assert not await client.site.storage.exists(key)
    assert (await uploads.tidy_work(client.site)).figures == {"removed": 0}


async def test_files_are_taken_by_their_content_and_only_ones_own(
    client: Client, school: Class, make_client: Callable[..., Any]
) -> None:
    columns = {"submission_type": "file_upload", "allowed_file_types": ["pdf", "png"], "max_file_size_mb": 1}
    work = await school.assignment(**columns, max_submissions=2)
    mara, jonas = school.learners
    await client.login(mara)
    large = await send(client, work, b"", "large.pdf", length=1048577)
    assert (large["status"], large["code"]) == (422, "file_too_large"), "before its first byte"
    text = await send(client, work, b"Plain words.", "work.txt")
    assert (text["state"], text["refusal"]) == (
        "refused",
        "By its content this is a .txt file. Taken here: .pdf, .png.",
    )
    page = await send(client, work, b"<!doctype html><script>1</script>", "work.pdf")
    assert (page["status"], page["code"]) == (422, "refused_file")
    ready = await send(client, work, PDF, "../../etc/My work.pdf")
    assert (ready["state"], ready["filename"]) == ("ready", "My work.pdf")
    disguised = await send(client, work, picture(), "picture.pdf")
    assert disguised["filename"] == "picture.png"
    other = await make_client()
    await other.login(jonas)
    stolen = await post_pairs(other, f"/assignments/{work}/submit", [("file", ready["id"]), ("sure", "1")])
    assert stolen.status_code == 422
    assert "removed" in stolen.text
    assert (await other.post_form(f"/assignments/{work}/files/{ready['id']}/remove")).status_code == 404
    assert (await other.get(f"/files/{ready['id']}")).status_code == 404

    shown = (await client.get(f"/assignments/{work}")).text
    assert shown.count('name="file"') == 2
    asked = (await client.get(f"/api/v1/assignments/{work}")).json()
    assert [one["name"] for one in asked["files"]] == ["My work.pdf", "picture.png"]
    await client.post_form(f"/assignments/{work}/files/{disguised['id']}/remove")
    made = await client.post_json(f"/api/v1/assignments/{work}/submissions", {"files": [ready["id"]], "number": 1})
    assert made.status_code == 201, made.text
    assert (
        await client.post_json(f"/api/v1/assignments/{work}/submissions", {"files": [ready["id"]], "number": 1})
    ).json()["code"] == "handed_in_meanwhile"
    [attached] = await school.value("select file_attachments from public.assignment_submissions") and [
        await school.rows(
            "select f ->> 'file_name', f ->> 'file_key' like 'assignment-submissions/' || $1::text || '/%.pdf', (f ->> 'file_size')::int"
            " from public.assignment_submissions s, jsonb_array_elements(s.file_attachments) f",
            str(mara.id),
        )
    ]
    assert attached == [("My work.pdf", True, len(PDF))]
    kept = await client.post_form(f"/assignments/{work}/files/{ready['id']}/remove")
    assert kept.status_code == 409
    assert (await client.get(f"/assignments/{work}")).text.count('name="file"') == 0


async def test_one_hands_in_for_his_group(client: Client, school: Class) -> None:
    work = await school.assignment(group_mode=True, due_date=datetime.now(UTC) - timedelta(hours=1))
    mara, jonas = school.learners
    await client.login(mara)
    assert "you are in none yet" in (await client.get(f"/assignments/{work}")).text
    await school.group(work, "Blue", [mara, jonas])
    # What one is granted holds for the group.
    await school.value(
        "insert into public.assignment_extensions (assignment_id, enrollment_id, due_date, reason)"
        " values ($1, $2, now() + interval '1 day', 'Was ill.')",
        work,
        school.enrollments[jonas.id],
    )
    page = unescape((await client.get(f"/assignments/{work}")).text)
    assert "Hand in for Blue" in page
    assert "Jonas Berg, you" in page
    assert "If you hand in now, nothing is taken off." in page
    await client.post_form(f"/assignments/{work}/submit", {"text": "Ours.", "number": "1", "sure": "1"})
    await client.login(jonas)
    page = unescape((await client.get(f"/assignments/{work}")).text)
    assert "by Mara Okafor" in page
    refused = await client.post_form(f"/assignments/{work}/submit", {"text": "Mine.", "number": "1", "sure": "1"})
    assert refused.status_code == 409
    rows = "select submission_number, late_penalty_applied, final_score, graded_apart from public.assignment_submissions order by member_id = $1"
    first = await school.value("select id from public.assignment_submissions where member_id = $1", mara.id)
    await school.speak(school.teacher, "select public.grade_submission($1, 80)", first)
    assert await school.rows(rows, mara.id) == [(1, 0, 80, False), (1, 0, 80, False)]
    await school.value("update public.assignment_submissions set graded_apart = true where member_id = $1", jonas.id)
    again = "select public.grade_submission($1, 70) from (select set_config('collegium.grade_reason', 'A slip.', true) offset 0) x"
    await school.speak(school.teacher, again + " where x.set_config <> ''", first)
    assert await school.rows(rows, mara.id) == [(1, 0, 80, True), (1, 0, 70, False)]
    assert await school.rows("select submissions_count, graded_count, score_sum from public.assignments") == [
        (2, 2, 150)
    ]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("insert into public.assignment_submissions (assignment_id) values ($1) returning id", "permission denied"),
        ("update public.assignment_submissions set submitted_at = 'epoch' where assignment_id = $1 returning id", "permission denied"),
        ("update public.assignments set due_date = 'infinity' where id = $1 returning id", None),
        ("insert into public.assignment_extensions (assignment_id, enrollment_id, reason) select $1, id, 'I' from public.enrollments"
         " returning id", "row-level security"),
        ("insert into public.assignment_drafts (assignment_id) values ($1) returning id", "permission denied"),
        ("insert into public.assignment_group_members (group_id, assignment_id, enrollment_id)"
         " select gen_random_uuid(), $1, id from public.enrollments returning id", "row-level security"),
        ("insert into public.media_files (assignment_id, purpose) values ($1, 'submission') returning id", "permission denied"),
        ("select public.submit_assignment($1, 'Late work.')", "takes nothing late"),
        ("select public.begin_submission_file($1, 10)", "takes nothing late"),
        ("select public.submit_assignment($1, p_files => '[{\"file_name\":\"a.pdf\",\"file_key\":\"assignment-submissions/../x/a.pdf\","
         "\"file_size\":9}]')", "files that you uploaded here"),
    ],
    ids=lambda value: str(value)[:60],
)  # fmt: skip
async def test_a_learner_with_sql_moves_no_deadline_and_submits_for_nobody(
    school: Class, sql: str, words: str | None
) -> None:
    late = {"due_date": datetime.now(UTC) - timedelta(hours=1), "late_submission_allowed": False}
    kind = "file_upload" if "p_files" in sql else "text_entry"
    work = await school.assignment(**({} if "p_files" in sql else late), submission_type=kind)
    if words is None:
        assert await school.speak(school.learners[0], sql, work) is None
    else:
        with pytest.raises(asyncpg.PostgresError, match=words):
            await school.speak(school.learners[0], sql, work)
    assert await school.value("select count(*) from public.assignment_submissions") == 0


async def test_what_is_not_there_is_not_found(client: Client, school: Class) -> None:
    draft = await school.assignment(status="draft")
    shut = await school.assignment(available_from=datetime.now(UTC) + timedelta(days=1), rubric=RUBRIC)
    await client.login(school.learners[0])
    for one in (draft, uuid4()):
        assert (await client.get(f"/assignments/{one}")).status_code == 404
        assert (await client.get(f"/api/v1/assignments/{one}")).status_code == 404
        assert (await client.post_json(f"/api/v1/assignments/{one}/submissions", {"text": "x"})).status_code == 403
    page = (await client.get(f"/assignments/{shut}")).text
    assert "This assignment opens on" in page
    assert "Write about both" not in page
    assert "Clarity" not in page
    assert (await client.post_form(f"/assignments/{shut}/submit", {"text": "Early."})).status_code == 409


async def test_teachers_see_what_learners_see(client: Client, school: Class) -> None:
    work = await school.assignment(lesson=True, status="draft")
    await client.login(school.teacher)
    assert "This is what learners see." in (await client.get(f"/assignments/{work}")).text
    leads = await client.get(f"/studio/{school.course.id}/lessons/{school.course.lessons[0].id}/assignment")
    assert leads.headers["location"].endswith(str(work))
    outline = await client.get(f"/studio/{school.course.id}")
    module = await school.value("select id from public.course_modules limit 1")
    await client.submit(outline, f"/studio/{school.course.id}/act", {"act": f"add-assignment module:{module}"})
    assert await school.rows(
        "select l.completion_criteria, a.status from public.assignments a join public.lessons l on l.id = a.lesson_id"
        " where l.title = 'New assignment'"
    ) == [("assignment_passed", "draft")]


async def test_numbers_without_an_end_are_refused_in_words(client: Client, school: Class) -> None:
    made = await school.assignment()
    await client.login(school.learners[0])
    for number in (10**30, -(10**30)):
        answer = await client.put(
            f"/api/v1/assignments/{made}/draft",
            json={"text": "x", "revision": number},
            headers={"x-csrf-token": await client.csrf()},
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "out_of_range")


async def test_peer_review_is_reached_from_the_assignment_and_counts_works(client: Client, school: Class) -> None:
    made = await school.assignment(group_mode=True, enable_peer_review=True, due_date=datetime(2099, 1, 1, tzinfo=UTC))
    studio = f"/studio/{school.course.id}/assignments/{made}"
    await client.login(school.teacher)
    assert f'href="{studio}/groups">Make groups</a>' in (await client.get(studio)).text
    await school.group(made, "First", school.learners)
    await client.login(school.learners[0])
    page = f"/assignments/{made}"
    assert "you are given work of others to review" in (await client.get(page)).text
    await school.speak(school.learners[0], "select public.submit_assignment($1, p_text => 'Ours.')::text", made)
    assert 'href="/peer-reviews"' in (await client.get(page)).text.split("<main", 1)[1]
    await client.login(school.teacher)
    peers = (await client.get(f"{studio}/peers")).text
    assert "1 work handed in" in peers
    assert "It begins by itself when the deadline has passed." in peers
    assert "Begin now" not in peers

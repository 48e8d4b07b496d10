"""Assignments in a real browser: built by keys alone, handed in with files over a broken connection; each page in two looks."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from tests.e2e.conftest import SignIn
from tests.features.assignments.support import RUBRIC, Class, make_class
from tests.features.uploads.support import picture
from tests.support.browser import NewPage, two_looks
from tests.support.database import Database

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
# A check takes a process of its own, which a busy machine starts late.
expect.set_options(timeout=30_000)
PICTURES = os.environ.get("ASSIGNMENT_PICTURES")


@pytest.fixture
async def school(database: Database) -> Class:
    return await make_class(database, 5)


async def looked_at(page: Page, address: str, name: str) -> None:
    """A page has no findings of axe and stays within its window. ASSIGNMENT_PICTURES names a folder for pictures."""

    async def again() -> None:
        await page.goto(address)

    await again()
    if name.startswith("builder"):
        await expect(page.locator(".editor-text [role=textbox]")).to_be_visible()
    # The outline beside a lesson is open or closed as the window is wide when the page begins.
    assert await two_looks(page, name, again=again if name == "lesson" else None, pictures=PICTURES) == []


async def test_built_by_keys_and_handed_in_over_a_broken_connection(
    new_page: NewPage, sign_in: SignIn, school: Class, tmp_path: Path
) -> None:
    page = await new_page()
    await sign_in(page, school.teacher)
    await page.goto(f"/studio/{school.course.id}/assignments")
    await page.get_by_label("Title").focus()
    await page.keyboard.type("Two policies")
    await page.keyboard.press("Enter")
    # The editor shows when the island is awake.
    text = page.locator(".editor-text [role=textbox]")
    await text.focus()
    await page.keyboard.type("Compare two policies of your own.")
    add = page.get_by_role("button", name="Add a criterion")
    for name, points in (("Clarity", "40"), ("Figures", "60")):
        await add.press("Enter")
        await page.keyboard.type(name)
        await page.keyboard.press("Tab")
        await page.keyboard.type(points)
    await expect(page.locator("[data-sum]")).to_have_text("2 criteria, 100 points together")
    await page.get_by_role("button", name="Move up: Figures").press("Enter")
    await page.get_by_label("Off for each day").fill("15")
    await expect(page.locator("[data-late-example]")).to_contain_text("two days late with 90 % becomes 60 %")
    await page.get_by_label("Learners hand in").select_option("both")
    await page.get_by_label("Plain text (.txt, .md)").check()
    await page.get_by_label("Pictures").check()
    await page.get_by_role("button", name="Save", exact=True).last.press("Enter")
    await expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Publish").press("Enter")
    await expect(page.locator(".page-head .state")).to_have_text("Published")
    assert await school.rows(
        "select rubric -> 0 ->> 'criterion', total_points, submission_type from public.assignments"
    ) == [("Figures", 100, "both")]

    work = await school.value("select id from public.assignments")
    learner = await new_page()
    await sign_in(learner, school.learners[0])
    await learner.goto(f"/assignments/{work}")
    await learner.locator(".ProseMirror").fill("Both pay for water. Only one pays for wind.")
    await expect(learner.get_by_text("Kept. Nothing is handed in yet.")).to_be_visible()
    sent: list[int] = []

    async def lose(route: Route) -> None:
        sent.append(int(route.request.headers["upload-offset"]))
        await (route.abort() if len(sent) == 1 else route.continue_())

    await learner.route(
        "**/uploads/*", lambda route: lose(route) if route.request.method == "PATCH" else route.continue_()
    )
    photo, notes = tmp_path / "house.png", tmp_path / "program.txt"
    photo.write_bytes(picture(320, 200))
    notes.write_bytes(b"<!doctype html><script>alert(1)</script>")
    await learner.locator("[data-input]").set_input_files([photo, notes])
    files = learner.get_by_role("list", name="Files to hand in")
    await expect(files.locator(".hi-file-name")).to_contain_text("house.png")
    await expect(learner.get_by_text("This is a web page, whatever its name says.").first).to_be_visible()
    assert len(sent) > 2, "it went on after the connection had broken"
    await learner.reload()
    await expect(files.locator(".hi-file-name")).to_contain_text("house.png")
    await expect(learner.locator(".ProseMirror")).to_have_text("Both pay for water. Only one pays for wind.")
    await learner.get_by_role("button", name="Hand in").press("Enter")
    await expect(learner.get_by_text("This is the last submission that is taken")).to_be_visible()
    await expect(learner.get_by_text("house.png")).to_be_visible()
    await learner.get_by_role("button", name="Hand it in").press("Enter")
    await expect(learner.get_by_text("Submission 1 is handed in")).to_be_visible()
    await expect(learner.get_by_text("1 file")).to_have_count(2)
    assert await school.value("select jsonb_array_length(file_attachments) from public.assignment_submissions") == 1


async def test_pages_are_accessible(new_page: NewPage, sign_in: SignIn, school: Class) -> None:
    due = datetime.now(UTC) - timedelta(hours=30)
    work = await school.assignment(
        lesson=True, rubric=RUBRIC, due_date=due, submission_type="both", max_submissions=3, late_penalty_percentage=10
    )
    together = await school.assignment(group_mode=True, title="A case for three")
    await school.assignment(status="draft", title="Being written", instructions_html=None, description="")
    mara = school.learners[0]
    await school.group(together, "Blue", school.learners[:2])
    await school.group(together, "Red", school.learners[2:3])
    await school.speak(mara, "select public.submit_assignment($1, 'Ours.')", together)
    await school.speak(mara, "select public.submit_assignment($1, 'Both pay for water.')", work)
    await school.value(
        "insert into public.assignment_extensions (assignment_id, enrollment_id, due_date, reason)"
        " values ($1, $2, now() + interval '3 days', 'Was ill.')",
        work,
        school.enrollments[school.learners[1].id],
    )
    await school.value(
        "insert into public.media_files (owner_id, purpose, filename, kind, byte_size, sha256, storage_key, state, assignment_id)"
        " values ($1, 'submission', 'My policy, both sides.pdf', 'document', 1250000, repeat('a', 64), 'x/y.pdf', 'ready', $2)",
        mara.id,
        work,
    )
    page = await new_page()
    await sign_in(page, school.teacher)
    here = f"/studio/{school.course.id}/assignments"
    for path, name in (
        ("", "list"),
        (f"/{work}", "builder"),
        (f"/{work}/extensions?q=jonas", "extensions"),
        (f"/{together}/groups", "groups"),
    ):
        await looked_at(page, here + path, name)
    page = await new_page()
    await sign_in(page, mara)
    await looked_at(page, f"/learn/{school.course.slug}/{school.course.lessons[0].id}", "lesson")
    receipt = await school.value("select id from public.assignment_submissions where assignment_id = $1", work)
    await looked_at(page, f"/assignments/{work}?receipt={receipt}", "assignment")
    await page.locator(".ProseMirror").fill("Better.")
    await page.get_by_role("button", name="Hand in").click()
    await expect(page.get_by_role("heading", name="Hand in “Compare two policies”?")).to_be_visible()
    assert await two_looks(page, "confirm", pictures=PICTURES) == []

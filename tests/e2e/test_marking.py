"""Work in a real browser: marked by keys, commented on in its place, read by its author; each page in two looks."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from tests.e2e.conftest import SignIn
from tests.features.documents.papers import SCRIPTED, paper
from tests.features.marking.support import Desk, file_of, make_desk
from tests.support.browser import NewPage, two_looks
from tests.support.database import Database
from tests.support.site import LiveServer, make_site

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
expect.set_options(timeout=15_000)
PICTURES = os.environ.get("MARKING_PICTURES")
LETTER = (
    "<p>You denied my claim of 3 May because the treatment was “not necessary”.</p><p>My doctor writes that it was."
    " Section 4 of the policy says that the doctor decides.</p><p>Please look at the claim again.</p>"
)


@pytest.fixture
async def desk(database: Database) -> Desk:
    return await make_desk(database, rubric=True)


async def picture(page: Page, name: str) -> None:
    """For whoever looks at the pages while changing them: MARKING_PICTURES names a folder."""
    if PICTURES:
        await page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


async def clean(page: Page, name: str) -> None:
    """A page has no findings of axe and stays within its window, at a desk and on a phone."""
    assert await two_looks(page, name, pictures=PICTURES) == []


async def select(page: Page, inside: str, words: str) -> None:
    """Selects words within the first element that a selector finds, as a mouse would."""
    await page.evaluate(
        """([inside, words]) => {
            const root = document.querySelector(inside);
            const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) {
                const at = walker.currentNode.data.indexOf(words);
                if (at < 0) continue;
                const range = document.createRange();
                range.setStart(walker.currentNode, at);
                range.setEnd(walker.currentNode, at + words.length);
                getSelection().removeAllRanges();
                getSelection().addRange(range);
                return;
            }
            throw new Error("no such words");
        }""",
        [inside, words],
    )


async def comment(page: Page, words: str) -> None:
    """Writes what the open composer asks for."""
    await expect(page.locator("#an-body")).to_be_focused()
    await page.keyboard.type(words)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".an-list")).to_contain_text(words)


async def test_work_is_commented_on_and_graded_by_keys(
    new_page: NewPage, sign_in: SignIn, desk: Desk, live_server: LiveServer
) -> None:
    site = make_site(live_server.site.settings)
    mara, liv = await desk.learner("Mara"), await desk.learner("Liv", "Berg")
    file = file_of(mara, "Letter.pdf", 9000)
    await site.storage.put(file["file_key"], paper(3, **SCRIPTED))
    due = datetime.now(UTC) - timedelta(hours=30)
    first = await desk.work(
        mara, None, submission_html=LETTER, file_attachments=[file], due_date=due, penalty_due=due,
        late_penalty_applied=20, penalty_days=2, penalty_per_day=10, submitted_at=datetime.now(UTC) - timedelta(hours=2),
    )  # fmt: skip
    await desk.work(liv)
    page = await new_page()
    await sign_in(page, desk.teacher)
    await page.goto(desk.listing)
    await page.get_by_role("link", name="Grade what waits").press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Mara Okafor")
    await page.wait_for_selector("[data-pdf][data-drawn] .reader-text")

    # In the text, on words of a page, at a point, and on a page as a whole.
    await select(page, "[data-text]", "the doctor decides")
    await page.get_by_role("button", name="Comment", exact=True).click()
    await comment(page, "Quote the section.")
    await select(page, ".reader-text", "the insurer gives its reason")
    await page.get_by_role("button", name="Mark", exact=True).click()
    await expect(page.locator(".an-list > li")).to_have_count(2)
    await page.get_by_role("button", name="Place a point").press("Enter")
    await page.locator(".reader-page").first.click(position={"x": 200, "y": 300})
    await comment(page, "A date is missing here.")
    await page.get_by_role("button", name="Comment on this page").press("Enter")
    await comment(page, "This page is clear.")
    await picture(page, "marking-in-use")
    # From the comment to its mark and back, by keys.
    await page.get_by_role("link", name="Comment 1: In the text").press("Enter")
    await expect(page.locator("[data-text] .an-pin")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".an-one").first).to_be_focused()
    await page.locator(".an-one").nth(3).locator("[data-show]").press("Enter")
    await expect(page.locator(".an-marks .an-pin:focus")).to_have_text("4")
    # Removed, and back.
    await page.get_by_role("button", name="Remove comment 2").click()
    await expect(page.locator(".an-list > li")).to_have_count(3)
    await page.get_by_role("button", name="Bring it back").press("Enter")
    await expect(page.locator(".an-list > li")).to_have_count(4)
    assert await page.evaluate("globalThis.pwned") is None, "nothing in a PDF runs"

    # Points by a click and by keys; what is unsaved is there again after the page was left.
    await page.get_by_role("button", name="60 points for Reasons").click()
    await page.get_by_label("Words", exact=True).focus()
    await page.keyboard.type("29")
    await page.keyboard.press("ArrowUp")
    await expect(page.locator("[data-final-score]")).to_have_text("70")
    await page.get_by_role("textbox", name="Feedback").click()
    await page.keyboard.type("Well argued.")
    await page.locator("h1").click()
    await page.keyboard.press("j")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Liv Berg")
    await expect(page.locator("[data-ready]")).to_have_count(2)
    await page.locator("h1").click()
    await page.keyboard.press("k")
    await expect(page.locator("[data-draft]")).to_contain_text("is back")
    await expect(page.locator("[data-final-score]")).to_have_text("70")
    await expect(page.get_by_role("textbox", name="Feedback")).to_contain_text("Well argued.")
    await page.get_by_label("Words", exact=True).press("Control+Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Liv Berg")
    await expect(page.get_by_role("status").first).to_contain_text("Mara Okafor is graded: 70 %")
    assert await desk.rows(
        "select points_earned, final_score, instructor_feedback_html from public.assignment_submissions where id = $1",
        first,
    ) == [(90, 70, "<p>Well argued.</p>")]

    formula = '<p>Well argued: <span data-math="x^2"></span>.</p>'
    await desk.value(
        "update public.assignment_submissions set instructor_feedback_html = $2 where id = $1", first, formula
    )
    learner = await new_page(width=390)
    await sign_in(learner, mara)
    await learner.goto(f"/submissions/{first}")
    await expect(learner.locator(".prose .katex")).to_have_count(1)
    await expect(learner.locator(".an-list > li")).to_have_count(4)
    await learner.get_by_role("link", name="Comment 1: In the text").click()
    await expect(learner.locator("[data-text] .an-pin")).to_be_focused()
    await expect(learner.get_by_text("2 days late, 10 % a day: 20 % off")).to_be_visible()
    await expect(learner.locator("[data-remove], [data-composer], .an-acts:visible")).to_have_count(0)


async def test_pages_are_accessible(new_page: NewPage, sign_in: SignIn, desk: Desk, live_server: LiveServer) -> None:
    site = make_site(live_server.site.settings)
    mara = await desk.learner("Mara")
    for first, last in (("Liv", "Berg"), ("Anton", "Weiss")):
        await desk.work(await desk.learner(first, last))
    await desk.learner("Noor", "Haddad")
    files = [
        file_of(mara, "A letter with a rather long name, second version.pdf", 9000),
        file_of(mara, "Sums.xlsx", 4000),
    ]
    await site.storage.put(files[0]["file_key"], paper(2))
    due = datetime.now(UTC) - timedelta(hours=30)
    work = await desk.work(
        mara, None, submission_html=LETTER, file_attachments=files, submission_url="https://example.org/appeal",
        due_date=due, penalty_due=due, late_penalty_applied=20, penalty_days=2, penalty_per_day=10,
    )  # fmt: skip
    say = "insert into public.submission_annotations (submission_id, file_number, page, rects, text_start, text_end, quote, body)"
    await desk.say(
        desk.teacher, f"{say} values ($1, 1, 1, '[[0.1, 0.18, 0.4, 0.02]]', null, null, 'Line 1', 'Say which.')", work
    )
    await desk.say(desk.teacher, f"{say} values ($1, null, null, null, 4, 10, 'denied', 'When?')", work)
    page = await new_page()
    await sign_in(page, desk.teacher)
    await page.goto(desk.listing)
    await clean(page, "list")
    await page.goto(desk.page(work))
    await page.wait_for_selector(".an-marks .an-pin")
    await expect(page.get_by_role("textbox", name="Feedback")).to_be_visible()
    await clean(page, "mark")
    await desk.say(
        desk.teacher,
        'select (public.mark_submission($1, null, \'{"Reasons": 50, "Words": 30}\', \'{"Reasons": "Two of three."}\','
        " '<p>Well argued. Name the section that you rely on.</p>', 'resubmission_requested', null, null)).id",
        work,
    )
    await sign_in(page, mara)
    await page.goto(f"/submissions/{work}")
    await page.wait_for_selector(".an-marks .an-pin")
    await clean(page, "result")

"""Peer review in real browsers: somebody reviews, his draft is kept as he writes, an instructor sees who is awaited."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.features.peer_reviews.support import make_circle
from tests.features.publishing.test_publishing_browser import sign_in
from tests.support.browser import NewPage, axe_findings, scrolls_sideways, two_looks
from tests.support.database import Database
from tests.support.site import LiveServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


async def look(page: Page, name: str) -> None:
    """Nothing that axe finds, nothing that scrolls sideways; a picture where COLLEGIUM_PICTURES names a folder."""
    assert await axe_findings(page) == [], name
    assert not await scrolls_sideways(page), name
    if folder := os.environ.get("COLLEGIUM_PICTURES"):
        width = page.viewport_size["width"] if page.viewport_size else 0
        await page.screenshot(path=Path(folder) / f"peers-{name}-{width}.png", full_page=True)


async def test_from_the_sample_to_what_the_instructor_sees(
    database: Database, live_server: LiveServer, new_page: NewPage
) -> None:
    circle = await make_circle(database, ("Anna", "Boris", "Chidi", "Dunja"))
    anna, boris, chidi, dunja = circle.people
    await circle.value(
        "with s as (update public.peer_review_settings set calibration = true, grade_share = 40 where assignment_id = $1)"
        " insert into public.peer_samples (assignment_id, course_id, position, sample_text, points, rubric_scores, feedback)"
        " values ($1, $2, 1, 'A sample of a memo, as it might be.', 60, '{\"Argument\": 40, \"Form\": 20}', 'Thin on consequences.')"
        " returning id",
        circle.assignment,
        circle.course.id,
    )
    await circle.allot()
    page = await new_page()
    await sign_in(page, anna, database, live_server)
    await page.goto("/peer-reviews")
    await look(page, "mine")
    await page.get_by_role("link", name="A memo on risk").first.click()
    await expect(page.get_by_role("heading", name="Samples to mark first")).to_be_visible()
    await page.get_by_label("Argument").fill("50")
    await page.get_by_label("Form").fill("22,5")
    await expect(page.locator("[data-total]")).to_have_text("72.5 of 100 points")
    await look(page, "sample")
    await page.get_by_role("button", name="Mark this sample").click()
    await expect(page.get_by_text("Thin on consequences.")).to_be_visible()
    await look(page, "marked")
    await page.get_by_role("link", name="Go on to the review").click()
    words = page.locator(".rich-field").get_by_role("textbox", name="What you would tell the author")
    # A draft is kept without being asked for, and is there after a reload.
    async with page.expect_response(lambda answer: "=48" in (answer.request.post_data or "") and answer.ok):
        await words.click()
        await page.keyboard.type("Your ")
        await page.keyboard.press("Control+b")
        await page.keyboard.type("first point")
        await page.keyboard.press("Control+b")
        await page.keyboard.type(" is strong.")
        await page.get_by_label("Argument").fill("48")
    await expect(page.locator("[data-saved]")).to_contain_text("Draft kept")
    await page.reload()
    await expect(words).to_have_text("Your first point is strong.")
    await expect(words.locator("strong")).to_have_text("first point")
    await look(page, "review")
    await page.get_by_label("Form", exact=True).fill("31")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("Your review is handed in")).to_be_visible()
    kept = await circle.value("select feedback_html from public.assignment_reviews where status = 'completed'")
    assert kept == "<p>Your <strong>first point</strong> is strong.</p>"

    for person in (boris, chidi):
        await circle.value(
            "insert into public.peer_calibrations (sample_id, course_id, reviewer_id, points, off)"
            " select id, course_id, $1, 60, 0.02 from public.peer_samples returning id",
            person.id,
        )
        await circle.write(person, 80, "<p>I could follow every step.</p>")
    await circle.write(anna, 64, "<p>Say what follows from it.</p>")
    narrow = await new_page(width=390, theme="dark")
    await sign_in(narrow, anna, database, live_server)
    await narrow.goto("/peer-reviews")
    await expect(narrow.get_by_text("Reviewer 1")).to_be_visible()
    await look(narrow, "received")
    done = await circle.value("select id from public.assignment_reviews where reviewer_id = $1 limit 1", anna.id)
    await narrow.goto(f"/peer-reviews/{done}")
    await look(narrow, "written")

    await circle.value(
        "update public.peer_review_states set state = 'fallback', settled_at = now(), reason = 'Only 4 works were handed in, too few for 9 reviews each.'"
        " where state = 'waiting' and received = 1 returning 1"
    )
    work = await circle.value("select id from public.assignment_submissions where member_id = $1", dunja.id)
    studio = await new_page()
    await sign_in(studio, circle.teacher, database, live_server)
    for name, suffix in (
        ("progress", ""),
        ("calibration", "/calibration"),
        ("settings", "/settings"),
        ("work", f"/works/{work}"),
    ):
        await studio.goto(circle.path + suffix)
        assert await two_looks(studio, f"peers-{name}", pictures=os.environ.get("COLLEGIUM_PICTURES")) == []
    # Who reviews whom is chance; the instructor sees a name.
    await expect(studio.get_by_role("heading", level=3, name="Verynamed").first).to_be_visible()

"""Taking a quiz in a real browser: by mouse, by keyboard alone, without a connection, in two tabs, and past the deadline."""

from __future__ import annotations

import asyncio
import re

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.e2e.conftest import SignIn
from tests.features.attempts.exams import NINE, Exam, add_exam, begin
from tests.support.browser import NewPage, two_looks
from tests.support.database import Database

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
ALL = tuple(NINE)


@pytest_asyncio.fixture
async def exam(database: Database) -> Exam:
    return await add_exam(database, ALL)


async def saved(page: Page) -> None:
    """Waits until nothing is left to be saved."""
    await expect(page.locator("[data-saved]")).to_have_text("All answers are saved", timeout=20_000)


async def hand_in(page: Page) -> None:
    await page.get_by_role("button", name="Review and hand in").click()
    await page.get_by_role("button", name="Hand in").click()
    await page.wait_for_url("**/result")


async def test_all_nine_types_by_mouse(exam: Exam, new_page: NewPage, sign_in: SignIn) -> None:
    page = await new_page()
    await sign_in(page, exam.learner)
    await page.goto(f"/learn/{exam.course.slug}/{exam.lesson}")
    await page.get_by_role("button", name="Start the quiz").click()
    await page.wait_for_selector("[data-alive]")
    await page.get_by_label("The insured").first.check()
    await page.get_by_label("True").check()
    third = page.locator("[data-question='3']")
    await third.get_by_label("The insurer").check()
    await third.get_by_label("The insured").check()
    await page.locator("#q4").fill("a claim")
    await page.locator("#q5").fill("Because people err.")
    await page.get_by_label("Blank 1").fill("a letter")
    await page.get_by_label("Blank 2").fill("a decision")
    piece = page.locator(".quiz-match-piece")
    await piece.get_by_text("Paid by the insured").drag_to(page.locator("[data-left='1']"))
    await page.get_by_label("Claim", exact=True).select_option(label="Paid by the insurer")
    order = page.locator("[data-question='8'] .quiz-order-item")
    for wanted, text in enumerate(("Read the letter", "Note the date", "Appeal")):
        item = order.filter(has_text=text)
        while (await order.all_inner_texts()).index(await item.inner_text()) > wanted:
            await page.get_by_role("button", name=f"Move {text} up").click()
    keep = page.get_by_role("button", name="Keep this order")
    if await keep.is_visible():
        await keep.click()
    await page.locator("#q9").fill("12,4")
    await page.locator("#q9-unit").fill("g")
    await page.get_by_role("button", name="Mark to look at again").nth(1).click()
    await saved(page)
    await expect(page.locator("[data-tally]")).to_have_text("9")
    await page.get_by_role("button", name="Review and hand in").click()
    await expect(page.get_by_role("region", name="Marked to look at again")).to_contain_text("Question 2")
    await page.get_by_role("button", name="Hand in").click()
    await page.wait_for_url("**/result")
    assert await page.get_by_text("Right: 2 points").count() == 8
    await expect(page.get_by_text("1 answer waits for a person's grade")).to_be_visible()


async def tab_to(page: Page, wanted: str) -> None:
    """Presses Tab until the focus is where a selector says."""
    for _ in range(80):
        if await page.evaluate("s => document.activeElement?.matches(s) ?? false", wanted):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {wanted}")


async def test_all_nine_types_by_keyboard_alone(exam: Exam, new_page: NewPage, sign_in: SignIn) -> None:
    page = await new_page()
    keys = page.keyboard
    await sign_in(page, exam.learner)
    await page.goto(f"/quizzes/{exam.quiz}")
    await tab_to(page, "form[action$='/start'] button")
    await keys.press("Enter")
    await page.wait_for_selector("[data-alive]")
    await tab_to(page, "[name=q1]")
    for _ in range(2):
        await keys.press("ArrowDown")
    await page.locator("[name=q1][value='3']:checked").wait_for()
    await tab_to(page, "[name=q2]")
    await keys.press("Space")
    for value in ("1", "3"):
        await tab_to(page, f"[name=q3][value='{value}']")
        await keys.press("Space")
    for field, text in (("#q4", "claim"), ("#q5", "Because."), ("#q6-1", "a letter"), ("#q6-2", "a decision")):
        await tab_to(page, field)
        await keys.type(text)
    for field, letters in (("#q7-1", "Paid by the insured"), ("#q7-2", "Paid by the insurer")):
        await tab_to(page, field)
        await keys.type(letters)
    items = page.locator("[data-question='8'] .quiz-order-text")
    for wanted, text in enumerate(("Read the letter", "Note the date")):
        while (at := (await items.all_inner_texts()).index(text)) > wanted:
            await page.locator(f"[aria-label='Move {text} up']").focus()
            await keys.press("Enter")
            await expect(page.locator("[data-island] > [role=status]")).to_have_text(f"{text} is now {at} of 3.")
    if await page.get_by_role("button", name="Keep this order").is_visible():
        await page.get_by_role("button", name="Keep this order").focus()
        await keys.press("Enter")
    await tab_to(page, "#q9")
    await keys.type("12.6")
    await tab_to(page, "#q9-unit")
    await keys.type("g")
    await saved(page)
    await tab_to(page, "[data-review]")
    await keys.press("Enter")
    await page.wait_for_url("**/review")
    await tab_to(page, "form[action$='/submit'] button")
    await keys.press("Enter")
    await page.wait_for_url("**/result")
    assert await page.get_by_text("Right: 2 points").count() == 8


async def test_offline_in_the_middle(exam: Exam, new_page: NewPage, sign_in: SignIn) -> None:
    attempt = await begin(exam)
    page = await new_page()
    await sign_in(page, exam.learner)
    await page.goto(f"/attempts/{attempt}")
    await page.wait_for_selector("[data-alive]")
    await page.get_by_label("True").check()
    await saved(page)
    await page.context.set_offline(True)
    await page.locator("#q4").fill("claim")
    await page.get_by_label("The insured").first.check()
    kept = "Not saved yet: you are offline; kept on this device"
    await expect(page.locator("[data-saved]")).to_have_text(kept)
    await expect(page.locator("[data-state='4']")).to_have_text(kept)
    await page.get_by_role("button", name="Review and hand in").click()
    await expect(page.locator("[data-told]")).to_contain_text("They are kept on this device")
    assert await exam.value("select count(*) from public.quiz_answers") == 1
    # The lid is closed and the page is gone; another one is opened when the line is back.
    again = await page.context.new_page()
    await page.close(run_before_unload=False)
    await again.context.set_offline(False)
    await again.goto(f"/attempts/{attempt}")
    await expect(again.locator("#q4")).to_have_value("claim")
    await saved(again)
    await hand_in(again)
    assert await again.get_by_text("Right: 2 points").count() == 3


async def test_two_tabs(exam: Exam, new_page: NewPage, sign_in: SignIn) -> None:
    attempt = await begin(exam)
    first = await new_page()
    await sign_in(first, exam.learner)
    second = await first.context.new_page()
    for page in (first, second):
        await page.goto(f"/attempts/{attempt}")
        await page.wait_for_selector("[data-alive]")
    await first.locator("#q4").fill("from the first tab")
    await expect(second.locator("#q4")).to_have_value("from the first tab")
    # Another device knows nothing of this one's tabs.
    device = await new_page(width=390)
    await sign_in(device, exam.learner)
    await device.goto(f"/attempts/{attempt}")
    await device.wait_for_selector("[data-alive]")
    for text in ("once", "twice"):
        await second.locator("#q4").fill(text)
        await saved(second)
        await expect(second.locator("[data-state='4']")).to_have_text("Saved")
    await device.locator("#q4").fill("late, on another device")
    await expect(device.locator("#q4")).to_have_value("twice")
    await expect(device.locator("[data-state='4']")).to_have_text("A newer answer from another tab or device is shown")
    await hand_in(first)
    await second.wait_for_url("**/result")


async def test_time_runs_out_with_the_browser_closed(exam: Exam, new_page: NewPage, sign_in: SignIn) -> None:
    await exam.change("time_limit_minutes = 30")
    attempt = await begin(exam)
    page = await new_page()
    await sign_in(page, exam.learner)
    async with exam.database.connect() as owner:
        await owner.execute("update public.quiz_attempts set deadline_at = now() + interval '58 seconds'")
    await page.goto(f"/attempts/{attempt}")
    await expect(page.locator("[data-alert]")).to_have_text("One minute is left.")
    await expect(page.locator("[data-clock]")).to_have_text(re.compile(r"0:5\d left"))
    await page.locator("[name=q2][value='1']").check()
    await saved(page)
    await page.close()
    async with exam.database.connect() as owner:
        await owner.execute("update public.quiz_attempts set deadline_at = now()")
        for _ in range(40):
            if await owner.fetchval("select status from public.quiz_attempts") == "graded":
                break
            await asyncio.sleep(0.25)
    later = await new_page()
    await sign_in(later, exam.learner)
    await later.goto(f"/attempts/{attempt}")
    await expect(later.get_by_text("when the time was up")).to_be_visible()
    assert await later.get_by_text("Right: 2 points").count() == 1


async def test_time_runs_out_on_the_page(exam: Exam, new_page: NewPage, sign_in: SignIn) -> None:
    attempt = await begin(exam)
    page = await new_page()
    await sign_in(page, exam.learner)
    async with exam.database.connect() as owner:
        await owner.execute("update public.quiz_attempts set deadline_at = clock_timestamp() + interval '6 seconds'")
    await page.goto(f"/attempts/{attempt}")
    await page.wait_for_selector("[data-alive]")
    await page.locator("#q4").fill("claim")
    await page.wait_for_url("**/result", timeout=20_000)
    assert await page.get_by_text("Right: 2 points").count() == 1, "what was typed last is in it"


async def test_what_a_screen_reader_hears(exam: Exam, new_page: NewPage, sign_in: SignIn) -> None:
    attempt = await begin(exam)
    page = await new_page()
    await sign_in(page, exam.learner)
    await page.goto(f"/attempts/{attempt}")
    await page.wait_for_selector("[data-alive]")
    matching = await page.locator("[data-question='7']").aria_snapshot()
    assert 'combobox "Premium"' in matching
    assert 'combobox "Claim"' in matching
    assert 'option "Paid by nobody"' in matching
    assert matching.count("Paid by nobody") == 2, "the pieces to drag are for the mouse alone"
    ordering = await page.locator("[data-question='8']").aria_snapshot()
    for text in ("Read the letter", "Note the date", "Appeal"):
        assert f'button "Move {text} up"' in ordering
        assert f'button "Move {text} down"' in ordering
    assert "As they stand now they are not an answer yet." in ordering
    assert 'group "Question 8 2 points"' in ordering
    places = await page.get_by_role("navigation", name="Questions").aria_snapshot()
    assert 'link "Question 8, not answered"' in places


async def test_the_pages_are_clean(exam: Exam, new_page: NewPage, sign_in: SignIn) -> None:
    page = await new_page()
    await sign_in(page, exam.learner)
    attempt = await begin(exam)
    paths = [
        f"/quizzes/{exam.quiz}",
        f"/learn/{exam.course.slug}/{exam.lesson}",
        f"/attempts/{attempt}",
        f"/attempts/{attempt}/review",
    ]
    for path in paths:
        await page.goto(path)
        if path.endswith(str(attempt)):
            await page.wait_for_selector("[data-alive]")
            await page.locator("[name=q2][value='1']").check()
            await page.locator("#q6-1").fill("a letter")
            await saved(page)
        # The outline beside a lesson is open or closed as the window is wide when the page begins.
        assert await two_looks(page, again=page.reload if path.startswith("/learn/") else None) == []
    await page.get_by_role("button", name="Hand in").click()
    await page.wait_for_url("**/result")
    assert await two_looks(page) == []

"""The gradebook in a real browser: graded by keys alone; each page in two looks."""

from __future__ import annotations

import os

import pytest
from playwright.async_api import Page, expect

from tests.e2e.conftest import SignIn
from tests.features.gradebook.support import Book, make_book
from tests.support.browser import NewPage, two_looks
from tests.support.database import Database

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
expect.set_options(timeout=15_000)
PICTURES = os.environ.get("GRADEBOOK_PICTURES")


@pytest.fixture
async def book(database: Database) -> Book:
    made = await make_book(database, "Mara", "Liv", "Åsa")
    await made.crowd(117)
    return made


def cell(page: Page, row: int, column: int) -> str:
    return f".gb-row[aria-rowindex='{row + 1}'] [aria-colindex='{column + 2}']"


async def test_grades_are_written_by_keys_alone(new_page: NewPage, sign_in: SignIn, book: Book) -> None:
    school = book.school
    talk = await book.column("Talk", 20)
    quiz = await school.quiz(await school.question("One"), status="published", title="Claims")
    await school.attempt(book.people[0], quiz, {1: {"selected": "2"}})
    page = await new_page()
    await sign_in(page, school.teacher)
    await page.goto(book.path)
    await expect(page.locator("[data-island=gradebook][data-ready]")).to_be_visible()
    assert len(await page.locator(".gb-cell").all()) < 120 * 2  # Only what is in sight.
    keys = page.keyboard
    for _ in range(60):
        await keys.press("Tab")
        if await page.evaluate("document.activeElement.classList.contains('gb-cell')"):
            break
    # Talk stands first; the quiz is to the right of it.
    await keys.type("15,5")
    await keys.press("Enter")
    await keys.type("21")
    await keys.press("Enter")
    await expect(page.locator("#gb-status")).to_contain_text("more than the 20 points")
    await keys.press("Escape")
    await keys.type("EX")
    await keys.press("Tab")
    await expect(page.locator("#gb-status")).to_have_text("All grades are saved")
    assert await school.value("select count(*) from public.gradebook_cells where points = 15.5 or excused") == 2
    # A score of the quiz itself asks why.
    await page.goto(f"{book.path}?q=Mara")
    await expect(page.locator(cell(page, 1, 2))).to_have_text("1")
    await page.locator(cell(page, 1, 2)).focus()
    await keys.type("0.5")
    await keys.press("Enter")
    await expect(page.get_by_label("Reason")).to_be_focused()
    await keys.type("Sat it on paper")
    await keys.press("Enter")
    await expect(page.locator("#gb-status")).to_have_text("All grades are saved")
    await keys.press("Space")
    panel = page.get_by_label("Details of the cell").last
    await expect(panel).to_contain_text("Sat it on paper")
    await expect(panel.get_by_role("link")).to_have_count(1)
    await keys.press("Control+z")
    await expect(page.locator(cell(page, 1, 2))).to_have_text("1")
    # Without a connection grades wait, and say so.
    await expect(page.locator("#gb-status")).to_have_text("All grades are saved")
    await page.context.set_offline(True)
    await page.locator(cell(page, 1, 1)).focus()
    await keys.type("7")
    await keys.press("Enter")
    await expect(page.locator("#gb-status")).to_contain_text("No connection: 1 grade")
    await page.context.set_offline(False)
    await expect(page.locator("#gb-status")).to_have_text("All grades are saved")
    # Somebody else was quicker.
    await book.grade(talk, 9)
    await page.locator(cell(page, 1, 1)).focus()
    await keys.type("3")
    await keys.press("Enter")
    await expect(page.locator("#gb-status")).to_contain_text("somebody else wrote 9 meanwhile")
    await expect(page.locator(cell(page, 1, 1))).to_contain_text("9")


async def paste(page: Page, text: str) -> None:
    """Puts a text on the clipboard, as a spreadsheet does, and pastes it."""
    await page.evaluate("text => navigator.clipboard.writeText(text)", text)
    await page.keyboard.press("Control+v")


async def test_a_block_of_a_spreadsheet_is_pasted(new_page: NewPage, sign_in: SignIn, book: Book) -> None:
    talk, essay = await book.column("Talk", 20), await book.column("Essay", 50)
    grades = "select count(*) filter (where points is not null), sum(points), count(*) filter (where excused) from public.gradebook_cells where item_id = $1"
    page = await new_page()
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await sign_in(page, book.school.teacher)
    await page.goto(book.path)
    await expect(page.locator("[data-island=gradebook][data-ready]")).to_be_visible()
    status = page.locator("#gb-status")
    await page.locator(cell(page, 1, 1)).click()
    # Larger than what is in sight; an empty cell says nothing.
    await paste(page, "".join(f"{n % 20}\t{'' if n % 2 else '7,5'}\r\n" for n in range(100)))
    await expect(status).to_have_text("All grades are saved")
    assert await book.school.rows(grades, talk) == [(100, 950, 0)]
    assert await book.school.rows(grades, essay) == [(50, 375, 0)]
    await page.locator(cell(page, 1, 1)).click()
    for block, words in (
        ("1\n21\n", "more than the 20 points"),
        ("1\n" * 121, "larger than what is below"),
        ("1\tx", "no number"),
    ):
        await paste(page, block)
        await expect(status).to_contain_text(words)
    assert await book.school.rows(grades, talk) == [(100, 950, 0)]
    await page.keyboard.press("Control+z")
    await expect(status).to_have_text("All grades are saved")
    assert await book.school.rows(grades, talk) == [(0, None, 0)]
    # Into an open field a block goes the same way, and one value into the field.
    await page.locator(cell(page, 2, 1)).dblclick()
    await paste(page, "3\tEX\n4\t5\n")
    await expect(status).to_have_text("All grades are saved")
    assert await book.school.rows(grades, talk) == [(2, 7, 0)]
    assert await book.school.rows(grades, essay) == [(1, 5, 1)]
    await page.locator(cell(page, 4, 1)).dblclick()
    await paste(page, "6")
    await page.keyboard.press("Enter")
    await expect(page.locator(cell(page, 4, 1))).to_have_text("6")


async def test_pages_are_accessible(new_page: NewPage, sign_in: SignIn, book: Book) -> None:
    talk = await book.column("Talk about a claim that was denied", 20)
    exams = await book.category("Exams", 300, drop=1)
    items = [talk, *[await book.column(f"Exam {n}", 50, exams) for n in range(1, 15)]]
    for item, points in zip(items, (15, 44, 0, 31), strict=False):
        await book.grade(item, points, comment="Clear and to the point.")
    await book.grade(items[5], None, excused=True, reason="Was ill")
    page = await new_page()
    await sign_in(page, book.school.teacher)
    grid = f"{book.path}?sort=-{talk}"
    await page.goto(grid)
    await expect(page.locator("[data-island=gradebook][data-ready]")).to_be_visible()
    await page.get_by_role("gridcell", name="15").first.click()
    await page.get_by_role("button", name="Details of the cell").click()
    await expect(page.locator(".gb-log")).to_be_visible()
    # The grid begins only where there is room for it: on a phone the page is another one.
    assert await two_looks(page, "grid", again=lambda: page.goto(grid), pictures=PICTURES) == []
    for name, place in (("learner", f"/learners/{book.enrollments[0]}"), ("setup", "/setup"), ("import", "/import")):
        await page.goto(book.path + place)
        assert await two_looks(page, name, pictures=PICTURES) == []
    await sign_in(page, book.people[0])
    await page.goto(f"/learn/{book.school.course.slug}/grades")
    assert await two_looks(page, "mine", pictures=PICTURES) == []

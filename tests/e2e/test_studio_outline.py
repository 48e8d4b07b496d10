"""The outline in a real browser: built by keys alone, dragged, on a phone, and by two people at once."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.e2e.conftest import SignIn
from tests.support.browser import NewPage, axe_findings, two_looks
from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, add_course, add_person

pytestmark = pytest.mark.e2e
Shown = list[tuple[str, list[str]]]
SHOWN = """() => [...document.querySelectorAll('.ol-module')].map(module => [
    module.dataset.title, [...module.querySelectorAll('.ol-lesson')].map(lesson => lesson.dataset.title)
])"""


async def shown(page: Page) -> Shown:
    """Modules and their lessons as the page shows them."""
    found: list[list[object]] = await page.evaluate(SHOWN)
    return [(str(title), [str(lesson) for lesson in lessons]) for title, lessons in found]  # type: ignore[attr-defined]


async def kept(database: Database, course: str) -> Shown:
    """Modules and their lessons as the database has them."""
    async with database.connect() as owner:
        rows = await owner.fetch(
            "select m.title, array(select l.title from public.lessons l where l.module_id = m.id and l.state <> 'retired'"
            " order by l.lesson_order) as lessons from public.course_modules m join public.courses c on c.id = m.course_id"
            " where c.title = $1 and m.state <> 'retired' order by m.module_order",
            course,
        )
        return [(row["title"], row["lessons"]) for row in rows]


async def saved(page: Page) -> None:
    await expect(page.locator("#ol-status")).to_have_text("Saved")


@pytest.fixture
async def teacher(database: Database) -> Person:
    return await add_person(database, "instructor", first_name="Ines", last_name="Lindqvist", time_zone="Europe/Berlin")


async def annuities(database: Database, teacher: Person) -> Course:
    modules = [[Lesson("a", video=60), Lesson("b"), Lesson("c")], [Lesson("d", unlock_after="a"), Lesson("e")]]
    return await add_course(database, "Annuities", instructor=teacher, modules=modules, status="draft")


async def tab_to(page: Page, selector: str) -> None:
    """Goes on with the Tab key until the focus is there."""
    for _ in range(80):
        await page.keyboard.press("Tab")
        if await page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab never came to {selector}")


async def add_by_keys(page: Page, module: int, kind: str, title: str) -> None:
    """From anywhere: opens the module's menu, chooses a type, types the title."""
    await page.locator(".ol-add > summary").nth(module).focus()
    await page.keyboard.press("Enter")
    await tab_to(page, f"button[value^='add-{kind} ']")
    await page.keyboard.press("Enter")
    field = page.locator(".ol-rename")
    await expect(field).to_be_focused()
    await page.keyboard.type(title)
    await page.keyboard.press("Enter")
    await saved(page)


async def test_an_outline_is_built_by_keys_alone(
    new_page: NewPage, sign_in: SignIn, teacher: Person, database: Database
) -> None:
    page = await new_page()
    await sign_in(page, teacher)
    await page.goto("/studio")
    await tab_to(page, "a[href='/studio/new']")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/studio/new")
    await expect(page.get_by_label("Title")).to_be_focused()
    await page.keyboard.type("Annuities")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Life")
    await tab_to(page, "main form .btn-primary")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Outline")
    await tab_to(page, "#new-module")
    for number, title in enumerate(("Basics", "Contracts"), 1):
        await page.keyboard.type(title)
        await page.keyboard.press("Enter")
        await expect(page.locator(".ol-module")).to_have_count(number)
        await expect(page.locator("#new-module")).to_be_focused()
    for module, kind, title in (
        (0, "video", "Welcome"),
        (0, "text", "Terms"),
        (1, "pdf", "A contract"),
        (0, "text", "History"),
    ):
        await add_by_keys(page, module, kind, title)
    assert await shown(page) == [("Basics", ["Welcome", "Terms", "History"]), ("Contracts", ["A contract"])]

    said = page.locator("#ol-said")
    await page.get_by_role("button", name="Move Terms").focus()
    await page.keyboard.press("Space")
    await expect(said).to_contain_text("Picked up Terms, position 2 of 3 in Basics.")
    for place in ("position 3 of 3 in Basics", "position 1 of 2 in Contracts", "position 2 of 2 in Contracts"):
        await page.keyboard.press("ArrowDown")
        await expect(said).to_have_text(f"Terms, {place}.")
    await page.keyboard.press("ArrowDown")
    await expect(said).to_contain_text("stays")
    await page.keyboard.press("Escape")
    await expect(said).to_have_text("Terms is back at position 2 of 3 in Basics.")
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Space")
    await expect(said).to_have_text("Dropped Terms, position 1 of 3 in Basics.")
    await expect(page.get_by_role("button", name="Move Terms")).to_be_focused()
    await saved(page)
    await page.get_by_role("button", name="Move Contracts").focus()
    for key in ("Space", "ArrowUp", "Space"):
        await page.keyboard.press(key)
    await saved(page)
    order = [("Contracts", ["A contract"]), ("Basics", ["Terms", "Welcome", "History"])]
    assert await shown(page) == await kept(database, "Annuities") == order

    # The same by choosing a place, then all of it undone.
    await page.get_by_role("button", name="Move History").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#ol-move")).to_be_visible()
    await page.keyboard.press("c")
    await tab_to(page, "#move-after")
    await page.keyboard.press("f")
    await tab_to(page, "button[value='yes']")
    await page.keyboard.press("Enter")
    await expect(page.locator("#ol-move")).to_be_hidden()
    await expect(page.get_by_role("button", name="Move History")).to_be_focused()
    await saved(page)
    assert await kept(database, "Annuities") == [
        ("Contracts", ["History", "A contract"]),
        ("Basics", ["Terms", "Welcome"]),
    ]
    await page.keyboard.press("Control+z")
    await expect(said).to_have_text("The last move is undone.")
    await saved(page)
    await expect(page.locator("#ol-status")).to_have_text("Saved")
    assert await shown(page) == order

    # Renaming, duplicating, removing and bringing back.
    await page.get_by_role("button", name="Move Terms").focus()
    await page.keyboard.press("F2")
    await page.keyboard.type("Words")
    await page.keyboard.press("Escape")
    await expect(page.locator(".ol-rename")).to_have_count(0)
    await page.keyboard.press("F2")
    await page.keyboard.type("Words that matter")
    await page.keyboard.press("Enter")
    await saved(page)
    await page.get_by_role("button", name="Move Words that matter").press("Shift+Tab")
    await page.keyboard.press("Space")
    await expect(page.locator("[data-count]")).to_have_text("1 lesson chosen")
    await tab_to(page, "button[value='optional']")
    await page.keyboard.press("Enter")
    await expect(page.locator(".ol-lesson", has_text="Words that matter")).to_contain_text("Optional")
    await page.locator("summary", has_text="More for Words that matter").focus()
    await page.keyboard.press("Enter")
    await tab_to(page, "button[value^='remove ']")
    await page.keyboard.press("Enter")
    await expect(page.locator(".ol-toast")).to_contain_text("“Words that matter” is removed.")
    await expect(page.locator(".ol-lesson", has_text="Words that matter")).to_have_count(0)
    await page.keyboard.press("Control+z")
    await expect(page.locator(".ol-lesson", has_text="Words that matter")).to_have_count(1)
    await expect(page.get_by_role("button", name="Move Words that matter")).to_be_focused()
    assert await kept(database, "Annuities") == [
        ("Contracts", ["A contract"]),
        ("Basics", ["Words that matter", "Welcome", "History"]),
    ]


async def drag(page: Page, name: str, to: str) -> None:
    """Drags a part by its grip to just below another one."""
    grip = await page.get_by_role("button", name=f"Move {name}", exact=True).bounding_box()
    target = await page.locator(f".ol-lesson[data-title='{to}']").bounding_box()
    assert grip
    assert target
    await page.mouse.move(grip["x"] + 8, grip["y"] + 8)
    await page.mouse.down()
    await page.mouse.move(grip["x"] + 12, grip["y"] + 20, steps=4)
    await page.mouse.move(target["x"] + 60, target["y"] + target["height"] - 4, steps=12)
    await page.wait_for_timeout(60)
    await page.mouse.up()


async def test_lessons_are_dragged_within_and_between_modules(
    new_page: NewPage, sign_in: SignIn, teacher: Person, database: Database
) -> None:
    course = await annuities(database, teacher)
    page = await new_page()
    await sign_in(page, teacher)
    await page.goto(f"/studio/{course.id}")
    await expect(page.locator(".ol-grip").first).to_be_visible()
    await page.wait_for_load_state("networkidle")
    await drag(page, "a", "b")
    await saved(page)
    assert await kept(database, "Annuities") == [("Part 1", ["b", "a", "c"]), ("Part 2", ["d", "e"])]
    await drag(page, "b", "d")
    await expect(page.locator(".ol-module").nth(1).locator(".ol-lesson")).to_have_count(3)
    await saved(page)
    assert (
        await kept(database, "Annuities") == await shown(page) == [("Part 1", ["a", "c"]), ("Part 2", ["d", "b", "e"])]
    )
    for _ in range(2):
        await page.get_by_role("button", name="Undo").click()
        await saved(page)
    await expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    await page.wait_for_load_state("networkidle")
    assert await kept(database, "Annuities") == [("Part 1", ["a", "b", "c"]), ("Part 2", ["d", "e"])]


async def keys_on(page: Page, name: str, *keys: str) -> None:
    await page.get_by_role("button", name=f"Move {name}", exact=True).focus()
    for key in keys:
        await page.keyboard.press(key)


async def test_two_browsers_reorder_at_once_and_nothing_is_overwritten(
    new_page: NewPage, sign_in: SignIn, teacher: Person, database: Database
) -> None:
    course, office = await annuities(database, teacher), await add_person(database, "admin", first_name="Alex")
    mine, theirs = await new_page(), await new_page()
    for page, who in ((mine, teacher), (theirs, office)):
        await sign_in(page, who)
        await page.goto(f"/studio/{course.id}")
        await expect(page.locator(".ol-grip").first).to_be_visible()
    await keys_on(theirs, "e", "Space", "ArrowUp", "Space")
    await saved(theirs)
    await theirs.locator("#new-module").fill("Annex")
    await theirs.keyboard.press("Enter")
    await expect(theirs.locator(".ol-module")).to_have_count(3)
    await keys_on(mine, "c", "Space", "ArrowUp", "ArrowUp", "Space")
    notice = mine.get_by_role("alert")
    await expect(notice).to_contain_text("Somebody else changed this outline. Your own order is kept")
    await expect(notice).to_contain_text("“Annex” was added.")
    await expect(notice).to_contain_text("was moved.")
    theirs_now = [("Part 1", ["a", "b", "c"]), ("Part 2", ["e", "d"]), ("Annex", [])]
    assert await shown(mine) == await kept(database, "Annuities") == theirs_now
    assert not await axe_findings(mine)
    await notice.get_by_role("button", name="Apply my order again").click()
    await saved(mine)
    both = [("Part 1", ["c", "a", "b"]), ("Part 2", ["d", "e"]), ("Annex", [])]
    assert await kept(database, "Annuities") == await shown(mine) == both


async def test_the_outline_has_no_findings_and_fits_a_phone(
    new_page: NewPage, sign_in: SignIn, teacher: Person, database: Database
) -> None:
    course = await annuities(database, teacher)
    async with database.connect() as owner:
        await owner.execute(
            "update public.lessons set state = 'retired', retired_at = now(), returns_as = 'live' where title = 'c'"
        )
        await owner.execute("update public.lessons set unlock_date = '2031-05-06', is_preview = true where title = 'b'")
        await owner.execute("update public.lesson_videos set processing_state = 'failed', processing_error = 'x'")
    lesson = course.lesson("b")
    part = f"part=lesson:{lesson.id}"
    paths = ["/studio", "/studio?q=nothing+like+it", "/studio/new", f"/studio/{course.id}"]
    paths += [f"/studio/{course.id}/{place}?{part}" for place in ("move", "copy")]
    paths += [f"/studio/{course.id}/lessons/{one.id}/settings" for one in (lesson, course.lesson("a"))]
    paths += [f"/studio/{course.id}/modules/{lesson.module_id}/settings"]
    wrong: list[str] = []
    page = await new_page()
    await sign_in(page, teacher)
    for path in paths:
        await page.goto(path)
        wrong += await two_looks(page, path)
    await page.goto(f"/studio/{course.id}")
    # Every kind of thing that opens.
    await page.locator(".ol-pick").first.check()
    await page.locator(".ol-add > summary").last.click()
    wrong += await two_looks(page, "adding")
    await page.keyboard.press("Escape")
    await page.locator(".ol-lesson .ol-menu > summary").last.click()
    wrong += await two_looks(page, "menu")
    await page.get_by_role("link", name="Move to…").last.click()
    await expect(page.locator("#ol-move")).to_be_visible()
    wrong += await two_looks(page, "dialog")
    await page.context.close()
    assert not wrong, "\n".join(wrong)

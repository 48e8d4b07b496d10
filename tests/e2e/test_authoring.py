"""Writing lessons in a real browser: by mouse and by keys alone, across a cut connection, and by two people at once."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BytesIO

import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Locator, Page, Route, expect

from tests.e2e.conftest import SignIn
from tests.support.browser import NewPage, axe_findings, scrolls_sideways, two_looks
from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, add_course, add_person, enrol

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
SAVED = re.compile("Saved")
TEXT = ".ProseMirror"
# Where to leave pictures of the pages, for whoever wants to look at them.
SHOTS = os.environ.get("COLLEGIUM_TEST_SHOTS")


@dataclass
class Desk:
    """A lesson of a course with two people who may write it."""

    database: Database
    course: Course
    teacher: Person
    office: Person

    @property
    def path(self) -> str:
        return f"/studio/{self.course.id}/lessons/{self.course.lessons[0].id}"

    @property
    def learner_path(self) -> str:
        return f"/learn/{self.course.slug}/{self.course.lessons[0].id}"

    async def texts(self) -> list[str]:
        """The lesson's texts as they are stored."""
        async with self.database.connect() as owner:
            rows = await owner.fetch(
                "select content ->> 'html' as html from public.content_blocks where lesson_id = $1 order by order_index",
                self.course.lessons[0].id,
            )
        return [row["html"] for row in rows]


@pytest_asyncio.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    teacher = await add_person(database, "instructor", first_name="Ines", last_name="Lindqvist")
    office = await add_person(database, "admin", first_name="Mara", last_name="Vogt")
    lesson = Lesson("The letter, line by line", html="<p>It stands in the letter.</p>")
    course = await add_course(database, "Reading a letter", instructor=teacher, modules=[[lesson, Lesson("After")]])
    yield Desk(database, course, teacher, office)


async def open_editor(page: Page, desk: Desk, sign_in: SignIn, person: Person) -> None:
    await sign_in(page, person)
    await page.goto(desk.path)
    await expect(page.locator(TEXT).first).to_be_visible()


async def saved(page: Page) -> None:
    await expect(page.locator("[data-state]")).to_have_text(SAVED, timeout=15_000)


def tool(page: Page, name: str) -> Locator:
    return page.get_by_role("toolbar").first.get_by_role("button", name=name, exact=True)


async def test_a_text_with_everything_is_written_by_mouse(new_page: NewPage, desk: Desk, sign_in: SignIn) -> None:
    page = await new_page()
    await open_editor(page, desk, sign_in, desk.teacher)
    text = page.locator(TEXT).first
    await text.click()
    await page.keyboard.press("Control+End")
    await page.keyboard.press("Enter")
    await page.get_by_label("Kind of paragraph").first.select_option("Heading")
    await page.keyboard.type("Rates")
    await page.keyboard.press("Enter")
    for name, words in (("Bold", "heavy"), ("Italic", "slanted"), ("Code in the line", "x = 1")):
        await tool(page, name).click()
        await page.keyboard.type(words)
        await tool(page, name).click()
        await page.keyboard.type(" ")
    await tool(page, "Link").click()
    await page.get_by_label("Address", exact=True).fill("example.org/a")
    await page.get_by_label("Words to show").fill("a source")
    await page.get_by_role("button", name="Set link").click()
    await tool(page, "Formula in the line").click()
    await page.get_by_label("LaTeX").fill("\\frac{a")
    await page.get_by_role("button", name="Add formula").click()
    await expect(page.get_by_role("alert")).to_contain_text("This cannot be drawn")
    await page.get_by_label("LaTeX").fill("\\frac{a}{b}")
    await expect(page.locator(".editor-preview .katex")).to_be_visible()
    await page.get_by_role("button", name="Add formula").click()
    await expect(text.locator("span.editor-formula .katex")).to_be_visible()
    await page.keyboard.press("Control+End")
    await page.keyboard.press("Enter")
    await tool(page, "List").click()
    await page.keyboard.type("one")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await tool(page, "Quotation").click()
    await page.keyboard.type("as it was said")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await tool(page, "Table").click()
    await page.keyboard.type("Head")
    await page.get_by_role("button", name="Column after").click()
    await page.get_by_role("button", name="Row below").click()
    await page.get_by_role("button", name="Header column").click()
    await saved(page)
    (stored,) = await desk.texts()
    for part in (
        "<p>It stands in the letter.</p>",
        "<h2>Rates</h2>",
        "<strong>heavy</strong>",
        "<em>slanted</em>",
        "<code>x = 1</code>",
        '<a rel="noopener noreferrer" href="https://example.org/a">a source</a>',
        '<span data-math="\\frac{a}{b}">',
        "<ul><li><p>one</p></li></ul>",
        "<blockquote><p>as it was said</p></blockquote>",
        '<th scope="col"><p>Head</p></th>',
        '<th scope="row">',
    ):
        assert part in stored.replace(
            'href="https://example.org/a" rel="noopener noreferrer"',
            'rel="noopener noreferrer" href="https://example.org/a"',
        ), part
    assert stored.count("<tr>") == 4
    await tool(page, "Undo").click()
    await saved(page)
    await page.reload()
    await expect(page.locator(TEXT).first.locator("h2")).to_have_text("Rates")


async def test_parts_are_written_and_moved_by_keys_alone(new_page: NewPage, desk: Desk, sign_in: SignIn) -> None:
    page = await new_page()
    await open_editor(page, desk, sign_in, desk.teacher)
    await page.locator(TEXT).first.focus()
    await page.keyboard.press("Control+End")
    await page.keyboard.press("Control+b")
    await page.keyboard.type(" Boldly.")
    await page.keyboard.press("Alt+F10")
    await expect(page.get_by_label("Kind of paragraph").first).to_be_focused()
    for _ in range(2):
        await page.keyboard.press("ArrowRight")
    await expect(tool(page, "Italic")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(TEXT).first).to_be_focused()
    await page.keyboard.type("Both.")
    add = page.get_by_role("group", name="Add to the lesson")
    await add.get_by_role("button", name="YouTube video").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Address of the video")).to_be_focused()
    await page.keyboard.type("https://youtu.be/dQw4w9WgXcQ")
    await page.keyboard.press("Tab")
    await page.keyboard.type("How it works")
    await page.keyboard.press("Alt+Shift+ArrowUp")
    await expect(page.locator(".editor-part").first.get_by_label("Address of the video")).to_be_visible()
    await expect(page.get_by_label("Title")).to_be_focused()
    await page.get_by_role("button", name="Duplicate: part 2").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".editor-part")).to_have_count(3)
    await page.get_by_role("button", name="Remove: part 1").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".editor-part")).to_have_count(2)
    await page.get_by_role("button", name="Undo the last change of parts").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".editor-part")).to_have_count(3)
    await page.keyboard.press("Control+s")
    await saved(page)
    async with desk.database.connect() as owner:
        rows = await owner.fetch(
            "select type::text, content from public.content_blocks where lesson_id = $1 order by order_index",
            desk.course.lessons[0].id,
        )
    assert [row["type"] for row in rows] == ["youtube", "rich_text", "rich_text"]
    assert '"dQw4w9WgXcQ"' in rows[0]["content"]
    assert (
        "<strong> Boldly.<em>Both.</em></strong>"
        in rows[1]["content"].replace("</strong><em><strong>", "<em>").replace("</strong></em>", "</em></strong>")
        or "Both." in rows[1]["content"]
    )


async def test_what_is_written_without_a_connection_survives_a_reload(
    new_page: NewPage, desk: Desk, sign_in: SignIn
) -> None:
    page = await new_page()
    await open_editor(page, desk, sign_in, desk.teacher)
    state = page.locator("[data-state]")
    await page.context.set_offline(True)
    await page.locator(TEXT).first.click()
    await page.keyboard.press("Control+End")
    await page.keyboard.type(" Written on a train.")
    await expect(state).to_have_text("Not saved: no connection, kept in this browser", timeout=15_000)
    assert await desk.texts() == ["<p>It stands in the letter.</p>"]
    # The page goes while nothing can be sent; the next one brings what it kept.
    await page.goto("about:blank")
    await page.context.set_offline(False)
    answer = await page.goto(desk.path)
    assert answer
    await expect(page.locator(TEXT).first).to_contain_text("Written on a train.")
    # What a page sends as it goes may get through after all, when the connection comes back that moment.
    if "Written on a train." in await answer.text():
        await expect(state).to_have_text("Everything is saved")
    else:
        await expect(page.locator("#toasts")).to_contain_text("kept in this browser and is here again")
        await saved(page)
    assert await desk.texts() == ["<p>It stands in the letter. Written on a train.</p>"]
    await page.locator(TEXT).first.click()
    await page.context.set_offline(True)
    await page.keyboard.type("Again. ")
    await expect(state).to_contain_text("no connection", timeout=15_000)
    await page.context.set_offline(False)
    await saved(page)
    assert "Again. " in (await desk.texts())[0]


async def test_two_browsers_write_one_lesson_and_nothing_is_lost(
    new_page: NewPage, desk: Desk, sign_in: SignIn
) -> None:
    one, two = await new_page(), await new_page(theme="dark")
    await open_editor(one, desk, sign_in, desk.office)
    await open_editor(two, desk, sign_in, desk.teacher)
    await expect(two.locator("[data-others]")).to_have_text("Mara Vogt is editing this lesson", timeout=20_000)
    for page, words in ((one, " Mara was here."), (two, " Ines was here.")):
        await page.locator(TEXT).first.click()
        await page.keyboard.press("Control+End")
        await page.keyboard.type(words)
        if page is one:
            await saved(page)
    await expect(two.get_by_role("heading", name="You and Mara Vogt changed the same part")).to_be_visible(
        timeout=15_000
    )
    await expect(two.locator("[data-state]")).to_contain_text("Not saved: somebody else has changed this lesson")
    assert await desk.texts() == ["<p>It stands in the letter. Mara was here.</p>"], "the first is not overwritten"
    assert await axe_findings(two) == []
    await two.get_by_label("Keep both").check()
    await two.get_by_role("button", name="Save this").click()
    await saved(two)
    assert await desk.texts() == [
        "<p>It stands in the letter. Mara was here.</p>",
        "<p>It stands in the letter. Ines was here.</p>",
    ]
    # The first browser hears of it, and shows the newer text when it is asked to.
    await one.get_by_role("button", name="Show it").click(timeout=25_000)
    await expect(one.locator(TEXT)).to_have_count(2)
    # Different parts need no choice.
    for page, at, words in ((one, 0, " First."), (two, 1, " Second.")):
        await page.locator(TEXT).nth(at).click()
        await page.keyboard.press("Control+End")
        await page.keyboard.type(words)
    await saved(one)
    await saved(two)
    for page in (one, two):
        await page.keyboard.press("Control+s")
    await expect(two.locator("[data-state]")).to_have_text(SAVED)
    texts = await desk.texts()
    assert texts[0].endswith("First.</p>")
    assert texts[1].endswith("Second.</p>")


async def test_a_picture_is_chosen_dropped_and_described(new_page: NewPage, desk: Desk, sign_in: SignIn) -> None:
    page = await new_page()
    await open_editor(page, desk, sign_in, desk.teacher)
    made = BytesIO()
    Image.new("RGB", (120, 80), "teal").save(made, "PNG")
    picture = made.getvalue()
    await page.locator(TEXT).first.click()
    await page.evaluate(
        """([selector, bytes]) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "form.png", { type: "image/png" }));
            const place = document.querySelector(selector);
            const { left, top } = place.getBoundingClientRect();
            place.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data, clientX: left + 40, clientY: top + 30 }));
        }""",
        [TEXT, list(picture)],
    )
    dialog = page.get_by_role("dialog", name="Add a picture")
    await dialog.get_by_role("button", name="Add picture").click()
    assert await dialog.get_by_label("What it shows").evaluate("field => !field.validity.valid"), "words are asked for"
    await dialog.get_by_label("What it shows").fill("A teal form")
    await dialog.get_by_role("button", name="Add picture").click()
    await expect(page.locator(f"{TEXT} figure img[alt='A teal form']")).to_be_visible(timeout=30_000)
    await page.get_by_role("group", name="Add to the lesson").get_by_role("button", name="Picture").click()
    part = page.locator(".editor-part").nth(1)
    await part.locator("input[type=file]").set_input_files(
        {"name": "b.png", "mimeType": "image/png", "buffer": picture}
    )
    await expect(part.get_by_text("Say what the picture shows.")).to_be_visible(timeout=30_000)
    await part.get_by_label("What it shows").fill("Another form")
    await page.keyboard.press("Control+s")
    await expect(part.locator(".editor-lack")).to_be_hidden()
    await saved(page)
    async with desk.database.connect() as owner:
        rows = await owner.fetch(
            "select type::text, content::text from public.content_blocks where lesson_id = $1 order by order_index",
            desk.course.lessons[0].id,
        )
    assert [row["type"] for row in rows] == ["rich_text", "image"]
    assert re.search(r"<figure><img src=.{1,2}/files/[0-9a-f-]{36}", rows[0]["content"])
    learner = await add_person(desk.database)
    await enrol(desk.database, learner, desk.course)
    reader = await new_page(width=390)
    await sign_in(reader, learner)
    await reader.goto(desk.learner_path)
    for words in ("A teal form", "Another form"):
        await reader.get_by_alt_text(words).scroll_into_view_if_needed()
        await expect(reader.get_by_alt_text(words)).to_have_js_property("complete", value=True)
        assert (
            await reader.get_by_alt_text(words).evaluate("image => image.decode().then(() => image.naturalWidth)")
            == 120
        )
    assert await axe_findings(reader) == []


async def test_an_earlier_state_is_read_and_brought_back(new_page: NewPage, desk: Desk, sign_in: SignIn) -> None:
    page = await new_page(width=390)
    await open_editor(page, desk, sign_in, desk.teacher)
    await page.locator(TEXT).first.click()
    await page.keyboard.press("Control+a")
    await page.keyboard.type("It stands elsewhere.")
    await saved(page)
    await page.get_by_role("link", name="History").click()
    await page.locator("a.row-link").nth(1).click()
    await expect(page.locator(".diff ins")).to_have_text("in the letter.")
    await expect(page.locator(".diff del")).to_have_text("elsewhere.")
    assert await axe_findings(page) == []
    assert not await scrolls_sideways(page)
    await page.get_by_role("button", name="Bring this back").click()
    await expect(page.locator(TEXT).first).to_have_text("It stands in the letter.")


async def test_the_editor_has_no_findings(new_page: NewPage, desk: Desk, sign_in: SignIn) -> None:
    page = await new_page()
    await open_editor(page, desk, sign_in, desk.teacher)
    await page.locator(TEXT).first.click()
    if await page.locator("table").count() == 0:
        await tool(page, "Table").click()
        for words in ("When", "Who", "What"):
            await page.keyboard.type(words)
            await page.keyboard.press("Tab")
        await saved(page)
    await page.get_by_role("group", name="Add to the lesson").get_by_role("button", name="Picture").click()
    await expect(page.get_by_text("Choose a picture. Until then")).to_be_visible()
    assert await two_looks(page, "editor", pictures=SHOTS) == []
    await page.get_by_role("toolbar").first.get_by_role("button", name="Link").click()
    assert await two_looks(page, "link", pictures=SHOTS) == []
    await page.context.close()


LESSON = (
    '<p>The rate <span data-math="\\frac{a}{b}">\\frac{a}{b}</span> is set <abbr title="once a year">yearly</abbr>.</p>'
    '<div data-math="\\sum_{i=1}^{n} x_i">\\sum</div><pre><code class="language-python">print("a line that is rather long")</code></pre>'
    "<table><tbody><tr>"
    + '<th scope="col">A rather long heading</th>' * 8
    + "</tr><tr>"
    + "<td>1</td>" * 8
    + "</tr></tbody></table>"
    '<p onclick="alert(1)">Stored by somebody else.<script>document.title = "broken"</script></p>'
)


async def test_learners_see_it_drawn_and_youtube_hears_nothing_before(
    new_page: NewPage, desk: Desk, sign_in: SignIn
) -> None:
    lesson = desk.course.lessons[0].id
    async with desk.database.connect() as owner:
        await owner.execute(
            "update public.content_blocks set content = jsonb_build_object('html', $2::text, 'plain_text', '') where lesson_id = $1",
            lesson,
            LESSON,
        )
        await owner.execute(
            "insert into public.content_blocks (lesson_id, course_id, type, order_index, content) values"
            ' ($1, $2, \'youtube\', 2, \'{"video_id": "dQw4w9WgXcQ", "title": "How it works"}\')',
            lesson,
            desk.course.id,
        )
    learner = await add_person(desk.database)
    await enrol(desk.database, learner, desk.course)
    asked: list[str] = []
    for width, theme in ((1280, "light"), (390, "dark")):
        page = await new_page(width=width, theme=theme)
        await sign_in(page, learner)
        await page.goto(desk.learner_path)
        await expect(page.locator(".prose span[data-math] .katex-mathml math")).to_have_count(1)
        await expect(page.locator(".prose div[data-math] .katex-display")).to_be_visible()
        assert await page.locator(".prose-table").evaluate("box => box.scrollWidth >= box.clientWidth")
        assert not await scrolls_sideways(page)
        assert await axe_findings(page) == []
        assert "broken" not in await page.title()
        assert await page.locator("[onclick]").count() == 0
        if SHOTS:
            await page.screenshot(path=f"{SHOTS}/learner-{width}-{theme}.png", full_page=True)
        asked.clear()

        async def answer(route: Route) -> None:
            asked.append(route.request.url)
            await route.fulfill(body="<p>A video</p>", content_type="text/html")

        await page.context.route("https://www.youtube-nocookie.com/**", answer)
        assert asked == []
        await page.get_by_role("link", name="How it works").click()
        await expect(page.frame_locator(".learn-youtube iframe").get_by_text("A video")).to_be_visible()
        assert asked == ["https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?autoplay=1&rel=0"]
        await page.context.close()


async def test_without_scripts_a_text_is_written_as_html(new_page: NewPage, desk: Desk, sign_in: SignIn) -> None:
    page = await new_page(script=False)
    await sign_in(page, desk.teacher)
    await page.goto(desk.path)
    await page.get_by_label("Text, part 1").fill("<p>By <strong>hand</strong>.</p><script>x</script>")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    assert await desk.texts() == ["<p>By <strong>hand</strong>.</p>"]

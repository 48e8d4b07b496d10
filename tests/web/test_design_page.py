"""/design and the base layout in a real browser: by keyboard and without scripts, and what opens.

tests/e2e/test_axe.py looks at the page as it stands, among all others.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import Page

from collegium.kit import embedded
from tests.support.browser import NewPage, axe_findings
from tests.support.database import fresh_database
from tests.support.site import LiveServer, listening

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def live_server(
    database_server: embedded.Server, database_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """One server for all: nothing here changes anything on it."""
    with (
        fresh_database(database_server, database_template) as database,
        listening(database, tmp_path_factory.mktemp("live")) as server,
    ):
        yield server


async def focus(page: Page) -> str:
    """The id of what has the focus, else its element's name."""
    named: str = await page.evaluate("document.activeElement.id || document.activeElement.tagName.toLowerCase()")
    return named


async def test_open_menus_and_dialogs_have_no_findings(new_page: NewPage) -> None:
    page = await new_page(width=390)
    await page.goto("/design")
    await page.get_by_text("Menu", exact=True).click()
    assert await axe_findings(page) == []
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    assert await page.locator("dialog#keys").is_visible()
    assert await axe_findings(page) == []


async def test_the_theme_follows_the_device_until_one_is_chosen(new_page: NewPage) -> None:
    page = await new_page(theme="dark")
    await page.goto("/design")
    paper = "getComputedStyle(document.documentElement).colorScheme"
    assert await page.evaluate(paper) == "dark"
    await page.locator("footer").get_by_role("button", name="Light").click()
    assert await page.evaluate(paper) == "light", "at once"
    await page.wait_for_function("document.cookie.includes('theme=light')")
    await page.reload()
    assert await page.locator("html").get_attribute("data-theme") == "collegium-light", "and from the server"
    assert await page.locator("footer button[aria-pressed=true]").get_attribute("value") == "light"


async def test_the_theme_can_be_chosen_without_scripts(new_page: NewPage) -> None:
    page = await new_page(script=False)
    await page.goto("/design")
    await page.locator("footer").get_by_role("button", name="Dark").click()
    assert page.url.endswith("/design")
    assert await page.locator("html").get_attribute("data-theme") == "collegium-dark"


async def test_the_menu_opens_without_scripts(new_page: NewPage) -> None:
    page = await new_page(width=390, script=False)
    await page.goto("/design")
    await page.get_by_text("Menu", exact=True).click()
    assert await page.get_by_role("link", name="Sign in").is_visible()


async def test_slash_searches_question_mark_helps_and_neither_while_typing(new_page: NewPage) -> None:
    page = await new_page()
    await page.goto("/design")
    await page.keyboard.press("/")
    assert await focus(page) == "find-light", "the page's own search goes before the bar's"
    await page.keyboard.type("a/b?")
    assert await page.locator("#find-light").input_value() == "a/b?"
    assert not await page.locator("dialog#keys").is_visible()
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("?")
    assert await page.locator("dialog#keys").is_visible()
    await page.keyboard.press("Escape")
    assert not await page.locator("dialog#keys").is_visible()


async def test_a_dialog_gives_the_focus_back_and_closes_beside_it(new_page: NewPage) -> None:
    page = await new_page()
    await page.goto("/design")
    opener = page.locator("[data-dialog-open=sure-light]")
    await opener.click()
    dialog = page.locator("dialog#sure-light")
    assert await dialog.is_visible()
    assert await page.evaluate("document.activeElement.textContent") == "Keep it"
    await page.keyboard.press("Escape")
    assert not await dialog.is_visible()
    assert await page.evaluate("document.activeElement.dataset.dialogOpen") == "sure-light"
    await opener.click()
    await page.mouse.click(4, 4)
    assert not await dialog.is_visible()


async def test_arrows_move_through_a_list_and_the_menu(new_page: NewPage) -> None:
    page = await new_page(width=390)
    await page.goto("/design")
    links = page.locator("ul[data-rows]").first.locator("a.row-link")
    await links.nth(0).focus()
    await page.keyboard.press("ArrowDown")
    assert await links.nth(1).evaluate("link => link === document.activeElement")
    await page.keyboard.press("ArrowUp")
    assert await links.nth(0).evaluate("link => link === document.activeElement")

    await page.evaluate("scrollTo(0, 0)")
    await page.get_by_text("Menu", exact=True).click()
    await page.keyboard.press("ArrowDown")
    assert await focus(page) == "search-phone"
    await page.keyboard.press("Escape")
    assert await focus(page) == "summary"
    assert await page.locator("details[open][data-pop]").count() == 0


async def test_the_skip_link_leads_to_the_content(new_page: NewPage) -> None:
    page = await new_page()
    await page.goto("/design")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.textContent") == "Skip to the content"
    await page.keyboard.press("Enter")
    assert await focus(page) == "main"


async def test_a_password_can_be_shown(new_page: NewPage) -> None:
    page = await new_page()
    await page.goto("/design")
    button = page.get_by_role("button", name="Show password").first
    await page.locator("#f-password-light").fill("correct horse")
    await button.click()
    assert await page.locator("#f-password-light").get_attribute("type") == "text"
    assert await page.locator("[aria-controls=f-password-light]").text_content() == "Hide password"


async def test_times_are_shown_in_the_readers_zone(new_page: NewPage) -> None:
    page = await new_page()
    await page.goto("/design")
    moment = page.locator("#places ~ div time").nth(1)
    shown = await moment.text_content()
    expected = await moment.evaluate(
        "time => new Intl.DateTimeFormat('en-GB', {hour: 'numeric', minute: '2-digit', timeZone: 'Europe/Berlin'})"
        ".format(new Date(time.dateTime))"
    )
    assert shown == expected


async def test_text_is_as_wide_before_the_fonts_arrive_as_after(new_page: NewPage) -> None:
    measure = """() => ['.lead', '.prose p', '.prose blockquote p'].map(place => {
        const range = document.createRange()
        const holder = document.createElement('p')
        const found = document.querySelector(place)
        holder.style.cssText = 'position:absolute;white-space:nowrap;max-width:none'
        holder.textContent = found.textContent.trim()
        found.parentElement.append(holder)
        range.selectNodeContents(holder)
        const {width, height} = range.getBoundingClientRect()
        holder.remove()
        return [width, height]
    })"""
    before, after = await new_page(), await new_page()
    await before.context.route("**/*.woff2", lambda route: route.abort())
    for page in (before, after):
        await page.goto("/design", wait_until="networkidle")
        await page.evaluate("document.fonts.ready.then(() => 0)")
    loaded = "[...document.fonts].filter(font => font.status === 'loaded' && font.family.includes('Variable')).length"
    assert await before.evaluate(loaded) == 0
    assert await after.evaluate(loaded) > 1
    # The faces that stand in come from the device, and are read only when text first asks for them.
    stand_ins = "[...document.fonts].filter(font => font.family.includes('Fallback')).map(font => font.load())"
    if not await before.evaluate(f"Promise.all({stand_ins}).then(() => true, () => false)"):
        pytest.skip("this device has neither Arial and Times nor Liberation: there is nothing to stand in")
    fallback, real = await before.evaluate(measure), await after.evaluate(measure)
    for (width, height), (real_width, real_height) in zip(fallback, real, strict=True):
        assert width == pytest.approx(real_width, rel=0.05)
        assert height == pytest.approx(real_height, abs=1.5)


async def test_motion_stops_for_those_who_ask(new_page: NewPage) -> None:
    page = await new_page()
    await page.goto("/design")
    spin = "getComputedStyle(document.querySelector('.spin')).animationIterationCount"
    assert await page.evaluate(spin) == "1"

"""The main job in a real browser: find a course, watch it, hold a certificate that anyone can verify."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Callable

import pypdf
import pytest
from playwright.async_api import Page, expect

from collegium.features.certificates.service import keys_of
from collegium.kit.signing import check_pdf
from tests.e2e.conftest import FILM_S, School, SignIn
from tests.support.browser import NewPage
from tests.support.database import Database
from tests.support.people import Person, enrol
from tests.support.site import LiveServer

pytestmark = pytest.mark.e2e
VIDEO = "document.querySelector('hls-video')"
READY = f"{VIDEO} && {VIDEO}.readyState >= 2 && window.collegiumPlayer"
SAVED = "window.collegiumPlayer.queueLength === 0"
LATER = 30_000
LOST = "Connection lost. Your progress is kept on this device"


async def at(page: Page) -> float:
    """Where the video is, in seconds."""
    place: float = await page.evaluate(f"{VIDEO}.currentTime")
    return place


async def until(page: Page, condition: str) -> None:
    """Waits for a condition; the page's policy forbids the browser's own way, which evaluates text."""
    async with asyncio.timeout(LATER / 1000):
        while not await page.evaluate(f"!!({condition})"):
            await page.wait_for_timeout(50)


async def watched_to(page: Page, second: float) -> None:
    await until(page, f"{VIDEO}.currentTime >= {second}")


async def counted(database: Database, person: Person) -> int:
    """The seconds that the database says were watched."""
    async with database.connect() as owner:
        found: int | None = await owner.fetchval(
            "select sum(watched_seconds) from public.video_analytics where user_id = $1", person.id
        )
    return found or 0


async def completed(database: Database, person: Person) -> int:
    """How many lessons a person has completed."""
    async with database.connect() as owner:
        found: int = await owner.fetchval(
            "select count(*) from public.lesson_progress p join public.enrollments e on e.id = p.enrollment_id"
            " where e.member_id = $1 and p.status = 'completed'",
            person.id,
        )
    return found


@pytest.fixture
def learner(make_person: Callable[..., Person]) -> Person:
    return make_person(first_name="Mara", last_name="Silva")


async def open_lesson(page: Page, school: School) -> None:
    """The video lesson, as far as it can be played."""
    await page.goto(school.path("How an appeal works"))
    await until(page, READY)


async def sign_up(guest: Page, office: Page) -> None:
    """Makes an account and confirms it with the link that an administrator reads in the outbox."""
    await guest.goto("/")
    await guest.get_by_role("link", name="Create account").first.click()
    await guest.get_by_label("First name").fill("Nadia")
    await guest.get_by_label("Last name").fill("Verhoeven")
    await guest.get_by_label("E-mail address").fill("nadia@guild.test")
    await guest.get_by_label("Password", exact=True).fill("a lamp in the harbour")
    await guest.get_by_role("button", name="Create account").click()
    await expect(guest.get_by_role("heading", level=1)).to_contain_text("mail")

    await office.goto("/admin/mail?q=nadia")
    await office.get_by_role("link", name="Confirm").first.click()
    link = await office.locator("a[href*='/confirm/']").get_attribute("href")
    assert link
    await guest.goto(link)
    await guest.get_by_role("button", name="Yes, confirm it").click()
    await expect(guest.get_by_text("Your address is confirmed.")).to_be_visible()
    await guest.get_by_label("E-mail address").fill("nadia@guild.test")
    await guest.get_by_label("Password", exact=True).fill("a lamp in the harbour")
    await guest.get_by_role("button", name="Sign in").click()
    await expect(guest).to_have_url(re.compile("/me/learning$"))


async def learn(page: Page, school: School) -> None:
    """Finds the course by words with typing errors, enrols, watches at double speed, reads, and completes."""
    await page.goto("/courses")
    await page.locator("#find").fill("denyed clam leter")
    await page.locator("#find").press("Enter")
    await page.get_by_role("link", name=school.course.title).first.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(school.course.title)
    await page.get_by_role("button", name="Enrol").click()
    await until(page, READY)
    await expect(page.locator("#what-is-left")).to_contain_text("0 of 2 requirements met")
    await page.evaluate(f"{VIDEO}.playbackRate = 2, {VIDEO}.play()")
    await until(page, f"{VIDEO}.ended")
    await expect(page.locator("#what-is-left")).to_contain_text("1 of 2 requirements met", timeout=LATER)
    await page.get_by_role("link", name="Next").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("The letter, line by line")
    await page.get_by_role("button", name="Mark as complete").click()
    left = page.locator("#what-is-left")
    await expect(left).to_contain_text("Course complete")
    assert await left.locator(".left-item").count() == await left.locator(".left-met").count() == 2


async def test_from_signing_up_to_a_verified_certificate(
    new_page: NewPage, school: School, sign_in: SignIn, live_server: LiveServer
) -> None:
    guest, office = await new_page(), await new_page()
    await sign_in(office, school.admin)
    await sign_up(guest, office)
    await learn(guest, school)

    await guest.get_by_role("link", name="Your certificate").click()
    download = guest.get_by_role("link", name="Download PDF")
    await expect(download).to_be_visible(timeout=LATER)
    number = await guest.locator(".certificate-number").inner_text()
    assert re.fullmatch(r"CERT-\d{4}-[2-9A-HJ-NP-Z]{8}", number)
    async with guest.expect_download() as caught:
        await download.click()
    file = await caught.value
    assert file.suggested_filename == f"{number}.pdf"
    pdf = (await file.path()).read_bytes()
    text = " ".join(pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text().split())
    assert "Nadia Verhoeven" in text
    assert school.course.title in text
    checked = check_pdf(pdf, keys_of(live_server.site).trusted)
    assert (checked.status, checked.number, checked.covers_whole_file) == ("ours", number, True)

    stranger = await new_page()
    answer = await stranger.goto(f"/verify/{number}")
    assert answer
    assert answer.status == 200
    await expect(stranger.get_by_role("heading", name="Valid certificate")).to_be_visible()
    shown = stranger.locator(".verified")
    for words in ("Nadia Verhoeven", school.course.title, "2 CE credits", number):
        await expect(shown).to_contain_text(words)
    await stranger.locator("input[type=file]").set_input_files(
        {"name": "certificate.pdf", "mimeType": "application/pdf", "buffer": pdf}
    )
    await stranger.get_by_role("button", name="Check the signature").click()
    await expect(stranger.get_by_text("The document is genuine")).to_be_visible()


async def test_a_reload_resumes_and_a_lost_connection_loses_nothing(
    new_page: NewPage, school: School, sign_in: SignIn, learner: Person, database: Database
) -> None:
    await enrol(database, learner, school.course)
    page = await new_page()
    await sign_in(page, learner)
    await open_lesson(page, school)
    await page.evaluate(f"{VIDEO}.playbackRate = 2, {VIDEO}.play()")
    await watched_to(page, 5)
    await page.evaluate(f"{VIDEO}.pause()")
    await until(page, SAVED)
    assert await counted(database, learner) >= 4
    await open_lesson(page, school)
    await expect(page.locator("[data-notice=resumed]")).to_contain_text("Resumed at 0:0")
    assert await at(page) == pytest.approx(5, abs=1.5)

    # The rest of so short a video soon arrives, so that it plays on without a network.
    await page.evaluate(f"{VIDEO}.playbackRate = 1, {VIDEO}.play()")
    await until(page, f"{VIDEO}.buffered.length && {VIDEO}.buffered.end({VIDEO}.buffered.length - 1) >= {FILM_S - 1}")
    await page.context.set_offline(True)
    await watched_to(page, 10)
    await page.evaluate(f"{VIDEO}.pause()")
    await expect(page.locator("[data-connection]")).to_contain_text(LOST, timeout=LATER)
    assert await page.evaluate("window.collegiumPlayer.queueLength") > 0
    assert await counted(database, learner) < 9
    # The page goes while nothing can be sent; what it kept is sent by the next one.
    await page.goto("about:blank")
    await page.context.set_offline(False)
    await open_lesson(page, school)
    await expect(page.locator(".player-save")).to_have_attribute("data-save-state", re.compile("saved|idle"))
    await until(page, "window.collegiumPlayer.watched.some(([, end]) => end >= 9)")
    assert await counted(database, learner) >= 9


async def test_coming_back_online_says_that_everything_is_saved(
    new_page: NewPage, school: School, sign_in: SignIn, learner: Person, database: Database
) -> None:
    await enrol(database, learner, school.course)
    page = await new_page()
    await sign_in(page, learner)
    await open_lesson(page, school)
    await page.evaluate(f"{VIDEO}.play()")
    await watched_to(page, 2)
    await until(page, f"{VIDEO}.buffered.end(0) >= 6")
    await page.context.set_offline(True)
    await watched_to(page, 4)
    await page.evaluate(f"{VIDEO}.pause()")
    await expect(page.locator("[data-connection]")).to_contain_text(LOST, timeout=LATER)
    await page.context.set_offline(False)
    await expect(page.locator("[data-connection]")).to_contain_text("Back online. Everything is saved.", timeout=LATER)
    assert await counted(database, learner) >= 3


async def test_dragging_the_slider_to_the_end_completes_nothing(
    new_page: NewPage, school: School, sign_in: SignIn, learner: Person, database: Database
) -> None:
    await enrol(database, learner, school.course)
    page = await new_page()
    await sign_in(page, learner)
    await open_lesson(page, school)
    await page.evaluate(f"{VIDEO}.play()")
    await watched_to(page, 1)
    slider = await page.locator("media-time-range").bounding_box()
    assert slider
    middle = slider["y"] + slider["height"] / 2
    await page.mouse.move(slider["x"] + slider["width"] * 0.1, middle)
    await page.mouse.down()
    for share in (0.3, 0.5, 0.7, 0.9, 0.97, 0.99):
        await page.mouse.move(slider["x"] + slider["width"] * share, middle, steps=3)
    await page.mouse.up()
    await until(page, f"{VIDEO}.ended")
    await until(page, SAVED)
    assert await counted(database, learner) < FILM_S / 2
    assert await completed(database, learner) == 0
    await expect(page.locator("#what-is-left")).to_contain_text("0 of 2 requirements met")
    await page.reload()
    await expect(page.locator("#what-is-left")).to_contain_text("0 of 2 requirements met")


async def test_a_second_tab_takes_the_video_over(
    new_page: NewPage, school: School, sign_in: SignIn, learner: Person, database: Database
) -> None:
    await enrol(database, learner, school.course)
    older = await new_page()
    await sign_in(older, learner)
    await open_lesson(older, school)
    await older.evaluate(f"{VIDEO}.play()")
    await watched_to(older, 1)
    newer = await older.context.new_page()
    await open_lesson(newer, school)
    await newer.evaluate(f"{VIDEO}.play()")
    await until(newer, "window.collegiumPlayer.lastSeq > 0")
    await older.evaluate(f"{VIDEO}.pause()")
    await expect(older.locator(".player-cover")).to_contain_text("playing in another tab", timeout=LATER)
    assert await older.evaluate(f"{VIDEO}.paused")
    await newer.evaluate(f"{VIDEO}.pause()")
    await until(newer, SAVED)
    assert await counted(database, learner) <= FILM_S
    await older.get_by_role("button", name="Continue here").click()
    await expect(older.locator(".player-cover")).to_be_hidden()


async def test_the_player_is_driven_by_keys(
    new_page: NewPage, school: School, sign_in: SignIn, learner: Person, database: Database
) -> None:
    await enrol(database, learner, school.course)
    page = await new_page()
    await sign_in(page, learner)
    await open_lesson(page, school)
    showing = f"[...{VIDEO}.textTracks].some(track => track.kind === 'captions' && track.mode === 'showing')"
    await until(page, f"[...{VIDEO}.textTracks].some(track => track.kind === 'captions')")
    before = await page.evaluate(showing)
    await page.keyboard.press("c")
    assert await page.evaluate(showing) != before
    await page.keyboard.press("c")
    assert await page.evaluate(showing) == before

    await page.keyboard.press("l")
    assert await at(page) == pytest.approx(10, abs=0.5)
    await page.keyboard.press("ArrowLeft")
    assert await at(page) == pytest.approx(5, abs=0.5)
    await page.keyboard.press("ArrowRight")
    assert await at(page) == pytest.approx(10, abs=0.5)
    await page.keyboard.press("j")
    assert await at(page) == pytest.approx(0, abs=0.5)

    await page.keyboard.press("Space")
    await until(page, f"!{VIDEO}.paused")
    await page.keyboard.press("Space")
    await until(page, f"{VIDEO}.paused")
    await page.keyboard.press("/")
    assert await page.evaluate("document.activeElement.type") == "search"
    place = await at(page)
    await page.keyboard.type("jl ")
    assert await at(page) == place, "what is typed does not move the video"
    assert await page.evaluate(f"{VIDEO}.paused")

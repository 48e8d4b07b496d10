"""A lesson's video in Chromium: the studio's pages, captions written by keyboard, and a provider's player that is counted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from bench.films import FIRST_PICTURE
from playwright.async_api import Page, Route, expect

from tests.e2e.conftest import School, SignIn
from tests.support.browser import NewPage, axe_findings, two_looks
from tests.support.database import Database
from tests.support.people import add_person, enrol

pytestmark = pytest.mark.e2e

# As YouTube's own program: a frame that tells the time in jumps of a quarter of a second, and nothing else of it.
PLAYER = """
window.YT = {
  PlayerState: { ENDED: 0, PLAYING: 1, PAUSED: 2, BUFFERING: 3, CUED: 5 },
  Player: class {
    constructor(frame, { events }) {
      Object.assign(this, { state: 5, time: 0, rate: 1, length: 60, heard: {}, volume: 100, silent: false });
      setTimeout(() => events.onReady({ target: this }), 50);
      let last = performance.now();
      setInterval(() => {
        const now = performance.now();
        if (this.state === 1) {
          this.time = Math.min(this.length, this.time + ((now - last) / 1000) * this.rate);
          this.say("onVideoProgress", this.time);
          if (this.time >= this.length) this.to(0);
        }
        last = now;
      }, 250);
    }
    say(name, data) { for (const run of this.heard[name] ?? []) run({ data, target: this }); }
    to(state) { this.state = state; this.say("onStateChange", state); }
    addEventListener(name, run) { (this.heard[name] ??= []).push(run); }
    playVideo() { this.to(3); setTimeout(() => this.to(1), 50); }
    pauseVideo() { this.to(2); }
    seekTo(time) { this.time = time; this.say("onVideoProgress", time); }
    getPlayerState() { return this.state; }
    getDuration() { return this.length; }
    getCurrentTime() { return this.time; }
    getVideoLoadedFraction() { return 1; }
    getPlaybackRate() { return this.rate; }
    setPlaybackRate(rate) { this.rate = rate; this.say("onPlaybackRateChange", rate); }
    getVolume() { return this.volume; }
    setVolume(volume) { this.volume = volume; }
    isMuted() { return this.silent; }
    mute() { this.silent = true; }
    unMute() { this.silent = false; }
    getOption() { return []; }
    setOption() {}
    destroy() {}
  },
};
window.onYouTubeIframeAPIReady?.();
"""


def studio(school: School) -> str:
    return f"/studio/{school.course.id}/lessons/{school.course.lessons[0].id}/video"


async def look(page: Page, name: str) -> None:
    """Keeps a picture of the page where COLLEGIUM_TEST_LOOK names a folder."""
    if folder := os.environ.get("COLLEGIUM_TEST_LOOK"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


async def until(page: Page, expression: str) -> None:
    """Waits for something that the page's own script can see; its policy lets no text be run there."""
    for _ in range(150):
        if await page.evaluate(expression):
            return
        await page.wait_for_timeout(100)
    pytest.fail(f"it never came to be that {expression}")


async def test_the_pages_have_no_findings(new_page: NewPage, school: School, sign_in: SignIn) -> None:
    page = await new_page()
    await sign_in(page, school.instructor)
    for place, name in (("", "film"), ("/captions/en", "captions"), ("/captions/fr", "captions-none")):
        await page.goto(studio(school) + place)
        await page.wait_for_selector("media-controller")
        assert await two_looks(page, name, pictures=os.environ.get("COLLEGIUM_TEST_LOOK")) == []


async def test_captions_are_written_by_keyboard_and_learners_read_them(
    new_page: NewPage, school: School, sign_in: SignIn
) -> None:
    page = await new_page()
    await sign_in(page, school.instructor)
    await page.goto(studio(school) + "/captions/en")
    cues = page.locator(".cue")
    await expect(cues).to_have_count(3)
    await page.wait_for_selector(".cues-playable")
    words = page.get_by_label("Words of caption 1", exact=True)
    await words.focus()
    await words.press("End")
    for _ in range(len(" was denied.")):
        await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("Alt+Shift+Enter")
    await expect(cues).to_have_count(4)
    await expect(page.get_by_label("Words of caption 2", exact=True)).to_be_focused()
    await page.keyboard.press("Alt+n")
    await expect(cues).to_have_count(5)
    await page.keyboard.type("A new one <b>&")
    await page.keyboard.press("Alt+ArrowDown")
    await page.keyboard.press("Alt+Delete")
    await expect(cues).to_have_count(4)
    await page.get_by_role("button", name="Undo").press("Enter")
    await expect(cues).to_have_count(5)
    await page.get_by_label("Words of caption 4", exact=True).press("Alt+j")
    await expect(cues).to_have_count(4)
    await page.get_by_label("Caption 4 begins").fill("99")
    await expect(page.get_by_text("It ends before it begins.")).to_be_visible()
    await page.get_by_role("button", name="Save captions").press("Enter")
    await expect(page.get_by_text("The caption ends before it begins")).to_be_visible()
    text = page.get_by_label("Text of the file")
    await text.fill((await text.input_value()).replace("00:01:39.000", "00:00:04.000"))
    await page.get_by_role("button", name="Save captions").press("Enter")
    await expect(page.get_by_text("The captions are kept.")).to_be_visible()
    await expect(cues).to_have_count(4)
    await page.wait_for_selector(".cues-playable")
    await page.get_by_label("Words of caption 4", exact=True).press("Alt+Enter")
    await until(page, "document.querySelector('[slot=media]').currentTime > 4")
    await expect(page.locator(".cue[aria-current]")).to_have_count(1)

    await page.goto(school.path("How an appeal works"))
    await expect(page.locator(".transcript")).to_contain_text("A claim was denied. A new one <b>&")


async def test_a_provider_is_asked_only_after_a_click_and_its_seconds_count(
    new_page: NewPage, school: School, sign_in: SignIn, database: Database
) -> None:
    asked: list[str] = []

    async def answer(route: Route) -> None:
        asked.append(route.request.url)
        script = "iframe_api" in route.request.url
        await route.fulfill(
            body=PLAYER if script else "<p>frame</p>", content_type="text/javascript" if script else "text/html"
        )

    instructor = await new_page()
    await instructor.context.route("https://www.youtube.com/**", answer)
    await sign_in(instructor, school.instructor)
    await instructor.goto(studio(school))
    await instructor.get_by_label("Address of the video").fill("https://youtu.be/dQw4w9WgXcQ")
    await instructor.get_by_role("button", name="Use this address").click()
    await instructor.wait_for_selector("[data-provider-load]:visible")
    assert asked == []
    assert await axe_findings(instructor) == []
    await look(instructor, "film-provider")
    await instructor.get_by_role("button", name="Load the video from YouTube").click()
    await expect(instructor.get_by_label("Length")).to_have_value("1:00")
    await instructor.get_by_role("button", name="Keep this length").click()
    await expect(instructor.get_by_text("Learners can see the video.")).to_be_visible()
    captions = b"WEBVTT\n\n00:01.000 --> 00:02.000\nA notice\n\n00:20.000 --> 00:22.000\nThe reason\n"
    await instructor.get_by_label("File", exact=True).set_input_files(
        {"name": "a.vtt", "mimeType": "text/vtt", "buffer": captions}
    )
    await instructor.get_by_role("button", name="Add this file").click()
    await instructor.get_by_role("button", name="Make default").click()
    await expect(instructor.get_by_text("is the default now, and the transcript is in it.")).to_be_visible()

    learner = await add_person(database)
    await enrol(database, learner, school.course)
    page = await new_page()
    asked.clear()
    await page.context.route("https://www.youtube.com/**", answer)
    await sign_in(page, learner)
    await page.goto(school.path("How an appeal works"))
    await page.wait_for_selector("[data-provider-load]:visible")
    assert asked == []
    await page.get_by_role("button", name="Load the video from YouTube").click()
    await page.wait_for_selector("media-controller")
    await until(page, "document.querySelector('youtube-video').isLoaded")
    await page.locator("media-play-button").click()
    await until(page, "document.querySelector('youtube-video').currentTime > 4.2")
    await page.locator("media-play-button").click()
    await until(page, "window.collegiumPlayer.watched.length > 0 && window.collegiumPlayer.queueLength === 0")
    async with database.connect() as owner:
        seen = await owner.fetchval("select watched from public.video_analytics where user_id = $1", learner.id)
    ranges = [(one.lower, one.upper) for one in seen]
    assert len(ranges) == 1
    assert ranges[0][0] == 0
    assert ranges[0][1] >= 4
    assert {url.split("/")[2] for url in asked} == {"www.youtube.com"}

    # A line of the transcript leads to the button that loads the video, which then begins there.
    asked.clear()
    await page.reload()
    load = page.get_by_role("button", name="Load the video from YouTube")
    await expect(load).to_be_visible()
    await page.locator(".transcript button", has_text="The reason").click()
    await expect(load).to_be_focused()
    await expect(page.get_by_text("It begins at 0:20 once it is loaded.")).to_be_visible()
    assert asked == []
    await page.keyboard.press("Enter")
    await until(page, "document.querySelector('youtube-video')?.currentTime >= 20")


async def test_the_first_picture_is_there_soon(new_page: NewPage, school: School, sign_in: SignIn) -> None:
    """`script/bench films` measures it; here it need only come, on a machine that does other things too."""
    page = await new_page()
    await sign_in(page, school.instructor)
    await page.goto(school.path("How an appeal works"), wait_until="commit")
    assert await page.evaluate(FIRST_PICTURE) < 8000

"""Packages that others wrote, where they are: each is learned, left, taken up again and completed."""

from __future__ import annotations

import io
import os
import re
import zipfile
from pathlib import Path

import pytest
from playwright.async_api import Frame, Page, expect

from tests.e2e.conftest import SignIn
from tests.e2e.scorm import leave, press, set_up
from tests.support.browser import NewPage
from tests.support.database import Database
from tests.support.site import LiveServer

FOLDER = Path(os.environ.get("COLLEGIUM_TEST_PACKAGES", Path(__file__).parents[3] / "shared" / "samples" / "packages"))
ONE = "scorm12-RuntimeBasicCalls_SCORM12"
TWO = "scorm2004-RuntimeBasicCalls_SCORM20043rdEdition"
FORCED = "scorm2004-SequencingForcedSequential_SCORM20043rdEdition"
PAGES = "scorm12-ContentPackagingOneFilePerSCO_SCORM12"
AICC = "aicc-package"
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not (FOLDER / f"{ONE}.zip").exists(), reason="the sample packages are not here"),
]
RIGHT = """() => { for (const q of test.Questions) {
  if (q.Type === "numeric") document.getElementById(`question_${q.Id}_Text`).value = q.CorrectAnswer;
  else if (q.Type === "true-false") document.getElementById(`question_${q.Id}_${q.CorrectAnswer ? "True" : "False"}`).checked = true;
  else document.getElementById(`question_${q.Id}_${q.Answers.indexOf(q.CorrectAnswer)}`).checked = true;
} SubmitAnswers(); }"""


# The unit asks another host for jQuery, which tests do not reach; what it uses of it stands in for it.
JQUERY = """window.$ = (what) => {
  const found = typeof what === "string" ? [...document.querySelectorAll(what)] : [what];
  const each = (act) => (found.forEach(act), all);
  const all = {
    ready: (act) => (document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", act) : act(), all),
    // A browser refuses requests that wait in a page that goes: the player tells the unit before, and once is enough.
    unload: (act) => each((one) => one.addEventListener("unload", act, { once: true })),
    append: (html) => each((one) => one.insertAdjacentHTML("beforeend", html)),
    html: (html) => each((one) => { one.innerHTML = html; }),
    attr: (name, value) => each((one) => one.setAttribute(name, value)),
  };
  return all;
};
$.trim = (text) => String(text ?? "").trim();"""


def with_jquery(data: bytes) -> bytes:
    """The AICC sample with its own jQuery."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "default.htm":
                content = re.sub(rb"https://[^\"]*jquery\.js", b"jquery.js", content)
                assert b'src="jquery.js"' in content
            new.writestr(name, content)
        new.writestr("jquery.js", JQUERY)
    return made.getvalue()


async def content(player: Frame) -> Frame:
    """The SCO's page, which frames pages of its own, when it has begun."""
    element = await player.wait_for_selector("iframe.scorm-frame")
    sco = await element.content_frame()
    assert sco
    await sco.wait_for_function("typeof currentPage === 'number'")
    return sco


async def to_the_end(sco: Frame) -> None:
    """Turns the SCO's own pages, and answers its questions rightly."""
    while await sco.evaluate("currentPage < pageArray.length - 1"):
        await sco.evaluate("doNext()")
    if "assessment" in await sco.evaluate("pageArray[currentPage]"):
        inner = await (await sco.wait_for_selector("#contentFrame")).content_frame()
        assert inner
        await inner.wait_for_function(
            "window.test?.Questions.length > 0 && document.querySelector('#frmTest [type=button]')"
        )
        await inner.evaluate(RIGHT)


async def visitor(new_page: NewPage, sign_in: SignIn, who: object) -> Page:
    """A browser that nobody used before, signed in, which says yes to what packages ask."""
    page = await new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    await sign_in(page, who)  # type: ignore[arg-type]
    return page


async def test_the_samples_complete(
    database: Database, live_server: LiveServer, new_page: NewPage, sign_in: SignIn
) -> None:
    data = {name: (FOLDER / f"{name}.zip").read_bytes() for name in (ONE, TWO, FORCED, PAGES)}
    stage = await set_up(database, live_server, data)
    page = await visitor(new_page, sign_in, stage.learner)
    for name in (ONE, TWO):
        await page.goto(stage.path(name))
        player = await press(page, "Start")
        sco = await content(player)
        for _ in range(5):
            await sco.evaluate("doNext()")
        await leave(page, player)
        other = await visitor(new_page, sign_in, stage.learner)
        await other.goto(stage.path(name))
        sco = await content(player := await press(other, "Resume"))
        assert await sco.evaluate("currentPage") == 5
        await to_the_end(sco)
        await leave(other, player)
        row = await stage.registration(name)
        assert (row["completion_status"], row["success_status"], float(row["score"])) == ("completed", "passed", 100)

    await page.goto(stage.path(FORCED))
    player = await press(page, "Start")
    page.context.on("console", lambda m: print("SAID", m.text))
    for title in ("Playing the Game", "Etiquette", "Handicapping", "Having Fun"):
        await player.wait_for_selector(f'iframe.scorm-frame[title="{title}"]')
        await to_the_end(await content(player))
        await player.get_by_role("button", name="Next").click()
    await player.wait_for_selector('iframe.scorm-frame[title="Quiz"]')
    await to_the_end(await content(player))
    await leave(page, player)
    row = await stage.registration(FORCED)
    assert (row["completion_status"], row["success_status"]) == ("completed", "passed")

    await page.goto(stage.path(PAGES))
    player = await press(page, "Start")
    onward = player.get_by_role("button", name="Next")
    while await onward.get_attribute("aria-disabled") is None:
        before = await player.locator("[aria-current]").inner_text()
        await onward.click()
        await expect(player.locator("[aria-current]")).not_to_have_text(before)
    await leave(page, player)
    assert (await stage.registration(PAGES))["completion_status"] == "completed"


async def unit(player: Frame) -> Frame:
    """The AICC unit's page when it has heard the site."""
    found = await (await player.wait_for_selector("iframe.scorm-frame")).content_frame()
    assert found
    await found.wait_for_selector("#apiLog >> text=error=0")
    return found


async def test_the_aicc_sample_completes(
    database: Database, live_server: LiveServer, new_page: NewPage, sign_in: SignIn
) -> None:
    data = with_jquery((FOLDER / f"{AICC}.zip").read_bytes())
    stage = await set_up(database, live_server, {AICC: data})
    page = await visitor(new_page, sign_in, stage.learner)
    await page.goto(stage.path(AICC))
    player = await press(page, "Start")
    await (await unit(player)).get_by_role("button", name="Save current time").click()
    await leave(page, player)
    other = await visitor(new_page, sign_in, stage.learner)
    await other.goto(stage.path(AICC))
    player = await press(other, "Resume")
    again = await unit(player)
    await expect(again.locator("#lblLessonLocation")).to_contain_text("GMT")
    await again.get_by_role("button", name="Set LMS to Passed").click()
    await leave(other, player)
    row = await stage.registration(AICC)
    assert (row["completion_status"], row["success_status"]) == ("completed", "passed")

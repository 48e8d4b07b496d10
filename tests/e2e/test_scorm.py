"""Packages in a real browser: learn, suspend, come back in another browser, complete."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from playwright.async_api import Frame, Page, expect

from collegium.features.demo import package
from tests.e2e.conftest import SignIn
from tests.e2e.scorm import Stage, ask, calls_of, do, go_on_here, leave, player_of, press, saved, sco_of, set_up
from tests.support.browser import LOOKS, NewPage, axe_findings, scrolls_sideways
from tests.support.database import Database
from tests.support.packages import Sco, scorm_12, scorm_12_chain, scorm_2004, scorm_2004_forced
from tests.support.site import LiveServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


async def tracked(stage: Stage, name: str, element: str) -> list[str]:
    """Every value that was set for an element, in its order."""
    rows = await stage.rows(
        "select t.value from public.scorm_tracking t join public.scorm_enrollments e on e.id = t.scorm_enrollment_id"
        " where e.scorm_package_id = $1 and t.element = $2 order by t.commit_seq",
        stage.packages[name],
        element,
    )
    return [row["value"] for row in rows]


async def spent(sco: Frame, seconds: float) -> None:
    """Waits until a SCO has been open so long, for no more is counted than really passed, and reports it."""
    await sco.wait_for_function(f"performance.now() - begun > {seconds * 1000 + 100}")
    await sco.evaluate(f"acts.time({seconds})")


async def test_a_learner_comes_back_in_another_browser(
    database: Database, live_server: LiveServer, new_page: NewPage, sign_in: SignIn
) -> None:
    stage = await set_up(database, live_server, {"Denied claims": scorm_12(), "Appeals": scorm_2004()})
    page = await new_page()
    await sign_in(page, stage.learner)
    await page.goto(stage.path("Denied claims"))
    sco = await sco_of(player := await press(page, "Start"))
    assert await sco.evaluate("document.body.dataset.entry") == "ab-initio"
    await do(sco, "Page 7", "Score 40", "Answer a question", "Commit")
    assert await sco.inner_text("#said") == "LMSCommit() = true [0]"
    await spent(sco, 0.75)
    await do(sco, "Suspend")
    await leave(page, player)
    await expect(page.locator(".scorm-state")).to_have_text("Begun, 40 %")
    await page.get_by_text("Why is it not complete?").click()
    await expect(page.locator(".scorm-why")).to_have_text("It says that you have begun and not finished it.")

    other = await new_page(width=390)
    await sign_in(other, stage.learner)
    await other.goto(stage.path("Denied claims"))
    sco = await sco_of(player := await press(other, "Resume"))
    found = await sco.evaluate("({...document.body.dataset})")
    assert (found["entry"], found["location"], found["suspended"]) == ("resume", "page-7", "seen=7")
    assert await sco.evaluate("get('cmi.core.total_time')") == "0000:00:00.75"
    await do(sco, "Score 87.5", "Meet an objective", "Pass")
    await spent(sco, 1.5)
    await do(sco, "End")
    await saved(player)
    await leave(other, player)
    await expect(other.locator(".scorm-state")).to_have_text("Passed, 87.5 %")
    await expect(other.locator("#what-is-left")).to_contain_text("Completed on")
    row = await stage.registration("Denied claims")
    assert (row["completion_status"], row["success_status"], float(row["score"])) == ("completed", "passed", 87.5)
    assert float(row["total_time_seconds"]) == 2.25
    kept = json.loads(row["cmi_data"])["SCO-1"]
    assert kept["cmi.interactions.0.student_response"] == "b"
    assert kept["cmi.interactions.0.latency"] == "00:00:04.25"
    assert (kept["cmi.objectives.0.id"], kept["cmi.objectives.0.score.raw"]) == ("objective-0", "87.5")
    assert await tracked(stage, "Denied claims", "cmi.core.score.raw") == ["40", "87.5"]
    calls = await stage.rows("select calls from public.scorm_calls order by commit_seq")
    names = calls_of([{"calls": json.loads(row["calls"])} for row in calls])
    assert names.count("LMSInitialize") == names.count("LMSFinish") == 2
    # Also the last of them stand under the name of the part that made them.
    assert await stage.rows("select distinct sco from public.scorm_calls") == [{"sco": "SCO-1"}]

    await page.goto(stage.path("Appeals"))
    sco = await sco_of(player := await press(page, "Start"))
    await do(sco, "Page 2", "Score 87.5", "Answer a question", "Meet an objective")
    await spent(sco, 0.5)
    # The tab is closed without a word: what was set goes all the same.
    await page.close(run_before_unload=False)
    again = await new_page()
    await sign_in(again, stage.learner)
    await again.goto(stage.path("Appeals"))
    sco = await sco_of(player := await press(again, "Resume"))
    assert await sco.evaluate("get('cmi.location')") == "page-2"
    assert await sco.evaluate("get('cmi.interactions.0.learner_response')") == "b"
    await do(sco, "Pass", "End")
    await leave(again, player)
    row = await stage.registration("Appeals")
    assert (row["status"], float(row["score"]), float(row["total_time_seconds"])) == ("passed", 87.5, 0.5)
    assert await stage.rows("select 1 from public.enrollments where status = 'completed'"), "the course is complete"


async def the_demonstration_plays(page: Page, stage: Stage, name: str) -> None:
    """The package that the demonstration brings, from its first page to a passed test."""
    await page.goto(stage.path(name))
    player = await press(page, "Start")
    story = player.frame_locator('iframe.scorm-frame[title="What happened"]')
    await story.get_by_role("button", name="Go on").click()
    await story.get_by_role("button", name="Go on").click()
    await story.get_by_role("button", name="On to the questions").click()
    check = player.frame_locator('iframe.scorm-frame[title="Check yourself"]')
    for answer in ("When what is personal", "The same day", "Nobody, for Mr Keene"):
        await check.get_by_label(answer).check()
    await check.get_by_role("button", name="Answer").click()
    await expect(check.get_by_role("status")).to_have_text("2 of 3 are right. You have passed.")
    await saved(player)
    await leave(page, player)
    await expect(page.locator(".scorm-state")).to_contain_text("Passed")


async def test_parts_open_as_their_package_says(
    database: Database, live_server: LiveServer, new_page: NewPage, sign_in: SignIn
) -> None:
    forced, chain, shown = "In this order", "An appeal in three parts", "A letter goes to the wrong address"
    own = io.BytesIO()
    with zipfile.ZipFile(own, "w") as archive:
        package.write(archive)
    data = {forced: scorm_2004_forced(), chain: scorm_12_chain(), shown: own.getvalue()}
    stage = await set_up(database, live_server, data)
    page = await new_page()
    await sign_in(page, stage.learner)
    await the_demonstration_plays(page, stage, shown)
    await page.goto(stage.path(forced))
    sco = await sco_of(player := await press(page, "Start"), "The letter")
    tree = player.locator("[data-tree]")
    await expect(tree.locator("[aria-current]")).to_have_text("The letter (begun)")
    await expect(tree.get_by_role("button", name="The appeal")).to_be_disabled()
    await do(sco, "Pass")
    # What the SCO asks for happens when it has ended.
    await ask(sco, "continue")
    sco = await sco_of(player, "The reason")
    await expect(tree.get_by_role("button", name="The letter")).to_have_attribute("data-status", "passed")
    await leave(page, player)
    sco = await sco_of(player := await press(page, "Resume"), "The reason")
    await do(sco, "Pass")
    await player.get_by_role("button", name="Next").click()
    sco = await sco_of(player, "The appeal")
    await do(sco, "Pass")
    await ask(sco, "exitAll")
    await player.get_by_role("button", name="Leave the lesson").click()
    await expect(page.locator(".scorm-state")).to_have_text("Passed")
    row = await stage.registration(forced)
    assert (row["completion_status"], row["success_status"]) == ("completed", "passed")

    await page.goto(stage.path(chain))
    sco = await sco_of(player := await press(page, "Start"), "Read the letter")
    tree = player.locator("[data-tree]")
    await expect(tree.get_by_role("button", name="Write the appeal")).to_be_disabled()
    await do(sco, "Complete", "Commit")
    await expect(tree.get_by_role("button", name="Write the appeal")).to_be_enabled()
    await tree.get_by_role("button", name="Read the letter").focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    sco = await sco_of(player, "Write the appeal")
    await do(sco, "Complete", "End")
    await player.get_by_role("button", name="Next").click()
    sco = await sco_of(player, "Test yourself")
    await do(sco, "Score 40", "Complete", "End")
    await leave(page, player)
    await expect(page.locator(".scorm-state")).to_contain_text("Not passed")
    await page.get_by_text("Why is it not complete?").click()
    await expect(page.locator(".scorm-why")).to_contain_text("You have not passed: 40 %.")
    sco = await sco_of(player := await press(page, "New attempt"), "Read the letter")
    assert await sco.evaluate("document.body.dataset.entry") == "ab-initio"


@LOOKS
async def test_the_pages_are_clean(
    database: Database, live_server: LiveServer, new_page: NewPage, sign_in: SignIn, width: int, theme: str
) -> None:
    stage = await set_up(database, live_server, {"Three parts": scorm_12_chain(), "One": scorm_12(Sco(is_asset=True))})
    page = await new_page(width=width, theme=theme)
    await sign_in(page, stage.learner)
    await page.goto(stage.path("Three parts"))
    assert await axe_findings(page) == []
    sco = await sco_of(player := await press(page, "Start"), "Read the letter")
    await do(sco, "Complete", "Commit")
    assert not await scrolls_sideways(page)
    address = player.url
    own = await new_page(width=width, theme=theme)
    await own.goto(address)
    await own.wait_for_selector("iframe.scorm-frame")
    if width < 500:
        await own.get_by_role("button", name="Table of contents").click()
    await expect(own.get_by_role("navigation", name="Table of contents")).to_be_visible()
    assert await axe_findings(own) == []
    assert not await scrolls_sideways(own)
    await own.close()
    # Of two windows the older one says that it has stopped.
    tab = await page.context.new_page()
    await tab.goto(stage.path("Three parts"))
    await sco_of(await press(tab, "Resume"))
    await expect(player.get_by_role("heading", name="This window has stopped")).to_be_visible()
    await tab.close()
    await sco_of(player := await go_on_here(page, player))
    await leave(page, player)
    assert await axe_findings(page) == []
    await sign_in(page, stage.teacher)
    await page.goto(f"/studio/packages/{stage.packages['One']}")
    await page.get_by_role("link", name="Try it").click()
    assert await axe_findings(page) == []
    await page.get_by_role("button", name="Open the package").click()
    await (await player_of(page)).wait_for_selector("iframe.scorm-frame")
    assert (await stage.registration("One", stage.teacher))["attempts"] == 0, "nothing of a preview counts"

"""A package with several organisations: an instructor chooses which of them a lesson plays."""

from __future__ import annotations

import os

import pytest
from playwright.async_api import Page, expect

from tests.e2e.conftest import SignIn
from tests.e2e.scorm import do, leave, press, saved, sco_of, set_up
from tests.support.browser import NewPage, two_looks
from tests.support.database import Database
from tests.support.packages import scorm_12_choice
from tests.support.people import add_person, enrol
from tests.support.site import LiveServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
PICTURES = os.environ.get("COLLEGIUM_TEST_PICTURES")
NAME = "Appeals"


async def look(page: Page, name: str) -> None:
    """The page is accessible and no wider than its window, at a desk and on a phone at night."""
    assert await two_looks(page, name, pictures=PICTURES) == []


async def test_a_lesson_plays_the_organisation_that_was_chosen(
    database: Database, live_server: LiveServer, new_page: NewPage, sign_in: SignIn
) -> None:
    stage = await set_up(database, live_server, {NAME: scorm_12_choice()})
    page = await new_page()
    await sign_in(page, stage.learner)
    await page.goto(stage.path(NAME))
    await do(await sco_of(player := await press(page, "Start"), "Read the letter"), "Complete", "End")
    await leave(page, player)

    desk = await new_page()
    await sign_in(desk, stage.teacher)
    here = f"/studio/{stage.course.id}/lessons/{stage.course.lesson(NAME).id}/package"
    await desk.goto(here)
    which = desk.get_by_label("Which of its 2 organisations")
    await expect(which).to_have_value("LONG")
    await expect(desk.get_by_text("Those who have begun the lesson go on with the one that they began")).to_be_visible()
    await which.select_option("SHORT")
    await desk.get_by_role("button", name="Play this one").click()
    await expect(desk.get_by_text("Those who begin the lesson now play “For the hurried”.")).to_be_visible()
    await expect(which).to_have_value("SHORT")
    await look(desk, "which-organisation")
    await desk.get_by_role("link", name="Try it").click()
    await sco_of(await press(desk, "Open the package"), "In brief")
    await desk.goto(f"/studio/packages/{stage.packages[NAME]}")
    await expect(desk.get_by_text("Plays “For the hurried”")).to_be_visible()
    await desk.get_by_text("1 other organisation").click()
    await look(desk, "organisations")

    # Who had begun goes on; who begins now plays the other one, and has finished with its only part.
    await page.reload()
    player = await press(page, "Resume")
    await player.locator("[data-tree]").get_by_role("button", name="Write the appeal").click()
    await do(await sco_of(player, "Write the appeal"), "Complete", "End")
    await leave(page, player)
    await expect(page.locator(".scorm-state")).to_have_text("Complete")
    late = await add_person(database, first_name="Lene", last_name="Kolb")
    await enrol(database, late, stage.course)
    other = await new_page()
    await sign_in(other, late)
    await other.goto(stage.path(NAME))
    player = await press(other, "Start")
    await do(await sco_of(player, "In brief"), "Complete", "End")
    await saved(player)
    await leave(other, player)
    await expect(other.locator(".scorm-state")).to_have_text("Complete")
    rows = await stage.rows(
        "select organization, completion_status from public.scorm_enrollments where lesson_id is not null order by id"
    )
    assert [tuple(row.values()) for row in rows] == [(None, "completed"), ("SHORT", "completed")]

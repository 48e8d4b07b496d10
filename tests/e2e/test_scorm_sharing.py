"""Two packages of one learner in a real browser: what the first one says opens a part of the second one."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import SignIn
from tests.e2e.scorm import do, leave, press, saved, sco_of, set_up
from tests.support.browser import NewPage
from tests.support.database import Database
from tests.support.packages import scorm_2004_listener, scorm_2004_teller
from tests.support.site import LiveServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
APART = 'adlseq:objectivesGlobalToSystem="false" adlcp:sharedDataGlobalToSystem="false"'


async def test_one_package_opens_what_another_holds_back(
    database: Database, live_server: LiveServer, new_page: NewPage, sign_in: SignIn
) -> None:
    data = {"Basics": scorm_2004_teller(), "Going on": scorm_2004_listener(), "Apart": scorm_2004_listener(APART)}
    stage = await set_up(database, live_server, data)
    page = await new_page()
    await sign_in(page, stage.learner)
    await page.goto(stage.path("Going on"))
    sco = await sco_of(player := await press(page, "Start"), "Where to begin")
    later = player.locator("[data-tree]").get_by_role("button", name="For the experienced")
    await expect(later).to_be_disabled()
    assert await sco.evaluate("[get('adl.data.0.store'), api.GetLastError()]") == ["", "403"]
    await leave(page, player)

    await page.goto(stage.path("Basics"))
    sco = await sco_of(player := await press(page, "Start"))
    await sco.evaluate("set('adl.data.0.store', 'page 7, “cell”')")
    await do(sco, "Pass", "End")
    await saved(player)
    rows = await stage.rows("select target_id, satisfied from public.scorm_global_objectives")
    assert rows == [{"target_id": "org.guild.basics", "satisfied": True}]

    await page.goto(stage.path("Going on"))
    sco = await sco_of(player := await press(page, "Resume"), "Where to begin")
    later = player.locator("[data-tree]").get_by_role("button", name="For the experienced")
    await expect(later).to_be_enabled()
    assert await sco.evaluate("get('adl.data.0.store')") == "page 7, “cell”"
    await later.click()
    await do(await sco_of(player, "For the experienced"), "Pass", "End")
    await saved(player)

    # A package that keeps to itself hears nothing, and says nothing.
    await page.goto(stage.path("Apart"))
    sco = await sco_of(player := await press(page, "Start"), "Where to begin")
    await expect(player.locator("[data-tree]").get_by_role("button", name="For the experienced")).to_be_disabled()
    await sco.evaluate("set('adl.data.0.store', 'of my own')")
    await do(sco, "Commit")
    assert await sco.evaluate("get('adl.data.0.store')") == "of my own"
    await saved(player)
    assert await stage.rows("select value from public.scorm_shared_data") == [{"value": "page 7, “cell”"}]

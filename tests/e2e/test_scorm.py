"""Packages in a real browser: learn, suspend, come back, complete."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import SignIn
from tests.e2e.scorm import do, leave, press, saved, sco_of, set_up
from tests.support.browser import NewPage
from tests.support.database import Database
from tests.support.packages import scorm_12
from tests.support.site import LiveServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


async def test_a_learner_comes_back_in_another_browser(
    database: Database, live_server: LiveServer, new_page: NewPage, sign_in: SignIn
) -> None:
    stage = await set_up(database, live_server, {"Denied claims": scorm_12()})
    page = await new_page()
    await sign_in(page, stage.learner)
    await page.goto(stage.path("Denied claims"))
    player = await press(page, "Start")
    sco = await sco_of(player)
    assert await sco.evaluate("document.body.dataset.entry") == "ab-initio"
    await do(sco, "Page 7", "Score 40", "61.5 seconds", "Commit")
    assert await sco.inner_text("#said") == "LMSCommit() = true [0]"
    row = await stage.registration("Denied claims")
    assert row["commit_seq"] > 0
    await do(sco, "Suspend")
    await saved(player)
    await leave(page, player)

"""An AICC course in a real browser: its units speak HACP, and what they say moves the course as with SCORM."""

from __future__ import annotations

import pytest
from playwright.async_api import Frame, expect

from tests.e2e.conftest import SignIn
from tests.e2e.scorm import leave, press, set_up
from tests.support.browser import NewPage
from tests.support.database import Database
from tests.support.packages import zipped
from tests.support.site import LiveServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
UNIT = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Unit</title></head><body><h1>Unit</h1>
<p id="said"></p><script src="unit.js"></script></body></html>"""
# As units do it: requests that they wait for, the last ones while the page goes.
SCRIPT = """
const given = new URLSearchParams(location.search);
let core = { Lesson_Location: "", Lesson_Status: "i", Score: "", Time: "00:00:00" };
let kept = "";
window.answers = [];
function send(command, data) {
  const request = new XMLHttpRequest();
  request.open("POST", given.get("AICC_URL"), false);
  request.setRequestHeader("Content-Type", "application/x-www-form-urlencoded");
  const form = { command, version: "3.5", session_id: given.get("AICC_SID"), aicc_data: data };
  request.send(new URLSearchParams(form).toString());
  answers.push(request.responseText.split("\\r\\n")[0]);
  return request.responseText;
}
function put(changed, text) {
  Object.assign(core, changed);
  if (text !== undefined) kept = text;
  const lines = Object.entries(core).map(([name, value]) => name + "=" + value);
  return send("PutParam", ["[Core]", ...lines, "[Core_Lesson]", kept, ""].join("\\r\\n"));
}
document.getElementById("said").textContent = send("GetParam", "");
let gone = false;
window.addEventListener("unload", () => { if (!gone) { gone = true; put({ Time: "00:00:00" }); send("ExitAU", ""); } });
"""


def course() -> bytes:
    """Two units, of which the second asks for the first; the first has a mastery score of 80."""
    columns = (
        '"system_id","type","command_line","Max_Time_Allowed","time_limit_action","file_name","max_score","mastery_score",'
        '"system_vendor","core_vendor","web_launch","au_password"\r\n'
    )
    return zipped(
        {
            "c.crs": "[Course]\r\nCourse_ID=C\r\nCourse_Title=Ladders\r\nCourse_System=HTML\r\nLevel=1\r\nTotal_AUs=2\r\n"
            "Version=3.0\r\n[Course_Behavior]\r\nMax_Normal=1\r\n",
            "c.au": columns
            + '"A1","","","","","unit.html",100,80,"","depth=3","n=1",""\r\n"A2","","","","","unit.html",100,,"","","",""\r\n',
            "c.des": '"system_id","developer_id","title","description"\r\n"A1","1","Rungs",""\r\n"A2","2","Ropes",""\r\n',
            "c.cst": '"block","member"\r\n"ROOT","A1","A2"\r\n',
            "unit.html": UNIT,
            "unit.js": SCRIPT,
        }
    )


async def unit_of(player: Frame, title: str) -> Frame:
    """The page of a unit, once it has its parameters."""
    element = await player.wait_for_selector(f'iframe.scorm-frame[title="{title}"]')
    frame = await element.content_frame()
    assert frame
    await frame.wait_for_function("document.getElementById('said')?.textContent.startsWith('error=0')")
    return frame


async def test_a_course_of_aicc_is_learned_and_completed(
    database: Database, live_server: LiveServer, new_page: NewPage, sign_in: SignIn
) -> None:
    stage = await set_up(database, live_server, {"Ladders": course()})
    page = await new_page()
    await sign_in(page, stage.learner)
    await page.goto(stage.path("Ladders"))
    player = await press(page, "Start")
    unit = await unit_of(player, "Rungs")
    said = (await unit.text_content("#said") or "").replace("\r\n", "\n")
    assert "student_name=Okafor, Mara" in said
    assert "[Core_Vendor]\ndepth=3" in said
    assert "mastery_score=80" in said
    assert "n=1" in await unit.evaluate("location.search")
    await unit.evaluate("put({Lesson_Location: 'p4', Score: '40,100'}, 'seen=4')")
    await leave(page, player)
    await expect(page.locator(".scorm-state")).to_have_text("Begun, 40 %")

    player = await press(page, "Resume")
    unit = await unit_of(player, "Rungs")
    said = (await unit.text_content("#said") or "").replace("\r\n", "\n")
    assert "lesson_location=p4" in said
    assert "lesson_status=incomplete, resume" in said
    assert "[Core_Lesson]\nseen=4" in said
    # What is set last is sent while the unit goes, and the next one is opened after it was stored.
    await unit.evaluate("Object.assign(core, {Lesson_Status: 'c', Score: '90,100'})")
    await player.get_by_role("button", name="Next").click()
    unit = await unit_of(player, "Ropes")
    await expect(player.get_by_role("button", name="Rungs (passed)")).to_be_visible()
    await unit.evaluate("put({Lesson_Status: 'p', Score: '70,100'})")
    assert await unit.evaluate("answers") == ["error=0", "error=0"]
    await leave(page, player)
    await expect(page.locator(".scorm-state")).to_contain_text("Passed")
    found = await stage.registration("Ladders")
    assert (found["completion_status"], found["success_status"], float(found["score"])) == ("completed", "passed", 80)
    calls = await stage.rows(
        "select sco, calls -> 0 ->> 'fn' as fn from public.scorm_calls where sco <> '' order by \"timestamp\""
    )
    heard = [(row["sco"], row["fn"]) for row in calls if row["sco"] in ("A1", "A2")]
    first = [("A1", name) for name in ("GetParam", "PutParam", "PutParam", "ExitAU", "GetParam", "PutParam", "ExitAU")]
    assert heard == [*first, *(("A2", name) for name in ("GetParam", "PutParam", "PutParam", "ExitAU"))]

"""The pages of corrections: proposed beside what the package said, decided by an administrator."""

from __future__ import annotations

import re

import pytest

from collegium.kit.site import Site
from tests.features.scorm_reports.test_pages import played, registration
from tests.support.database import Database
from tests.support.people import add_person
from tests.support.site import Client

pytestmark = pytest.mark.asyncio
REASON = "Slide four never reported that it was passed."


async def test_from_the_proposal_to_the_decision(site: Site, client: Client, database: Database) -> None:
    school, teacher, _ = await played(site, client, database)
    chief = await add_person(database, "admin", first_name="Chiara", last_name="Fell")
    path = f"/studio/registrations/{await registration(school)}"
    attempt = await school.value("select id from public.scorm_attempts limit 1")
    await client.login(teacher)
    assert "Propose another result" in (await client.get(path)).text
    form = {"attempt": str(attempt), "completion": "completed", "success": "passed", "score": "110", "reason": REASON}
    wrong = await client.post_form(f"{path}/rescores", form)
    assert wrong.status_code == 422
    assert "Give a number between 0 and 100" in wrong.text
    assert REASON in wrong.text, "what was written is kept"
    wrong = await client.post_form(f"{path}/rescores", {**form, "score": "", "reason": "Because."})
    assert (wrong.status_code, "Say in a few words" in wrong.text) == (422, True)
    proposed = await client.post_form(f"{path}/rescores", {**form, "score": "92,5 %"})
    assert proposed.status_code == 303
    page = (await client.get(path)).text
    for words in ("Waits for a decision", REASON, "92.5 %", "Withdraw"):
        assert words in page, words
    assert "Propose another result" not in page
    assert (await client.post_form(f"{path}/rescores", form | {"score": "90"})).status_code == 409
    rescore = re.findall(r"/rescores/([0-9a-f-]{36})/withdraw", page)[0]
    assert (await client.post_form(f"{path}/rescores/{rescore}/decide", {"decision": "approve"})).status_code == 403
    assert (await client.get("/admin/rescores")).status_code == 403

    await client.login(chief)
    queue = (await client.get("/admin/rescores")).text
    assert "Ada Berg0" in queue
    assert "Proposed by Ines Lindqvist" in queue
    assert "No correction fits" in (await client.get("/admin/rescores?q=%25%27")).text
    assert "Ada Berg0" in (await client.get("/admin/rescores?q=fire&after=%00zzz")).text
    sent = {"attempt": str(attempt), "words": "", "decision": "decline"}
    assert (await client.post_form(f"{path}/rescores/{rescore}/decide", sent)).status_code == 422
    sent |= {"decision": "approve", "words": "Seen in the recorder."}
    assert (await client.post_form(f"{path}/rescores/{rescore}/decide", sent)).status_code == 303
    again = await client.post_form(f"{path}/rescores/{rescore}/decide", sent)
    assert (again.status_code, "not open any more" in again.text) == (409, True)
    assert "Nothing waits" in (await client.get("/admin/rescores")).text

    await client.login(teacher)
    page = (await client.get(path)).text
    for words in ("Passed", "92.5 %", "Approved by", "Seen in the recorder."):
        assert words in page, words
    assert "Your correction is approved" in (await client.get("/me/notices")).text


async def test_odd_requests(site: Site, client: Client, database: Database) -> None:
    school, teacher, _ = await played(site, client, database)
    path = f"/studio/registrations/{await registration(school)}"
    await client.login(teacher)
    assert (await client.post_form(f"{path}/rescores", {"attempt": "x"})).status_code == 404
    nobody = "00000000-0000-0000-0000-000000000000"
    form = {"attempt": nobody, "success": "passed", "reason": REASON}
    assert (await client.post_form(f"{path}/rescores", form)).status_code == 404
    assert (await client.post_form(f"{path}/rescores/{nobody}/withdraw", {})).status_code == 404
    attempt = str(await school.value("select id from public.scorm_attempts limit 1"))
    form = {"attempt": attempt, "success": "passed", "reason": REASON, "score": "1e99999"}
    assert (await client.post_form(f"{path}/rescores", form)).status_code == 422
    form = {"attempt": attempt, "success": "<b>", "reason": REASON}
    assert (await client.post_form(f"{path}/rescores", form)).status_code == 422
    await client.login(school.learners[0])
    assert (await client.post_form(f"{path}/rescores", form)).status_code == 403

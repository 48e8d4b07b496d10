"""The pages of results: who sees whom, what is found, what the files hold."""

from __future__ import annotations

import csv
import html
import io
import re
from typing import Any

import pytest

from collegium.kit.site import Site
from tests.features.scorm.playing import Player, School, found_school
from tests.support.database import Database
from tests.support.people import Person, add_person
from tests.support.site import Client

pytestmark = pytest.mark.asyncio
FORMULA = "=HYPERLINK(0)"


async def played(site: Site, client: Client, database: Database) -> tuple[School, Person, Player]:
    """A package that the first learner has finished with an answer; the second has not opened it."""
    teacher = await add_person(database, "instructor", first_name="Ines", last_name="Lindqvist")
    school = await found_school(site, database, teacher=teacher)
    player = Player(client, await school.launch())
    calls = [
        {"t": 5, "fn": "Initialize", "args": [""], "answer": "true", "error": "0"},
        {"t": 9, "fn": "SetValue", "args": ["cmi.suspend_data", FORMULA], "answer": "true", "error": "0"},
        {"t": 11, "fn": "GetValue", "args": ["cmi.nonsense"], "answer": "", "error": "401"},
    ]
    await player.commit(
        elements={
            "cmi.suspend_data": FORMULA,
            "cmi.interactions.0.id": "q1",
            "cmi.interactions.0.type": "choice",
            "cmi.interactions.0.learner_response": "b",
            "cmi.interactions.0.result": "correct",
            "cmi.interactions.0.latency": "PT12.5S",
            "cmi.objectives.0.id": "o1",
            "cmi.objectives.0.success_status": "passed",
        },
        calls=calls,
    )
    await player.commit(
        elements={"cmi.completion_status": "completed", "cmi.score.scaled": "0.875"},
        calls=[{"t": 20, "fn": "SetValue", "args": ["cmi.score.scaled", "0.875"], "answer": "true", "error": "0"}],
        terminate=True,
    )
    return school, teacher, player


async def registration(school: School) -> Any:
    return await school.value("select id from public.scorm_enrollments where scorm_package_id = $1", school.package)


async def table(client: Client, path: str) -> list[list[str]]:
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(answer.text)))


async def test_results_of_a_package(site: Site, client: Client, database: Database) -> None:
    school, teacher, _ = await played(site, client, database)
    await client.login(teacher)
    path = f"/studio/packages/{school.package}/results"
    page = (await client.get(path)).text
    assert "Ada Berg0" in page
    assert "87.5 %" in page
    assert "SCO-2" in page
    assert "Nobody is like that" in (await client.get(path + "?status=failed")).text
    assert "Ada Berg0" in (await client.get(path + "?q=berg0&status=in_progress")).text
    assert "Nobody is like that" in (await client.get(path + "?q=%25%25x")).text
    rows = await table(client, path + ".csv")
    assert [row[:2] for row in rows[1:]] == [["Ada Berg0", school.learners[0].email]]
    assert dict(zip(*rows, strict=True))["Score in %"] == "87.50"


async def test_what_a_package_asked(site: Site, client: Client, database: Database) -> None:
    school, teacher, _ = await played(site, client, database)
    second = Player(client, await school.launch(1))
    await second.commit(
        elements={
            "cmi.interactions.0.id": "q1",
            "cmi.interactions.0.type": "choice",
            "cmi.interactions.0.learner_response": FORMULA,
            "cmi.interactions.0.result": "incorrect",
            "cmi.interactions.0.latency": "PT13.5S",
            "cmi.objectives.0.id": "o1",
            "cmi.objectives.0.success_status": "failed",
            "cmi.objectives.0.score.scaled": "0.5",
        }
    )
    await client.login(teacher)
    path = f"/studio/packages/{school.package}/questions"
    page = (await client.get(path)).text
    for words in ("q1", "50 %", "13 s", "No answers yet"):
        assert (words in page) is (words != "No answers yet"), words
    assert (await table(client, path + ".csv"))[1:] == [["SCO-1", "q1", "", "choice", "2", "1", "1", "50", "13.0"]]
    other = await add_person(database, "instructor", first_name="Otto", last_name="Stern")
    async with database.connect() as owner:
        await owner.execute("update public.scorm_packages set is_shared = true")
    await client.login(other)
    assert "No answers yet" in (await client.get(path)).text, "he may use the package and sees nobody's answers"


async def test_one_person_and_the_recorder(site: Site, client: Client, database: Database) -> None:
    school, teacher, _ = await played(site, client, database)
    await client.login(teacher)
    path = f"/studio/registrations/{await registration(school)}"
    page = (await client.get(path)).text
    for words in ("q1", "12.5 s", "Right", "o1", "It used an element that the standard does not have (once, error 401",
                  "The package never set cmi.success_status."):  # fmt: skip
        assert words in page, words
    recorder = (await client.get(path + "/recorder")).text
    assert recorder.count("data-call") == 4
    assert (await client.get(path + "/recorder?errors=1")).text.count("data-call") == 1
    assert (await client.get(path + "/recorder?fn=set")).text.count("data-call") == 2
    assert (await client.get(path + "/recorder?fn=set&q=scaled&sco=SCO-1")).text.count("data-call") == 1
    assert "No such calls" in (await client.get(path + "/recorder?sco=SCO-2")).text
    rows = await table(client, path + "/recorder.csv")
    assert [row[5] for row in rows[1:]] == ["Initialize", "SetValue", "GetValue", "SetValue"]
    assert rows[2][7] == "'" + FORMULA, "a spreadsheet does not run it"


async def test_pages_of_calls_follow_each_other(
    site: Site, client: Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    school, teacher, _ = await played(site, client, database)
    await client.login(teacher)
    from collegium.features.scorm_reports import service

    monkeypatch.setattr(service.calls, "__defaults__", (None, 3))
    path = f"/studio/registrations/{await registration(school)}/recorder"
    first = (await client.get(path)).text
    assert first.count("data-call") == 3
    following = html.unescape(re.findall(r'href="([^"]*after=[^"]*)"', first)[0])
    second = (await client.get(following)).text
    assert second.count("data-call") == 1
    assert "cmi.suspend_data" in second, "a replay begins with what was set before"


async def test_nobody_else_sees_the_records(site: Site, client: Client, database: Database) -> None:
    school, _, _ = await played(site, client, database)
    found = await registration(school)
    other = await add_person(database, "instructor", first_name="Otto", last_name="Stern")
    addresses = [f"/studio/registrations/{found}{suffix}" for suffix in ("", "/recorder", "/recorder.csv")]
    await client.login(other)
    for path in (
        *addresses,
        f"/studio/packages/{school.package}/results",
        f"/studio/packages/{school.package}/results.csv",
    ):
        assert (await client.get(path)).status_code == 404, path
    await client.login(school.learners[0])
    for path in addresses:
        assert (await client.get(path)).status_code == 403, path


async def test_odd_addresses(site: Site, client: Client, database: Database) -> None:
    school, teacher, _ = await played(site, client, database)
    await client.login(teacher)
    path = f"/studio/packages/{school.package}/results"
    for query in ("?status=x&course=1&after=%00", "?q=%27%22%5C", "?course=00000000-0000-0000-0000-000000000000"):
        assert (await client.get(path + query)).status_code == 200, query
    one = f"/studio/registrations/{await registration(school)}"
    assert (await client.get(one + "?attempt=nothing")).status_code == 404
    assert (await client.get(one + "/recorder?after=zzz&fn=rm&q=%27")).status_code == 200

"""AICC units speak HACP to the content origin: what is stored, the order of a session, and who is not heard."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64encode
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from collegium.kit.site import Site
from tests.features.scorm.playing import Player, School, found_school
from tests.support.database import Database
from tests.support.site import Client

pytestmark = pytest.mark.asyncio
MASTERY = """
update public.scorm_items set mastery_score = 70, launch_data = 'x=1' where identifier = 'SCO-1' and scorm_package_id = $1
"""
AICC = """
update public.scorm_packages set version = 'aicc', edition = null,
    manifest = '{"identifier":"COURSE-1","extra":{"passwords":{"SCO-2":"open sesame"}}}' where id = $1
"""
CORE = "[Core]\r\nLesson_Location=p3\r\nLesson_Status=%s\r\nScore=%s,100,0\r\nTime=00:00:00\r\n[Core_Lesson]\r\na=1\r\nb=2\r\n"
GROUND = """
select format('%s|%s|%s|%s', r.completion_status, r.success_status, r.score, e.commit_seq)
from public.scorm_enrollments e join public.scorm_sco_results r on r.attempt_id = e.session_attempt_id and r.sco = 'SCO-1'
where e.id = $1
"""


class Unit:
    """A unit in its frame, as far as the server sees it."""

    def __init__(self, player: Player, sid: str) -> None:
        self.player, self.sid = player, sid

    async def posts(self, body: Any, **headers: str) -> httpx.Response:
        address = f"{self.player.launch.origin}/{self.player.token}/aicc"
        sent = body if isinstance(body, bytes) else urlencode(body).encode()
        kind = {"content-type": "application/x-www-form-urlencoded", "origin": self.player.launch.origin}
        return await self.player.client.post(address, content=sent, headers=kind | headers)

    async def __call__(self, command: str, data: str = "", **more: str) -> tuple[str, str]:
        """The number of the error, and what came as data."""
        answer = await self.posts(
            {"command": command, "version": "4.0", "session_id": self.sid, "AICC_Data": data} | more
        )
        assert answer.status_code == 200, answer.text
        assert "set-cookie" not in answer.headers
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        error, _, rest = answer.text.partition("\r\n")
        return error.removeprefix("error="), rest.partition("aicc_data=")[2]


def sid_of(unit: str, visit: str = "1") -> str:
    return f"{urlsafe_b64encode(unit.encode()).decode().rstrip('=')}.{visit}"


async def school_of_aicc(site: Site, database: Database) -> School:
    school = await found_school(site, database)
    async with database.connect() as owner:
        await owner.execute(AICC, school.package)
        await owner.execute(MASTERY, school.package)
    return school


async def test_a_unit_is_learned_left_and_gone_on_with(site: Site, client: Client, database: Database) -> None:
    school = await school_of_aicc(site, database)
    launch = await school.launch()
    player = Player(client, launch)
    unit = Unit(player, sid_of("SCO-1"))
    error, data = await unit("GetParam")
    assert error == "0"
    for line in (
        "[Core]\r\n", f"student_id={school.learners[0].id}\r\n", "student_name=Berg0, Ada\r\n", "credit=credit\r\n",
        "lesson_status=not attempted, ab-initio\r\n", "lesson_mode=normal\r\n", "time=00:00:00\r\n",
        "[Core_Vendor]\r\nx=1\r\n", "course_id=COURSE-1\r\n", "mastery_score=70\r\n",
    ):  # fmt: skip
        assert line in data
    assert await unit("PutParam", CORE % ("incomplete", "20")) == ("0", "\r\n")
    assert await school.value(GROUND, launch.registration_id) == "incomplete|unknown|20.00|0"
    # The player's own numbers go on beside it, as if the unit had said nothing.
    assert (await player.commit(sco="ORG", elements={}, state={"current": "SCO-1"}))["seq"] == 1
    assert (await unit("PutParam", CORE % ("c", "71.5")))[0] == "0"
    rows = '"interaction_id","type_interaction","student_response","result"\r\n"q1","C","a","C"\r\n'
    assert (await unit("PutInteractions", rows))[0] == (await unit("PutInteractions", rows))[0] == "0"
    long = rows.replace('"a"', f'"{"ä" * 60_000}"')
    assert (await unit("PutInteractions", long))[0] == "0"
    assert (await unit("PutInteractions", rows.replace('"a"', f'"{"b" * 64_001}"')))[0] == "1", (
        "what is too long is refused, never cut"
    )
    assert (await unit("PutObjectives", '"objective_id","status"\r\n"o1","p"\r\n'))[0] == "0"
    assert (await unit("PutPath", "anything"))[0] == "0"
    assert (await unit("ExitAU"))[0] == "0"
    # The mastery score has decided, by the same rule as for SCORM 1.2.
    assert await school.value(GROUND, launch.registration_id) == "completed|passed|71.50|1"
    # So does a commit whose answer was lost, which is sent again under its number.
    lost = (await player.post("commit", player.body(seq=1, sco="ORG", elements={}))).json()
    assert (lost["saved"], lost["repeated"]) == (True, True)
    assert (await player.commit(sco="ORG", elements={}))["seq"] == 2
    session = (await player.get("definition")).json()["session"]
    assert session["saved"]["SCO-1"]["cmi.interactions.1.id"] == "q1"
    assert session["saved"]["SCO-1"]["cmi.interactions.2.student_response"] == "ä" * 60_000
    assert session["saved"]["SCO-1"]["cmi.suspend_data"] == "a=1\nb=2"
    calls = (
        "select string_agg(calls -> 0 ->> 'fn', ' ' order by \"timestamp\") from public.scorm_calls where sco = 'SCO-1'"
    )
    assert await school.value(calls) == (
        "GetParam PutParam PutParam" + " PutInteractions" * 4 + " PutObjectives PutPath ExitAU"
    )
    beyond = (
        "select count(*) from public.scorm_tracking t join public.scorm_enrollments e on e.id = t.scorm_enrollment_id"
    )
    assert await school.value(f"{beyond} where t.commit_seq > e.commit_seq") == 0
    later = Unit(Player(client, await school.launch()), sid_of("SCO-1", "2"))
    _, data = await later("getparam")
    for line in (
        "lesson_status=passed, resume\r\n",
        "score=71.5,100,0\r\n",
        "[Core_Lesson]\r\na=1\r\nb=2\r\n",
        "j_id.1=o1\r\n",
    ):
        assert line in data


async def test_the_order_of_a_session(site: Site, client: Client, database: Database) -> None:
    school = await school_of_aicc(site, database)
    player = Player(client, await school.launch())
    unit = Unit(player, sid_of("SCO-1"))
    for command in ("PutParam", "PutInteractions", "ExitAU"):
        assert (await unit(command, CORE % ("c", "90")))[0] == "3"
    assert (await unit("GetParam"))[0] == "0"
    assert (await unit("Drop"))[0] == "1"
    assert (await unit("PutParam", CORE % ("i", "10")))[0] == "0"
    assert (await unit("ExitAU"))[0] == "0"
    for command in ("PutParam", "PutObjectives", "ExitAU"):
        assert (await unit(command, CORE % ("c", "90")))[0] == "3"
    assert (await player.get("definition")).json()["session"]["saved"]["SCO-1"]["cmi.core.score.raw"] == "10"
    # Another visit has a session of its own; the page loaded again in its frame begins with GetParam.
    again = Unit(player, sid_of("SCO-1", "2"))
    assert (await again("GetParam"))[0] == (await unit("GetParam"))[0] == "0"
    assert (await again("PutParam", "[Core]\r\nLesson_Location=p9\r\n"))[0] == "0"
    # Who opens another player ends them all, and so does a day.
    await school.launch()
    assert (await again("PutParam", CORE % ("c", "90")))[0] == "3"
    fresh = Unit(Player(client, await school.launch()), sid_of("SCO-1"))
    assert (await fresh("GetParam"))[0] == "0"
    async with database.connect() as owner:
        await owner.execute("update public.scorm_enrollments set session_opened_at = now() - interval '25 hours'")
    assert (await fresh("PutParam", CORE % ("c", "90")))[0] == "3"


async def test_who_is_not_heard(site: Site, client: Client, database: Database) -> None:
    school = await school_of_aicc(site, database)
    player = Player(client, await school.launch())
    for sid in (
        "",
        "x",
        "..",
        sid_of("SCO-9"),
        sid_of("ORG"),
        sid_of(""),
        "%00.1",
        sid_of("SCO-1\0"),
        "é.1",
        sid_of("S") * 99,
    ):
        assert (await Unit(player, sid)("GetParam"))[0] == "3"
    locked = Unit(player, sid_of("SCO-2"))
    assert (await locked("GetParam"))[0] == "2"
    assert (await locked("GetParam", AU_password="open sesame"))[0] == "0"
    assert (await locked("PutParam", CORE % ("c", "90"), au_password="guess"))[0] == "2"
    # A unit may lie elsewhere and asks from there; it can read the answer, and no cookie is taken or given.
    unit = Unit(player, sid_of("SCO-1"))
    away = await unit.posts({"command": "GetParam", "session_id": unit.sid}, origin="https://units.example.org")
    assert (away.status_code, away.headers["access-control-allow-origin"]) == (200, "*")
    assert away.text.startswith("error=0\r\n")
    asked = await client.request("OPTIONS", f"{player.launch.origin}/{player.token}/aicc")
    assert (asked.status_code, asked.headers["access-control-allow-methods"]) == (204, "POST")
    got = await player.get("aicc")
    assert (got.status_code, got.text[:7]) == (405, "error=1")
    # Another registration's token opens nothing here, and no token at all neither.
    other = await school.launch(1)
    assert (await client.post(f"{player.launch.origin}/{other.token}/aicc", content=b"")).status_code == 404
    assert (await client.post(f"{player.launch.origin}/{'A' * 84}/aicc", content=b"")).status_code == 404
    # A package of SCORM has no units.
    async with database.connect() as owner:
        await owner.execute("update public.scorm_packages set version = '1.2' where id = $1", school.package)
    assert (await unit("PutParam", CORE % ("c", "90")))[0] == "3"


async def test_what_the_run_time_takes_is_counted(site: Site, client: Client, database: Database) -> None:
    """A share of thirds with all its decimals, and a language before a text of the full length."""
    school = await found_school(site, database)
    player = Player(client, await school.launch())
    share, words = "0.6666666666666666", "{lang=pt-BR}" + "x" * 4000
    given = {
        "cmi.score.scaled": share,
        "cmi.completion_status": "completed",
        "cmi.comments_from_learner.0.comment": words,
    }
    assert (await player.commit(elements=given))["saved"] is True
    assert await school.value("select score from public.scorm_sco_results where sco = 'SCO-1'") == Decimal("66.67")


async def test_what_cannot_be_kept_is_not_said_to_be(site: Site, client: Client, database: Database) -> None:
    school = await school_of_aicc(site, database)
    unit = Unit(Player(client, await school.launch()), sid_of("SCO-1"))
    await unit("GetParam")
    assert (await unit("PutParam", "[Core_Lesson]\r\n" + "x" * 64_000))[0] == "0"
    assert (await unit("PutParam", "[Core_Lesson]\r\n" + "y" * 64_001))[0] == "1"
    assert (await unit("PutParam", "[Core_Lesson]\r\n\0"))[0] == "1"
    assert (await unit("PutInteractions", "interaction_id\r\n" + "q\r\n" * 1001))[0] == "1"
    assert (await unit.posts(b"x" * 400_001)).text.startswith("error=1\r\n")
    assert (await unit.posts(bytes(range(256)))).text.startswith("error=1\r\n")
    kept = await school.value(
        "select cmi_data -> 'SCO-1' ->> 'cmi.suspend_data' from public.scorm_enrollments where cmi_data <> '{}'"
    )
    assert kept == "x" * 64_000
    errors = "select string_agg(calls -> 0 ->> 'error', '' order by \"timestamp\") from public.scorm_calls"
    assert await school.value(errors) == "0011"
    # Two calls at once are one after the other.
    rows = '"interaction_id","result"\r\n"q1","C"\r\n'
    answers = await asyncio.gather(*(unit("PutInteractions", rows) for _ in range(5)))
    assert {error for error, _ in answers} == {"0"}
    ids = "select count(*) from public.scorm_tracking where element like 'cmi.interactions.%.id'"
    assert await school.value(ids) == 5
    found = "select count(distinct element) from public.scorm_tracking where element like 'cmi.interactions.%.id'"
    assert await school.value(found) == 5

"""Packages given to partners: what was agreed holds, learners come back to where they were, and nobody else gets there."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import zipfile
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from defusedxml.ElementTree import fromstring

from collegium.features.dispatch import fields, service
from collegium.features.dispatch.archive import archive_of
from collegium.features.dispatch.service import Agreed
from collegium.features.scorm.model import Launch
from collegium.kit.db import person as acting_as
from collegium.kit.errors import Conflict, Invalid, NotFound, Problem
from collegium.kit.site import Site
from tests.features.scorm.playing import Player, School, found_school
from tests.features.scorm.test_hacp import AICC, CORE, Unit, sid_of
from tests.support.database import Database
from tests.support.people import Person, add_person
from tests.support.site import BASE_URL, Client


class Partner:
    """A package given to a partner by the person who brought it."""

    def __init__(self, school: School, owner: Person, dispatch_id: UUID) -> None:
        self.school, self.owner, self.id = school, owner, dispatch_id
        self.key = service.key_of(school.site, dispatch_id)

    async def launch(self, student: str = "S-1", ticket: str = "") -> Any:
        return await service.launch(self.school.site, self.key, student, ticket)

    async def set(self, columns: str) -> None:
        async with self.school.database.connect() as owner:
            await owner.execute(f"update public.scorm_dispatches set {columns} where id = $1", self.id)


@pytest.fixture
async def partner(site: Site, database: Database) -> Partner:
    school = await found_school(site, database, learners=0)
    owner = await add_person(database, "instructor", first_name="Ines", last_name="Lindqvist")
    async with database.connect() as connection:
        await connection.execute("update public.scorm_packages set created_by = $1", owner.id)
    async with site.db.transaction(acting_as(owner.id)) as tx:
        made = await service.give(tx, school.package, Agreed(partner="Harbour college", max_registrations=2))
    return Partner(school, owner, made)


def player_of(client: Client, opened: Any) -> Player:
    """The player's document of a launch."""
    token = opened.url.split("/")[3]
    launch = Launch(opened.url, opened.origin, token, datetime.now(UTC), uuid4(), 1, "normal", "", None, 0)
    return Player(client, launch)


DONE = {"cmi.completion_status": "completed", "cmi.success_status": "passed", "cmi.score.scaled": "0.85"}


async def test_a_learner_of_a_partner(site: Site, client: Client, partner: Partner) -> None:
    opened = await partner.launch()
    player = player_of(client, opened)
    session = (await player.get("definition")).json()["session"]
    assert (session["learnerName"], session["entry"], session["credit"]) == ("Learner", "ab-initio", "credit")
    assert "S-1" not in json.dumps(session)
    assert (await player.commit(elements={"cmi.location": "7"}))["saved"]

    # He comes back with the ticket that his system kept: to the same place, and the first window is stale.
    again = await partner.launch(ticket=opened.ticket)
    assert again.ticket == opened.ticket
    back = player_of(client, again)
    session = (await back.get("definition")).json()["session"]
    assert (session["saved"], session["entry"]) == ({"SCO-1": {"cmi.location": "7"}}, "resume")
    back.seq = session["seq"]
    assert (await player.commit())["reason"] == "stale"

    assert (await service.standing(site, partner.key, opened.ticket)).status == "incomplete"
    assert (await back.commit(elements=DONE))["saved"]
    assert (await back.commit(sco="SCO-2", elements=DONE))["saved"]
    standing = await service.standing(site, partner.key, opened.ticket)
    assert (standing.status, standing.score) == ("passed", 85.0)
    renewed = await service.renew(site, partner.key, opened.ticket, back.token)
    assert renewed.token != ""
    for token in ("rubbish", player_of(client, await partner.launch("S-2")).token):
        with pytest.raises(Invalid):
            await service.renew(site, partner.key, opened.ticket, token)
    with pytest.raises(Conflict):
        await service.renew(site, partner.key, opened.ticket, player.token)


async def test_only_his_own_ticket_leads_back(partner: Partner) -> None:
    one = await partner.launch("S-1")
    # Somebody who knows his identifier and the address has no ticket, and begins anew.
    thief = await partner.launch("S-1")
    assert thief.ticket != one.ticket
    await partner.set("max_registrations = 100")
    altered = one.ticket[:-1] + ("0" if one.ticket[-1] != "0" else "1")
    wrong = ["", "x", altered, one.ticket.upper(), partner.key, "é" * 64, one.ticket + "0"]
    for ticket in wrong:
        assert (await partner.launch("S-1", ticket)).ticket not in (one.ticket, thief.ticket)
        with pytest.raises(NotFound):
            await service.standing(partner.school.site, partner.key, ticket)
    # A ticket of somebody else neither.
    assert (await partner.launch("S-2", one.ticket)).ticket != one.ticket
    numbers = "select array_agg(number order by number) from public.scorm_dispatch_registrations where student = $1"
    student = service._student(partner.school.site, partner.id, "S-1")  # pyright: ignore[reportPrivateUsage]
    assert await partner.school.value(numbers, student) == list(range(1, len(wrong) + 3))


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ("revoked_at = now()", "dispatch_revoked"),
        ("expires_at = now() - interval '1 second'", "dispatch_expired"),
        ("max_launches = 1", "no_launches_left"),
        ("max_registrations = 1", "no_places_left"),
    ],
)
async def test_what_was_agreed_holds(partner: Partner, columns: str, code: str) -> None:
    one = await partner.launch("S-1")
    await partner.set(columns)
    with pytest.raises(Problem) as refused:
        await partner.launch("S-2")
    assert refused.value.code == code
    if code == "no_places_left":
        assert (await partner.launch("S-1", one.ticket)).ticket == one.ticket
    assert await partner.school.value("select launches from public.scorm_dispatches") == (2 if "places" in code else 1)
    await partner.set("revoked_at = null, expires_at = null, max_launches = null, max_registrations = 2")
    assert (await partner.launch("S-2")).ticket


async def test_a_place_that_nobody_really_took_is_free_again(client: Client, partner: Partner) -> None:
    async def back(seconds: int, ticket: str) -> None:
        """The learner of a ticket came three days ago, and what he did last arrived so many seconds later."""
        async with partner.school.database.connect() as owner:
            await owner.execute(
                "update public.scorm_dispatch_registrations set last_launched_at = now() - interval '3 days' where id = $1",
                UUID(hex=ticket[:32]),
            )
            await owner.execute(
                "update public.scorm_enrollments set last_accessed_at = now() - interval '3 days' + make_interval(secs => $1)"
                " where dispatch_registration_id = $2",
                float(seconds),
                UUID(hex=ticket[:32]),
            )

    invented, stayed = await partner.launch("made up"), await partner.launch("S-1")
    assert (await player_of(client, invented).commit())["saved"], "a script commits as well"
    await back(70, stayed.ticket)
    with pytest.raises(Problem, match="All places"):
        await partner.launch("S-2")
    await back(20, invented.ticket)
    late = await partner.launch("S-2")
    assert await partner.school.value("select registrations from public.scorm_dispatches") == 2
    # Who comes back finds what he did, when there is a place for him; who stayed has kept his.
    assert (await partner.launch("S-1", stayed.ticket)).ticket == stayed.ticket
    with pytest.raises(Problem, match="All places"):
        await partner.launch("made up", invented.ticket)
    await partner.set("max_registrations = 3")
    again = player_of(client, await partner.launch("made up", invented.ticket))
    assert (await again.get("definition")).json()["session"]["entry"] == "resume"
    await back(20, late.ticket)
    assert (await partner.launch("S-2", late.ticket)).ticket == late.ticket
    assert await partner.school.value("select registrations from public.scorm_dispatches") == 3
    # Its files are asked for each time, so that a browser shows none of what is revoked.
    page = await again.get("files/one.html")
    assert page.headers["cache-control"] == "private, no-cache"
    asked = await again.get("files/one.html", headers={"if-none-match": page.headers["etag"]})
    assert asked.status_code == 304


async def test_revoking_ends_what_is_open(site: Site, client: Client, partner: Partner) -> None:
    player = player_of(client, await partner.launch())
    assert (await player.commit())["saved"]
    stranger = await add_person(partner.school.database, "instructor")
    async with site.db.transaction(acting_as(stranger.id)) as tx:
        with pytest.raises(NotFound):
            await service.revoke(tx, partner.school.package, partner.id)
        with pytest.raises(NotFound):
            await service.give(tx, partner.school.package, Agreed(partner="Mine now"))
    async with partner.school.database.connect() as connection:
        await connection.execute("delete from public.lesson_scorm_packages")
    with pytest.raises(Problem, match="given to partners"):
        async with site.db.transaction(acting_as(partner.owner.id)) as tx:
            await tx.execute("select public.delete_scorm_package($1)", partner.school.package)
    for query, more in ((service.Q.revoke, ()), (service.Q.change, ("Mine", None, 1, None, None))):
        with pytest.raises(Problem):
            async with site.db.transaction(acting_as(stranger.id)) as tx:
                await tx.execute(query, partner.id, *more)
    async with site.db.transaction(acting_as(partner.owner.id)) as tx:
        await service.revoke(tx, partner.school.package, partner.id)
    with pytest.raises(Problem):
        async with site.db.transaction(acting_as(partner.owner.id)) as tx:
            await service.change(tx, partner.school.package, partner.id, Agreed(partner="Again"))
    answer = await player.commit()
    assert (answer["saved"], answer["reason"]) == (False, "stale")


async def test_a_newer_version_is_for_those_who_begin(partner: Partner) -> None:
    one = await partner.launch("S-1")
    newer = await partner.school.value(
        "insert into public.scorm_packages (title, import_state, imported_at, storage_prefix)"
        " values ('Newer', 'ready', now(), 'packages/newer/') returning id"
    )
    async with partner.school.database.connect() as owner:
        await owner.execute(
            "update public.scorm_packages set replaced_by = $1 where id = $2", newer, partner.school.package
        )
    await partner.launch("S-2")
    await partner.launch("S-1", one.ticket)
    found = await partner.school.value(
        "select array_agg(scorm_package_id order by created_at) from public.scorm_enrollments"
    )
    assert found == [partner.school.package, newer]


def test_the_archive_holds_whatever_the_title_is() -> None:
    title = '</script><script>alert(1)</script> & "Ärzte" \x01 \']]>'
    made = archive_of("a" * 32, title, "https://learn.example.org/dispatch/key", "https://learn.example.org")
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.namelist() == ["imsmanifest.xml", "launch.html"]
        manifest, page = (archive.read(name).decode() for name in archive.namelist())
    titles = [each.text for each in fromstring(manifest).iter() if each.tag.endswith("title")]
    assert titles == [title.replace("\x01", "")] * 2
    assert page.count("</script>") == 1
    given = re.search(r"var given = (\{.*\});", page)
    assert given
    said = json.loads(given[1])
    assert (said["title"], said["origin"]) == (title, "https://learn.example.org")


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, set()),
        ({"partner": " "}, {"partner"}),
        ({"partner": "x" * 201, "note": "x" * 2001}, {"partner", "note"}),
        ({"max_registrations": "0", "max_launches": "-1"}, {"max_registrations", "max_launches"}),
        ({"max_registrations": "1e3", "max_launches": "9" * 30}, {"max_registrations", "max_launches"}),
        ({"max_registrations": "٣", "until": "tomorrow"}, {"max_registrations", "until"}),
        ({"until": "9999-12-31"}, {"until"}),
    ],
)
def test_the_form(given: dict[str, str], wrong: set[str]) -> None:
    sent = fields.EMPTY | {"partner": "Harbour college", "until": "2027-01-31"} | given
    if wrong:
        with pytest.raises(Invalid) as refused:
            fields.read(sent, "Europe/Berlin")
        assert set(refused.value.fields) == wrong
    else:
        agreed = fields.read(sent, "Europe/Berlin")
        assert agreed.expires_at == datetime(2027, 1, 31, 23, tzinfo=UTC)


async def test_the_pages(site: Site, client: Client, partner: Partner) -> None:
    list_of = f"/studio/packages/{partner.school.package}/dispatches"
    assert (await client.get(list_of)).status_code in (302, 303, 401)
    await client.login(partner.owner)
    page = await client.get(list_of)
    assert "Harbour college" in page.text
    assert "0 of 2 learners" in page.text
    bad = await client.post_form(list_of, {"partner": "", "max_registrations": "5"})
    assert bad.status_code == 422
    assert "Say to whom" in bad.text
    made = await client.post_form(list_of, {"partner": "<Night> school", "max_registrations": "5"})
    assert made.status_code == 303
    here = made.headers["location"]
    page = await client.get(here)
    assert "&lt;Night&gt; school" in page.text
    assert "Nobody has opened it yet" in page.text
    tabs = (await client.get(list_of)).text
    assert all(f'href="{list_of.removesuffix("/dispatches")}{tab}"' in tabs for tab in ("", "/rule", "/results"))
    archive = await client.get(f"{here}/package.zip")
    assert archive.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(archive.content)) as files:
        address = re.search(r'"address": "([^"]+)"', files.read("launch.html").decode())
    assert address
    assert address[1].startswith(f"{BASE_URL}/dispatch/")

    opened = await client.get(address[1].removeprefix(BASE_URL))
    assert opened.headers["cross-origin-opener-policy"] == "unsafe-none"
    assert "frame-ancestors 'none'" in opened.headers["content-security-policy"]
    key = address[1].rsplit("/", 1)[1]
    dispatch = UUID(hex=key[:32])
    for _ in range(3):
        await service.launch(site, key, "=cmd|' /C calc'!A0")
    rows = list(csv.reader(io.StringIO((await client.get(f"{here}/learners.csv")).content.decode("utf-8-sig"))))
    assert len(rows) == 4
    assert all(re.fullmatch(r"[0-9a-f]{8}( \(\d\))?", row[0]) for row in rows[1:])
    async with site.db.transaction(acting_as(partner.owner.id)) as tx:
        first = await service.learners(tx, dispatch, None, 2)
        rest = await service.learners(tx, dispatch, (first[-1].last_launched_at, first[-1].id), 2)
    assert [one.number for one in [*first, *rest]] == [3, 2, 1]
    for after in ("rubbish", "99999999999999999-" + "0" * 32):
        assert (await client.get(here, params={"after": after})).status_code == 200
    # Results and recorder have them too, under the same code and the partner's name.
    results = await client.get(f"{list_of.removesuffix('/dispatches')}/results")
    assert f"Learner {rows[1][0]}" in results.text
    assert "&lt;Night&gt; school" in results.text
    for address in sorted(set(re.findall(r"/studio/registrations/[0-9a-f-]{36}", results.text))):
        one = await client.get(address)
        assert (one.status_code, "Learner " in one.text, "Corrections" in one.text) == (200, True, False)
        assert (await client.get(f"{address}/recorder")).status_code == 200
    saved = await client.post_form(here, {"partner": "Day school", "max_registrations": "9"})
    assert saved.status_code == 303
    assert (await client.post_form(f"{here}/revoke")).status_code == 303
    assert "This was revoked" in (await client.get(here)).text

    # Somebody else's package is nobody's business.
    await client.login(await add_person(partner.school.database, "instructor"))
    for path in (list_of, here, f"{here}/package.zip", f"{here}/learners.csv"):
        assert (await client.get(path)).status_code == 404
    for address in re.findall(r"/studio/registrations/[0-9a-f-]{36}", results.text):
        assert (await client.get(address)).status_code == 404


async def test_hostile_calls(client: Client, partner: Partner) -> None:
    for key in ("x", partner.key[:-1] + ("0" if partner.key[-1] != "0" else "1"), "0" * 64):
        assert (await client.get(f"/dispatch/{key}")).status_code == 404
    page = await client.get(f"/dispatch/{partner.key}")
    found = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
    assert found
    headers = {"x-csrf-token": found[1], "content-type": "application/json"}
    address = f"/dispatch/{partner.key}/launch"
    for body in ("", "[]", "{", '{"student": 7}', '{"student": "\\ud800"}', b"\xff"):
        assert (await client.post(address, content=body, headers=headers)).status_code in (400, 422), body
    for student in ("", "  ", "x" * 256, "a\x00b"):
        answer = await client.post(address, content=json.dumps({"student": student}), headers=headers)
        assert answer.status_code == 422
    good = await client.post(address, content=json.dumps({"student": "S-1"}), headers=headers)
    assert good.status_code == 200
    assert good.headers["cache-control"] == "no-store"
    assert good.headers["ratelimit-limit"] == "300", "in an hour, from one network"
    assert (await client.post(address, content="{}", headers={"content-type": "application/json"})).status_code == 403
    await partner.set("expires_at = now()")
    assert "not offered here any more" in (await client.get(f"/dispatch/{partner.key}")).text


async def test_a_unit_of_aicc_is_learned_by_a_learner_of_a_partner(
    site: Site, client: Client, database: Database, partner: Partner
) -> None:
    async with database.connect() as owner:
        await owner.execute(AICC, partner.school.package)
    opened = await partner.launch()
    unit = Unit(player_of(client, opened), sid_of("SCO-1"))
    error, data = await unit("GetParam")
    assert error == "0"
    assert "student_name=Learner\r\n" in data
    assert re.search(r"student_id=[0-9a-f-]{36}\r\n", data)
    assert (await unit("PutParam", CORE % ("passed", "80")))[0] == "0"
    assert (await unit("ExitAU"))[0] == "0"
    assert (await service.standing(site, partner.key, opened.ticket)).status == "incomplete"


async def test_two_who_come_at_once_share_the_last_place(partner: Partner) -> None:
    async def come(student: str) -> str:
        try:
            await partner.launch(student)
        except Problem as problem:
            return problem.code
        return "opened"

    await partner.set("max_registrations = 1")
    found = await asyncio.gather(*(come(f"S-{number}") for number in range(4)))
    assert sorted(found) == ["no_places_left"] * 3 + ["opened"]
    await partner.set("max_registrations = 100, launches = 0, max_launches = 2")
    found = await asyncio.gather(*(come("S-9") for _ in range(5)))
    assert sorted(found) == ["no_launches_left"] * 3 + ["opened"] * 2

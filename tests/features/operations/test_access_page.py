"""The administrators' page of rights: what is declared, and what differed when it was last tried."""

from __future__ import annotations

import html
from collections.abc import Callable

import psycopg
import pytest
from tests.support.database import Database
from tests.support.people import Person
from tests.support.site import Client

from collegium.access import AREAS, table_of
from collegium.app import load_jobs
from collegium.features.operations import access, access_pages
from collegium.kit import maintenance
from collegium.kit.maintenance import MAINTENANCE
from collegium.kit.site import Site

MakePerson = Callable[..., Person]
load_jobs()


@pytest.mark.parametrize("role", ["student", "instructor"])
async def test_it_is_for_administrators(client: Client, make_person: MakePerson, role: str) -> None:
    assert (await client.get("/admin/access")).headers["location"].startswith("/sign-in")
    await client.login(make_person(role))
    for path in ("/admin/access", "/admin/access/people"):
        assert (await client.get(path)).status_code == 403


async def test_it_shows_every_area_and_table(client: Client, make_person: MakePerson) -> None:
    await client.login(make_person("admin"))
    page = (await client.get("/admin/access")).text
    assert "Never. It runs tonight" in page
    for name, area in AREAS.items():
        if area.matrix:
            assert f'href="/admin/access/{name}"' in page, name
            assert access_pages.WORDS[name] in html.unescape(page)
    text = (await client.get("/admin/access/attempts")).text
    for case in AREAS["attempts"].matrix:
        assert f"<code>{table_of(case)}</code>" in text
    assert text.count('<th scope="row">select</th>') == len(AREAS["attempts"].matrix)
    assert (await client.get("/admin/access/nothing")).status_code == 404


async def test_it_says_what_the_last_trial_found(
    client: Client, site: Site, database: Database, make_person: MakePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access.trial, "tables", lambda: ["enrollments", "profiles"])
    site.owner_dsn = database.dsn_owner
    await client.login(make_person("admin"))
    outcome = await maintenance.run(site, MAINTENANCE[access.JOB])
    assert (outcome.result, outcome.words) == ("ok", "Every right is as declared.")
    page = (await client.get("/admin/access")).text
    assert "Every right is as declared." in page
    with psycopg.connect(database.dsn_owner) as connection:
        connection.execute("grant update (final_grade) on public.enrollments to authenticated")
    outcome = await maintenance.run(site, MAINTENANCE[access.JOB])
    assert outcome.result == "drift"
    page = (await client.get("/admin/access")).text
    assert "not as declared" in page
    assert "final_grade" in page
    assert "final_grade" in (await client.get("/admin/access/learning")).text
    assert "final_grade" not in (await client.get("/admin/access/people")).text


async def test_without_the_owners_login_it_says_so(site: Site) -> None:
    site.owner_dsn = None
    assert (await access.try_all(site)).result == "drift"

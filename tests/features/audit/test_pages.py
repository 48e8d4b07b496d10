"""The log as administrators see it: who may, finding a change, going through pages, what a change shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from collegium.features.audit import service
from collegium.features.audit.service import PAGE
from collegium.kit.db import SYSTEM
from collegium.kit.site import Site
from tests.support.database import Database, as_actor
from tests.support.people import Person
from tests.support.site import Client

MakePerson = Callable[..., Person]


def titles(page: Any) -> list[str]:
    """What the list shows, from the top."""
    return re.findall(r'href="/admin/audit/[0-9]+">([^<]+)<', page.text)


def link(page: Any, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', page.text)
    assert found
    return found.group(1).replace("&amp;", "&")


async def last_id(database: Database, table: str) -> int:
    async with database.connect() as owner:
        found: int = await owner.fetchval("select max(id) from public.audit_logs where table_name = $1", table)
    return found


@pytest.mark.parametrize("role", ["student", "instructor"])
async def test_the_log_is_for_administrators(
    client: Client, database: Database, olga: Person, make_person: MakePerson, role: str
) -> None:
    entry = await last_id(database, "profiles")
    for path in ("/admin/audit", f"/admin/audit/{entry}"):
        assert (await client.get(path)).headers["location"].startswith("/sign-in")
    await client.login(make_person(role))
    for path in ("/admin/audit", f"/admin/audit/{entry}"):
        assert (await client.get(path)).status_code == 403


async def test_filters_stand_in_the_address(
    client: Client, database: Database, olga: Person, make_person: MakePerson
) -> None:
    admin = make_person("admin")
    async with database.connect("web") as session, as_actor(session, "authenticated", admin.id):
        await session.execute(
            "insert into public.memberships (member_id, member_number, starts_on) values ($1, 'M-77', '2026-01-01')",
            olga.id,
        )
    await client.login(admin)

    async def shown(**query: str) -> list[str]:
        return titles(await client.get("/admin/audit", params=query))

    assert await shown(table="memberships") == ["Added to memberships"] * 3
    assert await shown(actor=admin.email) == ["Added to memberships"]
    assert (await shown(person=olga.email))[:2] == ["Added to memberships", "profiles: first_name"]
    assert await shown(person=str(olga.id)) == await shown(person=olga.email)
    assert await shown(person=olga.email, table="memberships", actor=str(olga.id)) == []
    assert len(await shown(record=str(olga.id), table="profiles")) == 13
    assert await shown(person="nobody@guild.test") == []
    today = datetime.now(UTC).date().isoformat()
    assert len(await shown(day=today, person=olga.email)) == 15
    assert await shown(day="2020-01-01") == []
    assert await shown(day="no day", actor=admin.email, older="x", newer="-1") == ["Added to memberships"]
    page = await client.get("/admin/audit", params={"person": olga.email, "table": "memberships"})
    assert f'value="{olga.email}"' in page.text
    assert '<option value="memberships" selected>' in page.text
    assert "No change fits" in (await client.get("/admin/audit?table=none")).text


async def test_pages_go_on_where_the_last_ended(client: Client, database: Database, make_person: MakePerson) -> None:
    admin = make_person("admin")
    async with database.connect("web") as session, as_actor(session, "authenticated", admin.id):
        await session.execute(
            "insert into public.memberships (member_id, member_number, starts_on)"
            " select $1, 'N-' || n, '2026-01-01' from generate_series(1, $2::integer) n",
            admin.id,
            2 * PAGE + 1,
        )
    await client.login(admin)

    def ids(page: Any) -> list[int]:
        return [int(found) for found in re.findall(r'href="/admin/audit/([0-9]+)"', page.text)]

    first = await client.get(f"/admin/audit?table=memberships&actor={admin.id}")
    second = await client.get(link(first, "next"))
    third = await client.get(link(second, "next"))
    every = [*ids(first), *ids(second), *ids(third)]
    assert every == sorted(every, reverse=True)
    assert len(set(every)) == 2 * PAGE + 1
    assert 'rel="next"' not in third.text
    assert 'rel="prev"' not in first.text
    assert ids(await client.get(link(third, "prev"))) == ids(second)
    assert ids(await client.get(link(second, "prev"))) == ids(first)


async def test_a_change_shows_before_and_after(
    client: Client, database: Database, olga: Person, make_person: MakePerson, site: Site
) -> None:
    await client.login(make_person("admin"))
    async with database.connect() as owner:
        mine = await owner.fetchval("select max(id) from public.audit_logs where subject = $1", olga.id)
    page = await client.get(f"/admin/audit/{mine}")
    assert page.headers["cache-control"] == "no-store"
    assert "Olga 10" in page.text
    assert "Olga 11" in page.text
    assert "Personal" in page.text
    assert "sha256:" not in page.text
    assert "Not sealed yet" in page.text
    await service.seal(site)
    sealed = await client.get(f"/admin/audit/{mine}")
    assert "In the chain" in sealed.text
    assert "Position" in sealed.text
    async with site.db.transaction(SYSTEM) as tx:
        await service.erase_person(tx, olga.id)
    erased = await client.get(f"/admin/audit/{mine}")
    assert "Erased" in erased.text
    assert "Olga 10" not in erased.text
    assert (await client.get("/admin/audit/999999999999")).status_code == 404
    assert (await client.get(f"/admin/audit/{10**30}")).status_code == 404


async def test_a_password_shows_only_that_it_changed(
    client: Client, database: Database, olga: Person, make_person: MakePerson
) -> None:
    async with database.connect() as owner:
        await owner.execute("update auth.users set encrypted_password = 'argon-secret' where id = $1", olga.id)
    await client.login(make_person("admin"))
    page = await client.get(f"/admin/audit/{await last_id(database, 'auth.users')}")
    assert "encrypted_password" in page.text
    assert "its value is never written down" in page.text
    assert "argon-secret" not in page.text


async def test_values_are_text_not_markup(
    client: Client, database: Database, olga: Person, make_person: MakePerson
) -> None:
    async with database.connect() as owner:
        await owner.execute("update public.profiles set first_name = '<script>x</script>' where id = $1", olga.id)
    await client.login(make_person("admin"))
    page = await client.get(f"/admin/audit/{await last_id(database, 'profiles')}")
    listed = await client.get("/admin/audit")
    assert "<script>x" not in page.text + listed.text


async def test_the_state_of_the_chain_is_shown(
    client: Client, olga: Person, make_person: MakePerson, site: Site
) -> None:
    await client.login(make_person("admin"))
    before = (await client.get("/admin/audit")).text
    assert "not sealed yet, the oldest of" in before
    assert "No day has been signed yet" in before
    root = await service.close_day(site)
    assert root
    after = (await client.get("/admin/audit")).text
    assert "nothing waits" in after
    assert f"{root.day.isoformat()}, up to position {root.position}" in after

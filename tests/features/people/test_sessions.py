"""The list of one's browsers, and ending them, also in another process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from collegium.app import load_jobs
from collegium.kit.jobs import run_now
from collegium.kit.site import Site
from collegium.web import sessions as web_sessions
from tests.features.people.steps import is_signed_in, let_time_pass, sign_in
from tests.support.database import Database
from tests.support.people import Person
from tests.support.site import Client, make_site

MakePerson = Callable[..., Person]
MakeClient = Callable[..., Any]


async def session_ids(database: Database, person: Person) -> list[UUID]:
    """A person's sessions, the oldest first."""
    async with database.connect() as owner:
        rows = await owner.fetch("select id from public.web_sessions where user_id = $1 order by id", person.id)
    return [row["id"] for row in rows]


async def test_the_list_tells_browsers_apart(
    client: Client, make_client: MakeClient, database: Database, make_person: MakePerson
) -> None:
    person = make_person(time_zone="Asia/Tokyo")
    phone = await make_client("2001:db8::5")
    phone.headers["user-agent"] = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Safari/604.1"
    await sign_in(phone, person.email, person.password)
    await sign_in(client, person.email, person.password)
    async with database.connect() as owner:
        await owner.execute(
            "update public.web_sessions set last_seen_at = date_trunc('day', now()) - interval '3:30'"
            " where host(ip) = '2001:db8::5'"
        )
        tokyo = await owner.fetchval(
            "select to_char((date_trunc('day', now()) + interval '5:30'), 'FMDD FMMonth YYYY, HH24:MI')"
        )
    page = await client.get("/me/security")
    assert page.text.count("This browser") == 1
    assert "Safari on iPhone" in page.text
    assert "2001:db8::5" in page.text
    # 20:30 UTC is half past five on the next morning in Tokyo.
    assert "last seen" in page.text
    assert tokyo in page.text


async def test_ending_one_browser(
    client: Client, make_client: MakeClient, database: Database, make_person: MakePerson
) -> None:
    person = make_person()
    first, second = await make_client(), await make_client()
    for browser in (first, second, client):
        await sign_in(browser, person.email, person.password)
    ended, _, own = await session_ids(database, person)
    page = await client.get("/me/security")
    assert f"/me/security/end/{own}" not in page.text
    ask = await client.get(f"/me/security/end/{ended}")
    assert "Firefox on Linux" in ask.text
    done = await client.submit(ask, f"/me/security/end/{ended}")
    assert done.headers["location"] == "/me/security"
    assert [await is_signed_in(browser) for browser in (first, second, client)] == [False, True, True]
    again = await client.get(f"/me/security/end/{ended}")
    assert again.headers["location"] == "/me/security"


async def test_ending_all_others(client: Client, make_client: MakeClient, make_person: MakePerson) -> None:
    person = make_person()
    others = [await make_client() for _ in range(3)]
    for browser in (*others, client):
        await sign_in(browser, person.email, person.password)
    ask = await client.get("/me/security/end-others")
    assert (await client.submit(ask, "/me/security/end-others")).status_code == 303
    assert "3 other browsers are signed out" in (await client.get("/me/security")).text
    assert [await is_signed_in(browser) for browser in others] == [False] * 3
    assert "Sign out all others" not in (await client.get("/me/security")).text


async def test_nobody_ends_somebody_elses_session(
    client: Client, make_client: MakeClient, database: Database, make_person: MakePerson
) -> None:
    person, thief = make_person(), make_person("admin")
    owner = await make_client()
    await sign_in(owner, person.email, person.password)
    await client.login(thief)
    [session_id] = await session_ids(database, person)
    assert (await client.post_form(f"/me/security/end/{session_id}")).status_code == 404
    assert (await client.post_form(f"/me/security/end/{uuid4()}")).status_code == 404
    assert (await client.get("/me/security/end/not-an-id")).status_code == 404
    assert await is_signed_in(owner)


@pytest.mark.parametrize("how", ["one", "password", "sign-out"])
async def test_another_process_forgets_at_once(
    site: Site,
    make_client: MakeClient,
    database: Database,
    make_person: MakePerson,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    # What is remembered would be good for an hour: only the database's word can end it sooner.
    monkeypatch.setattr(web_sessions, "REMEMBER_S", 3600.0)
    person = make_person()
    here = await make_client()
    there = await make_client(process=make_site(site.settings))
    await sign_in(there, person.email, person.password)
    if how == "sign-out":
        here.cookies.update(there.cookies)
    else:
        await sign_in(here, person.email, person.password)
    assert await is_signed_in(there)
    if how == "one":
        ended = (await session_ids(database, person))[0]
        await here.post_form(f"/me/security/end/{ended}")
    elif how == "password":
        form = {"current": person.password, "new": "quite another password"}
        await here.post_form("/me/security/password", form)
    else:
        await here.post_form("/sign-out")
    for _ in range(200):
        if not await is_signed_in(there):
            break
        await asyncio.sleep(0.05)
    assert not await is_signed_in(there)


async def test_another_process_learns_of_a_new_role_and_name(
    site: Site,
    make_client: MakeClient,
    database: Database,
    make_person: MakePerson,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(web_sessions, "REMEMBER_S", 3600.0)
    person = make_person("admin")
    there = await make_client(process=make_site(site.settings))
    await there.login(person)
    assert (await there.get("/admin/mail")).status_code == 200
    async with database.connect() as owner:
        await owner.execute("update public.profiles set role = 'student' where id = $1", person.id)
    for _ in range(200):
        if (await there.get("/admin/mail")).status_code == 403:
            break
        await asyncio.sleep(0.05)
    assert (await there.get("/admin/mail")).status_code == 403


async def test_recent_sign_ins_are_ones_own(
    client: Client, make_client: MakeClient, database: Database, make_person: MakePerson
) -> None:
    person, other = make_person(), make_person()
    stranger = await make_client("203.0.113.200")
    await sign_in(stranger, other.email, "not the password")
    await sign_in(stranger, person.email, "not the password")
    await client.login(person)
    page = await client.get("/me/security")
    assert page.text.count("203.0.113.200") == 1
    assert page.text.count("Wrong password") == 1


async def test_what_is_old_is_forgotten(site: Site, database: Database, make_person: MakePerson) -> None:
    load_jobs()
    person = make_person()
    async with database.connect() as owner:
        await owner.execute(
            "insert into public.web_sessions (user_id, token_hash, expires_at) values"
            " ($1, sha256('a'), now()), ($1, sha256('b'), now() + interval '90 days')",
            person.id,
        )
        await owner.execute(
            "insert into public.auth_tokens (user_id, purpose, token_hash, expires_at) values"
            " ($1, 'confirm_email', sha256('a'), now()),"
            " ($1, 'confirm_email', sha256('b'), now() + interval '90 days')",
            person.id,
        )
        await let_time_pass(database, timedelta(days=31))
        await run_now(site, "people.tidy", {})
        counts = [
            await owner.fetchval(f"select count(*) from public.{table}") for table in ("web_sessions", "auth_tokens")
        ]
    assert counts == [1, 1]

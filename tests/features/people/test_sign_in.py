"""Signing in and out: cookies, tokens, and what an answer gives away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher

from collegium.features.people import passwords
from collegium.kit.site import Site
from collegium.web import sessions as web_sessions
from collegium.web.sessions import COOKIE, hash_token
from tests.features.people.steps import attempts, is_signed_in, let_time_pass, outbox, plain, sign_in
from tests.support.database import Database
from tests.support.people import Person
from tests.support.site import Client, make_settings, make_site, run_jobs

MakePerson = Callable[..., Person]


async def test_the_session_cookie_is_hard_to_steal(client: Client, make_person: MakePerson) -> None:
    person = make_person()
    answer = await sign_in(client, person.email, person.password)
    [cookie] = [line for line in answer.headers.get_list("set-cookie") if line.startswith(COOKIE)]
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/", "max-age=2592000"} == parts
    assert await is_signed_in(client)


async def test_cookies_travel_over_tls_only_where_the_site_has_it(
    database: Database, make_client: Callable[..., Any], make_person: MakePerson, tmp_path: Any
) -> None:
    person = make_person()
    secure = make_site(make_settings(database, tmp_path / "tls", base_url="https://learn.guild.test"))
    client = await make_client(process=secure)
    answer = await sign_in(client, person.email, person.password)
    for line in answer.headers.get_list("set-cookie"):
        assert "secure" in line.lower().split("; "), line
    assert "strict-transport-security" in answer.headers


async def test_only_the_hash_of_a_token_is_kept(client: Client, database: Database, make_person: MakePerson) -> None:
    person = make_person()
    await sign_in(client, person.email, person.password)
    token = client.cookies[COOKIE]
    async with database.connect() as owner:
        row = await owner.fetchrow("select token_hash, host(ip) as ip, user_agent from public.web_sessions")
        assert row is not None
        assert row["token_hash"] == hash_token(token)
        assert (row["ip"], "Firefox" in row["user_agent"]) == ("198.51.100.7", True)
        assert await owner.fetchval("select last_sign_in_at is not null from auth.users where id = $1", person.id)


async def test_a_token_from_before_is_never_adopted(
    client: Client, database: Database, make_person: MakePerson
) -> None:
    person, other = make_person(), make_person()
    client.cookies.set(COOKIE, "chosen-by-somebody-else", domain="127.0.0.1")
    await sign_in(client, person.email, person.password)
    first = client.cookies[COOKIE]
    assert first != "chosen-by-somebody-else"
    # The form of another account on the same browser, as it stood before signing in.
    await client.post_form("/sign-in", {"email": other.email, "password": other.password})
    assert client.cookies[COOKIE] != first
    client.cookies.set(COOKIE, first, domain="127.0.0.1")
    assert not await is_signed_in(client)


async def test_a_wrong_password_and_an_unknown_address_look_the_same(
    client: Client, make_client: Callable[..., Any], make_person: MakePerson
) -> None:
    known, closed = make_person(), make_person(confirmed=False)
    answers = []
    for email in (known.email, closed.email, "nobody@guild.test"):
        fresh = await make_client()
        answer = await sign_in(fresh, email, "not the password")
        answers.append((answer.status_code, sorted(fresh.cookies.keys()), plain(answer, email)))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 422


@pytest.mark.parametrize("email", ["known", "nobody@guild.test"])
async def test_every_attempt_checks_one_hash(
    client: Client, make_person: MakePerson, monkeypatch: pytest.MonkeyPatch, email: str
) -> None:
    person = make_person()
    checked: list[str] = []

    class Hasher(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Any:
            checked.append(str(hash)[:30])
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "HASHER", Hasher())
    await sign_in(client, person.email if email == "known" else email, "not the password")
    assert checked == [passwords.NOBODY[:30]]


async def test_what_was_typed_is_kept_and_the_fault_stands_beside_the_field(
    client: Client, make_person: MakePerson
) -> None:
    answer = await client.post_form(
        "/sign-in", {"email": "ada@guild.test", "password": "not the password", "next": "/courses"}
    )
    assert 'value="ada@guild.test"' in answer.text
    assert 'name="next" value="/courses"' in answer.text
    assert "not the password" not in answer.text
    assert 'id="f-password-error"' in answer.text
    empty = await client.post_form("/sign-in", {"email": "ada", "password": ""})
    assert empty.status_code == 422
    assert 'id="f-email-error"' in empty.text
    assert 'id="f-password-error"' in empty.text


async def test_an_address_that_is_not_confirmed_is_told_only_to_its_owner(
    client: Client, site: Site, database: Database, make_person: MakePerson
) -> None:
    person = make_person(confirmed=False)
    assert "not confirmed" not in (await sign_in(client, person.email, "not the password")).text
    answer = await sign_in(client, person.email, person.password)
    assert answer.status_code == 403
    assert "not confirmed" in answer.text
    assert COOKIE not in client.cookies
    await client.submit(answer, "/resend-confirmation")
    await run_jobs(site)
    [mail] = await outbox(database)
    assert (mail.recipient, mail.kind) == (person.email, "confirm_email")


async def test_a_closed_account_is_told_only_to_its_owner(
    client: Client, database: Database, make_person: MakePerson
) -> None:
    person = make_person()
    async with database.connect() as owner:
        await owner.execute("update auth.users set banned_until = now() + interval '1 day' where id = $1", person.id)
    assert "closed" not in (await sign_in(client, person.email, "not the password")).text
    answer = await sign_in(client, person.email, person.password)
    assert (answer.status_code, "This account is closed" in answer.text) == (403, True)
    await client.post_form("/forgot-password", {"email": person.email})
    assert COOKIE not in client.cookies
    async with database.connect() as owner:
        await owner.execute("update auth.users set banned_until = now() - interval '1 day' where id = $1", person.id)
    assert (await sign_in(client, person.email, person.password)).status_code == 303


async def test_every_attempt_is_recorded(client: Client, database: Database, make_person: MakePerson) -> None:
    person, waiting = make_person(), make_person(confirmed=False)
    await sign_in(client, "nobody@guild.test", "not the password")
    await sign_in(client, person.email, "not the password")
    await sign_in(client, waiting.email, waiting.password)
    await sign_in(client, person.email.upper(), person.password)
    assert [reason for _, reason in await attempts(database)] == [
        "unknown_person",
        "wrong_password",
        "not_confirmed",
        "ok",
    ]
    page = await client.get("/me/security")
    assert "Wrong password" in page.text
    assert "Signed in" in page.text


async def test_an_older_hash_is_made_anew(client: Client, database: Database, make_person: MakePerson) -> None:
    person = make_person()
    cheap = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(person.password)
    async with database.connect() as owner:
        await owner.execute("update auth.users set encrypted_password = $2 where id = $1", person.id, cheap)
    assert (await sign_in(client, person.email, person.password)).status_code == 303
    async with database.connect() as owner:
        kept = await owner.fetchval("select encrypted_password from auth.users where id = $1", person.id)
    assert kept != cheap
    assert not passwords.is_outdated(kept)
    client.logout()
    assert (await sign_in(client, person.email, person.password)).status_code == 303


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test",
        "\\\\evil.test",
        "/\t/evil.test",
        "javascript:alert(1)",
        "evil.test",
        "/%0d%0aSet-Cookie:x=1",
        "/courses\r\nX-Bad: 1",
        "",
    ],
)
async def test_signing_in_leads_nowhere_else(client: Client, make_person: MakePerson, target: str) -> None:
    person = make_person()
    form = {"email": person.email, "password": person.password, "next": target}
    answer = await client.post_form("/sign-in", form)
    assert answer.status_code == 303
    assert answer.headers["location"] in ("/", "/%0d%0aSet-Cookie:x=1", "/%250d%250aSet-Cookie:x=1")
    assert "x-bad" not in answer.headers
    # Also for somebody who is signed in already.
    seen = await client.get("/sign-in", params={"next": target})
    assert seen.headers["location"].startswith("/")
    assert not seen.headers["location"].startswith(("//", "/\\"))


async def test_a_page_for_members_leads_through_sign_in_and_back(client: Client, make_person: MakePerson) -> None:
    person = make_person()
    away = await client.get("/me/security?tab=1")
    assert away.headers["location"] == "/sign-in?next=%2Fme%2Fsecurity%3Ftab%3D1"
    page = await client.get(away.headers["location"])
    back = await client.submit(page, "/sign-in", {"email": person.email, "password": person.password})
    assert back.headers["location"] == "/me/security?tab=1"


async def test_signing_out_ends_the_session_itself(client: Client, make_person: MakePerson) -> None:
    person = make_person()
    await sign_in(client, person.email, person.password)
    token = client.cookies[COOKIE]
    assert (await client.post("/sign-out")).status_code == 403
    assert await is_signed_in(client)
    assert (await client.post_form("/sign-out")).status_code == 303
    assert COOKIE not in client.cookies
    client.cookies.set(COOKIE, token, domain="127.0.0.1")
    assert not await is_signed_in(client)
    assert (await client.post_form("/sign-out")).status_code == 303


@pytest.fixture
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The web process asks the database each time who is signed in."""
    monkeypatch.setattr(web_sessions, "REMEMBER_S", 0.0)


@pytest.mark.parametrize(
    ("idle", "used_meanwhile", "still"),
    [(timedelta(days=13), False, True), (timedelta(days=15), False, False), (timedelta(days=10), True, True)],
)
@pytest.mark.usefixtures("no_memory")
async def test_a_session_ends_after_fourteen_idle_days(
    client: Client, database: Database, make_person: MakePerson, idle: timedelta, used_meanwhile: bool, still: bool
) -> None:
    await client.login(make_person())
    for _ in range(2 if used_meanwhile else 1):
        await let_time_pass(database, idle)
        known = await is_signed_in(client)
    assert known is still


@pytest.mark.usefixtures("no_memory")
async def test_a_session_ends_after_thirty_days_however_busy(
    client: Client, database: Database, make_person: MakePerson
) -> None:
    await client.login(make_person())
    for _ in range(3):
        await let_time_pass(database, timedelta(days=9, hours=23))
        assert await is_signed_in(client)
    await let_time_pass(database, timedelta(hours=4))
    assert not await is_signed_in(client)


async def test_there_is_a_limit_for_each_network(make_client: Callable[..., Any]) -> None:
    client = await make_client("2001:db8:1:2::1")
    token = await client.csrf()
    answers = [await client.post("/sign-in", data={"_csrf_token": token}) for _ in range(61)]
    assert [answer.status_code for answer in answers] == [422] * 60 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    neighbour = await make_client("2001:db8:1:2:9::9")
    assert (await neighbour.post_form("/sign-in", {})).status_code == 429
    elsewhere = await make_client("2001:db8:1:3::1")
    assert (await elsewhere.post_form("/sign-in", {})).status_code == 422

"""Registering and confirming: what a stranger can learn, what a mail program may click, what a form cannot choose."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from collegium.features.people import passwords
from collegium.kit.site import Site
from tests.features.people.steps import NEW, let_time_pass, outbox, plain, sign_in, sign_up
from tests.support.database import Database
from tests.support.people import Person
from tests.support.site import Client, run_jobs

MakePerson = Callable[..., Person]


async def people(database: Database) -> list[Any]:
    async with database.connect() as owner:
        return await owner.fetch(
            "select p.email::text, p.role::text, p.first_name, p.time_zone,"
            " u.email_confirmed_at is not null as confirmed"
            " from public.profiles p join auth.users u on u.id = p.id order by p.created_at"
        )


async def test_sign_up_confirm_and_sign_in(client: Client, database: Database) -> None:
    page = await client.get("/sign-up?next=/courses/reading")
    done = await client.submit(page, "/sign-up", NEW | {"email": " Ada@Guild.Test"})
    assert done.status_code == 200
    assert "ada@guild.test" in done.text
    [mail] = await outbox(database)
    assert (mail.recipient, mail.kind) == ("ada@guild.test", "confirm_email")
    assert mail.path in mail.html

    page = await client.get(mail.path)
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
    confirmed = await client.submit(page, mail.path.partition("?")[0])
    assert confirmed.headers["location"] == "/sign-in?next=%2Fcourses%2Freading"
    page = await client.get(confirmed.headers["location"])
    assert "Your address is confirmed" in page.text
    entered = await client.submit(page, "/sign-in", {"email": NEW["email"], "password": NEW["password"]})
    assert entered.headers["location"] == "/courses/reading"
    assert [tuple(row) for row in await people(database)] == [
        ("ada@guild.test", "student", "Ada", "Europe/Berlin", True)
    ]


async def test_form_fields_cannot_choose_a_role_or_skip_confirming(client: Client, database: Database) -> None:
    more = {"role": "super_admin", "is_admin": "1", "confirmed": "1", "email_confirmed_at": "2020-01-01", "id": "1"}
    assert (await sign_up(client, **more, time_zone="Mars/Olympus")).status_code == 200
    assert [tuple(row) for row in await people(database)] == [("ada@guild.test", "student", "Ada", "UTC", False)]


async def test_a_stranger_cannot_tell_whether_an_address_has_an_account(
    make_client: Callable[..., Any], make_person: MakePerson
) -> None:
    known, waiting = make_person(), make_person(confirmed=False)
    answers = []
    for email in (known.email, waiting.email, "nobody@guild.test"):
        stranger = await make_client()
        answer = await sign_up(stranger, email=email)
        cookies = sorted(stranger.cookies.keys())
        answers.append((answer.status_code, cookies, sorted(answer.headers), plain(answer, email)))
    assert answers[0] == answers[1] == answers[2]


async def test_signing_up_again_costs_the_same_work(
    client: Client, make_person: MakePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    class Hasher:
        def hash(self, password: str) -> str:
            made.append(password)
            return "$argon2id$spy"

    monkeypatch.setattr(passwords, "HASHER", Hasher())
    await sign_up(client, email=make_person().email)
    assert made == [NEW["password"]]


async def test_the_owner_of_an_account_is_told_and_nothing_changes(
    client: Client, database: Database, make_person: MakePerson
) -> None:
    person = make_person()
    await sign_up(client, email=person.email.upper(), password="another lamp entirely")
    [mail] = await outbox(database)
    assert (mail.recipient, mail.kind) == (person.email, "already_registered")
    assert (await sign_in(client, person.email, "another lamp entirely")).status_code == 422
    assert (await sign_in(client, person.email, person.password)).status_code == 303


async def test_a_password_chosen_by_a_stranger_does_not_outlive_the_owners_sign_up(
    client: Client, make_client: Callable[..., Any], database: Database
) -> None:
    stranger = await make_client()
    await sign_up(stranger, password="the stranger knows it")
    await sign_up(client)
    mail = (await outbox(database))[-1]
    assert mail.kind == "finish_registration"
    page = await client.get(mail.path)
    done = await client.submit(page, mail.path, {"password": "only the owner knows"})
    assert done.status_code == 303
    assert (await sign_in(stranger, NEW["email"], "the stranger knows it")).status_code == 422
    assert (await sign_in(client, NEW["email"], "only the owner knows")).status_code == 303
    # The stranger's own confirming link is void too.
    first = (await outbox(database))[0]
    assert (await client.get(first.path)).status_code == 410


async def test_what_was_entered_is_kept_but_not_the_password(client: Client, database: Database) -> None:
    answer = await sign_up(client, first_name="  ", email="not an address", password="short")
    assert answer.status_code == 422
    assert 'value="not an address"' in answer.text
    assert 'value="Byron"' in answer.text
    assert 'value="short"' not in answer.text
    assert 'value="Europe/Berlin"' in answer.text
    # Each complaint stands beside its field; the first wrong field has the focus.
    for field in ("first_name", "email", "password"):
        assert f'id="f-{field}-error"' in answer.text
    assert answer.text.count(" autofocus") == 1
    assert answer.text.index(" autofocus") > answer.text.index('id="f-first_name"')
    assert answer.text.index(" autofocus") < answer.text.index('id="f-last_name"')
    assert await people(database) == []


@pytest.mark.parametrize("field", ["first_name", "last_name", "email", "password"])
async def test_a_field_that_is_missing_or_odd_is_no_fault_of_ours(client: Client, field: str) -> None:
    token = await client.csrf()
    data = {name: value for name, value in NEW.items() if name != field}
    assert (await client.post("/sign-up", data={**data, "_csrf_token": token})).status_code == 422
    odd = await client.post("/sign-up", data={**data, field: "\x00", "_csrf_token": token})
    assert odd.status_code == 422
    file = await client.post("/sign-up", data={**data, "_csrf_token": token}, files={field: ("a.txt", b"x")})
    assert file.status_code == 422


async def test_names_are_taken_as_people_write_them(client: Client, database: Database) -> None:
    await sign_up(client, first_name="  María \n José\t", last_name="O’Brien-Łuczak")
    async with database.connect() as owner:
        row = await owner.fetchrow("select first_name, last_name from public.profiles")
    assert tuple(row or ()) == ("María José", "O’Brien-Łuczak")


async def test_no_mail_carries_a_name_that_a_stranger_chose(client: Client, database: Database) -> None:
    await sign_up(client, first_name="Win at http://evil.test", last_name="<b>now</b>")
    [mail] = await outbox(database)
    assert "evil.test" not in mail.text + mail.html + mail.subject


async def test_a_program_that_reads_links_does_not_confirm(client: Client, database: Database) -> None:
    await sign_up(client)
    [mail] = await outbox(database)
    for _ in range(3):
        assert (await client.get(mail.path)).status_code == 200
        assert (await client.head(mail.path)).status_code in (200, 405)
    assert not (await people(database))[0]["confirmed"]


async def test_a_link_works_once(client: Client, database: Database) -> None:
    await sign_up(client)
    [mail] = await outbox(database)
    page = await client.get(mail.path)
    assert (await client.submit(page, mail.path)).status_code == 303
    again = await client.submit(page, mail.path)
    assert again.status_code == 410
    assert "Your address is confirmed" in again.text
    assert 'href="/sign-in"' in again.text


async def test_a_link_that_is_too_old_leads_on(client: Client, site: Site, database: Database) -> None:
    await sign_up(client)
    [mail] = await outbox(database)
    page = await client.get(mail.path)
    await let_time_pass(database, timedelta(hours=24, minutes=1))
    assert (await client.submit(page, mail.path)).status_code == 410
    dead = await client.get(mail.path)
    assert dead.status_code == 410
    assert not (await people(database))[0]["confirmed"]
    await client.submit(dead, "/resend-confirmation")
    await run_jobs(site)
    fresh = (await outbox(database))[-1]
    assert (await client.submit(await client.get(fresh.path), fresh.path)).status_code == 303
    assert (await people(database))[0]["confirmed"]


@pytest.mark.parametrize("token", ["x", "A" * 43, "%00", "%F0%28%8C%28", "a" * 5000])
async def test_a_link_that_never_was_leads_on(client: Client, token: str) -> None:
    for path in (f"/confirm/{token}", f"/reset-password/{token}"):
        answer = await client.get(path)
        assert answer.status_code == 404
        assert "not whole" in answer.text
        assert (await client.post_form(path, {"password": "a lamp on the sill"})).status_code == 404


async def test_a_link_for_one_purpose_is_none_for_another(client: Client, database: Database) -> None:
    await sign_up(client)
    [mail] = await outbox(database)
    other = mail.path.replace("/confirm/", "/reset-password/")
    assert (await client.post_form(other, {"password": "a lamp on the sill"})).status_code == 404


async def test_asking_again_says_the_same_for_every_address(
    client: Client, site: Site, database: Database, make_person: MakePerson
) -> None:
    waiting, confirmed = make_person(confirmed=False), make_person()
    answers = set()
    for email in (waiting.email, confirmed.email, "nobody@guild.test"):
        answer = await client.post_form("/resend-confirmation", {"email": email})
        answers.add((answer.status_code, plain(answer, email)))
    assert len(answers) == 1
    await run_jobs(site)
    assert [(mail.recipient, mail.kind) for mail in await outbox(database)] == [(waiting.email, "confirm_email")]


async def test_nobody_can_fill_a_mailbox(
    client: Client, site: Site, database: Database, make_person: MakePerson
) -> None:
    known, waiting = make_person(), make_person(confirmed=False)
    for _ in range(7):
        await sign_up(client, email=known.email)
        for email in (known.email, waiting.email):
            await client.post_form("/resend-confirmation", {"email": email})
            await client.post_form("/forgot-password", {"email": email})
    await run_jobs(site)
    kinds = [(mail.recipient, mail.kind) for mail in await outbox(database)]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        (known.email, "already_registered"): 4,
        (known.email, "reset_password"): 4,
        (waiting.email, "confirm_email"): 4,
        (waiting.email, "reset_password"): 4,
    }
    await let_time_pass(database, timedelta(hours=1, minutes=1))
    await client.post_form("/forgot-password", {"email": known.email})
    await run_jobs(site)
    assert len(await outbox(database)) == 17


async def test_two_sign_ups_at_once_make_one_account(make_client: Callable[..., Any], database: Database) -> None:
    clients = [await make_client() for _ in range(4)]
    answers = await asyncio.gather(*(sign_up(client) for client in clients))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len(await people(database)) == 1


async def test_a_form_without_its_token_is_refused(client: Client, database: Database) -> None:
    await client.csrf()
    for token in ({}, {"_csrf_token": "0" * 128}):
        answer = await client.post("/sign-up", data=NEW | token)
        assert answer.status_code == 403
        assert "Nothing was changed" in answer.text
    assert await people(database) == []


async def test_there_is_a_limit_for_each_network(make_client: Callable[..., Any]) -> None:
    client = await make_client()
    token = await client.csrf()
    answers = [await client.post("/forgot-password", data={"_csrf_token": token}) for _ in range(31)]
    assert [answer.status_code for answer in answers] == [422] * 30 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 3600
    assert "Wait" in answers[-1].text
    # Another network, and another form, go on.
    elsewhere = await make_client("203.0.113.99")
    assert (await elsewhere.post_form("/forgot-password", {})).status_code == 422
    assert (await client.post_form("/resend-confirmation", {})).status_code == 422

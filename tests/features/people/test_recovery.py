"""A forgotten password, a changed one, and what becomes of the other browsers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from collegium.kit.site import Site
from tests.features.people.steps import attempts, is_signed_in, let_time_pass, outbox, plain, sign_in
from tests.support.database import Database
from tests.support.people import Person
from tests.support.site import Client, run_jobs

MakePerson = Callable[..., Person]
MakeClient = Callable[..., Any]
NEW = "quite another password"


async def ask(client: Client, site: Site, database: Database, email: str) -> str:
    """Asks for a link and answers its path."""
    await client.post_form("/forgot-password", {"email": email})
    await run_jobs(site)
    return (await outbox(database))[-1].path


async def test_the_answer_is_the_same_for_every_address(
    client: Client, site: Site, database: Database, make_person: MakePerson
) -> None:
    known, waiting = make_person(), make_person(confirmed=False)
    answers = set()
    for email in (known.email, waiting.email, "nobody@guild.test"):
        answer = await client.post_form("/forgot-password", {"email": email.upper()})
        answers.add((answer.status_code, plain(answer, email)))
    assert len(answers) == 1
    assert await outbox(database) == []
    await run_jobs(site)
    assert {mail.recipient for mail in await outbox(database)} == {known.email, waiting.email}


async def test_a_new_password_by_mail(
    client: Client, make_client: MakeClient, site: Site, database: Database, make_person: MakePerson
) -> None:
    person = make_person()
    elsewhere = await make_client()
    await sign_in(elsewhere, person.email, person.password)
    path = await ask(client, site, database, person.email)
    page = await client.get(path)
    assert page.headers["cache-control"] == "no-store"
    assert person.email in page.text
    done = await client.submit(page, path, {"password": NEW})
    assert done.headers["location"] == "/sign-in"
    elsewhere_sessions = await is_signed_in(elsewhere)
    assert not elsewhere_sessions
    assert (await sign_in(client, person.email, person.password)).status_code == 422
    assert (await sign_in(client, person.email, NEW)).status_code == 303
    assert [mail.kind for mail in await outbox(database)] == ["reset_password", "password_changed"]


async def test_a_link_works_once_and_ends_the_others(
    client: Client, site: Site, database: Database, make_person: MakePerson
) -> None:
    person = make_person()
    first = await ask(client, site, database, person.email)
    second = await ask(client, site, database, person.email)
    assert first != second
    page = await client.get(first)
    await client.submit(page, first, {"password": NEW})
    for path in (first, second):
        for answer in (await client.get(path), await client.post_form(path, {"password": "a third password"})):
            assert answer.status_code == 410
            assert 'href="/forgot-password"' in answer.text
    assert (await sign_in(client, person.email, NEW)).status_code == 303


async def test_a_link_is_good_for_an_hour(
    client: Client, site: Site, database: Database, make_person: MakePerson
) -> None:
    person = make_person()
    path = await ask(client, site, database, person.email)
    await let_time_pass(database, timedelta(minutes=59))
    page = await client.get(path)
    assert page.status_code == 200
    await let_time_pass(database, timedelta(minutes=2))
    answer = await client.submit(page, path, {"password": NEW})
    assert (answer.status_code, "too old" in answer.text) == (410, True)
    assert (await sign_in(client, person.email, person.password)).status_code == 303


async def test_a_refused_password_does_not_use_the_link_up(
    client: Client, site: Site, database: Database, make_person: MakePerson
) -> None:
    person = make_person()
    path = await ask(client, site, database, person.email)
    answer = await client.submit(await client.get(path), path, {"password": "1234567890"})
    assert answer.status_code == 422
    assert "The link is still good" in answer.text
    assert "1234567890" not in answer.text
    assert (await client.submit(answer, path, {"password": NEW})).status_code == 303


async def test_the_link_proves_the_address_too(
    client: Client, site: Site, database: Database, make_person: MakePerson
) -> None:
    person = make_person(confirmed=False)
    path = await ask(client, site, database, person.email)
    await client.submit(await client.get(path), path, {"password": NEW})
    assert (await sign_in(client, person.email, NEW)).status_code == 303


async def test_nothing_is_changed_without_the_forms_token(
    client: Client, site: Site, database: Database, make_person: MakePerson
) -> None:
    person = make_person()
    path = await ask(client, site, database, person.email)
    assert (await client.post(path, data={"password": NEW})).status_code == 403
    assert (await client.get(path)).status_code == 200


async def test_changing_the_password_signs_the_others_out(
    client: Client, make_client: MakeClient, database: Database, make_person: MakePerson
) -> None:
    person = make_person()
    others = [await make_client(), await make_client()]
    for browser in (client, *others):
        await sign_in(browser, person.email, person.password)
    page = await client.get("/me/security")
    done = await client.submit(page, "/me/security/password", {"current": person.password, "new": NEW})
    assert done.status_code == 303
    assert "2 other browsers were signed out" in (await client.get("/me/security")).text
    assert await is_signed_in(client)
    assert [await is_signed_in(browser) for browser in others] == [False, False]
    assert [(mail.recipient, mail.kind) for mail in await outbox(database)] == [(person.email, "password_changed")]
    assert (await sign_in(others[0], person.email, NEW)).status_code == 303


async def test_changing_the_password_asks_for_the_current_one(client: Client, make_person: MakePerson) -> None:
    person = make_person()
    await client.login(person)
    answer = await client.post_form("/me/security/password", {"current": "not this one", "new": NEW})
    assert answer.status_code == 422
    assert 'id="f-current-error"' in answer.text
    answer = await client.post_form("/me/security/password", {"current": "", "new": "short"})
    assert 'id="f-current-error"' in answer.text
    assert 'id="f-new-error"' in answer.text
    client.logout()
    assert (await sign_in(client, person.email, person.password)).status_code == 303


async def test_an_open_browser_does_not_let_one_guess_on(
    client: Client, make_client: MakeClient, database: Database, make_person: MakePerson
) -> None:
    person = make_person()
    await client.login(person)
    form = {"current": "not this one", "new": NEW}
    statuses = [(await client.post_form("/me/security/password", form)).status_code for _ in range(5)]
    assert statuses == [422] * 4 + [429]
    assert {origin.partition(":")[0] for origin, _ in await attempts(database)} == {"session"}
    # The owner at home is not held up.
    home = await make_client()
    assert (await sign_in(home, person.email, person.password)).status_code == 303


@pytest.mark.parametrize("path", ["/me/security", "/me/profile", "/me/security/end-others"])
async def test_a_guest_is_led_to_sign_in(client: Client, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=" + path.replace("/", "%2F"))


async def test_a_guest_cannot_change_anything(client: Client) -> None:
    for path in ("/me/security/password", "/me/profile", "/me/security/end-others"):
        answer = await client.post_form(path, {"current": "x", "new": NEW})
        assert answer.headers["location"].startswith("/sign-in")

"""Whoever guesses waits longer and longer; the owner comes in undisturbed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from collegium.features.people import attempts as rules
from collegium.kit.site import Site
from tests.features.people.steps import attempts, let_time_pass, outbox, sign_in
from tests.support.database import Database
from tests.support.people import PASSWORD, Person
from tests.support.site import Client, run_jobs

MakePerson = Callable[..., Person]
MakeClient = Callable[..., Any]
ATTACKER = "192.0.2.66"


async def guess(client: Client, email: str, times: int = 1) -> Any:
    for number in range(times):
        answer = await client.post_form("/sign-in", {"email": email, "password": f"guess number {number}"})
    return answer


async def test_the_delay_grows_and_says_how_long(client: Client, database: Database, make_person: MakePerson) -> None:
    person = make_person()
    assert (await guess(client, person.email, 4)).status_code == 422
    waits = []
    for _ in range(4):
        answer = await guess(client, person.email)
        assert answer.status_code == 429
        waits.append(int(answer.headers["retry-after"]))
        assert f"Wait {waits[-1]} second" in answer.text
        assert f'value="{person.email}"' in answer.text
        await let_time_pass(database, timedelta(seconds=waits[-1]))
        assert (await guess(client, person.email)).status_code == 422
    # A second may have gone by between the failure and the question.
    assert [low <= wait <= low + 1 for wait, low in zip(waits, (1, 3, 7, 15), strict=True)] == [True] * 4
    assert [reason for _, reason in await attempts(database)].count("delayed") == 4


async def test_the_right_password_does_not_help_while_one_waits(client: Client, make_person: MakePerson) -> None:
    person = make_person()
    await guess(client, person.email, 4)
    assert (await sign_in(client, person.email, person.password)).status_code == 429


async def test_knocking_on_does_not_make_it_longer(client: Client, database: Database, make_person: MakePerson) -> None:
    person = make_person()
    await guess(client, person.email, 4)
    first = int((await guess(client, person.email)).headers["retry-after"])
    for _ in range(5):
        assert int((await guess(client, person.email)).headers["retry-after"]) <= first


async def test_it_never_takes_more_than_a_quarter_of_an_hour(
    client: Client, database: Database, make_person: MakePerson
) -> None:
    person = make_person()
    async with database.connect() as owner:
        await owner.execute(
            "insert into public.login_attempts (email, origin, ip, succeeded, reason)"
            " select $1, 'net:198.51.100.7', '198.51.100.7', false, 'wrong_password' from generate_series(1, 90)",
            person.email,
        )
    answer = await guess(client, person.email)
    assert 890 <= int(answer.headers["retry-after"]) <= 900
    assert "15 minutes" in answer.text
    await let_time_pass(database, timedelta(minutes=15))
    assert (await sign_in(client, person.email, person.password)).status_code == 303


async def test_an_address_without_an_account_is_delayed_alike(client: Client, database: Database) -> None:
    assert (await guess(client, "nobody@guild.test", 4)).status_code == 422
    assert (await guess(client, "nobody@guild.test")).status_code == 429


async def test_other_accounts_are_not_held_up(client: Client, make_person: MakePerson) -> None:
    person, colleague = make_person(), make_person()
    await guess(client, person.email, 5)
    assert (await sign_in(client, colleague.email, colleague.password)).status_code == 303


async def test_a_success_forgets_the_failures(client: Client, make_person: MakePerson) -> None:
    person = make_person()
    for _ in range(2):
        assert (await guess(client, person.email, 3)).status_code == 422
        assert (await sign_in(client, person.email, person.password)).status_code == 303
        client.cookies.clear()


async def test_the_owner_is_not_held_up_from_another_network(make_client: MakeClient, make_person: MakePerson) -> None:
    person = make_person()
    attacker, owner = await make_client(ATTACKER), await make_client()
    assert (await guess(attacker, person.email, 6)).status_code == 429
    assert (await sign_in(owner, person.email, person.password)).status_code == 303
    assert (await guess(attacker, person.email)).status_code == 429


async def test_the_owner_is_not_held_up_in_the_same_network_where_the_browser_is_known(
    make_client: MakeClient, database: Database, make_person: MakePerson
) -> None:
    person = make_person()
    owner, attacker = await make_client(ATTACKER), await make_client(ATTACKER)
    assert (await sign_in(owner, person.email, person.password)).status_code == 303
    await owner.post_form("/sign-out")
    assert (await guess(attacker, person.email, 6)).status_code == 429
    assert (await sign_in(owner, person.email, person.password)).status_code == 303
    origins = {origin.partition(":")[0] for origin, reason in await attempts(database) if reason == "ok"}
    assert origins == {"net", "device"}
    # A browser without the mark, in the attacker's network, waits like the attacker.
    stranger = await make_client(ATTACKER)
    assert (await sign_in(stranger, person.email, person.password)).status_code == 429


async def test_a_known_browser_in_the_wrong_hands_waits_by_itself(
    make_client: MakeClient, make_person: MakePerson
) -> None:
    person = make_person()
    lost, home = await make_client(), await make_client()
    await sign_in(lost, person.email, person.password)
    await lost.post_form("/sign-out")
    assert (await guess(lost, person.email, 5)).status_code == 429
    assert (await sign_in(home, person.email, person.password)).status_code == 303


@pytest.mark.parametrize("mark", ["x.y", "someone.else~another.one", "a" * 200])
async def test_a_mark_that_was_made_up_does_not_help(client: Client, make_person: MakePerson, mark: str) -> None:
    person = make_person()
    for number in range(4):
        client.cookies.set("collegium_device", f"{number}{mark}", domain="127.0.0.1")
        await guess(client, person.email)
    client.cookies.set("collegium_device", f"9{mark}", domain="127.0.0.1")
    assert (await guess(client, person.email)).status_code == 429


async def test_a_mark_of_another_account_does_not_help(client: Client, make_person: MakePerson) -> None:
    mine, theirs = make_person(), make_person()
    await sign_in(client, mine.email, mine.password)
    client.logout()
    await guess(client, theirs.email, 4)
    client.cookies.delete("collegium_device")
    assert (await guess(client, theirs.email)).status_code == 429


async def test_many_guesses_at_once_are_counted_one_by_one(
    make_client: MakeClient, database: Database, make_person: MakePerson
) -> None:
    person = make_person()
    client = await make_client(ATTACKER)
    await client.csrf()
    answers = await asyncio.gather(*(guess(client, person.email) for _ in range(24)))
    assert {answer.status_code for answer in answers} == {422, 429}
    async with database.connect() as owner:
        times = await owner.fetch(
            "select attempted_at from public.login_attempts where reason = 'wrong_password' order by attempted_at"
        )
    # However slow the machine: the fifth was looked at no sooner than its delay after the fourth.
    gaps = [(later[0] - earlier[0]).total_seconds() for earlier, later in pairwise(times[3:])]
    assert all(gap >= rules.delay_after(number) for number, gap in enumerate(gaps, 4))
    assert len(times) >= 4


async def test_a_new_password_by_mail_ends_the_waiting(
    client: Client, site: Site, database: Database, make_person: MakePerson
) -> None:
    person = make_person()
    await guess(client, person.email, 5)
    await client.post_form("/forgot-password", {"email": person.email})
    await run_jobs(site)
    [mail] = await outbox(database)
    await client.submit(await client.get(mail.path), mail.path, {"password": "only the owner knows"})
    assert (await sign_in(client, person.email, "only the owner knows")).status_code == 303


async def test_a_network_that_fails_on_many_accounts_waits(
    make_client: MakeClient, database: Database, make_person: MakePerson
) -> None:
    person, known = make_person(), make_person()
    regular = await make_client("2001:db8:1:2::7")
    await sign_in(regular, known.email, known.password)
    regular.logout()
    async with database.connect() as owner:
        await owner.execute(
            "insert into public.login_attempts (attempted_at, email, origin, ip, succeeded, reason)"
            " select now() - interval '30 minutes', 'p' || n || '@guild.test', 'net:2001:db8:1:2::/64',"
            "  ('2001:db8:1:2::' || n)::inet, false, 'unknown_person' from generate_series(1, 100) n"
        )
    sprayer = await make_client("2001:db8:1:2::bad")
    answer = await sign_in(sprayer, person.email, person.password)
    assert answer.status_code == 429
    assert 1700 <= int(answer.headers["retry-after"]) <= 1800
    # Who has been here before comes in, and so does everybody in the next network.
    assert (await sign_in(regular, known.email, known.password)).status_code == 303
    assert (await sign_in(await make_client("2001:db8:1:3::1"), person.email, PASSWORD)).status_code == 303
    await let_time_pass(database, timedelta(minutes=31))
    assert (await sign_in(sprayer, person.email, person.password)).status_code == 303

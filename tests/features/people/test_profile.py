"""The own profile: what one may change, what the form cannot, and where it shows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.database import Database
from tests.support.people import Person
from tests.support.site import Client

MakePerson = Callable[..., Person]


async def profile(database: Database, person: Person) -> tuple[str, ...]:
    async with database.connect() as owner:
        row = await owner.fetchrow(
            "select first_name, last_name, time_zone, locale, role::text, email::text"
            " from public.profiles where id = $1",
            person.id,
        )
    return tuple(row or ())


async def test_names_zone_and_dates_are_kept(client: Client, database: Database, make_person: MakePerson) -> None:
    person = make_person()
    await client.login(person)
    page = await client.get("/me/profile")
    new = {"first_name": " Márta ", "last_name": "Kovács", "time_zone": "America/New_York", "locale": "en-US"}
    answer = await client.submit(page, "/me/profile", new)
    assert answer.headers["location"] == "/me/profile"
    assert await profile(database, person) == (
        "Márta",
        "Kovács",
        "America/New_York",
        "en-US",
        "student",
        person.email,
    )
    shown = await client.get("/me/security")
    assert "Márta Kovács" in shown.text
    assert '<html lang="en-US"' in shown.text
    assert " AM</time>" in shown.text or " PM</time>" in shown.text


async def test_the_form_changes_nothing_else(client: Client, database: Database, make_person: MakePerson) -> None:
    person, other = make_person(), make_person()
    await client.login(person)
    more = {"role": "admin", "email": "new@guild.test", "id": str(other.id), "user_id": str(other.id)}
    kept = {"first_name": "A", "last_name": "B", "time_zone": "UTC", "locale": "en-GB"}
    await client.post_form("/me/profile", kept | more)
    assert await profile(database, person) == ("A", "B", "UTC", "en-GB", "student", person.email)
    assert (await profile(database, other))[:2] == (other.first_name, other.last_name)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_name", "  "),
        ("last_name", "x" * 101),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("locale", "xx"),
    ],
)
async def test_a_mistake_is_shown_beside_its_field(
    client: Client, database: Database, make_person: MakePerson, field: str, value: str
) -> None:
    person = make_person()
    await client.login(person)
    before = await profile(database, person)
    form = {"first_name": "New", "last_name": "Name", "time_zone": "UTC", "locale": "en-GB"} | {field: value}
    answer = await client.post_form("/me/profile", form)
    assert answer.status_code == 422
    assert f'id="f-{field}-error"' in answer.text
    assert answer.text.count(" autofocus") == 1
    assert await profile(database, person) == before


async def test_a_zone_of_an_older_name_stays_chosen(client: Client, make_person: MakePerson) -> None:
    await client.login(make_person(time_zone="Asia/Calcutta"))
    page = await client.get("/me/profile")
    assert '<option value="Asia/Calcutta" selected>' in page.text

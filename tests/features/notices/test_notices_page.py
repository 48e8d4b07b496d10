"""One's own notices: shown to nobody else, as text, page by page, and marked as read."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from collegium.features.notices import service
from tests.support.database import Database
from tests.support.people import Person
from tests.support.site import Client

MakePerson = Callable[..., Person]
MakeClient = Callable[..., Awaitable[Client]]


async def tell(database: Database, person: Person, title: str, number: int = 0) -> None:
    async with database.connect() as owner:
        await owner.execute(
            "insert into public.notifications (member_id, kind, title, body, link, created_at)"
            " values ($1, 'discussion_reply', $2, '<script>alert(1)</script>', '/learn/x/discussions', now() - make_interval(mins => $3))",
            person.id,
            title,
            number,
        )


async def test_notices_are_for_one_person(
    client: Client, make_client: MakeClient, make_person: MakePerson, database: Database
) -> None:
    assert (await client.get("/me/notices")).headers["location"].startswith("/sign-in")
    person, office = make_person(), await make_client()
    await client.login(person)
    assert "Nothing to tell you" in (await client.get("/me/notices")).text
    await tell(database, person, "New reply: <b>Premiums</b>")
    page = await client.get("/me/notices")
    assert "New reply: &lt;b&gt;Premiums&lt;/b&gt;" in page.text
    assert "<script>alert" not in page.text
    assert 'href="/learn/x/discussions"' in page.text
    await office.login(make_person("admin"))
    assert "Premiums" not in (await office.get("/me/notices")).text
    await office.post_form("/me/notices/read")
    assert "Mark all as read" in (await client.get("/me/notices")).text
    await client.post_form("/me/notices/read")
    assert "Mark all as read" not in (await client.get("/me/notices")).text


async def test_pages_of_notices_follow_each_other(client: Client, make_person: MakePerson, database: Database) -> None:
    person = make_person()
    await client.login(person)
    for number in range(service.PAGE_SIZE + 2):
        await tell(database, person, f"Notice {number:02}", number // 2)
    first = await client.get("/me/notices")
    following = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert following
    second = await client.get(following[1].replace("&amp;", "&"))
    read = re.findall(r"Notice \d\d", first.text) + re.findall(r"Notice \d\d", second.text)
    assert sorted(read) == [f"Notice {number:02}" for number in range(service.PAGE_SIZE + 2)]
    assert len(set(read)) == len(read)
    assert (await client.get("/me/notices?after=x")).status_code == 200

"""The outbox page: who sees which message, finding one, and sending it again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from tests.support.database import Database, as_actor
from tests.support.people import Person
from tests.support.site import Client, make_settings, make_site

from collegium.features.operations.pages import with_links
from collegium.features.operations.service import PAGE

MakePerson = Callable[..., Person]


async def add_mail(database: Database, person: Person | None, **given: Any) -> UUID:
    """A message in the outbox; further columns by name."""
    row = {
        "recipient": person.email if person else "somebody@guild.test",
        "user_id": person.id if person else None,
        "kind": "reset_password",
        "subject": "Choose a new password",
        "text_body": "Choose it here:\n\nhttp://127.0.0.1:8000/reset-password/abc?x=1&y=<2>\n",
    } | given
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    async with database.connect() as owner:
        found: UUID = await owner.fetchval(
            f"insert into public.mail_outbox ({', '.join(row)}) values ({places}) returning id", *row.values()
        )
    return found


def subjects(page: Any) -> list[str]:
    """What the list shows, from the top."""
    return re.findall(r'href="/admin/mail/[0-9a-f-]{36}">([^<]+)<', page.text)


@pytest.mark.parametrize("role", ["student", "instructor"])
async def test_the_outbox_is_for_administrators(
    client: Client, database: Database, make_person: MakePerson, role: str
) -> None:
    mail_id = await add_mail(database, make_person())
    assert (await client.get("/admin/mail")).headers["location"].startswith("/sign-in")
    await client.login(make_person(role))
    for path in ("/admin/mail", f"/admin/mail/{mail_id}"):
        assert (await client.get(path)).status_code == 403
    assert (await client.post_form(f"/admin/mail/{mail_id}/send")).status_code == 403


async def test_the_database_itself_shows_nobody_else_a_message(database: Database, make_person: MakePerson) -> None:
    student, admin, boss = make_person(), make_person("admin"), make_person("super_admin")
    await add_mail(database, student, subject="To the student")
    await add_mail(database, boss, subject="To the super administrator")
    seen = {}
    async with database.connect("web") as session:
        for person in (student, admin, boss):
            async with as_actor(session, "authenticated", person.id) as actor:
                rows = await actor.fetch("select subject from public.mail_outbox")
                seen[person.role] = sorted(row["subject"] for row in rows)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with as_actor(session, "anon") as actor:
                await actor.fetch("select subject from public.mail_outbox")
    assert seen == {
        "student": [],
        "admin": ["To the student"],
        "super_admin": ["To the student", "To the super administrator"],
    }


async def test_an_administrator_cannot_read_the_link_of_a_super_administrator(
    client: Client, database: Database, make_person: MakePerson
) -> None:
    mail_id = await add_mail(database, make_person("super_admin"))
    await client.login(make_person("admin"))
    assert subjects(await client.get("/admin/mail")) == []
    assert (await client.get(f"/admin/mail/{mail_id}")).status_code == 404
    assert (await client.post_form(f"/admin/mail/{mail_id}/send")).status_code == 404


async def test_search_and_state_stand_in_the_address(
    client: Client, database: Database, make_person: MakePerson
) -> None:
    ada, mara = make_person(email="ada@guild.test"), make_person(email="mara_b@guild.test")
    await add_mail(database, ada, subject="Waiting for ada")
    failed = await add_mail(database, mara, subject="Failed for mara", kind="confirm_email")
    sent = await add_mail(database, mara, subject="100% sent")
    async with database.connect() as owner:
        await owner.execute("update public.mail_outbox set failed_at = now() where id = $1", failed)
        await owner.execute("update public.mail_outbox set sent_at = now(), text_body = null where id = $1", sent)
    await client.login(make_person("admin"))

    async def shown(query: str) -> list[str]:
        return subjects(await client.get(f"/admin/mail{query}"))

    assert await shown("") == ["100% sent", "Failed for mara", "Waiting for ada"]
    assert await shown("?q=ADA") == ["Waiting for ada"]
    assert await shown("?q=confirm") == ["Failed for mara"]
    assert await shown("?q=100%25") == ["100% sent"]
    assert await shown("?q=_b") == ["100% sent", "Failed for mara"]
    assert await shown("?q=%25%25") == []
    assert await shown("?state=waiting") == ["Waiting for ada"]
    assert await shown("?state=failed&q=mara") == ["Failed for mara"]
    assert await shown("?state=sent") == ["100% sent"]
    assert len(await shown("?state=nonsense&older=nonsense&newer=%00")) == 3
    page = await client.get("/admin/mail?q=mara&state=failed")
    assert 'value="mara"' in page.text
    assert "/admin/mail?q=mara&amp;state=sent" in page.text
    assert "No message fits" in (await client.get("/admin/mail?q=nothing")).text


async def test_pages_go_on_where_the_last_ended_while_new_mail_comes_in(
    client: Client, database: Database, make_person: MakePerson
) -> None:
    person = make_person()
    for number in range(2 * PAGE + 1):
        await add_mail(database, person, subject=f"Message {number:03}")
    await client.login(make_person("admin"))
    first = await client.get("/admin/mail")
    assert subjects(first) == [f"Message {number:03}" for number in range(2 * PAGE, PAGE, -1)]
    assert 'rel="prev"' not in first.text
    await add_mail(database, person, subject="Message later")

    def link(page: Any, rel: str) -> str:
        found = re.search(rf'rel="{rel}" href="([^"]+)"', page.text)
        assert found
        return found.group(1).replace("&amp;", "&")

    second = await client.get(link(first, "next"))
    assert subjects(second) == [f"Message {number:03}" for number in range(PAGE, 0, -1)]
    third = await client.get(link(second, "next"))
    assert subjects(third) == ["Message 000"]
    assert 'rel="next"' not in third.text
    back = await client.get(link(second, "prev"))
    assert subjects(back) == subjects(first)
    assert subjects(await client.get(link(back, "prev"))) == ["Message later"]


async def test_a_message_shows_its_text_with_links(client: Client, database: Database, make_person: MakePerson) -> None:
    mail_id = await add_mail(database, make_person(), subject="<script>alert(1)</script>")
    await client.login(make_person("admin"))
    page = await client.get(f"/admin/mail/{mail_id}")
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert '<a class="link" href="http://127.0.0.1:8000/reset-password/abc?x=1&amp;y=" rel="noreferrer">' in page.text
    assert "&lt;2&gt;" in page.text
    assert "<script>alert" not in page.text
    assert (await client.get(f"/admin/mail/{uuid4()}")).status_code == 404


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("See http://a.test/x.", ["http://a.test/x"]),
        ("(https://a.test/x?y=1&z=2#f), then", ["https://a.test/x?y=1&z=2#f"]),
        ("javascript:alert(1) ftp://a.test", []),
        ("http://a.test/1 http://a.test/2\n", ["http://a.test/1", "http://a.test/2"]),
        ("", []),
    ],
)
def test_links_in_a_text(text: str, links: list[str]) -> None:
    pieces = with_links(text)
    assert [piece for piece, is_link in pieces if is_link] == links
    assert "".join(piece for piece, _ in pieces) == text


async def test_without_a_server_the_page_says_which_setting(client: Client, make_person: MakePerson) -> None:
    await client.login(make_person("admin"))
    page = await client.get("/admin/mail")
    assert "No messages yet" in page.text
    assert "COLLEGIUM_SMTP_URL" in page.text


async def test_sending_again(
    database: Database, make_client: Callable[..., Any], make_person: MakePerson, tmp_path: Any
) -> None:
    with_server = make_site(make_settings(database, tmp_path / "smtp", smtp_url="smtp://127.0.0.1:1"))
    client = await make_client(process=with_server)
    await client.login(make_person("admin"))
    mail_id = await add_mail(database, make_person(), attempts=8)
    async with database.connect() as owner:
        await owner.execute(
            "update public.mail_outbox set failed_at = now(), last_error = '550 no' where id = $1", mail_id
        )
        page = await client.get(f"/admin/mail/{mail_id}")
        assert "550 no" in page.text
        assert "COLLEGIUM_SMTP_URL" not in page.text
        for _ in range(2):
            answer = await client.submit(page, f"/admin/mail/{mail_id}/send")
            assert answer.headers["location"] == f"/admin/mail/{mail_id}"
        row = await owner.fetchrow("select failed_at, attempts from public.mail_outbox where id = $1", mail_id)
        assert tuple(row or ()) == (None, 0)
        # Two clicks, one job.
        jobs = await owner.fetch("select args from procrastinate.procrastinate_jobs where task_name = 'mail.send'")
        assert len(jobs) == 1
        await owner.execute("update public.mail_outbox set sent_at = now(), text_body = null where id = $1", mail_id)
    sent = await client.get(f"/admin/mail/{mail_id}")
    assert "The text was removed" in sent.text
    assert f"/admin/mail/{mail_id}/send" not in sent.text
    assert (await client.post_form(f"/admin/mail/{mail_id}/send")).status_code == 409
    assert (await client.post(f"/admin/mail/{mail_id}/send")).status_code == 403

"""What a person does, step by step, and the mail that person reads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from tests.support.database import Database
from tests.support.site import Client

NEW = {
    "first_name": "Ada",
    "last_name": "Byron",
    "email": "ada@guild.test",
    "password": "a lamp on the sill",
    "time_zone": "Europe/Berlin",
}


@dataclass(frozen=True)
class Mail:
    """A message of the outbox."""

    recipient: str
    kind: str
    subject: str
    text: str
    html: str

    @property
    def path(self) -> str:
        """The path of its one-time link."""
        found = re.search(r"http://127\.0\.0\.1:8000(/(?:confirm|reset-password)/\S+)", self.text)
        assert found, self.text
        return found.group(1)


async def outbox(database: Database) -> list[Mail]:
    """All messages, the oldest first."""
    async with database.connect() as owner:
        rows = await owner.fetch(
            "select recipient::text, kind, subject, text_body, html_body from public.mail_outbox order by id"
        )
    return [Mail(*row) for row in rows]


async def sign_up(client: Client, **given: Any) -> httpx.Response:
    """Sends the form of a new account."""
    return await client.submit(await client.get("/sign-up"), "/sign-up", NEW | given)


async def sign_in(client: Client, email: str, password: str, target: str | None = None) -> httpx.Response:
    """Sends the form of sign-in."""
    page = await client.get("/sign-in", params={"next": target} if target else None)
    return await client.submit(page, "/sign-in", {"email": email, "password": password})


async def is_signed_in(client: Client) -> bool:
    """Whether the site knows who this client is."""
    response = await client.get("/me/security")
    assert response.status_code in (200, 303)
    return response.status_code == 200


async def let_time_pass(database: Database, by: timedelta) -> None:
    """Moves everything that is counted by the clock into the past."""
    async with database.connect() as owner:
        await owner.execute("update public.login_attempts set attempted_at = attempted_at - $1::interval", by)
        await owner.execute("update public.auth_tokens set expires_at = expires_at - $1::interval", by)
        await owner.execute("update public.mail_outbox set created_at = created_at - $1::interval", by)
        await owner.execute(
            "update public.web_sessions set expires_at = expires_at - $1::interval,"
            " last_seen_at = last_seen_at - $1::interval, created_at = created_at - $1::interval",
            by,
        )


async def attempts(database: Database) -> list[tuple[str, str]]:
    """Recorded attempts to sign in, the oldest first: what they were counted by, and how they ended."""
    async with database.connect() as owner:
        rows = await owner.fetch("select origin, reason from public.login_attempts order by attempted_at")
    return [(row["origin"], row["reason"]) for row in rows]


def plain(response: httpx.Response, *differing: str) -> str:
    """A page without what differs between any two of them: its token, and the words given."""
    text = re.sub(r"[0-9a-f]{128}", "token", response.text)
    for word in differing:
        text = text.replace(word, "…")
    return text

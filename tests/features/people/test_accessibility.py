"""Every page of accounts and mail in a real browser: axe finds nothing, nothing scrolls sideways, in both themes."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from playwright.async_api import Page

from collegium.features.people import service
from tests.support.browser import NewPage, two_looks
from tests.support.database import Database
from tests.support.people import PASSWORD, Person, add_person
from tests.support.site import LiveServer

pytestmark = pytest.mark.e2e
SHOTS = os.environ.get("COLLEGIUM_TEST_SHOTS")
AGENTS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
)
LINK = "http://127.0.0.1/reset-password/abc"


class Look:
    """Looks at one page after the other and keeps what is wrong."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.wrong: list[str] = []

    async def at(self, name: str) -> None:
        self.wrong += await two_looks(self.page, name, pictures=SHOTS)
        assert await self.page.evaluate("document.querySelectorAll('h1').length") == 1, name

    async def go(self, name: str, path: str) -> None:
        await self.page.goto(path)
        await self.at(name)

    async def send(self, fields: dict[str, str], button: str) -> None:
        for name, value in fields.items():
            await self.page.fill(f"#f-{name}", value)
        await self.page.get_by_role("button", name=button, exact=True).click()
        await self.page.wait_for_load_state("load")


async def _links(database: Database, person: Person) -> tuple[str, str]:
    tokens = service.new_token(), service.new_token()
    async with database.connect() as owner:
        for token, purpose in zip(tokens, ("confirm_email", "reset_password"), strict=True):
            await owner.execute(
                "insert into auth_tokens (user_id, purpose, token_hash, expires_at)"
                " values ($1, $2, $3, now() + interval '1 hour')",
                person.id,
                purpose,
                service.hash_token(token),
            )
    return tokens


async def _elsewhere(database: Database, person: Person) -> None:
    async with database.connect() as owner:
        for number, agent in enumerate(AGENTS, 2):
            await owner.execute(
                "insert into web_sessions (user_id, token_hash, expires_at, last_seen_at, ip, user_agent) values"
                " ($1, $2, now() + interval '3 days', now() - $3::interval, '203.0.113.9', $4)",
                person.id,
                service.hash_token(service.new_token()),
                timedelta(hours=number * 7),
                agent,
            )


async def _mail(server: LiveServer, person: Person, database: Database) -> dict[str, str]:
    found: dict[str, str] = {}
    for state in ("waiting", "failed", "sent"):
        # The live server's pool belongs to another thread: a connection of our own writes.
        async with database.connect("web") as session, session.transaction():
            await session.execute("set local role service_role")
            text = f"Choose a new password here:\n\n{LINK}\n\nThe link is good for one hour."
            found[state] = await session.fetchval(
                "insert into mail_outbox (recipient, user_id, kind, subject, text_body, html_body)"
                " values ($1, $2, 'reset_password', $4, $3, '') returning id",
                person.email,
                person.id,
                text,
                "Choose a new password for Guild of Assessors",
            )
    async with database.connect() as owner:
        await owner.execute(
            "update mail_outbox set failed_at = now(), attempts = 8, last_error = '550 5.1.1 No such mailbox here'"
            " where id = $1",
            found["failed"],
        )
        await owner.execute(
            "update mail_outbox set sent_at = now(), attempts = 1, text_body = null where id = $1", found["sent"]
        )
    return found


async def _guest_pages(look: Look, confirm: str, reset: str, unconfirmed: Person) -> None:
    await look.go("sign-in", "/sign-in?next=/courses")
    await look.send({"email": unconfirmed.email, "password": "not this one at all"}, "Sign in")
    await look.at("sign-in-wrong")
    await look.send({"password": PASSWORD}, "Sign in")
    await look.at("sign-in-not-confirmed")
    await look.go("sign-up", "/sign-up")
    await look.send(
        {"first_name": " ", "last_name": "Byron", "email": "ada@guild.test", "password": "short"}, "Create account"
    )
    await look.at("sign-up-wrong")
    await look.send({"first_name": "Ada", "password": "a lamp on the sill"}, "Create account")
    await look.at("check-mail")
    await look.go("resend", "/resend-confirmation")
    await look.go("forgot", "/forgot-password")
    await look.send({"email": "nobody@guild.test"}, "Send the link")
    await look.at("forgot-sent")
    await look.go("confirm", f"/confirm/{confirm}")
    await look.go("reset", f"/reset-password/{reset}")
    await look.send({"password": "1234567890"}, "Set the new password")
    await look.at("reset-wrong")
    await look.go("link-unknown", "/confirm/none")
    await look.go("link-gone", "/reset-password/none")


async def _member_pages(look: Look, person: Person) -> None:
    await look.page.goto("/sign-in?next=/me/profile")
    await look.send({"email": person.email, "password": PASSWORD}, "Sign in")
    await look.at("profile")
    await look.go("security", "/me/security")
    await look.send({"current": "not this one at all", "new": "short"}, "Change password")
    await look.at("security-wrong")
    await look.page.get_by_role("link", name="Sign out Edge on Windows").click()
    await look.page.get_by_role("dialog").wait_for()
    await look.at("security-dialog")
    await look.go("end-others", "/me/security/end-others")


async def _admin_pages(look: Look, mail: dict[str, str]) -> None:
    await look.go("outbox", "/admin/mail")
    await look.go("outbox-none", "/admin/mail?q=xyz")
    for state, mail_id in mail.items():
        await look.go(f"message-{state}", f"/admin/mail/{mail_id}")


async def test_every_page(new_page: NewPage, live_server: LiveServer, database: Database) -> None:
    unconfirmed = await add_person(database, confirmed=False)
    admin = await add_person(database, "super_admin", time_zone="Europe/Berlin")
    confirm, reset = await _links(database, unconfirmed)
    await _elsewhere(database, admin)
    look = Look(await new_page())
    await _guest_pages(look, confirm, reset, unconfirmed)
    await _member_pages(look, admin)
    await _admin_pages(look, await _mail(live_server, unconfirmed, database))
    assert not look.wrong, "\n".join(look.wrong)

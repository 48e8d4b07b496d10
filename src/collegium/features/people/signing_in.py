"""Signing in and out, and changing a password by somebody who is signed in."""

from __future__ import annotations

from uuid import UUID

from collegium.features.people import mails, passwords
from collegium.features.people.addresses import normal_address, normal_email
from collegium.features.people.attempts import Opened, open_attempt, origin_of, settle
from collegium.features.people.devices import with_mark
from collegium.features.people.model import SESSION_LIFE, Account, Browser, SignedIn
from collegium.features.people.tokens import hash_token as hash_of
from collegium.features.people.tokens import new_token
from collegium.kit import queries
from collegium.kit.db import SYSTEM, Transaction
from collegium.kit.errors import Forbidden, Invalid, NotFound, TooMany
from collegium.kit.site import Site
from collegium.kit.viewer import Viewer

Q = queries.load("collegium.features.people")


class NotConfirmed(Forbidden):
    """The password was right, but nobody has shown yet that the address is theirs."""

    title, code = "Confirm your address first", "not_confirmed"


class WrongPassword(Invalid):
    """The address and the password do not belong together; which of them is wrong is nobody's business."""

    code = "wrong_password"


def device_key(site: Site) -> bytes:
    """The key that signs device marks."""
    return site.key("device marks")


async def _begin(site: Site, email: str, browser: Browser, origin: str) -> Opened:
    async with site.db.transaction(SYSTEM) as tx:
        account = await tx.maybe(Account, Q.account_by_email, email)
        opened = await open_attempt(tx, email, browser, origin, account)
    if isinstance(opened, TooMany):
        raise opened
    return opened


async def sign_in(site: Site, email: str, password: str, browser: Browser) -> SignedIn:
    """Checks a password and begins a session with a fresh token; the browser's former session ends.

    Two transactions with the slow check between them: the attempt stands recorded as failed before it is looked at.
    Raises Invalid with fields, WrongPassword, NotConfirmed, Forbidden (account closed) or TooMany (wait first).
    """
    address = normal_email(email)
    if address is None or not password:
        complaints = {
            "email": None if address else "Enter your e-mail address, such as name@example.org.",
            "password": None if password else "Enter your password.",
        }
        raise Invalid(
            "Please fill in both fields.", fields={name: words for name, words in complaints.items() if words}
        )
    attempt = await _begin(site, address, browser, origin_of(browser, address, device_key(site)))
    account = attempt.account
    kept = account.encrypted_password if account else None
    right = await passwords.is_right(kept, password[: passwords.MOST + 1])
    if account is None or kept is None or not right:
        raise WrongPassword(
            "This address and this password do not belong together. Check both, or choose a new password by mail."
        )
    if account.closed or not account.confirmed:
        async with site.db.transaction(SYSTEM) as tx:
            await settle(tx, attempt, "banned" if account.closed else "not_confirmed")
        if account.closed:
            raise Forbidden("This account is closed. Ask the association's office.", code="account_closed")
        raise NotConfirmed(
            "Your password is right, but the address is not confirmed yet. Open the link in the mail that we sent you."
        )
    fresh = await passwords.hash_password(password) if passwords.is_outdated(kept) else None
    token = new_token()
    async with site.db.transaction(SYSTEM) as tx:
        await settle(tx, attempt, "ok")
        if fresh:
            await tx.execute(Q.keep_password, account.id, fresh)
        await open_session(tx, account.id, token, browser)
    return SignedIn(account.id, token, with_mark(browser.marks, device_key(site), address))


async def open_session(tx: Transaction, user_id: UUID, token: str, browser: Browser) -> UUID:
    """Begins a browser session in a system transaction; ends the one that the browser had. Answers its id."""
    session_id: UUID = await tx.fetchval(
        Q.open_session,
        user_id,
        hash_of(token),
        SESSION_LIFE,
        normal_address(browser.address),
        browser.user_agent[:400],
        browser.session_hash,
    )
    return session_id


async def sign_out(tx: Transaction, viewer: Viewer) -> None:
    """Ends the session of the person who asks. Raises Problem 404 when another tab was faster."""
    await tx.execute(Q.end_my_session, viewer.session_id)


async def change_password(site: Site, viewer: Viewer, current: str, new: str, browser: Browser) -> int:
    """Sets a new password for somebody who knows the current one; every other session ends. Answers how many did.

    Raises Invalid with fields, or TooMany: whoever took over an open browser cannot guess on.
    """
    complaint = passwords.complaint(new, viewer.email)
    if not current or complaint:
        fields = {} if current else {"current": "Enter the password that you have now."}
        raise Invalid("Your password stays as it was.", fields=fields | ({"new": complaint} if complaint else {}))
    attempt = await _begin(site, viewer.email, browser, f"session:{viewer.session_id}")
    if attempt.account is None:
        raise NotFound("This account is not there any more.")
    if not await passwords.is_right(attempt.account.encrypted_password, current[: passwords.MOST + 1]):
        raise Invalid(
            "Your password stays as it was.",
            fields={
                "current": "This is not your current password. Forgotten it? Sign out and choose a new one by mail."
            },
        )
    fresh = await passwords.hash_password(new)
    async with site.db.transaction(SYSTEM) as tx:
        await settle(tx, attempt, "ok")
        await tx.execute(Q.keep_password, viewer.id, fresh)
        ended: int = await tx.fetchval(Q.end_sessions, viewer.id, viewer.session_id)
        await mails.password_changed(tx, site, viewer.id, viewer.email)
    return ended

"""Registering, confirming an address, and choosing a new password by mail."""

from __future__ import annotations

import unicodedata
from uuid import UUID
from zoneinfo import available_timezones

from collegium.features.people import mails, passwords
from collegium.features.people.addresses import normal_email
from collegium.features.people.devices import with_mark
from collegium.features.people.model import Account, Browser, Link, Purpose, SignUp
from collegium.features.people.signing_in import device_key
from collegium.features.people.tokens import hash_token
from collegium.kit import queries
from collegium.kit.db import SYSTEM, Transaction
from collegium.kit.errors import Invalid, NotFound
from collegium.kit.jobs import defer
from collegium.kit.site import Site

Q = queries.load("collegium.features.people")
NAME_MOST = 100
EMAIL_WORDS = "Enter an e-mail address, such as name@example.org."


def tidy_name(text: str) -> str:
    """A name without what cannot be seen and without needless space."""
    seen = "".join(" " if unicodedata.category(character) in ("Cc", "Zl", "Zp") else character for character in text)
    return " ".join(seen.split())


def name_complaint(name: str, which: str) -> str | None:
    """Why a name is not accepted, in words; None when it is."""
    if not name:
        return f"Enter your {which} name. It stands on your certificates."
    if len(name) > NAME_MOST:
        return f"Use at most {NAME_MOST} characters."
    return None


def known_time_zone(name: str) -> str:
    """The IANA name when it is one, else UTC."""
    return name if name in available_timezones() else "UTC"


def _check(command: SignUp) -> SignUp:
    email = normal_email(command.email)
    first, last = tidy_name(command.first_name), tidy_name(command.last_name)
    complaints = {
        "first_name": name_complaint(first, "first"),
        "last_name": name_complaint(last, "last"),
        "email": None if email else EMAIL_WORDS,
        "password": passwords.complaint(command.password, email or ""),
    }
    fields = {name: words for name, words in complaints.items() if words}
    if fields or email is None:
        raise Invalid("Your account was not made yet. What you entered is kept, except the password.", fields=fields)
    return SignUp(first, last, email, command.password, known_time_zone(command.time_zone), command.next)


async def create_person(
    tx: Transaction,
    *,
    email: str,
    password_hash: str,
    first_name: str,
    last_name: str,
    time_zone: str = "UTC",
    confirmed: bool = False,
) -> UUID | None:
    """Makes an account and its profile, as a student, in a system transaction. None when the address has one."""
    found: UUID | None = await tx.fetchval(
        Q.add_user, email, password_hash, first_name, last_name, time_zone, confirmed
    )
    return found


async def sign_up(site: Site, command: SignUp) -> str:
    """Registers somebody and sends the mail that confirms the address; answers the address in its normal form.

    Whoever asks cannot tell whether the address was registered before: only its owner learns it, by mail.
    Raises Invalid with fields.
    """
    checked = _check(command)
    # Also for an address that has an account: leaving it out would be seen by the clock.
    password_hash = await passwords.hash_password(checked.password)
    async with site.db.transaction(SYSTEM) as tx:
        user_id = await create_person(
            tx,
            email=checked.email,
            password_hash=password_hash,
            first_name=checked.first_name,
            last_name=checked.last_name,
            time_zone=checked.time_zone,
        )
        if user_id:
            await mails.confirm_email(tx, site, user_id, checked.email, checked.next)
        else:
            account = await tx.one(Account, Q.account_by_email, checked.email)
            if account.confirmed:
                await mails.already_registered(tx, site, account.id, account.email)
            elif not account.closed:
                await mails.finish_registration(tx, site, account.id, account.email)
    return checked.email


async def find_link(tx: Transaction, token: str, purpose: Purpose) -> Link | None:
    """What stands behind a one-time link, in a system transaction; None when there never was one."""
    return await tx.maybe(Link, Q.link_by_token, hash_token(token), purpose)


async def confirm(tx: Transaction, token: str) -> bool:
    """Confirms an address by its link, in a system transaction. False when the link is used, too old or unknown."""
    user_id: UUID | None = await tx.fetchval(Q.use_token, hash_token(token), "confirm_email")
    if user_id is None:
        return False
    await tx.execute(Q.confirm_user, user_id)
    await tx.execute(Q.use_all_tokens, user_id, "confirm_email")
    return True


async def _ask(tx: Transaction, job: str, email: str) -> str:
    address = normal_email(email)
    if address is None:
        raise Invalid("Nothing was sent yet.", fields={"email": EMAIL_WORDS})
    # A job looks the address up, so that neither the answer nor its time tells whether there is an account.
    await defer(tx, job, {"email": address})
    return address


async def ask_to_confirm(tx: Transaction, email: str) -> str:
    """Has the confirming mail sent again, if an account waits for it; answers the address in its normal form."""
    return await _ask(tx, "people.resend", email)


async def ask_for_new_password(tx: Transaction, email: str) -> str:
    """Has a link for a new password sent, if there is such an account; answers the address in its normal form."""
    return await _ask(tx, "people.forgot", email)


async def answer_resend(site: Site, email: str) -> None:
    """The job behind ask_to_confirm."""
    async with site.db.transaction(SYSTEM) as tx:
        account = await tx.maybe(Account, Q.account_by_email, email)
        if account and not account.confirmed and not account.closed:
            await mails.confirm_email(tx, site, account.id, account.email)


async def answer_forgot(site: Site, email: str) -> None:
    """The job behind ask_for_new_password."""
    async with site.db.transaction(SYSTEM) as tx:
        account = await tx.maybe(Account, Q.account_by_email, email)
        if account and not account.closed:
            await mails.reset_password(tx, site, account.id, account.email)


async def reset_password(site: Site, token: str, password: str, browser: Browser) -> str:
    """Sets a new password by a link and signs every browser out; answers this browser's new device marks.

    With its mark the browser is not held up by attempts that failed before. Raises Invalid with fields (the link stays
    good) or NotFound (used, too old or unknown).
    """
    gone = NotFound("This link cannot be used any more. Your password stays as it was.", code="link_gone")
    async with site.db.transaction(SYSTEM) as tx:
        link = await find_link(tx, token, "reset_password")
    if link is None or link.state != "good":
        raise gone
    complaint = passwords.complaint(password, link.email)
    if complaint:
        raise Invalid("Your password stays as it was. The link is still good.", fields={"password": complaint})
    password_hash = await passwords.hash_password(password)
    async with site.db.transaction(SYSTEM) as tx:
        user_id: UUID | None = await tx.fetchval(Q.use_token, hash_token(token), "reset_password")
        if user_id is None:
            raise gone
        await tx.execute(Q.keep_password_and_confirm, user_id, password_hash)
        for purpose in ("reset_password", "confirm_email"):
            await tx.execute(Q.use_all_tokens, user_id, purpose)
        await tx.fetchval(Q.end_sessions, user_id, None)
        await mails.password_changed(tx, site, user_id, link.email)
    return with_mark(browser.marks, device_key(site), link.email)

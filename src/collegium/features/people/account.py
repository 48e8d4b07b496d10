"""What somebody who is signed in sees and changes of the own account, and what an operator does on the command line."""

from __future__ import annotations

from uuid import UUID

from collegium.features.people import mails, passwords
from collegium.features.people.addresses import normal_email
from collegium.features.people.model import (
    ROLES,
    Account,
    Attempt,
    PersonLine,
    Profile,
    WebSession,
)
from collegium.features.people.registration import (
    EMAIL_WORDS,
    create_person,
    known_time_zone,
    name_complaint,
    tidy_name,
)
from collegium.kit import queries
from collegium.kit.db import SYSTEM, Transaction
from collegium.kit.errors import Conflict, Invalid, NotFound
from collegium.kit.site import Site
from collegium.kit.viewer import Viewer

Q = queries.load("collegium.features.people")
LOCALES: dict[str, str] = {"en-GB": "3 March 2026, 14:05", "en-US": "March 3, 2026, 2:05 PM"}
"""How dates and times are written, each by an example."""


async def my_sessions(tx: Transaction) -> list[WebSession]:
    """The browsers in which the person who asks is signed in, the latest first."""
    return await tx.all(WebSession, Q.my_sessions)


async def my_attempts(tx: Transaction) -> list[Attempt]:
    """The last twenty attempts to sign in as the person who asks, the latest first."""
    return await tx.all(Attempt, Q.my_attempts)


async def end_session(tx: Transaction, session_id: UUID) -> None:
    """Signs one of the caller's browsers out; raises Problem 404 when it is not the caller's or has ended."""
    await tx.execute(Q.end_my_session, session_id)


async def end_other_sessions(tx: Transaction, viewer: Viewer) -> int:
    """Signs all of the caller's browsers out but this one; answers how many."""
    ended: int = await tx.fetchval(Q.end_my_other_sessions, viewer.session_id)
    return ended


async def my_profile(tx: Transaction) -> Profile:
    """What the person who asks may change of himself or herself."""
    return await tx.one(Profile, Q.my_profile)


async def keep_profile(tx: Transaction, profile: Profile) -> None:
    """Keeps names, time zone and way of writing dates of the person who asks. Raises Invalid with fields."""
    first, last = tidy_name(profile.first_name), tidy_name(profile.last_name)
    complaints = {
        "first_name": name_complaint(first, "first"),
        "last_name": name_complaint(last, "last"),
        "time_zone": None
        if known_time_zone(profile.time_zone) == profile.time_zone
        else "Choose a place from the list.",
        "locale": None if profile.locale in LOCALES else "Choose one from the list.",
    }
    fields = {name: words for name, words in complaints.items() if words}
    if fields:
        raise Invalid("Your profile stays as it was.", fields=fields)
    await tx.execute(Q.keep_my_profile, first, last, profile.time_zone, profile.locale)


async def add_person(
    site: Site, *, email: str, password: str, first_name: str, last_name: str, role: str, time_zone: str = "UTC"
) -> UUID:
    """Makes a confirmed account with a role, as an operator. Raises Invalid with fields, or Conflict when it exists."""
    address = normal_email(email)
    first, last = tidy_name(first_name), tidy_name(last_name)
    complaints = {
        "email": None if address else EMAIL_WORDS,
        "first": name_complaint(first, "first"),
        "last": name_complaint(last, "last"),
        "password": passwords.complaint(password, address or ""),
        "role": None if role in ROLES else f"Choose one of {', '.join(ROLES)}.",
    }
    fields = {name: words for name, words in complaints.items() if words}
    if fields or address is None:
        raise Invalid(" ".join(f"{name}: {words}" for name, words in fields.items()), fields=fields)
    password_hash = await passwords.hash_password(password)
    async with site.db.transaction(SYSTEM) as tx:
        user_id = await create_person(
            tx,
            email=address,
            password_hash=password_hash,
            first_name=first,
            last_name=last,
            time_zone=known_time_zone(time_zone),
            confirmed=True,
        )
        if user_id is None:
            raise Conflict(f"{address} has an account already. Nothing was changed.")
        await tx.fetchval(Q.set_role, address, role)
    return user_id


async def account_of(tx: Transaction, email: str) -> Account:
    """The account of an address, in a system transaction; raises NotFound."""
    account = await tx.maybe(Account, Q.account_by_email, email.strip())
    if account is None:
        raise NotFound(f"Nobody has the address {email}.")
    return account


async def give_role(tx: Transaction, email: str, role: str) -> None:
    """Gives somebody a role, as an operator, in a system transaction. Raises NotFound."""
    if await tx.fetchval(Q.set_role, (await account_of(tx, email)).email, role) is None:
        raise NotFound(f"Nobody has the address {email}.")


async def set_password(site: Site, email: str, password: str) -> int:
    """Sets somebody's password, as an operator, and signs every browser out; answers how many.

    Raises NotFound, or Invalid when the password is not accepted.
    """
    async with site.db.transaction(SYSTEM) as tx:
        account = await account_of(tx, email)
    complaint = passwords.complaint(password, account.email)
    if complaint:
        raise Invalid(complaint, fields={"password": complaint})
    password_hash = await passwords.hash_password(password)
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.keep_password_and_confirm, account.id, password_hash)
        ended: int = await tx.fetchval(Q.end_sessions, account.id, None)
        await mails.password_changed(tx, site, account.id, account.email)
    return ended


async def list_people(tx: Transaction, role: str | None = None, most: int = 1000) -> list[PersonLine]:
    """Everybody of a role or all, administrators first, in a system transaction."""
    return await tx.all(PersonLine, Q.list_people, role, most)


async def sessions_of(tx: Transaction, email: str) -> list[WebSession]:
    """Somebody's signed-in browsers, in a system transaction. Raises NotFound."""
    return await tx.all(WebSession, Q.sessions_of, (await account_of(tx, email)).id)


async def end_sessions_of(tx: Transaction, email: str) -> int:
    """Signs all of somebody's browsers out, in a system transaction; answers how many. Raises NotFound."""
    ended: int = await tx.fetchval(Q.end_sessions, (await account_of(tx, email)).id, None)
    return ended


async def forget_what_is_old(tx: Transaction) -> dict[str, int]:
    """Removes ended links and sessions after 30 days, attempts to sign in and mail after 180; how many of each."""
    statements = {
        "links": Q.forget_old_links,
        "sessions": Q.forget_old_sessions,
        "attempts": Q.forget_old_attempts,
        "messages": Q.forget_old_mail,
    }
    # The command tag ends with the number of rows.
    return {what: int((await tx.execute(statement)).rpartition(" ")[2]) for what, statement in statements.items()}

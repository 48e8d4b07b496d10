"""``collegium user``: people and their rights, from the command line. The first administrator is made here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import click

from collegium.features.people import service
from collegium.features.people.agents import describe
from collegium.features.people.model import ROLES
from collegium.kit.db import SYSTEM
from collegium.kit.site import Site
from collegium.settings import Settings

T = TypeVar("T")
Settled = Callable[[Site], Awaitable[T]]


def _run(settings: Settings, work: Settled[T]) -> T:
    """Runs work on the site, whose embedded database is made first when there is none."""
    from collegium import cli

    async def run(served: Any) -> T:
        if served.embedded is not None:
            await cli.bring_up_to_date(served)
        site = Site.build(settings, served.database)
        await site.db.start()
        try:
            return await work(site)
        finally:
            await site.db.stop()

    with cli.plain_errors(), cli.opened(settings) as served:
        return asyncio.run(run(served))


def _table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


@click.group()
def user() -> None:
    """People who can sign in: add, list, change roles and passwords, end sessions."""


@user.command()
@click.argument("email")
@click.option("--first", required=True, help="First name.")
@click.option("--last", required=True, help="Last name.")
@click.option("--role", type=click.Choice(ROLES), default="student", show_default=True)
@click.password_option(help="Asked for when it is not given here.")
@click.pass_obj
def add(settings: Settings, email: str, first: str, last: str, role: str, password: str) -> None:
    """Make an account that can sign in at once."""
    _run(
        settings,
        lambda site: service.add_person(
            site, email=email, password=password, first_name=first, last_name=last, role=role
        ),
    )
    click.echo(f"{email} can sign in at {settings.base_url}/sign-in as {role}.")


@user.command(name="list")
@click.option("--role", type=click.Choice(ROLES), help="Only people of this role.")
@click.pass_obj
def list_(settings: Settings, role: str | None) -> None:
    """List people, administrators first."""

    async def work(site: Site) -> list[Any]:
        async with site.db.transaction(SYSTEM, read_only=True) as tx:
            return list(await service.list_people(tx, role))

    people = _run(settings, work)
    if not people:
        click.echo("Nobody yet. Make the first: collegium user add EMAIL --first … --last … --role super_admin")
        return
    rows = [("ADDRESS", "NAME", "ROLE", "CONFIRMED", "LAST SIGN-IN (UTC)")]
    rows += [
        (
            person.email,
            f"{person.first_name} {person.last_name}".strip(),
            person.role,
            "yes" if person.confirmed else "no",
            f"{person.last_sign_in_at:%Y-%m-%d %H:%M}" if person.last_sign_in_at else "never",
        )
        for person in people
    ]
    _table(rows)


@user.command()
@click.argument("email")
@click.argument("new_role", metavar="ROLE", type=click.Choice(ROLES))
@click.pass_obj
def role(settings: Settings, email: str, new_role: str) -> None:
    """Give somebody a role: student, instructor, admin or super_admin."""

    async def work(site: Site) -> None:
        async with site.db.transaction(SYSTEM) as tx:
            await service.give_role(tx, email, new_role)

    _run(settings, work)
    click.echo(f"{email} is {new_role} now.")


@user.command(name="password")
@click.argument("email")
@click.password_option(help="Asked for when it is not given here.")
@click.pass_obj
def password_(settings: Settings, email: str, password: str) -> None:
    """Set somebody's password and sign all of their browsers out."""
    ended = _run(settings, lambda site: service.set_password(site, email, password))
    click.echo(f"The password of {email} is set; {ended} browser{'' if ended == 1 else 's'} signed out.")


@user.command()
@click.argument("email")
@click.option("--revoke", is_flag=True, help="Sign all of them out.")
@click.pass_obj
def sessions(settings: Settings, email: str, revoke: bool) -> None:
    """Show in which browsers somebody is signed in."""

    async def work(site: Site) -> tuple[list[service.WebSession], int]:
        async with site.db.transaction(SYSTEM) as tx:
            found = await service.sessions_of(tx, email)
            return found, await service.end_sessions_of(tx, email) if revoke else 0

    found, ended = _run(settings, work)
    if not found:
        click.echo(f"{email} is not signed in anywhere.")
        return
    rows = [("BROWSER", "ADDRESS", "SIGNED IN (UTC)", "LAST SEEN (UTC)")]
    rows += [
        (
            describe(session.user_agent),
            session.ip or "unknown",
            f"{session.created_at:%Y-%m-%d %H:%M}",
            f"{session.last_seen_at:%Y-%m-%d %H:%M}",
        )
        for session in found
    ]
    _table(rows)
    if revoke:
        click.echo(f"{ended} browser{'' if ended == 1 else 's'} signed out.")


COMMANDS: list[click.Command] = [user]

"""A site whose log has something to tell, and the ways to tamper with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from collegium.features.audit import service
from collegium.features.audit.model import Report
from collegium.kit.site import Site
from tests.support.database import Database, as_actor
from tests.support.people import Person, add_person

Tamper = Callable[..., Awaitable[Any]]


@pytest.fixture
async def olga(database: Database) -> Person:
    """Somebody who has changed her name twelve times."""
    person = await add_person(database, first_name="Olga", last_name="Marsh")
    for number in range(12):
        async with database.connect("web") as session, as_actor(session, "authenticated", person.id):
            await session.execute(
                "update public.profiles set first_name = $1 where id = $2", f"Olga {number}", person.id
            )
    return person


@pytest.fixture
def tamper(database: Database) -> Tamper:
    """Does something to the log as the owner of its tables would."""

    async def work(statement: str, *args: object) -> Any:
        async with database.connect() as owner:
            return await owner.execute(statement, *args)

    return work


@pytest.fixture
def kinds(site: Site) -> Callable[..., Awaitable[list[tuple[str, int | None]]]]:
    """What a check finds, and at which places."""

    async def look(**given: Any) -> list[tuple[str, int | None]]:
        report: Report = await service.verify(site, **given)
        return [(finding.kind, finding.position) for finding in report.findings]

    return look

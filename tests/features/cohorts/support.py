"""Cohorts for tests, written straight into the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.support.database import Database, as_actor
from tests.support.people import Course, Person


async def add_cohort(database: Database, course: Course, name: str, **columns: Any) -> UUID:
    """A cohort that began yesterday; `columns` are further columns of course_cohorts."""
    row: dict[str, Any] = {
        "course_id": course.id,
        "name": name,
        "starts_at": datetime.now(UTC) - timedelta(days=1),
        **columns,
    }
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    async with database.connect() as owner:
        made: UUID = await owner.fetchval(
            f"insert into public.course_cohorts ({', '.join(row)}) values ({places}) returning id", *row.values()
        )
        return made


async def join(database: Database, person: Person, course: Course, cohort: UUID) -> UUID:
    """Enrols somebody in a cohort by the same rule as the site; answers the enrollment."""
    async with database.connect("web") as session, as_actor(session, "authenticated", person.id) as actor:
        made: UUID = await actor.fetchval("select (public.enrol_in_cohort($1, $2)).id", course.id, cohort)
        return made

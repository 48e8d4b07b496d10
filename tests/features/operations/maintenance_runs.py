"""What tests of maintenance share."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
from tests.support.database import Database
from tests.support.people import Course, Lesson, add_course, add_person, enrol


async def runs(database: Database, job: str = "test.job") -> list[asyncpg.Record]:
    async with database.connect() as owner:
        return await owner.fetch(
            "select result, words, figures::text, requested_by, finished_at from public.maintenance_runs"
            " where job = $1 order by started_at, id",
            job,
        )


async def ended_enrollments(database: Database, number: int) -> Course:
    course = await add_course(database, modules=[[Lesson("Only one")]])
    for day in range(number):
        person = await add_person(database, member=False)
        enrollment = await enrol(database, person, course)
        async with database.connect() as owner:
            await owner.execute(
                "update public.enrollments set expires_at = now() - $2::interval where id = $1",
                enrollment,
                timedelta(days=day - 1),
            )
    return course

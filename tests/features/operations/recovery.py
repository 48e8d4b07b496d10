"""What tests of backing up and of restoring share."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from tests.support.database import Database
from tests.support.people import Course, Lesson, add_course, add_person
from tests.support.site import make_settings, served

from collegium.features.operations.restore import Target
from collegium.kit import dumps
from collegium.kit.server import Served
from collegium.kit.site import Site


def nothing(_words: str) -> None:
    """Say nothing."""


def as_superuser(site: Site, database: Database) -> Served:
    """As with the embedded server, whose login may make databases."""
    return dataclasses.replace(served(site), owner_dsn=database.dsn_super)


def target_of(database: Database, folder: Path, **given: Any) -> Target:
    return Target(make_settings(database, folder, **given), database.dsn_super)


async def complete(session: asyncpg.Connection, site: Site, person: UUID, course: UUID, lessons: list[UUID]) -> None:
    """Somebody enrols and completes; the document is stored before the row that names it, as the site does."""
    enrollment = await session.fetchval(
        "insert into public.enrollments (course_id, member_id, enrollment_source) values ($1, $2, 'admin_assignment')"
        " returning id",
        course,
        person,
    )
    for lesson in lessons:
        await session.execute("select private.complete_lesson($1, $2)", enrollment, lesson)
    found = await session.fetchval("select id from public.certificates where enrollment_id = $1", enrollment)
    key = f"certificates/{found}.pdf"
    await site.storage.put(key, b"%PDF " + str(found).encode())
    await session.execute(
        "update public.certificates set pdf_key = $2::text, pdf_sha256 = sha256(convert_to($2::text, 'UTF8')) where id = $1",
        found,
        key,
    )


async def fill(database: Database, site: Site, people: int = 3) -> tuple[Course, list[UUID]]:
    """A course of one text, completed by so many people."""
    course = await add_course(database, credits=2, modules=[[Lesson("Only one")]])
    done = [(await add_person(database)).id for _ in range(people)]
    lesson = course.lessons[0].id
    assert lesson
    async with database.connect() as owner:
        for person in done:
            await complete(owner, site, person, course.id, [lesson])
    return course, done


async def certificates(dsn: str) -> dict[UUID, str]:
    async with dumps.connect(dsn) as session:
        return {row["id"]: row["pdf_key"] for row in await session.fetch("select id, pdf_key from public.certificates")}


async def may_remove(database: Database) -> bool:
    async with database.connect() as session, session.transaction():
        return await session.fetchval("select pg_try_advisory_xact_lock($1)", dumps.FILES_LOCK)


async def drop_like(database: Database, name: str) -> None:
    """Removes every database whose name begins with this one."""
    async with dumps.connect(database.server.dsn("postgres", "postgres")) as session:
        for row in await session.fetch("select datname from pg_database where starts_with(datname, $1)", name):
            await session.execute(f"drop database {dumps.quoted(row['datname'])} with (force)")

"""People and courses for tests, written straight into the database by the owner of its tables."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

import pytest
from argon2 import PasswordHasher

from tests.support.database import Database, as_actor, run

PASSWORD = "a quiet harbour at dusk"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in."""

    id: UUID
    email: str
    first_name: str
    last_name: str
    role: str
    password: str = PASSWORD

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


@dataclass
class Lesson:
    """What a lesson of a test's course is. With `video` (whole seconds) it is a video lesson that must be watched.

    `unlock_after` is the title of an earlier lesson. The rest of `more` are columns of lessons.
    """

    title: str
    video: int | None = None
    preview: bool = False
    required: bool = True
    unlock_after: str | None = None
    unlock_date: datetime | None = None
    max_rate: Decimal = Decimal(2)
    html: str = "<p>Read this slowly.</p>"
    more: dict[str, Any] = field(default_factory=dict)
    id: UUID | None = None
    video_id: UUID | None = None
    module_id: UUID | None = None


@dataclass(frozen=True)
class Course:
    """A course with its lessons in their order."""

    id: UUID
    slug: str
    title: str
    lessons: tuple[Lesson, ...]

    def lesson(self, title: str) -> Lesson:
        """The lesson of that title."""
        return next(lesson for lesson in self.lessons if lesson.title == title)


@lru_cache(maxsize=8)
def password_hash(password: str) -> str:
    """As the site keeps it."""
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(password)


async def add_person(
    database: Database,
    role: str = "student",
    *,
    member: bool = True,
    email: str | None = None,
    first_name: str = "Mara",
    last_name: str = "Okafor",
    confirmed: bool = True,
    password: str = PASSWORD,
    time_zone: str = "UTC",
) -> Person:
    """A person who has confirmed the address and, as a member, holds a membership without an end."""
    number = next(_numbers)
    address = email or f"person{number}@guild.test"
    async with database.connect() as owner, owner.transaction():
        found: UUID = await owner.fetchval(
            "insert into auth.users (email, encrypted_password, email_confirmed_at, raw_user_meta_data)"
            " values ($1, $2, case when $3 then now() end,"
            " jsonb_build_object('first_name', $4::text, 'last_name', $5::text, 'time_zone', $6::text)) returning id",
            address,
            password_hash(password),
            confirmed,
            first_name,
            last_name,
            time_zone,
        )
        await owner.execute("update public.profiles set role = $2 where id = $1", found, role)
        if role != "student":
            await owner.execute(
                "insert into public.instructor_profiles (profile_id, display_name) values ($1, $2)",
                found,
                f"{first_name} {last_name}",
            )
        if member:
            await owner.execute(
                "insert into public.memberships (member_id, member_number, starts_on) values ($1, $2, $3)",
                found,
                f"M-{number:05}",
                date(2020, 1, 1),
            )
    return Person(found, address, first_name, last_name, role, password)


def default_modules() -> list[list[Lesson]]:
    """Two modules: a video of a minute, a text; a second video that opens after the first."""
    return [
        [Lesson("Welcome", video=60, preview=True), Lesson("Reading the policy")],
        [Lesson("A claim, step by step", video=90, unlock_after="Welcome")],
    ]


async def add_course(
    database: Database,
    title: str = "Reading an insurance policy",
    *,
    modules: Sequence[Sequence[Lesson]] | None = None,
    slug: str | None = None,
    instructor: Person | None = None,
    pricing: str = "free",
    price: Decimal | int = 0,
    member_price: Decimal | int | None = None,
    credits: Decimal | int = 0,
    category: str = "insurance_fundamentals",
    status: str = "published",
    **columns: Any,
) -> Course:
    """A published course; `columns` are further columns of courses."""
    number = next(_numbers)
    teacher = instructor or await add_person(database, "instructor", first_name="Ines", last_name="Lindqvist")
    row: dict[str, Any] = {
        "title": title,
        "slug": slug or f"course-{number}",
        "description": f"What everybody should know about: {title}.",
        "short_description": "A short course for tests.",
        "category": category,
        "pricing_type": pricing,
        "price": Decimal(price or (120 if pricing in ("paid", "premium") else 0)),
        "member_price": None if member_price is None else Decimal(member_price),
        "ce_credits": Decimal(credits),
        "status": status,
        "instructor_id": teacher.id,
        **columns,
    }
    lessons: list[Lesson] = []
    async with database.connect() as owner, owner.transaction():
        course_id: UUID = await _insert(owner, "courses", row)
        for module_order, specs in enumerate(modules if modules is not None else default_modules(), 1):
            module = {"course_id": course_id, "title": f"Part {module_order}", "module_order": module_order}
            module_id: UUID = await _insert(owner, "course_modules", module)
            for lesson_order, spec in enumerate(specs, 1):
                before = {lesson.title: lesson.id for lesson in lessons}
                await _add_lesson(owner, spec, course_id, module_id, lesson_order, before)
                lessons.append(spec)
    return Course(course_id, row["slug"], title, tuple(lessons))


async def _add_lesson(
    owner: Any, spec: Lesson, course_id: UUID, module_id: UUID, order: int, before: dict[str, UUID | None]
) -> None:
    spec.module_id = module_id
    spec.id = await _insert(
        owner,
        "lessons",
        {
            "module_id": module_id,
            "course_id": course_id,
            "title": spec.title,
            "lesson_type": "video" if spec.video else "text",
            "lesson_order": order,
            "is_preview": spec.preview,
            "require_completion": spec.required,
            "completion_criteria": "video_watched" if spec.video else "marked_complete",
            "unlock_after_lesson_id": before[spec.unlock_after] if spec.unlock_after else None,
            "unlock_date": spec.unlock_date,
            "estimated_duration_minutes": max(1, (spec.video or 300) // 60),
            **spec.more,
        },
    )
    if spec.video:
        spec.video_id = await _insert(
            owner,
            "lesson_videos",
            {"lesson_id": spec.id, "course_id": course_id, "duration": spec.video, "max_rate": spec.max_rate},
        )
    else:
        await owner.execute(
            "insert into public.content_blocks (lesson_id, course_id, type, order_index, content) values"
            " ($1, $2, 'rich_text', 1, jsonb_build_object('html', $3::text, 'plain_text', 'Read this slowly.'))",
            spec.id,
            course_id,
            spec.html,
        )


async def _insert(owner: Any, table: str, row: dict[str, Any]) -> Any:
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    sql = f"insert into public.{table} ({', '.join(row)}) values ({places}) returning id"
    return await owner.fetchval(sql, *row.values())


async def enrol(database: Database, person: Person, course: Course) -> UUID:
    """Enrols somebody by the same rule as the site; answers the enrollment."""
    async with database.connect("web") as session, as_actor(session, "authenticated", person.id) as actor:
        found: UUID = await actor.fetchval("select (public.enrol($1)).id", course.id)
        return found


async def pay(database: Database, person: Person, course: Course, amount: Decimal | int = 120) -> UUID:
    """A completed purchase of a course."""
    async with database.connect() as owner:
        found: UUID = await owner.fetchval(
            "insert into public.transactions (member_id, course_id, transaction_type, amount, status, completed_at)"
            " values ($1, $2, 'course_purchase', $3, 'completed', now()) returning id",
            person.id,
            course.id,
            Decimal(amount),
        )
        return found


@pytest.fixture
def make_person(database: Database) -> Callable[..., Person]:
    """`make_person(role="admin", member=False)`: see add_person."""
    return lambda *args, **given: run(add_person(database, *args, **given))


@pytest.fixture
def make_course(database: Database) -> Callable[..., Course]:
    """`make_course(pricing="paid", price=80)`: see add_course."""
    return lambda *args, **given: run(add_course(database, *args, **given))
